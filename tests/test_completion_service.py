"""The language service in V8: its limits, its end, and what there is where it is missing."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from kqlext.completion.service import LanguageService, Scope, ServiceUnavailable, why_not
from kqlext.completion.vocabulary import functions, operators
from kqlext.schemas import Column, DatabaseSchema, Function, Parameter, TableSchema

ROOT = Path(__file__).parent.parent
needs_service = pytest.mark.skipif(bool(why_not()), reason=f"there is no KQL language service here: {why_not()}")

SCHEMA = DatabaseSchema(
    "help",
    "Samples",
    (TableSchema("Storms", (Column("State", "string"), Column("Deaths", "long"))), TableSchema("Open", ())),
    (Function("Deadly", (Parameter("least", "long"),), "{ Storms | where Deaths > least }"), Function("Unknown", ())),
)


@pytest.fixture(scope="module")
def service() -> Iterator[LanguageService]:
    made = LanguageService()
    made.wait(90)
    made.use(Scope(SCHEMA), 10)
    yield made
    made.close()


@needs_service
def test_columns_of_a_query(service: LanguageService) -> None:
    analysis = service.analyze("Deadly(3) | summarize Most = max(Deaths) by State", 10)
    assert analysis.columns == (("State", "string"), ("Most", "long"))
    assert (analysis.tables, analysis.functions, analysis.is_whole) == ((), ("Deadly",), True)
    assert not service.analyze("Open | extend x = 1", 10).is_whole
    assert not service.diagnostics("Unknown() | where whatever == 1", True, 10)


@needs_service
def test_offsets_are_those_of_python(service: LanguageService) -> None:
    text = "print '😀😀', ['é'] = 1, foo"
    (finding,) = service.diagnostics(text, True, 10)
    assert finding.span.of(text) == "foo"
    text = "print '😀' | extend stat"
    start, items = service.complete(text, len(text), 10)
    assert text[start:] == "stat"
    assert not any("State" in item.text for item in items)


@needs_service
def test_text_is_never_code(service: LanguageService) -> None:
    for text in ("');kqlext=null;('", '");kqlext=null;("', "`${kqlext=null}`", "\\", "\u2028\ud800\x00", "</script>"):
        service.diagnostics(text, True, 10)
        service.complete(text, len(text), 10)
    assert service.format("print   1", 10) == "print 1"


@needs_service
def test_another_schema_takes_the_place_of_the_first(service: LanguageService) -> None:
    other = DatabaseSchema("c", "Other", (TableSchema("Fires", (Column("Acres", "real"),)),), ())
    service.use(Scope(other, (SCHEMA,), (TableSchema("frame", (Column("n", "long"),), "notebook"),)), 10)
    assert not service.diagnostics("Fires | where Acres > 1", True, 10)
    assert not service.diagnostics("cluster('help').database('Samples').Storms | where Deaths > 1", True, 10)
    assert not service.diagnostics("frame | where n > 1", True, 10)
    assert [finding.span.start for finding in service.diagnostics("Storms | take 1", True, 10)] == [0]
    service.use(Scope(SCHEMA), 10)
    assert not service.diagnostics("Storms | take 1", True, 10)


@needs_service
def test_nobody_waits_longer_than_they_say(service: LanguageService) -> None:
    long = "print " + " + ".join(["strcat('a', 1)"] * 20_000)
    with pytest.raises(ServiceUnavailable, match="took too long"):
        service.diagnostics(long, True, 0.05)
    assert service.format("print   1", 60) == "print 1"  # it goes on once it is through, or was stopped


@needs_service
def test_close_ends_its_thread_and_answers_no_more() -> None:
    made = LanguageService()
    made.wait(90)
    names = [thread.name for thread in threading.enumerate()]
    made.close()
    made.close()
    assert "kqlext language service" in names
    with pytest.raises(ServiceUnavailable, match="closed"):
        made.complete("T | ", 4, 1)


@needs_service
def test_it_begins_later_or_once_somebody_wants_it() -> None:
    made = LanguageService()
    made.start(after=3600)
    assert not made.is_ready
    made.wait(90)
    assert made.is_ready
    made.close()


@needs_service
@pytest.mark.parametrize("mode", ["idle", "busy", "waiting", "loading", "failing"])
def test_a_process_ends(mode: str) -> None:
    """The same as `benchmarks/exits.py`, which does it 200 times."""
    exits = _script(ROOT / "benchmarks" / "exits.py")
    assert exits.run(mode, 0.3)[1] == ""


def test_nothing_is_loaded_before_it_is_started() -> None:
    code = "from kqlext.completion.service import LanguageService as S; s = S(); s.close(); import sys"
    run = f"{code}; assert 'py_mini_racer' not in sys.modules"
    subprocess.run([sys.executable, "-c", run], check=True, env={**os.environ, "PYTHONPATH": str(ROOT)})


def test_a_service_that_was_not_started_is_unavailable() -> None:
    with pytest.raises(ServiceUnavailable):
        LanguageService().complete("T", 1, 1)


@needs_service
def test_our_functions_are_those_that_the_service_knows() -> None:
    script = _script(ROOT / "scripts" / "functions.py")
    assert script.TARGET.read_text() == script.table()


@needs_service
def test_our_operators_are_those_that_the_service_knows(service: LanguageService) -> None:
    _, items = service.complete("Storms | ", 9, 10)
    assert {item.text.strip() for item in items if item.kind == "QueryPrefix"} - set(operators()) <= {
        "graph-mark-components",
        "graph-shortest-paths",
    }
    assert {"ago", "dcount", "bag_unpack"} <= set(functions())


def test_a_build_without_npm_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert _script(ROOT / "scripts" / "javascript.py").put(target=tmp_path / "javascript") == "npm is not installed"


def _script(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
