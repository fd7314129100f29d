"""Process trees: which columns they are made from, what they can be asked, and how they show themselves."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from typing import Any

import pandas as pd
import pytest
from conftest import Shell
from process_worlds import device_events, moment, security_events, world

import kqlext
from kqlext import KqlConversionError, process_tree
from kqlext.process_trees.processes import moments
from kqlext.process_trees.reading import NO_TIME, base_name, id_text
from kqlext.process_trees.schemas import SCHEMAS, find_columns
from kqlext.process_trees.tree import ProcessTree

PROCESSES = "SecurityEvent | where EventID == 4688"


@pytest.fixture(scope="module")
def week() -> kqlext.Result:
    """The starts of a week, an intrusion among them."""
    with kqlext.connect("samples://") as samples:
        return samples.query(PROCESSES)


@pytest.fixture(scope="module")
def tree(week: kqlext.Result) -> ProcessTree:
    return week.process_tree()


# --- columns ---------------------------------------------------------------------------------------------

RECOGNIZED = [
    ("windows", "TimeGenerated Computer EventID NewProcessId NewProcessName ProcessId", {"host": "Computer"}),
    ("windows", "TimeCreatedUtc NewProcessId NewProcessName ProcessId Account", {"time": "TimeCreatedUtc"}),
    ("defender", "Timestamp FileName ProcessId InitiatingProcessId", {"time": "Timestamp"}),
    ("defender", "TimeGenerated DeviceId FileName ProcessId InitiatingProcessId", {"host": "DeviceId"}),
    ("sysmon", "UtcTime Image ProcessId ParentProcessId ParentImage EventID", {"time": "UtcTime"}),
    ("sysmon", "TimeGenerated Computer Image ProcessId ParentProcessId User", {"time": "TimeGenerated"}),
    ("asim", "TimeGenerated Dvc TargetProcessName TargetProcessId ActingProcessId ParentProcessId", {"host": "Dvc"}),
    ("auditd", "TimeGenerated Computer exe pid ppid cmdline acct EventType", {"user": "acct"}),
    ("osquery", "calendarTime name pid parent cmdline", {"parent_id": "parent"}),
    ("hx", "starttime process pid parentpid eventtype hostname", {"host": "hostname"}),
]


@pytest.mark.parametrize(("name", "columns", "some"), RECOGNIZED)
def test_columns_tell_the_source(name: str, columns: str, some: dict[str, str]) -> None:
    found = find_columns(columns.split())
    assert found.title == SCHEMAS[name].title
    assert some.items() <= found.fields.items()
    assert find_columns(columns.split(), schema=name.upper()) == found


@pytest.mark.parametrize(
    ("columns", "schema", "message", "hint"),
    [
        ("State", None, "the nearest, there is no column TimeGenerated or TimeCreatedUtc, New", "in the query"),
        ("TimeGenerated NewProcessId NewProcessName", None,
         "for Windows 4688 (SecurityEvent), the nearest, there is no column ProcessId.", "keep these columns"),
        ("TimeGenerated pid ppid exe", "sysmon", "for Sysmon 1 there is no column Image, ProcessId", "keep these"),
        ("TimeGenerated pid ppid exe name parent", None, "as much those of Linux auditd and osquery", "'auditd'"),
        ("pid", "sysmonn", "no schema sysmonn", "did you mean 'sysmon'?"),
        ("pid", {"proces_id": "pid"}, "no field proces_id", "did you mean 'process_id'?"),
        ("pid", {"process_id": "pidd"}, "no column pidd for process_id", "did you mean 'pid'?"),
        ("pid", {"process_id": "pid"}, "does not say time, name, parent_id", "name a column for each"),
    ],
)  # fmt: skip
def test_columns_that_are_not_there(columns: str, schema: Any, message: str, hint: str) -> None:
    with pytest.raises(KqlConversionError) as caught:
        find_columns(columns.split(), schema)
    assert message in caught.value.message
    assert hint in caught.value.hint


@pytest.mark.parametrize(
    ("value", "text"),
    [(500, "500"), (500.0, "500"), ("0x1F4", "500"), ("500", "500"), ("007", "7"), ("500.0", "500"), ("-", None),
     ("", None), ("{AB-1}", "{ab-1}"), ("9" * 50, "9" * 50), (0, "0"), (-1, "-1"), (500.5, "500.5"), ("1e3", "1e3")],
)  # fmt: skip
def test_ids(value: Any, text: str | None) -> None:
    assert id_text(value) == text


@pytest.mark.parametrize(
    ("path", "name"),
    [(r"C:\Windows\CMD.exe", "cmd.exe"), ("/usr/bin/bash", "bash"), ("System", "system"), ("-", None), ("C:\\", "c:"),
     ('"C:\\a b.exe"', "a b.exe")],
)  # fmt: skip
def test_names_are_the_last_part_of_paths(path: str, name: str | None) -> None:
    assert base_name(path) == name


def test_times_have_the_digits_that_they_need() -> None:
    import numpy as np

    ticks = np.array([0, 10_000, 10, 1, 10_000_000, NO_TIME, -1])
    assert moments(ticks) == [
        "1970-01-01 00:00:00", "1970-01-01 00:00:00.001", "1970-01-01 00:00:00.000001", "1970-01-01 00:00:00.0000001",
        "1970-01-01 00:00:01", None, "1969-12-31 23:59:59.9999999",
    ]  # fmt: skip


def test_tables_of_all_kinds(week: kqlext.Result, tree: ProcessTree) -> None:
    few = week.to_pandas()[["TimeGenerated", "Computer", "NewProcessId", "NewProcessName", "ProcessId"]]
    wanted = process_tree(few).to_pandas()["key"].tolist()
    import pyarrow as pa

    for other in (few.astype(str), pa.table(few.to_dict("list")), few.to_dict("records")):
        assert process_tree(other).to_pandas()["key"].tolist() == wanted
    assert process_tree(week.to_polars()).to_pandas()["key"].tolist() == tree.to_pandas()["key"].tolist()


def test_columns_of_one_name(week: kqlext.Result) -> None:
    frame = week.to_pandas()[["TimeGenerated", "NewProcessId", "NewProcessName", "ProcessId"]].head(5)
    twice = pd.concat([frame, frame[["ProcessId"]], frame.assign(path="x", key=1)[["path", "key"]]], axis=1)
    table = process_tree(twice).to_pandas()
    assert {"ProcessId", "ProcessId (2)", "path (2)", "key (2)"} <= set(table.columns)
    assert table.columns.is_unique


# --- the table of a tree ---------------------------------------------------------------------------------


def test_a_tree_as_a_table(tree: ProcessTree) -> None:
    table = tree.to_pandas()
    assert len(table) == len(tree) == 7_177
    assert table["key"].is_unique
    by_key = table.set_index("key")
    below = table[~table["is_root"]]
    assert (below["depth"].to_numpy() == by_key.loc[below["parent_key"], "depth"].to_numpy() + 1).all()
    assert (table["is_leaf"] == (table["children"] == 0)).all()
    assert table["children"].sum() == len(below)
    assert (table["descendants"] >= table["children"]).all()
    assert table.loc[table["is_root"], "descendants"].sum() == len(below)
    word = table[table["path"].str.endswith("OUTLOOK.EXE > WINWORD.EXE > powershell.exe")]
    assert len(word) == 1
    assert word["path"].item().startswith("System > smss.exe > winlogon.exe > userinit.exe > explorer.exe > ")


def test_what_children_tell_of_an_absent_parent(tree: ProcessTree) -> None:
    table = tree.to_pandas()
    absent = table[table["is_absent"]]
    assert set(absent["NewProcessId"]) == {"0x4"}
    assert absent["NewProcessName"].notna().all()
    assert absent["CommandLine"].isna().all()
    assert str(table["EventID"].dtype) == "Int32"  # whole numbers stay such


def test_a_device_tells_more_of_them() -> None:
    processes = world(3, 40, 1, 50, 2)
    table = process_tree(pd.DataFrame(device_events(processes))).to_pandas()
    absent = table[table["is_absent"]]
    assert (absent["ProcessCreationTime"] == moment(-9)).all()
    assert absent["FileName"].notna().all()


# --- some of the processes -------------------------------------------------------------------------------


def names(tree: ProcessTree) -> list[str]:
    return [path.rpartition(" > ")[2] for path in tree.to_pandas()["path"]]


def test_the_line_up_to_a_process(tree: ProcessTree) -> None:
    found = tree.filter(host="WS-FIN-02", text="-nop -w hidden")
    assert names(found)[-3:] == ["OUTLOOK.EXE", "WINWORD.EXE", "powershell.exe"]
    key = found.to_pandas()["key"].iloc[-1]
    assert names(tree.ancestors(key)) == names(found)
    assert names(tree.ancestors("0x3bf8", host="ws-fin-02.contoso.com")) == names(found)
    assert names(tree.ancestors(15352, host="ws-fin-02")) == names(found)


def test_the_tree_below_a_process(tree: ProcessTree) -> None:
    outlook = tree.filter(host="ws-fin-02", text="-nop -w hidden").to_pandas()["key"].iloc[-3]
    below = tree.descendants(outlook)
    assert names(below)[:3] == ["OUTLOOK.EXE", "WINWORD.EXE", "powershell.exe"]
    assert len(below) == below.to_pandas()["descendants"].iloc[0] + 1
    assert below.filter(root="powershell.exe").to_pandas()["depth"].min() == 8
    assert names(tree.filter(root=outlook)) == names(below)


def test_roots_and_siblings(tree: ProcessTree) -> None:
    assert names(tree.roots()) == ["System"] * 11
    assert names(tree.filter(host="ws-fin-02").siblings("wininit.exe")) == ["wininit.exe", "winlogon.exe"]
    assert len(tree.roots().siblings("System", host="ws-fin-02")) == 1


def test_a_text_keeps_what_is_above(tree: ProcessTree) -> None:
    found = tree.filter(text="JLIND")
    table = found.to_pandas()
    assert set(table["parent_key"].dropna()) <= set(table["key"])
    assert found.matches
    assert len(tree.filter(text="no such text")) == 0
    assert "0 of 7,177 processes" in repr(tree.filter(text="no such text"))


@pytest.mark.parametrize(
    ("ask", "message", "hint"),
    [
        (
            lambda tree: tree.filter(host="WS-FIN-20.contoso.com"),
            "no host WS-FIN-20.contoso.com",
            "did you mean 'WS-FIN-0",
        ),
        (lambda tree: tree.ancestors("powershel.exe"), "no process powershel.exe", "did you mean 'powershell.exe'?"),
        (lambda tree: tree.ancestors(1), "no process 1", "name a key of to_pandas(), an id or a name"),
        (lambda tree: tree.colored("Acount"), "no column Acount", "did you mean 'Account'?"),
    ],
)
def test_what_is_not_there(tree: ProcessTree, ask: Any, message: str, hint: str) -> None:
    with pytest.raises(KqlConversionError) as caught:
        ask(tree)
    assert message in caught.value.message
    assert hint in caught.value.hint


# --- HTML and text ---------------------------------------------------------------------------------------

HOSTILE = "<script>alert(1)</script>\"'&amp;\u202e\x1b[31m $x$ \n<img src=x onerror=alert(2)>"


class Elements(HTMLParser):
    """Checks that elements are closed in order, and keeps the names of all."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[tuple[str, dict[str, str | None]]] = []
        self.deepest = 0
        self.feed(html)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.open.append(tag)
        self.seen.append((tag, dict(attrs)))
        self.deepest = max(self.deepest, len(self.open))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def hostile() -> pd.DataFrame:
    rows = [
        {"TimeGenerated": moment(n), "Computer": HOSTILE, "NewProcessId": f"{n}{HOSTILE}", "NewProcessName": HOSTILE,
         "ProcessId": f"{n - 1}{HOSTILE}", "CommandLine": HOSTILE * 30, "SubjectUserName": HOSTILE}
        for n in range(1, 4)
    ]  # fmt: skip
    rows.append({**rows[0], "Computer": "other"})
    return pd.DataFrame(rows)


def test_data_is_no_markup() -> None:
    tree = process_tree(hostile(), color="SubjectUserName", title=HOSTILE)
    bundle = tree._repr_mimebundle_()
    elements = Elements(bundle["text/html"])
    assert {tag for tag, _ in elements.seen} <= {"div", "details", "summary", "p", "b", "i", "u", "span"}
    assert {name for _, attrs in elements.seen for name in attrs} <= {
        "style", "class", "open", "title", "tabindex", "role", "aria-label"
    }  # fmt: skip
    for text in bundle.values():
        assert not {"\x1b", "\u202e"} & set(text)
    figure = json.dumps(tree.to_plotly().to_plotly_json(), default=list)
    assert "<script" not in figure
    assert "<img" not in figure


def test_the_html_of_many_is_bounded(tree: ProcessTree) -> None:
    bundle = tree._repr_mimebundle_()
    assert len(json.dumps(bundle)) < 300_000
    elements = Elements(bundle["text/html"])
    shown = sum(tag == "b" for tag, _ in elements.seen) - 11  # the names of hosts
    hidden = [
        int(part.rpartition("… ")[2].replace(",", "")) for part in bundle["text/html"].split(" more process")[:-1]
    ]
    assert shown + sum(hidden) == len(tree)
    opened = sum("open" in attrs for tag, attrs in elements.seen if tag == "details")
    assert 0 < opened < 100


def test_the_text_of_many_is_bounded(tree: ProcessTree) -> None:
    lines = tree._repr_mimebundle_()["text/plain"].splitlines()
    assert max(map(len, lines)) <= 160
    assert len(lines) < 300
    hidden = [int(line.rpartition("… ")[2].split()[0].replace(",", "")) for line in lines if "more process" in line]
    hosts = 11
    assert len(lines) - 1 - hosts - len(hidden) + sum(hidden) == len(tree)


def test_the_text_of_a_few() -> None:
    rows = security_events(world(5, 3, 1, 30, 1))
    text = process_tree(pd.DataFrame(rows))._repr_mimebundle_()["text/plain"]
    assert text.splitlines()[0] == (
        "4 processes (1 without a start on record) · Host-0 · 1 root · depth 3 · from Windows 4688 (SecurityEvent) · "
        "times in UTC"
    )
    assert "event 0" in text
    assert "└─ " in text


def test_all_are_unfolded_where_there_are_few(tree: ProcessTree) -> None:
    elements = Elements(tree.filter(text="-enc")._repr_mimebundle_()["text/html"])
    assert all("open" in attrs for tag, attrs in elements.seen if tag == "details")


def test_no_processes() -> None:
    rows = pd.DataFrame(security_events(world(5, 3, 1, 30, 1))).head(0)
    tree = process_tree(rows)
    assert len(tree.to_pandas()) == len(tree.to_plotly().data[0].x) == 0
    bundle = tree._repr_mimebundle_()
    assert bundle["text/plain"] == "0 processes · from Windows 4688 (SecurityEvent) · times in UTC"
    Elements(bundle["text/html"])


# --- the figure ------------------------------------------------------------------------------------------


def test_a_figure_has_a_row_for_each(tree: ProcessTree) -> None:
    few = tree.filter(host="ws-fin-02", text="-enc").colored("SubjectUserName")
    figure = few.to_plotly()
    bars = [trace for trace in figure.data if trace.type == "bar" and trace.text]
    assert {trace.name for trace in bars} == {"WS-FIN-02&#36;", "jlind", "(none)"}
    assert sorted(y for trace in bars for y in trace.y) == list(range(len(few)))
    assert len({trace.marker.color for trace in bars}) == 3
    assert figure.layout.showlegend
    assert "not drawn" not in figure.layout.title.text


def test_a_figure_of_many_says_what_is_left_out(tree: ProcessTree) -> None:
    figure = tree.to_plotly()
    assert sum(len(trace.y) for trace in figure.data if trace.type == "bar" and trace.text) == 300
    assert "6,877 more processes not drawn" in figure.layout.title.text


# --- cells -----------------------------------------------------------------------------------------------


@pytest.fixture
def samples(shell: Shell) -> Shell:
    shell.run("%kql samples")
    return shell


def bundle_of(shell: Shell, cell: str) -> dict[str, Any]:
    return dict(shell.run(cell)._repr_mimebundle_())


def test_a_cell_shows_a_tree(samples: Shell) -> None:
    bundle = bundle_of(samples, f"%%kql\n{PROCESSES} | render processtree with (host='ws-fin-02', text='-w hidden')")
    assert list(bundle) == ["text/html", "text/plain"]
    assert "samples@local" in bundle["text/plain"]
    assert "*powershell.exe*" in bundle["text/plain"]


def test_a_cell_shows_a_chart(samples: Shell) -> None:
    properties = "view=chart, root='OUTLOOK.EXE', color=Computer, title='Mail', nonsense=1"
    bundle = bundle_of(samples, f"%%kql\n{PROCESSES} | render processtree with ({properties})")
    assert list(bundle) == ["application/vnd.plotly.v1+json", "text/html", "text/plain"]
    text = bundle["application/vnd.plotly.v1+json"]["layout"]["title"]["text"]
    assert "<b>Mail</b>" in text
    assert "There is no property nonsense; it is left out." in text


@pytest.mark.parametrize("view", ["tree", "chart"])
def test_a_notebook_with_a_week_is_not_large(samples: Shell, view: str) -> None:
    from nbformat import v4, writes

    bundle = bundle_of(samples, f"%%kql\n{PROCESSES} | render processtree with (view={view}, color=SubjectUserName)")
    cell = v4.new_code_cell("", outputs=[v4.new_output("display_data", bundle)])
    assert len(writes(v4.new_notebook(cells=[cell])).encode()) < 300_000


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("StormEvents | take 1", "since these are no starts of processes"),
        (f"{PROCESSES} | render processtree with (host=nobody)", "since there is no host nobody in this tree"),
        (f"{PROCESSES} | render processtree with (view=pie)", "since a processtree has no view pie"),
        (f"{PROCESSES} | render processtree with (color=Acount)", "(did you mean 'Account'?)"),
    ],
)
def test_a_table_and_why(samples: Shell, query: str, reason: str) -> None:
    bundle = bundle_of(samples, f"%%kql -process_tree\n{query}")
    assert "render processtree: shown as a table" in bundle["text/plain"]
    assert reason in bundle["text/plain"]


RENDERED = "render processtree with (root='OUTLOOK.EXE', color=Computer, title='Mail', view=chart, nonsense=1)"


def test_the_render_of_the_query_holds_for_the_method(samples: Shell, week: kqlext.Result) -> None:
    result = samples.run(f"%%kql\n{PROCESSES} | {RENDERED}")
    expected = week.process_tree(root="OUTLOOK.EXE", color="Computer").to_pandas()
    for tree in (result.process_tree(), kqlext.process_tree(result)):
        assert tree.to_pandas()["key"].tolist() == expected["key"].tolist()
        assert tree.title == "Mail"
        assert tree.notes[-1] == "There is no property nonsense; it is left out."
    colours = re.findall(r"border-left[^;]*", result.process_tree()._repr_mimebundle_()["text/html"])
    assert len(set(colours)) > 1
    assert len(kqlext.process_tree(result.to_pandas()).to_pandas()) > len(expected)


def test_an_argument_wins_over_the_render_of_the_query(samples: Shell, week: kqlext.Result) -> None:
    result = samples.run(f"%%kql\n{PROCESSES} | {RENDERED}")
    tree = result.process_tree(root="winlogon.exe", title="Sessions")
    assert tree.to_pandas()["key"].tolist() == week.process_tree(root="winlogon.exe").to_pandas()["key"].tolist()
    assert tree.title == "Sessions"
    assert samples.run(f"%%kql\n{PROCESSES} | render table with (title='Mail')").process_tree().title is None


def test_warnings_of_the_result_are_the_trees(samples: Shell) -> None:
    result = samples.run(f"%kql {PROCESSES} | take 5")
    result.warnings = ("Rows are missing.",)
    assert "Rows are missing." in result.process_tree().notes
