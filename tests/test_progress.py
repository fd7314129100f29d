"""Progress and interrupts as a front end sees them: a real kernel behind jupyter_client, a real terminal."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pexpect
import pytest
from jupyter_client.manager import start_new_kernel
from servers.kusto import ONE_ROW, Answer, KustoServer
from servers.kusto_frames import v2
from test_terminal import Terminal

from kqlext.display import progress_text
from kqlext.services.base import Progress

CASES = [
    ([Progress()], 0, "connecting · 2 s · interrupt to cancel"),
    ([Progress("running")], 0, "running · 2 s · interrupt to cancel"),
    ([Progress("receiving", 1, 200_000)], 0, "receiving · 1 row · 0.2 MB · 2 s · interrupt to cancel"),
    ([Progress("receiving", 120_000, 12_345_678)], 0, "receiving · 120,000 rows · 12.3 MB · 2 s · interrupt to cancel"),
    (
        [Progress("running"), Progress("receiving", 5, 100_000), Progress("receiving", 6, 0)],
        4,
        "4 of 7 done · receiving · 11 rows · 0.1 MB · 2 s · interrupt to cancel",
    ),
    ([], 1, "finishing · 2 s · interrupt to cancel"),
]


@pytest.mark.parametrize(("running", "done", "text"), CASES)
def test_the_line(running: list[Progress], done: int, text: str) -> None:
    assert progress_text(running, done, 2.0) == text


class Front:
    """A front end of a kernel of its own."""

    def __init__(self, folder: Path) -> None:
        self.manager, self.client = start_new_kernel(kernel_name="python3", cwd=str(folder))
        self.run("%load_ext kqlext")

    def run(self, code: str, allow_stdin: bool = True, interrupt: float | None = None) -> list[dict[str, Any]]:
        """Run a cell; gives its messages: display_data, update_display_data, execute_result, error."""
        seen: list[dict[str, Any]] = []

        def note(message: dict[str, Any]) -> None:
            if message["msg_type"] not in ("status", "execute_input"):
                seen.append({"type": message["msg_type"], **message["content"]})
            if interrupt is not None and message["msg_type"] == "execute_input":
                time.sleep(interrupt)
                self.manager.interrupt_kernel()

        self.client.execute_interactive(code, allow_stdin=allow_stdin, timeout=60, output_hook=note)
        return seen

    def close(self) -> None:
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)


@pytest.fixture
def front(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Front]:
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent), prepend=":")
    made = Front(tmp_path)
    yield made
    made.close()


def texts(messages: list[dict[str, Any]], kind: str) -> list[str]:
    return [message["data"]["text/plain"] for message in messages if message["type"] == kind]


def test_a_notebook_shows_one_line_that_goes_away(front: Front, kusto: KustoServer) -> None:
    kusto.on("slow", Answer(v2(ONE_ROW), delay=2.5))
    front.run(f"%kql {kusto.url}/db")
    messages = front.run("%kql slow")
    assert texts(messages, "display_data") == [""]
    updates = texts(messages, "update_display_data")
    assert updates[0].endswith(" · 1 s · interrupt to cancel")
    assert len(updates) >= 3
    assert updates[-1] == ""
    assert "42" in texts(messages, "execute_result")[0]
    assert messages[-1]["type"] == "execute_result"
    handles = {message["transient"]["display_id"] for message in messages if message.get("transient")}
    assert len(handles) == 1


@pytest.mark.parametrize("cell", ["%kql T", "%kql -quiet slow"])
def test_no_line_for_what_is_quick_or_quiet(front: Front, kusto: KustoServer, cell: str) -> None:
    kusto.on("slow", Answer(v2(ONE_ROW), delay=1.5))
    front.run(f"%kql {kusto.url}/db")
    assert [message["type"] for message in front.run(cell)] == ["execute_result"]


def test_no_line_in_a_notebook_that_a_program_runs(front: Front, kusto: KustoServer) -> None:
    kusto.on("slow", Answer(v2(ONE_ROW), delay=1.5))
    front.run(f"%kql {kusto.url}/db")
    assert [message["type"] for message in front.run("%kql slow", allow_stdin=False)] == ["execute_result"]


def test_an_interrupted_kernel_cancels_and_goes_on(front: Front, kusto: KustoServer) -> None:
    """Issue 4, "Done when" 2."""
    kusto.on("slow", Answer(v2(ONE_ROW), delay=60))
    front.run(f"%kql {kusto.url}/db")
    began = time.monotonic()
    messages = front.run("%kql slow", interrupt=1.5)
    assert time.monotonic() - began < 20
    (error,) = [message for message in messages if message["type"] == "error"]
    assert error["ename"] == "KqlInterrupt"
    assert len(error["traceback"]) == 1
    assert error["traceback"][0].startswith("KeyboardInterrupt: the query was given up; db@")
    slow = next(request for request in kusto.requests if request.csl == "slow")
    for _ in range(600):
        if kusto.cancelled:
            break
        time.sleep(0.05)
    assert kusto.cancelled == [slow.client_request_id]
    assert "42" in texts(front.run("%kql T"), "execute_result")[0]


def test_a_terminal_shows_a_line_and_takes_it_away(tmp_path: Path, kusto: KustoServer) -> None:
    kusto.on("slow", Answer(v2(ONE_ROW), delay=2.5))
    terminal = Terminal(tmp_path)
    terminal.type("%load_ext kqlext")
    terminal.type(f"%kql {kusto.url}/db")
    terminal.process.sendline("%kql slow")
    # The last of the lines; which second that says is the machine's affair.
    terminal.process.expect(r"[a-z]+ · \d s · interrupt to cancel\r\x1b\[KOut\[3\]: ")
    terminal.process.expect(r"In \[\d+\]: ")
    terminal.process.sendline("exit")
    terminal.process.expect(pexpect.EOF)
