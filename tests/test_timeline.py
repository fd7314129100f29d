"""Timelines: lanes, times, colours, bars, reference events, counts of many events, and what cannot be drawn."""

from __future__ import annotations

import base64
import csv
import datetime as dt
import io
import json
import random
import re
from typing import Any

import nbformat
import numpy as np
import pandas as pd
import plotly.graph_objects as go
import polars as pl
import pyarrow as pa
import pytest
from charts import result_of
from conftest import Shell
from figures import notes
from nbformat.v4 import new_code_cell, new_notebook, new_output

import kqlext
from kqlext.errors import KqlConversionError
from kqlext.visualization.drawing import MIME_TYPE, Shown
from kqlext.visualization.timeline import timeline
from kqlext.visualization.vega_lite import MIME_TYPE as VEGA_LITE

TIME = pd.Timestamp("2024-01-01")
HOURS = pd.date_range(TIME, periods=5, freq="h")
EVENTS = pd.DataFrame({"TimeGenerated": HOURS, "Computer": list("abaab"), "AlertName": list("vwxyz")})


def figure_of(shown: Shown) -> dict[str, Any]:
    """The figure, which plotly takes and JSON holds."""
    bundle = shown._repr_mimebundle_()
    assert MIME_TYPE in bundle, str(shown).splitlines()[-1]
    found: dict[str, Any] = bundle[MIME_TYPE]
    json.dumps(bundle, allow_nan=False)
    go.Figure({name: found[name] for name in ("data", "layout")})
    return found


def drawn(data: object, **properties: Any) -> dict[str, Any]:
    return figure_of(timeline(data, **properties))


def why(data: object, **properties: Any) -> str:
    """The line that says why there is a table."""
    shown = timeline(data, **properties)
    assert MIME_TYPE not in shown._repr_mimebundle_()
    return re.search(r"shown as a table, since (.*?)(?: · |\Z)", str(shown).splitlines()[-1])[1]  # type: ignore[index]


def lanes(figure: dict[str, Any]) -> list[str]:
    return list(figure["layout"]["yaxis"]["ticktext"])


def points(figure: dict[str, Any]) -> list[tuple[str, str, str]]:
    """Colour, lane without its count, and time of each mark."""
    names = [re.sub(r" \([\d,]+\)$", "", name) for name in lanes(figure)]
    return [
        (trace["name"], names[y], x)
        for trace in figure["data"]
        if "line" not in trace
        for x, y in zip(trace.get("base", trace["x"]), trace["y"], strict=True)
    ]


def saved_bytes(shown: Shown) -> int:
    """By how much a notebook with this output is larger."""
    output = new_output("execute_result", data=shown._repr_mimebundle_(), execution_count=1)
    return len(nbformat.writes(new_notebook(cells=[new_code_cell("x", outputs=[output])])).encode())


# --- what is drawn -------------------------------------------------------------------------------------------


def test_lanes_by_a_column() -> None:
    found = drawn(EVENTS, group="Computer")
    assert lanes(found) == ["a (3)", "b (2)"]
    assert points(found) == [
        ("events", lane, f"2024-01-01T0{hour}:00") for hour, lane in enumerate("abaab")
    ]  # fmt: skip
    assert found["layout"]["xaxis"]["title"]["text"] == "TimeGenerated (UTC)"
    assert notes(found) == ["5 events from 2024-01-01 00:00:00 to 2024-01-01 04:00:00 UTC in 2 lanes."]
    assert found["layout"]["meta"]["description"].endswith("Lanes: a, b.")


def test_an_independent_count_of_a_csv_file() -> None:
    """Counts per lane, first and last time, as the standard library's csv module finds them, in any order of rows."""
    rng = random.Random(8)
    begin = dt.datetime(2024, 3, 1)
    rows = [
        [(begin + dt.timedelta(milliseconds=rng.randrange(10**8))).isoformat(timespec="milliseconds"), f"host{k % 7}"]
        for k in range(2_400)
    ]
    text = io.StringIO()
    csv.writer(text).writerows([["TimeGenerated", "Computer"], *rows])
    expected: dict[str, list[str]] = {}
    for row in csv.DictReader(io.StringIO(text.getvalue())):
        expected.setdefault(row["Computer"], []).append(row["TimeGenerated"])
    found = drawn(pd.read_csv(io.StringIO(text.getvalue())), group="Computer")
    got: dict[str, list[str]] = {}
    for _, lane, time in points(found):
        got.setdefault(lane, []).append(time)
    assert {lane: (len(times), min(times), max(times)) for lane, times in got.items()} == {
        lane: (len(times), min(times), max(times)) for lane, times in expected.items()
    }
    assert lanes(found) == [f"{lane} ({len(expected[lane]):,})" for lane in sorted(expected)]


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ("a:datetime TimeGenerated:datetime", "TimeGenerated"),
        ("EventTime:datetime Timestamp:datetime", "Timestamp"),
        ("a:datetime FlowStartTime:datetime", "FlowStartTime"),
        ("StartTimeUtc:datetime EndTimeUtc:datetime", "StartTimeUtc"),
        ("a:long when:datetime later:datetime", "when"),
        ("timestamp:datetime", "timestamp"),
    ],
)
def test_the_time_of_a_row(columns: str, expected: str) -> None:
    assert figure_of(result_of(columns).timeline())["layout"]["xaxis"]["title"]["text"] == f"{expected} (UTC)"


def test_a_column_that_is_named() -> None:
    for name in ("time", "start"):
        shown = result_of("TimeGenerated:datetime b:datetime").timeline(**{name: "b"})
        assert figure_of(shown)["layout"]["xaxis"]["title"]["text"] == "b (UTC)"


def test_numbers_are_lanes_in_their_order_and_nothing_comes_last() -> None:
    frame = pd.DataFrame({"Timestamp": [TIME] * 5, "EventID": [4688, 4624, 10, None, 5]})
    assert lanes(drawn(frame.astype({"EventID": "Int64"}), group="EventID")) == [
        "5 (1)", "10 (1)", "4624 (1)", "4688 (1)", "(null) (1)"]  # fmt: skip


def test_many_lanes_lose_no_event() -> None:
    names = [f"h{number:03}" for number in range(60) for _ in range(2 if number < 50 else 1)]
    found = drawn(pd.DataFrame({"Timestamp": pd.date_range(TIME, periods=len(names), freq="s"), "h": names}), group="h")
    assert len(lanes(found)) == 51
    assert lanes(found)[0] == "h000 (2)"
    assert lanes(found)[-1] == "(10 others) (10)"
    assert "The 50 lanes of most events, of 60; the others are the last lane." in notes(found)
    assert len(points(found)) == len(names)


def test_colours_are_those_of_the_notebook(shell: Shell) -> None:
    shell.run("%kql samples")
    chart = shell.run("%%kql\nSecurityEvent | summarize count() by bin(TimeGenerated, 1d), EventID=tostring(EventID)"
                      " | where EventID in ('4624', '4688') | render timechart")  # fmt: skip
    events = shell.run("%%kql\nSecurityEvent | where EventID in (4624, 4688) | take 500 | sort by EventID desc"
                       "\n| render timeline with (color=EventID)")  # fmt: skip
    lines = {one["name"]: one["line"]["color"] for one in chart._repr_mimebundle_()[MIME_TYPE]["data"]}
    marks = {one["name"]: one["marker"]["color"] for one in events._repr_mimebundle_()[MIME_TYPE]["data"]}
    assert marks
    assert marks.items() <= lines.items()


def test_colours_of_many_values() -> None:
    frame = pd.DataFrame({"Timestamp": [TIME] * 30, "c": [f"c{n}" for n in range(30)]})
    found = drawn(frame, color="c")
    assert len(found["data"]) == 21
    assert found["data"][-1]["name"] == "(10 others)"
    assert len(points(found)) == 30


def test_events_with_an_end_are_bars() -> None:
    frame = pd.DataFrame({"StartTime": HOURS, "EndTime": [HOURS[1], HOURS[1], None, HOURS[0], HOURS[4]]})
    found = drawn(frame, end="EndTime")
    bar, point = found["data"]
    assert (bar["type"], bar["base"], bar["x"]) == ("bar", ["2024-01-01"], [3_600_000])
    assert bar["hovertext"][0].startswith("2024-01-01 00:00:00 – 2024-01-01 01:00:00")
    assert len(point["x"]) == 4
    assert "1 event with EndTime before the start: drawn without an end." in notes(found)


def test_the_start_that_goes_with_the_end() -> None:
    columns = "TimeGenerated:datetime FlowEndTime:datetime FlowStartTime:datetime"
    found = figure_of(result_of(columns).timeline(end="FlowEndTime"))
    assert found["layout"]["xaxis"]["title"]["text"] == "FlowStartTime (UTC)"


def test_tooltips_and_labels() -> None:
    (trace,) = drawn(EVENTS, tooltip=["Computer", "AlertName"], label="AlertName")["data"]
    assert trace["hovertext"][0] == "<b>v</b><br>Computer: a<br>AlertName: v"
    assert (trace["mode"], trace["text"]) == ("markers+text", list("vwxyz"))
    (trace,) = drawn(EVENTS)["data"]
    assert trace["hovertext"][0] == "AlertName: v<br>Computer: a"
    many = pd.concat([EVENTS] * 20)
    found = drawn(many, label="AlertName", tooltip="Computer")
    assert found["data"][0]["mode"] == "markers"
    assert any(note.startswith("Labels stand in the tooltips") for note in notes(found))


def test_the_slider_title_and_height() -> None:
    assert drawn(EVENTS)["layout"]["xaxis"]["rangeslider"]["visible"] is True
    found = drawn(EVENTS, slider=False, title="A & B", height=512)["layout"]
    assert "rangeslider" not in found["xaxis"] or not found["xaxis"]["rangeslider"]
    assert (found["height"], found["title"]["text"].startswith("<b>A &amp; B</b>")) == (512, True)


# --- reference events, several tables ------------------------------------------------------------------------

AT = "2024-01-01T02:00:00"


@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        (dt.datetime(2024, 1, 1, 2), ["2024-01-01 02:00"]),
        (pd.Timestamp("2024-01-01 03:00", tz="Europe/Berlin"), ["2024-01-01 02:00"]),
        (np.datetime64("2024-01-01T02"), ["2024-01-01 02:00"]),
        (dt.date(2024, 1, 1), ["2024-01-01"]),
        (f"{AT}Z, datetime(2024-01-02)", ["2024-01-01 02:00", "2024-01-02"]),
        ([TIME, AT], ["2024-01-01", "2024-01-01 02:00"]),
        ({"the alert": AT, "the end": HOURS[4]}, ["the alert", "the end"]),
        (EVENTS.iloc[2], ["x"]),
        (EVENTS.iloc[2].to_dict(), ["x"]),
        (EVENTS.head(2), ["v", "w"]),
        (pl.DataFrame({"Timestamp": [TIME.to_pydatetime()]}), ["2024-01-01"]),
        (result_of("T:datetime Title:string"), ["a", "b"]),
        (result_of("TimeGenerated:datetime Title:string")[1], ["b"]),
        (None, []),
        ("", []),
    ],
)
def test_reference_events(reference: Any, expected: list[str]) -> None:
    found = drawn(EVENTS, reference=reference)
    lines = [trace for trace in found["data"] if "line" in trace]
    assert [line["name"] for line in lines] == expected
    assert all(line["x"][0] == line["x"][1] for line in lines)


def test_many_reference_events_have_one_entry() -> None:
    found = drawn(EVENTS, reference=list(pd.date_range(TIME, periods=60, freq="min")))
    lines = [trace for trace in found["data"] if "line" in trace]
    assert len(lines) == 50
    assert [line["name"] for line in lines if line.get("showlegend", True)] == ["50 reference events"]
    assert "The first 50 of 60 reference events." in notes(found)


def test_several_tables_on_one_axis() -> None:
    other = pd.DataFrame({"Timestamp": HOURS[:2], "Account": ["k", "l"]})
    found = drawn({"Alerts": EVENTS, "Logons": other, "None": EVENTS.head(0)})
    assert lanes(found) == ["Alerts (5)", "Logons (2)"]
    assert [trace["name"] for trace in found["data"]] == ["Alerts", "Logons"]
    assert found["data"][1]["hovertext"][0] == "Account: k"
    assert "No rows: None." in notes(found)
    assert found["layout"]["xaxis"]["title"]["text"] == "TimeGenerated, Timestamp (UTC)"


def test_a_table_over_a_result(shell: Shell) -> None:
    shell.run("%kql samples")
    alerts = shell.run("%kql SecurityAlert | where isnotempty(AlertName)")
    found = figure_of(alerts.timeline(overlay={"Mine": EVENTS}, group="AlertName"))
    assert {name for name, *_ in points(found)} == {"SecurityAlert", "Mine"}
    assert len(points(found)) == len(alerts) + 5


def test_a_column_that_only_one_of_them_has() -> None:
    found = drawn({"A": EVENTS, "B": EVENTS[["TimeGenerated"]]}, group="Computer")
    assert lanes(found) == ["a (3)", "b (2)", "B (5)"]


def test_a_tooltip_of_what_each_table_has() -> None:
    other = pd.DataFrame({"TimeGenerated": HOURS[:1], "Account": ["k"]})
    found = drawn({"A": EVENTS, "B": other}, tooltip="Computer,Account")
    assert [trace["hovertext"][0] for trace in found["data"]] == ["Computer: a", "Account: k"]


# --- many events ---------------------------------------------------------------------------------------------


def many(count: int, hosts: int = 40) -> pd.DataFrame:
    rng = np.random.default_rng(count)
    return pd.DataFrame({
        "TimeGenerated": TIME + pd.to_timedelta(rng.random(count) * 86_400, unit="s"),
        "Computer": [f"a-rather-long-name-of-a-host-{n}" for n in rng.integers(0, hosts, count)],
        "Account": [f"account{n}" for n in rng.integers(0, 9, count)],
        "CommandLine": ["C:\\Windows\\System32\\x.exe --argument " * 5] * count,
    })  # fmt: skip


def test_many_events_are_counted_exactly() -> None:
    frame = many(100_000)
    found = drawn(frame, group="Computer", color="Account")
    total: dict[str, int] = {}
    marks = 0
    for trace in found["data"]:
        for text, y in zip(trace["hovertext"], trace["y"], strict=True):
            count = re.match(r"<b>([\d,]+) events</b>", text)
            name = lanes(found)[y].split(" ")[0]
            total[name] = total.get(name, 0) + (int(count[1].replace(",", "")) if count else 1)
            marks += 1
    expected = frame["Computer"].value_counts()
    assert total == expected.to_dict()
    assert lanes(found)[0].endswith(f"({expected['a-rather-long-name-of-a-host-0']:,})")
    assert f"100,000 events as {marks:,} marks" in " ".join(notes(found))
    times = [time for _, _, time in points(found)]
    assert min(times)[:23] == frame["TimeGenerated"].min().isoformat()[:23]


@pytest.mark.parametrize("count", [363, 1_000, 1_700, 2_500, 2_501, 10_890, 100_000])
@pytest.mark.parametrize("bars", [False, True])
def test_a_notebook_stays_small(count: int, bars: bool) -> None:
    frame = many(count)
    frame["End"] = frame["TimeGenerated"] + pd.Timedelta(minutes=5)
    shown = timeline(frame, group="Computer", color="Account", **({"end": "End"} if bars else {}))
    assert saved_bytes(shown) <= 300_000
    assert VEGA_LITE in shown._repr_mimebundle_()


def test_as_many_as_can_be_are_all_drawn() -> None:
    found = drawn(many(2_500), group="Computer")
    assert len(points(found)) == 2_500
    assert "No tooltips: 2,500 events have no room for them." in notes(found)
    assert len(points(drawn(many(2_501), group="Computer"))) < 2_500


# --- other tables, bad input ---------------------------------------------------------------------------------

UTC = dt.UTC
TOKYO = dt.timezone(dt.timedelta(hours=9))


@pytest.mark.parametrize(
    ("data", "times", "note"),
    [
        ([{"Timestamp": "2024-01-01T09:00:00+09:00"}, {"Timestamp": "2024-01-01T01:00:00Z"}],
         ["2024-01-01T00:00", "2024-01-01T01:00"], ""),
        ([{"Timestamp": "2024-01-01 00:00"}, {"Timestamp": "2024-01-01T01:00Z"}],
         ["2024-01-01T00:00", "2024-01-01T01:00"], "1 time of Timestamp without a zone taken as UTC."),
        ([{"Timestamp": "2024-01-01"}, {"Timestamp": "never"}, {"Timestamp": "2024-01-02"}],
         ["2024-01-01", "2024-01-02"], "1 row whose Timestamp is no time left out, such as 'never'."),
        ([{"Timestamp": dt.datetime(2024, 1, 1)}, {"Timestamp": dt.datetime(2024, 1, 1, 9, 30, tzinfo=TOKYO)}],
         ["2024-01-01T00:00", "2024-01-01T00:30"], "1 time of Timestamp without a zone taken as UTC."),
        (pd.DataFrame({"Timestamp": [TIME, None]}), ["2024-01-01"], "1 row without Timestamp left out."),
        (pd.DataFrame({"Timestamp": pd.to_datetime(["2024-01-01"]).tz_localize("Asia/Tokyo")}),
         ["2023-12-31T15:00"], ""),
        (pd.DataFrame({"Timestamp": [dt.datetime(1, 1, 1), dt.datetime(9999, 12, 31)]}),
         ["0001-01-01", "9999-12-31"], ""),
        (pd.DataFrame({"a": [1]}, index=pd.DatetimeIndex([TIME])), ["2024-01-01"], ""),
        (pl.DataFrame({"Timestamp": [dt.datetime(2024, 1, 1)], "l": [[1, 2]]}), ["2024-01-01"], ""),
        (pa.table({"Timestamp": pa.array([0], pa.timestamp("s")), "t": pa.array([1], pa.time32("s"))}),
         ["1970-01-01"], ""),
        ({"Timestamp": ["2024-01-01T00:00:00Z"]}, ["2024-01-01"], ""),
        (result_of("Timestamp:datetime"), ["2024-01-01", "2024-01-02"], ""),
    ],
)  # fmt: skip
def test_tables_of_all_kinds(data: object, times: list[str], note: str) -> None:
    found = drawn(data)
    assert [time for _, _, time in points(found)] == times
    assert note in ["", *notes(found)]


@pytest.mark.parametrize(
    ("data", "properties", "reason"),
    [
        (EVENTS.head(0), {}, "there are no rows"),
        ({"A": EVENTS.head(0), "B": EVENTS.head(0)}, {}, "there are no rows"),
        (pd.DataFrame({"a": [1]}), {}, "there is no column of datetimes, and no text that is a time"),
        (pd.DataFrame({"Timestamp": pd.to_datetime([None])}), {}, "no row has a time in Timestamp"),
        (pd.DataFrame({"EventTime": ["7/8/2019 16:08"]}), {}, "is text such as '7/8/2019 16:08', which is no ISO 8601"),
        (pd.DataFrame({"n": [1]}), {"time": "n"}, "time 'n' is long, not a datetime"),
        (EVENTS, {"group": "Computr"}, "did you mean 'Computer'?"),
        (EVENTS, {"time": "Computer,AlertName"}, "time takes one column"),
        ({"A": EVENTS, "B": EVENTS}, {"group": "nope"}, "group names 'nope', which no table has"),
        ({"A": EVENTS, "B": EVENTS}, {"tooltip": "Computer,nope"}, "tooltip names 'nope', which no table has"),
        (EVENTS, {"end": "Computer"}, "end 'Computer' is text such as 'a', which is no ISO 8601 time"),
        (EVENTS, {"height": "tall"}, "height takes pixels, from 100 to 4,000"),
        (EVENTS, {"reference": "yesterday"}, "reference cannot be 'yesterday': it takes a time in ISO 8601"),
        (EVENTS, {"reference": 5}, "reference cannot be '5': it takes a time in ISO 8601"),
        (EVENTS, {"reference": {"TimeGenerated": None, "a": 1}}, "reference is a row without a time"),
    ],
)
def test_a_table_and_why(data: object, properties: dict[str, Any], reason: str) -> None:
    assert reason in why(data, **properties)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (42, "of the type int, which is no table"),
        ([1, 2], "of the type list, which is no table"),
        (pd.Series([1]), "of the type Series, which is no table"),
        (pd.DataFrame([[TIME, 1]], columns=["a", "a"]), "has 2 columns called 'a'."),
        (pd.DataFrame({("a", "b"): [1]}), "has columns in several levels"),
    ],
)
def test_what_is_no_table(data: object, message: str) -> None:
    with pytest.raises(KqlConversionError, match=re.escape(message)) as caught:
        timeline(data)
    assert caught.value.hint


@pytest.mark.parametrize(
    ("column", "shown"),
    [
        ([1, "a"], ["1", "a"]),
        ([[1, {"b": TIME}], None], ['[1,{"b":"2024-01-01T00:00:00"}]', "(null)"]),
        (pd.Categorical(["x", "y"]), ["x", "y"]),
        (pd.period_range("2024", periods=2, freq="D"), ["2024-01-01", "2024-01-02"]),
        ([2**70, 1], ["1180591620717411303424", "1"]),
        (["", "\0\n"], ["(empty)", "\\x00\\n"]),
    ],
)
def test_columns_of_any_values(column: Any, shown: list[str]) -> None:
    frame = pd.DataFrame({"Timestamp": [TIME, TIME], "c": column})
    assert {lane for _, lane, _ in points(drawn(frame, group="c", tooltip="c", color="c"))} == set(shown)


def test_columns_that_are_called_as_properties_are() -> None:
    frame = pd.DataFrame({"time": [TIME], "group": ["g"], "overlay": ["o"], "reference": ["r"], "title": ["t"]})
    found = drawn(frame, group="group", color="title", tooltip=["overlay", "reference"], label="title")
    assert lanes(found) == ["g (1)"]
    assert found["data"][0]["hovertext"] == ["<b>t</b><br>overlay: o<br>reference: r"]


def test_data_is_never_markup() -> None:
    hostile = "<a href='javascript:x()'>%{x}</a>$y$<b>&lt;"
    frame = pd.DataFrame({"Timestamp": [TIME], hostile: [hostile]})
    asked = dict.fromkeys(("group", "color", "label", "tooltip"), hostile)
    found = drawn(frame, title=hostile, reference={hostile: TIME}, **asked)
    found["layout"].pop("meta")  # plain text, which stands in no markup
    texts = json.dumps({**found, "config": None})
    assert re.findall(r"<a |<script|javascript:x\(\)'>%\{", texts) == []
    assert "&lt;a href" in texts


# --- all its forms -------------------------------------------------------------------------------------------


def test_the_bundle() -> None:
    bundle = timeline(EVENTS, group="Computer", reference=AT)._repr_mimebundle_()
    assert list(bundle) == [MIME_TYPE, VEGA_LITE, "image/png", "text/plain"]
    assert base64.b64decode(bundle["image/png"]).startswith(b"\x89PNG")
    assert bundle["text/plain"].splitlines()[-1] == (
        "5 rows · 0.00 s · DataFrame · render timeline: a chart in notebooks; here a table"
    )
    assert "5 events from 2024-01-01 00:00:00" in json.dumps(bundle[VEGA_LITE]["title"])


@pytest.mark.parametrize("properties", [{}, {"end": "End"}, {"color": "Computer", "reference": AT}])
def test_vega_lite_has_every_mark(properties: dict[str, Any]) -> None:
    frame = EVENTS.assign(End=HOURS + pd.Timedelta("1h"))
    spec = timeline(frame, group="Computer", **properties)._repr_mimebundle_()[VEGA_LITE]
    rows = [
        row
        for layer in spec["layer"]
        if layer["mark"]["type"] != "line"
        for row in csv.DictReader(io.StringIO(layer["data"]["values"]))
    ]
    assert sorted(int(row["x"]) for row in rows) == [int(hour.timestamp() * 1000) for hour in HOURS]
    assert {row["y"] for row in rows} == {"a (3)", "b (2)"}


@pytest.mark.parametrize(
    "cell",
    [
        "%%kql -timeline\nEvents",
        "%%kql\nEvents | render timeline with (group=Computer, slider=false)",
        "%%kql -on Events\n| render timeline",
    ],
)
def test_cells(shell: Shell, cell: str) -> None:
    shell.run("%kql samples")
    shell.variables["Events"] = EVENTS
    found = shell.run(cell)._repr_mimebundle_()[MIME_TYPE]
    assert len(found["data"][0]["x"]) == 5


def test_plotly_and_pictures(shell: Shell, tmp_path: Any) -> None:
    shell.run("%kql samples")
    shell.variables["Events"] = EVENTS
    result = shell.run("%%kql\nEvents | render timeline with (group=Computer)")
    assert list(result.to_plotly().layout.yaxis.ticktext) == ["a (3)", "b (2)"]
    by_name = shell.run("%kql Events").to_plotly("timeline", group="Computer")
    assert list(by_name.layout.yaxis.ticktext) == ["a (3)", "b (2)"]
    path = result.to_image(tmp_path / "t.svg")
    assert "TimeGenerated (UTC)" in (tmp_path / "t.svg").read_text(encoding="utf-8"), path


def test_the_render_of_the_query_holds_for_the_method(shell: Shell) -> None:
    shell.run("%kql samples")
    shell.variables["Events"] = EVENTS.assign(Noted=EVENTS["TimeGenerated"])
    result = shell.run("%%kql\nEvents | render timeline with (time=TimeGenerated, group=Computer, title='Mine')")
    for shown in (result.timeline(), timeline(result)):
        found = figure_of(shown)
        assert lanes(found) == ["a (3)", "b (2)"]
        assert "Mine" in found["layout"]["title"]["text"]
    other = figure_of(result.timeline(start="Noted", title="Other"))
    assert lanes(other) == ["a (3)", "b (2)"]
    assert "Other" in other["layout"]["title"]["text"]
    assert other["layout"]["xaxis"]["title"]["text"] == "Noted (UTC)"


def test_a_property_of_a_query_that_is_none() -> None:
    with kqlext.connect("samples") as client:
        result = client.query("print TimeGenerated=datetime(2024-01-01) | render timeline with (colour=x, xtitle=a)")
    found = figure_of(result.timeline())
    assert "There is no property colour; it is left out." in notes(found)


def test_warnings_stand_above_it() -> None:
    result = result_of("Timestamp:datetime", warnings=("Rows are missing.",))
    assert notes(figure_of(result.timeline()))[0] == "Warning: Rows are missing."
