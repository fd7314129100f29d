"""The help of `%kql --help` and `%kql?`, made from the tables of options and commands. Imports only these."""

from __future__ import annotations

from collections.abc import Callable

from kqlext.options import COMMANDS, OPTIONS

_USAGE = """\
%kql  [connection] [name <<] [-option value]... [+property=value]... [query]
%%kql [connection] [name <<] [-option value]... [+property=value]...
query, or several with blank lines between them

A last ; shows nothing. name << query binds the Result, -o name a DataFrame; the last Result is _kql.

let x = name; takes a variable's value or DataFrame, -params a,b declares them for a query that has no let.
-query name and -file hunt.kql run KQL from elsewhere; -save errors remembers a query, -with errors uses it.
-format puts values into {name}. -cache folder records answers, -use_cache folder plays them; -link opens the query.
A blank line in a %%kql cell may be followed by --command, %magic, %%py or another cell magic, and by KQL again."""

_CONNECTIONS = """\
samples                                          the embedded sample database
duckdb:///path/file.duckdb, duckdb://            a DuckDB file (read-only), an empty database in memory
duckdb://?path=logs/*.csv                        files as tables; also -tables logs/*.csv
https://help.kusto.windows.net/Samples           a Kusto cluster, with the default sign-in (az login, ...)
kusto://anonymous;cluster='http://127.0.0.1:8080';database='db'
kusto://cluster='help';database='Samples';alias='s'
loganalytics://workspace='my-soc'                a Log Analytics (Sentinel) workspace by name; my-soc@loganalytics then
loganalytics://workspace='<guid>';alias='soc'    the same by its Workspace ID
applicationinsights://appid='<guid>'             an application of Application Insights
defender://                                      advanced hunting of Microsoft Defender, through Microsoft Graph
resourcegraph://subscriptions='a,b'              Azure Resource Graph; also managementgroups=..., or the whole tenant
cache://hunt                                     answers that -cache hunt recorded, played back
@soc, @'my soc'                                  a connection that kqlext.toml or KQLEXT_CONNECTION_SOC names (below)
[section]                                        one of an INI file (-dsn_filename)
Samples@help, s@help                             a connection that is open, another database of its cluster

Sign-in, by keys of the connection: code (device code), interactive (browser), azcli, msi or msi='id', vscode,
notebookutils (Fabric, Synapse), databricks='service credential',
clientid='...';clientsecret=$NAME;tenant='...', clientid='...';certificatepemfile='...';tenant='...',
token=my_token (text, dict, function, credential), anonymous; tenant='...' and aadurl='...' beside them.
%kql --signout forgets who is signed in

Named connections stand in kqlext.toml of the project or of your configuration folder:
    default = "soc"
    [connections.soc]
    service = "loganalytics"
    workspace = "<guid>"
    [connections.samples]
    connection = "https://help.kusto.windows.net/Samples"
Also in pyproject.toml ([tool.kqlext.connections.NAME]), KQLEXT_CONNECTION_NAME, msticpyconfig.yaml and Sentinel's
config.json. A value $NAME is the environment variable NAME. %kql --conn lists them. Where nothing is connected, a query
opens KQLEXT_CONNECTION (a connection string or @name), KQLMAGIC_CONNECTION_STR, or default.
Options are set there too: [settings], or KQLEXT_OPTION in the environment; %kql --config shows them"""

_RESULTS = """\
r[0], r[0]['State'], r[:10], len(r), for row in r
r.to_dataframe() = r.to_pandas(), r.to_arrow(), r.to_polars(), r.to_dict()
r.show_chart('columnchart', title='...'), r.show_table(), r.to_plotly() = r.plotly_fig, r.to_image('chart.png')
r.submit() and r.refresh() run the query again, r.to_csv(), r.to_parquet('t.parquet')
r.columns (name -> Kusto type), r.tables, r.warnings, r.partial, r.visualization, r.statistics, r.query
r.link(), r.link('kusto_explorer'): the query in the page of its service"""


def _options_text() -> str:
    lines = []
    for option in OPTIONS:
        names = ", ".join(f"-{name}" for name in (option.name, *option.aliases))
        default = "" if option.default is None else f" [{str(option.default).lower()}]"
        lines.append(f"{names:<42} {option.help}{default}")
    return "\n".join(lines)


def _commands_text() -> str:
    return "\n".join(f"--{', --'.join((c.name, *c.aliases)) + ' ' + c.argument:<31} {c.help}" for c in COMMANDS)


TOPICS: dict[str, tuple[str, Callable[[], str]]] = {
    "usage": ("Usage", lambda: _USAGE),
    "options": ("Options", _options_text),
    "commands": ("Commands", _commands_text),
    "connections": ("Connections", lambda: _CONNECTIONS),
    "results": ("Results", lambda: _RESULTS),
}


def help_text() -> str:
    """All of the help, as ``%kql --help`` and ``%kql?`` show it."""
    return "\n\n".join(f"{title}\n\n{text()}" for title, text in TOPICS.values())
