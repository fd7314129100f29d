"""Who started whom: forests are rebuilt from their events, and the rules that decide where events leave it open."""

from __future__ import annotations

import csv
import io
import random
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from process_worlds import Process, device_events, moment, security_events, world

from kqlext import KqlConversionError, connect, process_tree
from kqlext.process_trees.tree import ProcessTree

worlds = st.builds(
    world, seed=st.integers(0, 2**32), count=st.integers(1, 120), hosts=st.integers(1, 3), ids=st.integers(4, 30),
    absent=st.integers(1, 3),
)  # fmt: skip


def parents(tree: ProcessTree, label: str) -> dict[str, tuple[str, bool]]:
    """For each event its parent: by label where it is on record, by host, id and first child where it is not."""
    frame = tree.to_pandas()
    names = dict(zip(frame["key"], frame[label], strict=True))
    absent = dict(zip(frame["key"], frame["is_absent"], strict=True))
    return {
        row[label]: (
            row["parent_key"] if absent[row["parent_key"]] else names[row["parent_key"]],
            absent[row["parent_key"]],
        )
        for row in frame.to_dict("records")
        if not row["is_absent"]
    }


def expected(processes: list[Process]) -> dict[str, tuple[Process, bool]]:
    return {one.label: (one.parent, not one.parent.on_record) for one in processes if one.on_record and one.parent}


def check(tree: ProcessTree, processes: list[Process], label: str) -> None:
    found, wanted = parents(tree, label), expected(processes)
    assert found.keys() == wanted.keys()
    groups: dict[Process, str] = {}
    for event, (parent, absent) in wanted.items():
        assert found[event][1] is absent, event
        if absent:  # children of one absent process share it, and share it with nobody else's
            assert groups.setdefault(parent, found[event][0]) == found[event][0]
        else:
            assert found[event][0] == parent.label
    assert len(set(groups.values())) == len(groups)
    depths = {one.label: _depth(one) for one in processes if one.on_record}
    frame = tree.to_pandas()
    rows = frame[~frame["is_absent"]]
    assert dict(zip(rows[label], rows["depth"], strict=True)) == depths


def _depth(process: Process) -> int:
    return 1 + (_depth(process.parent) if process.parent else 0)


@given(worlds, st.randoms(use_true_random=False))
def test_a_forest_is_rebuilt_from_its_events_in_any_order(processes: list[Process], order: random.Random) -> None:
    events = security_events(processes)
    order.shuffle(events)
    if events:
        check(process_tree(pd.DataFrame(events)), processes, "CommandLine")


@given(worlds, st.randoms(use_true_random=False))
def test_times_of_creation_say_who_the_parent_is(processes: list[Process], order: random.Random) -> None:
    events = device_events(processes)
    order.shuffle(events)
    if events:
        check(process_tree(pd.DataFrame(events)), processes, "ProcessCommandLine")


@given(worlds, st.randoms(use_true_random=False))
def test_nothing_of_a_tree_depends_on_the_order_of_the_rows(processes: list[Process], order: random.Random) -> None:
    events = security_events(processes, names=False)
    for event in events:  # many at one time, many that look alike
        event["TimeGenerated"] = event["TimeGenerated"].replace(microsecond=0)
        event["NewProcessId"] = hex(int(event["NewProcessId"], 16) % 5)
    if not events:
        return
    first = process_tree(pd.DataFrame(events)).to_pandas()
    order.shuffle(events)
    again = process_tree(pd.DataFrame(events)).to_pandas()
    pd.testing.assert_frame_equal(first, again)


# --- an independent reading ------------------------------------------------------------------------------


def simple_parents(text: str, columns: tuple[str, ...]) -> tuple[dict[str, str | None], int, int]:
    """What a short script with dictionaries makes of a CSV: the parent of each row, the roots and the depth."""
    time, host, process, parent, name, parent_name = columns
    rows = sorted(csv.DictReader(io.StringIO(text)), key=lambda row: row[time])
    number = lambda text: int(text, 16) if text.startswith("0x") else int(float(text))  # noqa: E731
    last: dict[tuple[str, int], dict[str, Any]] = {}
    found: dict[str, str | None] = {}
    depth: dict[str, int] = {}
    absent = set()
    for row in rows:
        key = (row[host], number(row[parent]))
        above = last.get(key)
        if above is not None and short(above[name]) != short(row[parent_name]):
            above = None
        if above is None:
            absent.add((*key, short(row[parent_name])))
        found[row["Row"]] = above["Row"] if above else None
        depth[row["Row"]] = depth[above["Row"]] + 1 if above else 2
        last[row[host], number(row[process])] = row
    return found, len(absent), max(depth.values())


def short(path: str) -> str:
    return path.rpartition("\\")[2].lower()


SOURCES = {
    "SecurityEvent | where EventID == 4688":
        ("TimeGenerated", "Computer", "NewProcessId", "ProcessId", "NewProcessName", "ParentProcessName"),
    "DeviceProcessEvents":
        ("Timestamp", "DeviceName", "ProcessId", "InitiatingProcessId", "FileName", "InitiatingProcessFileName"),
}  # fmt: skip


@pytest.mark.parametrize(("query", "columns"), SOURCES.items(), ids=("security", "devices"))
def test_a_week_of_events_is_what_a_simple_script_makes_of_it(query: str, columns: tuple[str, ...]) -> None:
    with connect("samples://") as samples:
        frame = samples.query(query).to_pandas()
    frame["Row"] = [str(number) for number in range(len(frame))]
    found, roots, depth = simple_parents(frame.to_csv(index=False), columns)
    tree = process_tree(frame).to_pandas()
    rows = dict(zip(tree["key"], tree["Row"], strict=True))
    starts = tree[~tree["is_absent"]]
    above = [rows[key] if isinstance(rows[key], str) else None for key in starts["parent_key"]]
    assert dict(zip(starts["Row"], above, strict=True)) == found
    assert (int(tree["is_root"].sum()), int(tree["depth"].max())) == (roots, depth)


# --- rules -----------------------------------------------------------------------------------------------


def event(
    time: int, process: Any, parent: Any, name: str = "a.exe", parent_name: str | None = None, **more: Any
) -> dict[str, Any]:
    return {"T": moment(time), "Name": name, "Pid": process, "Ppid": parent, "ParentName": parent_name, **more}


SCHEMA = {"time": "T", "name": "Name", "process_id": "Pid", "parent_id": "Ppid", "parent_name": "ParentName"}


def lines(events: list[dict[str, Any]], **more: str) -> list[str]:
    """The tree as ``depth name``, with ? behind those that are not on record."""
    frame = process_tree(pd.DataFrame(events), schema={**SCHEMA, **more}).to_pandas()
    return [
        f"{row['depth']} {row['path'].rpartition(' > ')[2]}{'?' if row['is_absent'] else ''}"
        for row in frame.to_dict("records")
    ]


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        pytest.param([], [], id="none"),
        pytest.param([event(1, 5, None)], ["1 a.exe"], id="no parent"),
        pytest.param([event(1, 5, 5)], ["1 a.exe"], id="its own parent"),
        pytest.param([event(1, 5, 4, parent_name="System")], ["1 System?", "2 a.exe"], id="absent"),
        pytest.param([event(1, 5, 4)], ["1 ??", "2 a.exe"], id="absent without a name"),
        pytest.param(
            [event(1, 5, None, "old.exe"), event(2, 5, None, "new.exe"), event(3, 6, 5, "child.exe")],
            ["1 old.exe", "1 new.exe", "2 child.exe"], id="used again"),
        pytest.param(
            [event(1, 5, None, "old.exe"), event(2, 5, None, "new.exe"), event(3, 6, 5, "child.exe", r"C:\X\OLD.EXE")],
            ["1 old.exe", "1 new.exe", "1 OLD.EXE?", "2 child.exe"], id="used again, and then by another"),
        pytest.param(
            [event(3, 5, None, "late.exe"), event(1, 6, 5, "early.exe", "other.exe")],
            ["1 other.exe?", "2 early.exe", "1 late.exe"], id="before its id was used"),
        pytest.param(
            [event(1, 5, None, "p.exe"), event(1, 6, 5, "child.exe", "p.exe")],
            ["1 p.exe", "2 child.exe"], id="at once"),
        pytest.param(
            [event(0, 5, None, "old.exe"), event(1, 5, None, "new.exe"), event(1, 6, 5, "child.exe", "old.exe")],
            ["1 old.exe", "2 child.exe", "1 new.exe"], id="used again at that very time"),
        pytest.param(
            [event(1, 6, 5, "x.exe", "p.exe"), event(2, 7, 5, "y.exe", "p.exe"), event(3, 5, None, "q.exe"),
             event(4, 5, None, "r.exe"), event(5, 8, 5, "z.exe", "p.exe")],
            ["1 p.exe?", "2 x.exe", "2 y.exe", "1 q.exe", "1 r.exe", "1 p.exe?", "2 z.exe"], id="absent twice"),
        pytest.param(
            [event(1, 5, 6, "a.exe"), event(1, 6, 5, "b.exe")], ["1 a.exe", "2 b.exe"], id="circle"),
        pytest.param(
            [event(1, 5, None, "unnamed")] * 3, ["1 unnamed"], id="said three times"),
        pytest.param(
            [event(1, 5, None, "p.exe"), event(2, 6, 5, "child.exe", "-")], ["1 p.exe", "2 child.exe"], id="no name"),
    ],
)  # fmt: skip
def test_rules(events: list[dict[str, Any]], expected: list[str]) -> None:
    columns = ["T", "Name", "Pid", "Ppid", "ParentName"]
    for ordered in (events, events[::-1]):
        frame = pd.DataFrame(ordered, columns=columns) if not events else pd.DataFrame(ordered)
        tree = process_tree(frame, schema=SCHEMA).to_pandas()
        shown = [f"{depth} {path.rpartition(' > ')[2]}{'?' * absent}" for depth, path, absent in zip(
            tree["depth"], tree["path"], tree["is_absent"], strict=True)]  # fmt: skip
        assert shown == expected


def test_hosts_never_mix_and_have_no_case() -> None:
    events = [
        event(1, 5, None, "parent.exe", Host="ALPHA"),
        event(2, 6, 5, "mine.exe", Host="alpha"),
        event(3, 7, 5, "other.exe", Host="beta"),
        event(4, 8, 5, "nowhere.exe", Host=None),
    ]
    assert lines(events, host="Host") == ["1 ??", "2 nowhere.exe", "1 parent.exe", "2 mine.exe", "1 ??", "2 other.exe"]
    assert process_tree(pd.DataFrame(events), schema={**SCHEMA, "host": "Host"}).hosts == ["", "ALPHA", "beta"]


@pytest.mark.parametrize(
    ("written", "same"),
    [
        ("0x1f4", 500),
        ("0X1F4", "500"),
        (500.0, 500),
        ("500.0", "0x1f4"),
        (" 500 ", 500),
        ("{365ABB72-A}", "{365abb72-a}"),
    ],
)
def test_ids_are_the_same_however_they_are_written(written: Any, same: Any) -> None:
    assert lines([event(1, written, None, "p.exe"), event(2, 7, same, "c.exe")]) == ["1 p.exe", "2 c.exe"]


def test_where_the_parent_was_created_tells_more_than_its_id() -> None:
    told = {"created": "Created", "parent_created": "ParentCreated"}
    events = [
        event(9, 5, None, "old.exe", Created=moment(1), ParentCreated=None),
        event(10, 5, None, "new.exe", Created=moment(5), ParentCreated=None),
        event(11, 6, 5, "of old.exe", Created=moment(7), ParentCreated=moment(1)),
        event(12, 7, 5, "of new.exe", Created=moment(8), ParentCreated=moment(5)),
        event(13, 8, 5, "of absent.exe", "older.exe", Created=moment(8), ParentCreated=moment(0)),
        event(14, 9, 5, "of nonsense.exe", Created=moment(8), ParentCreated=moment(80)),
    ]
    shown = [
        "1 older.exe?",
        "2 of absent.exe",
        "1 old.exe",
        "2 of old.exe",
        "1 new.exe",
        "2 of new.exe",
        "2 of nonsense.exe",
    ]
    assert lines(events, **told) == shown


def test_a_start_without_its_time_of_creation_may_be_the_parent() -> None:
    """A start is written down after it: the one that was written down at 2 is that of 1, and not that of 4."""
    events = [
        event(2, 5, None, "p.exe", At=None),
        event(9, 6, 5, "c.exe", At=moment(1)),
        event(9, 7, 5, "d.exe", At=moment(4)),
    ]
    assert lines(events, parent_created="At") == ["1 p.exe", "2 c.exe", "1 ??", "2 d.exe"]


def test_parents_of_parents() -> None:
    told = {"grandparent_id": "Gid", "grandparent_name": "Gname"}
    events = [
        event(1, 3, None, "top.exe", Gid=None, Gname=None),
        event(2, 6, 5, "x.exe", "mid.exe", Gid=3, Gname="top.exe"),
        event(3, 7, 5, "y.exe", "mid.exe", Gid=None, Gname=None),
        event(4, 8, 2, "z.exe", "deep.exe", Gid=1, Gname="init"),
        event(5, 9, 1, "w.exe", "init", Gid=None, Gname=None),
    ]
    assert lines(events, **told) == [
        "1 top.exe", "2 mid.exe?", "3 x.exe", "3 y.exe", "1 init?", "2 deep.exe?", "3 z.exe", "2 w.exe"
    ]  # fmt: skip


def test_parents_that_are_only_told_of_do_not_go_round() -> None:
    told = {"grandparent_id": "Gid"}
    events = [event(1, 5, 6, "a.exe", Gid=5), event(2, 6, 7, "b.exe", Gid=8), event(2, 7, 6, "c.exe", Gid=7)]
    tree = process_tree(pd.DataFrame(events), schema={**SCHEMA, **told})
    assert sorted(line[2:] for line in lines(events, **told) if "?" not in line) == ["a.exe", "b.exe", "c.exe"]
    assert any("cut" in note for note in tree.notes)


def test_a_chain_of_thousands() -> None:
    frame = pd.DataFrame([event(n, n + 1, n) for n in range(5_000)])
    tree = process_tree(frame, schema=SCHEMA)
    table = tree.to_pandas()
    assert table["depth"].max() == 5_001
    assert table["path"].notna().sum() == 100
    bundle = tree._repr_mimebundle_()
    assert "4,901 more processes left out" in bundle["text/html"]
    assert len(tree.to_plotly().data) == 3


# --- bad input -------------------------------------------------------------------------------------------


def test_what_cannot_be_placed_is_left_out_and_said() -> None:
    events = [
        event(1, 5, None, "a.exe"),
        event(1, 5, None, "a.exe"),
        event(2, None, 5, "no id.exe"),
        {**event(3, 6, 5, "no time.exe"), "T": None},
    ]
    tree = process_tree(pd.DataFrame(events), schema=SCHEMA)
    assert tree.notes == (
        "2 rows without a process id or a time left out.",
        "1 repeated row left out.",
    )
    assert len(tree) == 1


def test_other_events_are_left_out_where_a_column_tells() -> None:
    events = security_events(world(1, 20, 1, 30, 1))
    count = len(events)
    events += [{**events[0], "EventID": 4624}, {**events[1], "EventID": None}]
    for kind in (int, str, float):
        frame = pd.DataFrame(events)
        frame["EventID"] = [None if value != value else kind(value) for value in frame["EventID"]]
        tree = process_tree(frame)
        assert tree.notes == ("2 rows of other events left out: EventID is not 4688.",)
        assert (~tree.to_pandas()["is_absent"]).sum() == count
    assert process_tree(pd.DataFrame(events[:count]).drop(columns="EventID")).notes == ()


TIMES = [
    ("2026-03-01 00:00:01", "2026-03-01T00:00:01.0000000Z"),
    ("2026-03-01T01:00:01+01:00", "2026-03-01T00:00:01Z"),
    ("Sun Mar  1 00:00:01 2026 UTC", "2026-03-01 00:00:01.000"),
]


@pytest.mark.parametrize(("first", "second"), TIMES)
def test_times_may_be_texts(first: str, second: str) -> None:
    keys = [
        process_tree(pd.DataFrame([{**event(1, 5, None), "T": text}]), schema=SCHEMA).to_pandas()["key"][0]
        for text in (first, second)
    ]
    assert keys == ["|5|2026-03-01T00:00:01Z"] * 2


@pytest.mark.parametrize("values", [["yesterday", "today"], [1, 2], [True, False]])
def test_times_that_are_none(values: list[Any]) -> None:
    frame = pd.DataFrame([event(1, 5, None), event(2, 6, 5)])
    frame["T"] = values
    with pytest.raises(KqlConversionError, match="Column T holds no times that can be read, but such as"):
        process_tree(frame, schema=SCHEMA)


def test_years_beyond_nanoseconds() -> None:
    times = pd.Series(["9999-12-31", "0001-01-01"]).astype("datetime64[us]")
    frame = pd.DataFrame({"T": times, "Name": "a", "Pid": [5, 6], "Ppid": [6, None], "ParentName": None})
    assert process_tree(frame, schema=SCHEMA).to_pandas()["key"].tolist() == [
        "|6|0001-01-01T00:00:00Z",
        "|5|9999-12-31T00:00:00Z",
    ]
