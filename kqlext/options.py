"""ONE table of options and one of commands. The parser, ``%config``, ``--help`` and the docs all read them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from kqlext.text import normalize_name

OptionKind = Literal["flag", "integer", "text", "choice", "name", "names", "value", "timespan"]
"""``flag``: -x, -!x. ``integer``: a number or a notebook name. ``text``: a word or a quoted string. ``choice``: one
of ``choices``. ``name``: the name of a variable to bind. ``value``: text, a notebook name or ``$NAME``.
``names``: texts with commas between them, or the name of a variable that holds a list of texts.
``timespan``: as ``value``, but P1D and its like are durations and no names."""


NO_MINIMUM = -(10**9)

MAX_INLINE = 1_000_000
"""Bytes of KQL that a DataFrame may become, unless -max_inline says otherwise."""


@dataclass(frozen=True)
class Option:
    """One option: ``-name value``, ``-name=value``, ``-flag`` or ``-!flag``."""

    name: str
    kind: OptionKind
    help: str
    default: object = None
    aliases: tuple[str, ...] = ()
    choices: tuple[str, ...] = ()
    minimum: int = NO_MINIMUM
    configurable: bool = True
    """Whether ``%config KqlMagics.name`` sets it for the session."""


@dataclass(frozen=True)
class Command:
    """One command: ``--name [argument]``."""

    name: str
    argument: str
    help: str
    aliases: tuple[str, ...] = ()
    connects: bool = False
    """Whether it asks the current connection, so that without one the default connection is opened first."""
    takes_query: bool = False
    """Whether its argument is KQL, which is taken as it is."""


DATAFRAME_TYPES = ("pandas", "arrow", "polars", "result")
PLOT_PACKAGES = ("plotly", "none")
CLOUDS = ("public", "usgovernment", "government", "fairfax", "china", "mooncake", "germany", "blackforest")

OPTIONS: tuple[Option, ...] = (
    Option(
        "o",
        "name",
        "bind the answer to this variable, as a DataFrame (see -type)",
        aliases=("output",),
        configurable=False,
    ),
    Option(
        "type",
        "choice",
        "what -o and << bind: pandas, arrow, polars or result",
        choices=DATAFRAME_TYPES,
        configurable=False,
    ),
    Option(
        "auto_dataframe",
        "flag",
        "give and bind a pandas DataFrame instead of a Result",
        default=False,
        aliases=("ad",),
    ),
    Option(
        "assign_var",
        "name",
        "bind the Result to this variable, and show it",
        aliases=("av",),
        configurable=False,
    ),
    Option(
        "columns_to_local_vars",
        "flag",
        "bind each column to a variable of its name, as a tuple, and show no table",
        default=False,
        aliases=("c2lv",),
    ),
    Option(
        "dynamic_to_dataframe",
        "choice",
        "what dynamic values are in pandas: objects of Python, or str for JSON text",
        default="object",
        aliases=("dtd",),
        choices=("object", "str"),
    ),
    Option(
        "display_limit",
        "integer",
        "rows that a table shows; none shows all, 0 only the header",
        default=50,
        aliases=("dl",),
    ),
    Option(
        "grid",
        "flag",
        "show the table, also of a render, as a grid that sorts and filters; needs kqlext[grid]",
        default=False,
    ),
    Option(
        "timeline",
        "flag",
        "show the result as events over time, as `| render timeline` does",
        default=False,
        configurable=False,
    ),
    Option(
        "process_tree",
        "flag",
        "show the result as a tree of processes, as `| render processtree` does",
        default=False,
        configurable=False,
    ),
    Option(
        "plot_package",
        "choice",
        "what draws the charts of render: plotly, or none for tables",
        default="plotly",
        aliases=("pp",),
        choices=PLOT_PACKAGES,
    ),
    Option(
        "chart_image",
        "flag",
        "save a picture with each chart, for what cannot draw one (GitHub, nbconvert); needs kqlext[image]",
        default=True,
    ),
    Option(
        "plotly_layout",
        "value",
        "a dict of plotly's layout, which charts have instead of their own",
        aliases=("pl",),
        configurable=False,
    ),
    Option(
        "palette_name",
        "text",
        "the colours of charts: a name (--palettes), name_r, name[2:6], or a list ['#1f77b4', 'rgb(255,127,14)']",
        default="tab10",
        aliases=("pn",),
    ),
    Option(
        "palette_colors",
        "integer",
        "how many colours of the palette; none for all of them",
        aliases=("pc",),
        minimum=1,
    ),
    Option(
        "palette_desaturation",
        "text",
        "how much of their saturation the colours keep, from 0 (grey) to 1",
        default="1.0",
        aliases=("pd",),
    ),
    Option(
        "palette_reverse",
        "flag",
        "the palette from its end",
        default=False,
        aliases=("pr",),
    ),
    Option(
        "stats",
        "flag",
        "show what the service says of its work: time, memory, rows scanned",
        default=False,
    ),
    Option(
        "show_query",
        "flag",
        "show the query as it was sent, with the values that it took",
        default=False,
        aliases=("sq",),
    ),
    Option(
        "keep_raw",
        "flag",
        "keep the answer as it came, for the Result's raw_json",
        default=False,
    ),
    Option(
        "feedback",
        "flag",
        "say in one line what was bound or connected",
        default=True,
        aliases=("f",),
    ),
    Option(
        "quiet",
        "flag",
        "say nothing of progress, and nothing of what was bound or connected",
        default=False,
        aliases=("q",),
    ),
    Option(
        "timeout",
        "integer",
        "seconds after which the query is given up, here and on the server",
        aliases=("to", "wait"),
        minimum=1,
    ),
    Option(
        "max_answer",
        "integer",
        "MB of an answer, unzipped, after which it is given up; none for no limit",
        default=4_295,
        minimum=1,
    ),
    Option(
        "query_properties",
        "value",
        "a variable that holds a dict of request properties; +name=value wins",
        configurable=False,
    ),
    Option(
        "request_id_tag",
        "text",
        "letters and digits that every client request id has, to find the queries in a log",
        default="",
        aliases=("idtag",),
    ),
    Option(
        "request_cache_max_age",
        "integer",
        "seconds that an answer may be old which Kusto takes from its cache of results; none for no such answer",
        default=0,
        aliases=("maxage",),
        minimum=0,
    ),
    Option(
        "timespan",
        "timespan",
        "the time range of the query: 7d or P7D (back from now), start/end, or a variable that holds a timedelta or "
        "(start, end)",
        configurable=False,
    ),
    Option(
        "split",
        "timespan",
        "cut the time range (-timespan) into pieces of this length, 1h or 1d, which are queried side by side",
        configurable=False,
    ),
    Option(
        "query",
        "value",
        "run the KQL that this variable holds",
        configurable=False,
    ),
    Option(
        "file",
        "text",
        "run the KQL of this file",
        configurable=False,
    ),
    Option(
        "params",
        "text",
        'values for the query: names of variables (a,b), the name of a dict, or {"a": 5}; Kusto gets them as query '
        "parameters, other services as let statements",
        configurable=False,
    ),
    Option(
        "params_dict",
        "text",
        "a dict in which `let x = name;` looks names up, in the place of the notebook",
        configurable=False,
    ),
    Option(
        "format",
        "flag",
        "{x} in the query is the value of a variable, as a literal or within a string; {x:name} a name, {x:raw} KQL, "
        "{{ a brace",
        default=False,
        aliases=("enable_curly_brackets_params", "ecbp"),
    ),
    Option(
        "max_inline",
        "integer",
        "bytes that a DataFrame may become in the text of a query; none for no limit",
        default=MAX_INLINE,
        minimum=0,
    ),
    Option(
        "save",
        "text",
        "remember the query under this name, for -with",
        configurable=False,
    ),
    Option(
        "with",
        "names",
        "saved queries that this one may name as tables",
        configurable=False,
    ),
    Option(
        "no_execute",
        "flag",
        "only remember the query (-save), and do not run it",
        default=False,
        configurable=False,
    ),
    Option(
        "link",
        "flag",
        "show a link that opens the query in the page of its service",
        default=False,
        aliases=("show_query_link", "sql"),
    ),
    Option(
        "query_link_destination",
        "choice",
        "where the links of Kusto services lead: Azure Data Explorer or Kusto.Explorer",
        default="Kusto.WebExplorer",
        aliases=("qld",),
        choices=("Kusto.WebExplorer", "Kusto.Explorer"),
    ),
    Option(
        "cache",
        "text",
        "record each answer in this folder; none for not doing so",
        default="none",
    ),
    Option(
        "use_cache",
        "text",
        "play answers back that were recorded in this folder, and ask nobody; beside -cache, ask for what is missing",
        default="none",
    ),
    Option(
        "search",
        "flag",
        "search tables of the basic and auxiliary plans of Log Analytics; needs -timespan, costs by the GB",
        default=False,
        configurable=False,
    ),
    Option(
        "conn",
        "value",
        "the connection: a string or @name, or a variable that holds one",
        configurable=False,
    ),
    Option(
        "on",
        "text",
        "where this query runs, and nothing after it: a connection, local for the embedded engine, or a table of the "
        "notebook, which a query that begins with | then reads",
        configurable=False,
    ),
    Option(
        "over",
        "names",
        "run the query on several connections at once: names of open ones, or a variable that holds a list of them",
        configurable=False,
    ),
    Option(
        "sample",
        "integer",
        "rows of the table that --schema shows, or of the source that -steps takes through the query",
        configurable=False,
        minimum=1,
    ),
    Option(
        "read_schema",
        "choice",
        "when completion's schema is read in the background: ahead, after a connection's first answer; asked, once "
        "something asks for it; never",
        default="ahead",
        choices=("ahead", "asked", "never"),
    ),
    Option(
        "keep_schema",
        "flag",
        "keep names and types of schemas in your cache folder, for the next kernel's completion",
        default=True,
    ),
    Option(
        "steps",
        "flag",
        "run the query operator by operator, and show the rows and columns of each; on services with -sample",
        default=False,
        configurable=False,
    ),
    Option(
        "check",
        "choice",
        "mistakes of a query that are seen without sending it: error refuses the query; warn tells of them where the "
        "service refuses it; off does neither",
        default="warn",
        choices=("off", "warn", "error"),
    ),
    Option(
        "strict",
        "flag",
        "an answer that is not complete is an error",
        default=False,
    ),
    Option(
        "dsn_filename",
        "text",
        "the INI file in which [section] in a connection's place is looked up",
        default="odbc.ini",
        aliases=("df",),
    ),
    Option(
        "tables",
        "text",
        "files as tables of the embedded engine: a path or glob, or name=glob",
        configurable=False,
    ),
    Option(
        "validate_connection_string",
        "flag",
        "send a test query when a connection is opened",
        default=True,
        aliases=("vc",),
    ),
    Option(
        "cloud",
        "choice",
        "the cloud in which short cluster names are looked for",
        default="public",
        choices=CLOUDS,
    ),
    Option(
        "code_auth_interactive_mode",
        "choice",
        "what the key code means: a device code, or auth_code for the browser of the kernel's machine",
        default="device_code",
        aliases=("caim",),
        choices=("device_code", "auth_code", "auto"),
    ),
    Option(
        "try_azcli_login",
        "flag",
        "sign in with the Azure CLI where a connection names no way to",
        default=False,
        aliases=("try_azcli_login_by_profile",),
    ),
    Option(
        "try_vscode_login",
        "flag",
        "sign in with VS Code where a connection names no way to",
        default=False,
    ),
    Option(
        "try_msi",
        "value",
        "sign in with a managed identity where a connection names no way to: 'system', a client id, or a dict",
        configurable=False,
    ),
    Option(
        "try_token",
        "value",
        "sign in with this token where a connection names no way to: $NAME or a variable (see token=)",
        configurable=False,
    ),
    Option(
        "allow_unencrypted_token_cache",
        "flag",
        "remember sign-ins in a plain file where the system has no encrypted store",
        default=False,
    ),
    Option(
        "last_raw_result_var",
        "name",
        "the variable that always holds the last Result",
        default="_kql_raw_result_",
        aliases=("var",),
    ),
)

COMMANDS: tuple[Command, ...] = (
    Command(
        "help",
        "[topic | word]",
        "this page, one topic (options, commands, connections, results), or an operator or function of KQL",
        ("usage",),
    ),
    Command(
        "explain",
        "query",
        "the columns that a query gives, with their types, and the tables that it reads; nothing is run",
        connects=True,
        takes_query=True,
    ),
    Command("format", "query", "the query as one writes it: an operator a line; nothing is run", takes_query=True),
    Command("version", "", "the versions of kqlext and of what it runs on"),
    Command("conn", "[name | @name | *]", "the open connections, the current one marked with *, and the named ones"),
    Command("close", "[name | *]", "close the current connection, the named one, or all"),
    Command(
        "schema",
        "[table | text* | name@cluster]",
        "tables, columns and functions; of one table with -sample 3 some rows; text* shows what fits",
        connects=True,
    ),
    Command("tables", "[text]", "the tables, or those with the text in their name or a column's", connects=True),
    Command("functions", "[text]", "the functions, or those with the text in their name", connects=True),
    Command("signout", "", "forget who is signed in, and every token", ("clear_sso_db",)),
    Command("palettes", "[name]", "the palettes of charts (-palette_name) with their colours, or one of them"),
    Command("palette", "", "the palette that -palette_name, -palette_colors and their like make"),
    Command(
        "cache",
        "[folder]",
        "record answers in this folder from now on (-cache); none stops, nothing shows the folder",
        aliases=("cache_append", "cache_create_or_append"),
    ),
    Command("cache_stop", "", "record no more answers"),
    Command("use_cache", "[folder]", "play recorded answers back from now on (-use_cache); none stops"),
    Command("use_cache_stop", "", "ask services again"),
    Command("cache_list", "[folder]", "the recorded answers of a folder, or of the one in use, the newest first"),
    Command("config", "[option[=value], ...]", "the settings of this session; with a value, set one"),
)


def option_names() -> dict[str, Option]:
    """Every spelling of every option, normalized, to its option."""
    return {normalize_name(name): option for option in OPTIONS for name in (option.name, *option.aliases)}


def command_names() -> dict[str, Command]:
    """Every spelling of every command, normalized, to its command."""
    return {normalize_name(name): command for command in COMMANDS for name in (command.name, *command.aliases)}
