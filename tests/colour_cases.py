"""Cells and what each piece of them is, for the Python lexer and for JupyterLab's editor alike.

A piece stands between ⟨ and ⟩ behind its kind; variables and punctuation are not marked.
"""
# ruff: noqa: E501 (the lines are those of the cells)

from __future__ import annotations

import re

_PIECE = re.compile(r"⟨(\w+):([^⟩]*)⟩")

MARKED = {
    "a query": """\
⟨magic:%%kql⟩
⟨comment:// who⟩
StormEvents
⟨operator:|⟩ ⟨keyword:where⟩ State ⟨operator:==⟩ ⟨string:'TEXAS'⟩ ⟨keyword:and⟩ Deaths ⟨operator:>⟩ ⟨number:10⟩ ⟨comment:// all⟩
⟨operator:|⟩ ⟨keyword:summarize⟩ n ⟨operator:=⟩ ⟨function:count⟩() ⟨keyword:by⟩ ⟨function:bin⟩(StartTime, ⟨number:1.5h⟩), x
⟨operator:|⟩ ⟨keyword:order⟩ ⟨keyword:by⟩ n ⟨keyword:desc⟩
⟨operator:|⟩ ⟨keyword:render⟩ ⟨constant:timechart⟩ ⟨keyword:with⟩ (title⟨operator:=⟩⟨string:"a"⟩)""",
    "a head": """\
⟨comment:# this week⟩

⟨magic:%%kql⟩ ⟨connection:https://help.kusto.windows.net/Samples⟩ ⟨target:top⟩ ⟨operator:<<⟩ ⟨comment:// why⟩
⟨option:-params⟩ ⟨value:{'a': 3}⟩ ⟨option:-dl⟩⟨operator:=⟩⟨value:10⟩ ⟨option:-quiet⟩ ⟨option:+norequesttimeout⟩⟨operator:=⟩⟨value:true⟩
T ⟨operator:|⟩ ⟨keyword:project⟩ a ⟨operator:-⟩ b""",
    "a connection by keys": """\
⟨magic:%%kql⟩ ⟨connection:azureDataExplorer://code;cluster='help';database='My Samples'⟩
T""",
    "what is no option": "⟨magic:%%kql⟩ ⟨operator:-⟩nooption T",
    "the samples": "⟨magic:%%kql⟩ ⟨connection:samples⟩ StormEvents ⟨operator:|⟩ ⟨keyword:count⟩",
    "a named connection": "⟨magic:%%kql⟩ ⟨connection:@'my soc'⟩ ⟨option:-timespan⟩ ⟨value:P1D⟩ T",
    "an open connection": "⟨magic:%%kql⟩ ⟨connection:Samples@help⟩ T",
    "a command": "⟨magic:%%kql⟩ ⟨option:--schema⟩ ⟨value:StormEvents⟩",
    "strings": """\
⟨magic:%%kql⟩
⟨keyword:print⟩ ⟨string:'it\\'s // no'⟩, ⟨string:h"se\\"cret"⟩, ⟨string:@'C:\\'⟩, ⟨string:h@"a""b"⟩, ⟨string:```one
%kql | where '
two```⟩, ⟨string:~~~x~~~⟩, ⟨string:"open | where⟩
⟨operator:|⟩ ⟨keyword:take⟩ ⟨number:1⟩""",
    "a string that looks like a target": "⟨magic:%%kql⟩\nT;\n⟨string:```<<```⟩ a",
    "literals": """\
⟨magic:%%kql⟩
⟨keyword:print⟩ ⟨type:datetime⟩(⟨number:2024-01-01 10:00:00.5Z⟩), ⟨type:timespan⟩(⟨number:1.00:00:00⟩), \
⟨type:guid⟩(⟨number:74be27de-1e4e-49d9-b579-fe0b331d3642⟩), ⟨type:datetime⟩(⟨constant:null⟩), ⟨type:dynamic⟩({⟨string:"a"⟩: ⟨constant:true⟩}), \
⟨number:0x1F⟩, ⟨number:1e3⟩, ⟨number:2.5d⟩, ⟨type:long⟩(⟨number:1⟩), ⟨type:bool⟩(⟨constant:false⟩)""",
    "types": """\
⟨magic:%%kql⟩
⟨keyword:let⟩ ⟨definition:f⟩ ⟨operator:=⟩ (s:⟨type:string⟩, T:(a:⟨type:long⟩)) { T ⟨operator:|⟩ ⟨keyword:extend⟩ d ⟨operator:=⟩ ⟨function:todatetime⟩(s) };
⟨keyword:datatable⟩ (date:⟨type:datetime⟩, string:⟨type:dynamic⟩) [] ⟨operator:|⟩ ⟨keyword:mv-expand⟩ string ⟨keyword:to⟩ ⟨keyword:typeof⟩(⟨type:real⟩)""",
    "two tables": """\
⟨magic:%%kql⟩
⟨keyword:let⟩ ⟨definition:U⟩ ⟨operator:=⟩ ⟨keyword:union⟩ ⟨parameter:withsource⟩⟨operator:=⟩Name A, B;
T ⟨operator:|⟩ ⟨keyword:join⟩ ⟨parameter:kind⟩⟨operator:=⟩⟨constant:leftanti⟩ (U ⟨operator:|⟩ ⟨keyword:where⟩ x ⟨keyword:has_any⟩ (⟨string:'a'⟩)) \
⟨keyword:on⟩ ⟨special:$left⟩.⟨property:count⟩ ⟨operator:==⟩ ⟨special:$right⟩.⟨property:where⟩
⟨operator:|⟩ ⟨keyword:where⟩ y ⟨operator:!⟩⟨keyword:in⟩ (⟨number:1⟩⟨operator:..⟩ ⟨number:2⟩) ⟨keyword:or⟩ z ⟨keyword:matches⟩ ⟨keyword:regex⟩ ⟨string:"a"⟩""",
    "columns called as operators": """\
⟨magic:%%kql⟩
T ⟨operator:|⟩ ⟨keyword:project⟩ count, range ⟨operator:|⟩ ⟨keyword:project-away⟩ search ⟨operator:|⟩ ⟨keyword:summarize⟩ ⟨function:max⟩(count), ⟨function:count⟩()
⟨operator:|⟩ ⟨keyword:mv-apply⟩ x ⟨keyword:on⟩ (⟨keyword:top⟩ ⟨number:1⟩ ⟨keyword:by⟩ x) ⟨operator:|⟩ ⟨keyword:count⟩""",
    "several queries": """\
⟨magic:%%kql⟩
⟨target:a⟩ ⟨operator:<<⟩ T ⟨operator:|⟩ ⟨keyword:take⟩ ⟨number:1⟩

⟨target:b⟩ ⟨operator:<<⟩
⟨keyword:search⟩ ⟨string:'x'⟩

⟨keyword:.show⟩ tables ⟨operator:|⟩ ⟨keyword:where⟩ a ⟨operator:=~⟩ ⟨string:'b'⟩;
⟨keyword:.set-or-append⟩ T ⟨operator:<|⟩ ⟨keyword:range⟩ x ⟨keyword:from⟩ ⟨number:1⟩ ⟨keyword:to⟩ ⟨number:9⟩ ⟨keyword:step⟩ ⟨number:1⟩""",
    "names in other scripts": "⟨magic:%%kql⟩\nÉvénements ⟨operator:|⟩ ⟨keyword:where⟩ größe ⟨operator:>⟩ ⟨number:1⟩ ⟨keyword:and⟩ 名前 ⟨operator:==⟩ ⟨string:'ß😀'⟩",
}


def unmarked(marked: str) -> tuple[str, list[tuple[str, str]]]:
    """The text of a case, and its pieces."""
    return _PIECE.sub(r"\2", marked), _PIECE.findall(marked)
