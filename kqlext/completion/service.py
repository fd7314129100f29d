"""Microsoft's KQL language service (Kusto.Language), compiled to JavaScript, in V8 (mini-racer), in this process.

One thread owns V8: it loads the service, warms it up and answers one question after the other. Whoever asks waits so
long and no longer; a question that nobody waits for any more is not answered. ``close`` ends V8, which otherwise can
keep an interpreter from ending.
"""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import gzip
import json
import os
import threading
from collections.abc import Sequence
from concurrent.futures import CancelledError, Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from dataclasses import dataclass, field
from importlib.resources import files
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from kqlext.errors import Span
from kqlext.schemas.model import DatabaseSchema, TableSchema

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

    from py_mini_racer import MiniRacer

_FILES = ("bridge.min.js", "Kusto.Language.Bridge.min.js")
# The two files expect a console; a browser's window would have them look for more.
_PRELUDE = "var console = {log() {}, warn() {}, error() {}, info() {}, debug() {}}; 0"
_LIMIT = 10.0  # seconds for which V8 may work at a question
_CLOSING_LIMIT = 3.0
_MOST_MEMORY = 1_500_000_000  # bytes; without a limit, V8 ends the whole process when it has no more
# With these it takes a third of the memory less, and a tenth of the time more.
_FLAGS = ("--optimize-for-size", "--max-semi-space-size=4")
_WARMING = ("T | where x", ".show ta")  # the grammars of queries and of commands are built with the first of each


class ServiceUnavailable(Exception):  # noqa: N818 (a state, and no error of the user's)
    """The language service is not there, not ready, or too slow; the message says which, in one line."""


@dataclass(frozen=True, slots=True)
class Item:
    """A completion: ``kind`` is the service's (``Column``), ``text`` replaces what is typed, ``after`` may follow."""

    kind: str
    text: str
    after: str = ""
    shown: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """What the service has to say of a piece of a query."""

    code: str
    severity: str
    message: str
    span: Span


@dataclass(frozen=True, slots=True)
class Analysis:
    """What a query gives and reads, found without running it.

    ``columns`` are names with Kusto types, None where the query gives no table; ``is_whole`` is whether these are all.
    """

    columns: tuple[tuple[str, str], ...] | None
    is_whole: bool
    tables: tuple[str, ...]
    functions: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Scope:
    """The names that a query may use: of its own database, of the others that are known, of the notebook."""

    current: DatabaseSchema | None = None
    others: tuple[DatabaseSchema, ...] = ()
    notebook: tuple[TableSchema, ...] = ()

    def is_same(self, other: Scope | None) -> bool:
        """Whether both hold the same schemas; those are compared as objects, since they are large."""
        return (
            other is not None
            and self.current is other.current
            and len(self.others) == len(other.others)
            and all(one is another for one, another in zip(self.others, other.others, strict=True))
            and self.notebook == other.notebook
        )

    def tables(self) -> tuple[TableSchema, ...]:
        """The tables that a query may name without a database."""
        own = self.current.tables if self.current is not None else ()
        taken = {table.name for table in self.notebook}
        return (*self.notebook, *(table for table in own if table.name not in taken))

    def _json(self) -> dict[str, Any]:
        current = self.current or DatabaseSchema("", "", (), ())
        clusters: dict[str, dict[str, Any]] = {}
        for schema in (*self.others, current):
            clusters.setdefault(schema.cluster, {}).update(schema.kusto_json()["Databases"])
        extra = DatabaseSchema("", "", self.notebook, ()).kusto_json()["Databases"][""]["Tables"]
        own = clusters[current.cluster][current.database]
        own["Tables"] = {**own["Tables"], **extra}
        return {"current": [current.cluster, current.database], "clusters": clusters}


@dataclass
class _Question:
    function: str
    arguments: Sequence[Any]
    answer: Future[Any] = field(default_factory=Future)


def why_not() -> str:
    """Why there is no language service in this installation; nothing where there is one."""
    if find_spec("py_mini_racer") is None:
        return "mini-racer is not installed"
    if not (_folder() / "javascript" / f"{_FILES[0]}.gz").is_file():
        return "kqlext was built without it: build it where npm is installed"
    return ""


class LanguageService:
    """The service of one notebook. Nothing is loaded before ``start``."""

    def __init__(self) -> None:
        self._thread: threading.Thread | None = None
        self._wanted = threading.Event()
        self._loaded = threading.Event()
        self._failure = ""
        self._loop: asyncio.AbstractEventLoop | None = None
        self._work: asyncio.Task[None] | None = None
        self._questions: asyncio.Queue[_Question] = asyncio.Queue()
        self._scope: Scope | None = None
        self._pending: Future[Any] | None = None  # the schema that is not there yet
        self._process = os.getpid()

    @property
    def is_ready(self) -> bool:
        """Whether it answers at once."""
        return self._loaded.is_set() and not self._failure

    def start(self, after: float = 0.0) -> None:
        """Begin to load it in a thread of its own, where it is installed; gives at once.

        Args: after: seconds until it begins, unless it is started again without them.
        """
        if not after:
            self._wanted.set()
        if self._thread is not None or self._failure:
            return
        self._failure = why_not()
        if not self._failure:
            atexit.register(self.close)
            self._loop = asyncio.new_event_loop()
            self._work = self._loop.create_task(self._run())
            self._thread = threading.Thread(
                target=self._serve, args=(after,), name="kqlext language service", daemon=True
            )
            self._thread.start()

    def wait(self, seconds: float) -> None:
        """Start it, and wait until it is ready.

        Raises:
            ServiceUnavailable: it is not there, or not within so many seconds.
        """
        self.start()
        if not self._failure and not self._loaded.wait(seconds):
            raise ServiceUnavailable("the KQL language service is still loading")
        if self._failure:
            raise ServiceUnavailable(self._failure)

    def use(self, scope: Scope, seconds: float) -> None:
        """Let what is asked from here on be about these schemas.

        Raises:
            ServiceUnavailable: as all that follow do, where it takes longer than that; it is done all the same.
        """
        if not scope.is_same(self._scope):
            self._scope = scope
            self._pending = self._put("setSchema", scope)
        if self._pending is not None:
            self._outcome(self._pending, seconds, keep=True)
            self._pending = None

    def complete(self, text: str, offset: int, seconds: float, limit: int = 500) -> tuple[int, list[Item]]:
        """Where the word at the cursor begins, and what may stand in its place: all that begins like it."""
        found = self._ask(seconds, "complete", text, _units(text, offset), limit, True)
        return _offset(text, found["start"]), [Item(*item) for item in found["items"]]

    def diagnostics(self, text: str, semantic: bool, seconds: float) -> list[Finding]:
        """What is wrong with a query; its names and types count only where ``semantic``."""
        found = self._ask(seconds, "diagnostics", text, semantic)
        return [
            Finding(entry["code"], entry["severity"], entry["message"], _span(text, entry["start"], entry["length"]))
            for entry in found
            if entry["start"] is not None
        ]

    def describe(self, text: str, offset: int, seconds: float) -> str:
        """What the word at an offset is (``(column) Most: long``), or nothing."""
        return str(self._ask(seconds, "describe", text, _units(text, offset)))

    def analyze(self, text: str, seconds: float) -> Analysis:
        """The columns that a query gives, and the tables and functions that it reads."""
        found = self._ask(seconds, "analyze", text)
        columns = None if found["columns"] is None else tuple((name, kind) for name, kind in found["columns"])
        return Analysis(columns, not found["open"], tuple(found["tables"]), tuple(found["functions"]))

    def format(self, text: str, seconds: float) -> str:
        """A query as one writes it: an operator a line."""
        return str(self._ask(seconds, "format", text))

    def functions(self, seconds: float) -> list[tuple[str, str, list[str], str]]:
        """Kusto's own functions: kind (``scalar``, ``aggregate``, ``plugin``), name, signatures, description."""
        return [tuple(entry) for entry in self._ask(seconds, "functions")]

    def close(self) -> None:
        """Stop what it works at, and end V8. Further questions raise ServiceUnavailable."""
        atexit.unregister(self.close)
        self._failure = self._failure or "the KQL language service was closed"
        if self._thread is None or self._loop is None or self._work is None or os.getpid() != self._process:
            return  # a forked child has none of its parent's threads
        self._wanted.set()
        with contextlib.suppress(RuntimeError):  # it has ended already
            self._loop.call_soon_threadsafe(self._work.cancel)
        self._thread.join(_CLOSING_LIMIT)

    # --- questions --------------------------------------------------------------------------------------------

    def _ask(self, seconds: float, function: str, *arguments: Any) -> Any:
        return self._outcome(self._put(function, *arguments), seconds)

    def _put(self, function: str, *arguments: Any) -> Future[Any]:
        if self._failure or self._loop is None:
            raise ServiceUnavailable(self._failure or "the KQL language service was not started")
        question = _Question(function, arguments)
        try:
            self._loop.call_soon_threadsafe(self._questions.put_nowait, question)
        except RuntimeError:
            raise ServiceUnavailable("the KQL language service was closed") from None
        return question.answer

    def _outcome(self, answer: Future[Any], seconds: float, keep: bool = False) -> Any:
        try:
            return answer.result(seconds)
        except (FutureTimeoutError, CancelledError):
            if not keep:
                answer.cancel()
            raise ServiceUnavailable("the KQL language service took too long") from None

    # --- the thread that owns V8 --------------------------------------------------------------------------------

    def _serve(self, after: float) -> None:
        assert self._loop is not None
        assert self._work is not None
        self._wanted.wait(after)
        asyncio.set_event_loop(self._loop)
        with contextlib.suppress(asyncio.CancelledError), contextlib.closing(self._loop):
            self._loop.run_until_complete(self._work)

    async def _run(self) -> None:
        """Load V8 and answer questions until this task is cancelled; V8 ends with it."""
        from py_mini_racer import DEFAULT_V8_FLAGS, MiniRacer, init_mini_racer

        try:
            init_mini_racer(flags=(*DEFAULT_V8_FLAGS, *_FLAGS), ignore_duplicate_init=True)
            with MiniRacer() as engine:
                await _load(engine)
                self._loaded.set()
                while True:
                    question = await self._questions.get()
                    if question.answer.set_running_or_notify_cancel():
                        await _answer(engine, question)
        except Exception as error:  # noqa: BLE001 (a wheel for another platform, a library that is missing, ...)
            self._failure = f"the KQL language service cannot be loaded: {_first_line(error)}"
        finally:
            self._loaded.set()
            while not self._questions.empty():
                self._questions.get_nowait().answer.cancel()


async def _load(engine: MiniRacer) -> None:
    engine.set_hard_memory_limit(_MOST_MEMORY)
    await engine.eval_cancelable(_PRELUDE)
    for name in _FILES:
        content = gzip.decompress((_folder() / "javascript" / f"{name}.gz").read_bytes()).decode("utf-8")
        await engine.eval_cancelable(f"{content}\n;0")
    await engine.eval_cancelable((_folder() / "wrapper.js").read_text("utf-8") + "\n;0")
    for text in _WARMING:
        await engine.eval_cancelable(_call("complete", (text, len(text), 1, True)))


async def _answer(engine: MiniRacer, question: _Question) -> None:
    try:
        code = _call(question.function, question.arguments)
        answer = await asyncio.wait_for(engine.eval_cancelable(code), _LIMIT)
    except asyncio.CancelledError:
        question.answer.set_exception(ServiceUnavailable("the KQL language service was closed"))
        raise
    except Exception as error:  # noqa: BLE001 (whatever JavaScript raises, and all that mini-racer has for it)
        question.answer.set_exception(ServiceUnavailable(f"the KQL language service failed: {_first_line(error)}"))
    else:
        question.answer.set_result(json.loads(str(answer)))


def _call(function: str, arguments: Sequence[Any]) -> str:
    """The JavaScript that calls one of our functions: its arguments are JSON, so that no text is code."""
    return f"kqlext.{function}({','.join(json.dumps(argument, default=_plain) for argument in arguments)})"


def _plain(scope: Scope) -> dict[str, Any]:
    """Done in the service's thread: a large schema takes a moment."""
    return scope._json()


def _folder() -> Traversable:
    return files("kqlext.completion")


def _first_line(error: BaseException) -> str:
    """What an error says, without the source of all the JavaScript that mini-racer puts behind it."""
    lines = str(error).strip().splitlines()
    return lines[0][:200] if lines else type(error).__name__


# --- offsets: JavaScript counts UTF-16 units ---------------------------------------------------------------------


def _units(text: str, offset: int) -> int:
    return offset + sum(character > "\uffff" for character in text[:offset])


def _offset(text: str, units: int) -> int:
    if text.isascii():
        return min(units, len(text))
    counted = 0
    for offset, character in enumerate(text):
        if counted >= units:
            return offset
        counted += 1 + (character > "\uffff")
    return len(text)


def _span(text: str, start: int, length: int) -> Span:
    return Span(_offset(text, start), _offset(text, start + length))
