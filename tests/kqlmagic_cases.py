"""Every connection form, cell form, option, command, variable, request property and result member of Kqlmagic 0.1.114.

Each row says what becomes of it in kqlext, and has the cell that ``test_kqlmagic.py`` runs and what must then be true. The
tables of docs/kqlmagic.md are made of them; what does nothing or is refused has its reason in ``kqlext.kqlmagic_names``.
"""

# ruff: noqa: E501 (rows of a table)

from __future__ import annotations

from dataclasses import dataclass

from kqlext import kqlmagic_names
from kqlext.kqlmagic_members import METHODS, REFUSED
from kqlext.kqlmagic_names import Foreign
from kqlext.options import command_names, option_names
from kqlext.result import Result
from kqlext.services import supported_schemes
from kqlext.text import normalize_name

WORKS, BETTER, NOTHING, IS_REFUSED = "works", "works better", "does nothing", "refused"


@dataclass(frozen=True)
class Row:
    """One thing that Kqlmagic has.

    Attributes:
        note: how it works better, or what else there is to say.
        cell: what the test runs, with ``T`` for a query of three rows; ``{kusto}`` and the like are addresses of services.
        check: Python that is True then; ``r`` is the last Result, ``shown`` what the cell showed.
        error: what the message and hint of a refusal hold.
    """

    name: str
    status: str
    note: str = ""
    cell: str = ""
    check: str = "True"
    error: str = ""
    aliases: tuple[str, ...] = ()


T = "StormEvents | summarize Storms = count() by State | top 3 by Storms"
"""What stands for ``T`` in a cell: three rows of the sample database."""


# --- connections -----------------------------------------------------------------------------------------

_OPEN = "'{}' in str(get_ipython().run_line_magic('kql', '--conn'))"
_ONE = "r[0][0] == 1"


def _opened(name: str, status: str, cell: str, note: str = "", check: str = _ONE) -> Row:
    return Row(name, status, note, cell, check)


def _signs(name: str, key: str, how: str, status: str = WORKS, note: str = "") -> Row:
    """A key of a sign-in: the connection is opened, and says by whom; nothing is sent."""
    return Row(name, status, note, f"%kql kusto://help.kusto.windows.net/Samples;{key} -!vc", f"{how!r} in shown")


_CONNECTIONS: tuple[Row, ...] = (
    _opened("azuredataexplorer://", WORKS, "%kql azure_data-Explorer://anonymous;cluster='{kusto}';database='Samples' print 1"),
    _opened("adx://", WORKS, "%kql adx://anonymous;cluster='{kusto}';database='Samples' print 1"),
    _opened("ade://", WORKS, "%kql ade://anonymous;cluster='{kusto}';database='Samples' print 1"),
    _opened(
        "kusto://", BETTER, "%kql kusto://{kusto}/Samples print 1",
        "an address does too: `kusto://help.kusto.windows.net/Samples`, `https://help.kusto.windows.net/Samples`",
    ),
    _opened("aria://", WORKS, "%kql aria://code;database='db' -!vc", check="'kusto.aria.microsoft.com' in shown"),
    _opened(
        "applicationinsights://", WORKS, "%kql applicationinsights://anonymous;appid='{app}';datasourceurl='{monitor}' print 1"
    ),
    _opened("appinsights://", WORKS, "%kql appinsights://anonymous;appid='{app}';datasourceurl='{monitor}' print 1"),
    _opened("aimon://", WORKS, "%kql aimon://anonymous;appid='{app}';datasourceurl='{monitor}' print 1"),
    _opened(
        "loganalytics://", BETTER, "%kql loganalytics://anonymous;workspace='{workspace}';datasourceurl='{monitor}' print 1",
        "a workspace by its name or resource id too",
    ),
    _opened(
        "https://adx.monitor.azure.com/subscriptions/...", WORKS,
        "%kql https://adx.monitor.azure.com/subscriptions/s/resourcegroups/g/providers/microsoft.operationalinsights/workspaces/w -!vc",
        check="'w@' in shown",
    ),
    _opened(
        "database=", BETTER, "%kql kusto://anonymous;cluster='{kusto}';database='Samples' print 1",
        "`.show databases` is asked only where the service does not know the name",
    ),
    _opened(
        "cluster=", BETTER, "%kql kusto://anonymous;cluster='{kusto}';database='Samples' print 1",
        "a name, a host or an address",
    ),
    Row(
        "kusto://database='Other'", WORKS, "in the cluster of the current connection", "%kql kusto://anonymous;cluster='{kusto}';database='Samples'\n"
        "%kql kusto://database='Other' print 1", _OPEN.format("Other@"),
    ),
    _opened("appid=", WORKS, "%kql appinsights://anonymous;appid='{app}';datasourceurl='{monitor}' print 1"),
    _opened("workspace=", WORKS, "%kql loganalytics://anonymous;workspace='{workspace}';datasourceurl='{monitor}' print 1"),
    Row(
        "alias=", WORKS, "", "%kql loganalytics://anonymous;workspace='{workspace}';datasourceurl='{monitor}';alias='soc'",
        _OPEN.format("soc@loganalytics"),
    ),
    _signs("tenant=", "code;tenant='contoso.com'", "signed in"),
    _signs("aadurl=", "code;aadurl='https://login.microsoftonline.us'", "signed in", note="`aad_url` too"),
    _opened(
        "datasourceurl=", WORKS, "%kql loganalytics://anonymous;workspace='{workspace}';datasourceurl='{monitor}' print 1"
    ),
    _signs("clientid=", "code;clientid='66666666-7777-8888-9999-000000000000'", "signed in"),
    _signs(
        "clientid= with clientsecret=", "clientid='a';clientsecret='s';tenant='contoso.com'", "signed in", BETTER,
        "`'<clientsecret>'` is asked for; `$NAME` keeps it out of the notebook",
    ),
    _signs(
        "certificatepemfile=, certificate= with certificatethumbprint=",
        "clientid='a';tenant='contoso.com';certificatepemfile='{certificate}';certificatethumbprint='ab12'", "signed in",
        BETTER, "Log Analytics and Application Insights take one too; the thumbprint is not needed",
    ),
    Row(
        "username= with password=", IS_REFUSED, "it cannot do multi-factor authentication: `code`, `interactive` or `azcli`",
        "%kql kusto://help.kusto.windows.net/Samples;username='a';password='b'", error="multi-factor",
    ),
    _signs(
        "code", "code", "signed in", BETTER,
        "the code is text with a link, and goes once you are signed in; the next kernel does not ask again",
    ),
    _signs("anonymous", "anonymous", "anonymous"),
    Row(
        "appkey=", BETTER, "for every workspace and application; `'<appkey>'` is asked for",
        "%kql loganalytics://workspace='DEMO_WORKSPACE';appkey='{demo_key}';datasourceurl='{monitor}' print 1", _ONE,
    ),
    _opened(
        "key=value;...", WORKS, "%kql kusto://anonymous;cluster='{kusto}';database='Samples';alias='s' print 1",
        "keys without case, `_` and `-`",
    ),
    _opened("key(value).key(value)", WORKS, "%kql kusto://anonymous().cluster('{kusto}').database('Samples') print 1"),
    _opened(
        "key=name", BETTER, "the_cluster, names = '{kusto}', {'prod': 'Samples'}\n"
        "%kql kusto://anonymous;cluster=the_cluster;database=names['prod'] print 1",
        "the name of a variable, also `a.b`, `a['b']`, `a[0]`, is looked up; no expression is evaluated",
    ),
    _opened("key=$NAME", WORKS, "%kql kusto://anonymous;cluster=$KUSTO_CLUSTER;database='Samples' print 1"),
    _opened(
        "database@cluster", BETTER, "%kql kusto://anonymous;cluster='{kusto}';database='Samples'\n"
        "%kql Other@{friendly} print 1", "another database of a cluster that is open; a failed one leaves the current one",
        _OPEN.format("Other@"),
    ),
    _opened(
        "alias@cluster", WORKS, "%kql kusto://anonymous;cluster='{kusto}';database='Samples';alias='s'\n"
        "%kql s@{friendly} print 1",
    ),
    _opened("-conn=name", WORKS, "where = \"kusto://anonymous;cluster='{kusto}';database='Samples'\"\n%kql -conn=where print 1"),
    _opened(
        "[section]", BETTER, "%kql [LAB] -df '{ini}' print 1", "keys without a value, such as `code`, are kept",
    ),
    _opened("nothing", WORKS, "%kql samples\n%kql print 1"),
    _opened(
        "'scheme://...'", WORKS, "%kql \"kusto://anonymous;cluster='{kusto}';database='Samples'\" print 1", "all of it in quotes"
    ),
    Row(
        "Data Source=...", IS_REFUSED, "Kqlmagic refused it too; the error shows how it is written",
        "%kql Data Source={kusto};Initial Catalog=Samples", error="https://cluster/database",
    ),
)  # fmt: skip


_LATER_CONNECTIONS = (
    _opened("cache://, file://", BETTER, "%kql samples\n%kql -cache='{folder}' T;\n%kql cache://folder='{folder}' T", "it does play back, also what another service answered", "len(r) == 3 and ', recorded ' in shown"),
    _opened("folder=", WORKS, "%kql samples\n%kql -cache='{folder}' T;\n%kql file://folder='{folder}' T", check="len(r) == 3"),
)  # fmt: skip

CONNECTIONS = (*_CONNECTIONS, *(_LATER_CONNECTIONS if "cache" in supported_schemes() else ()))


# --- cells -----------------------------------------------------------------------------------------------

CELLS: tuple[Row, ...] = (
    Row("`%kql query`", WORKS, "", "%kql T", "len(r) == 3"),
    Row("`%%kql` with a query below", WORKS, "", "%%kql\nT", "len(r) == 3"),
    Row("`%%kql query` on one line", WORKS, "", "%%kql T", "len(r) == 3"),
    Row("`# comment` before `%%kql`", WORKS, "", "# a comment\n\n%%kql\nT", "len(r) == 3"),
    Row("`// comment` among options", WORKS, "", "%%kql -dl 2 // -dl 1\n// -pw\n-quiet\nT", "'2 of 3 rows' in shown"),
    Row("`// -option` behind a query", WORKS, "a comment of KQL", "%kql T // -dl 1", "'3 rows' in shown"),
    Row(
        "`name << query`", BETTER, "names of builtins, functions and modules are refused; no spaces are needed",
        "%kql top<<T", "len(top) == 3",
    ),
    Row(
        "`x = %kql query`", BETTER, "the result is not displayed besides", "x = %kql T", "len(x) == 3 and '3 rows' not in shown"
    ),
    Row(
        "`x = %kql query` in loops and functions", BETTER, "a query in a function takes the function's variables",
        "def counted(state):\n    result = %kql let s = state; StormEvents | where State == s | count\n"
        "    return result[0][0]\n\ncounts = [counted(s) for s in ('TEXAS', 'OHIO')]", "counts == [4657, 1081]",
    ),
    Row("several `%kql` in a cell", WORKS, "each shows its answer", "%kql T\n%kql print 1\n%kql T;\nfor i in (1, 2):\n    %kql print i = 5\n%kql print 2", "shown.count('1 row ') == 4 and shown.count('3 rows ') == 1"),
    Row("`query;`", WORKS, "nothing is shown", "%kql T;", "shown == ''"),
    Row("a last line `;` of a cell", WORKS, "nothing is shown", "%%kql\nT\n;", "shown == '' and len(r) == 3"),
    Row(
        "queries with blank lines between them", BETTER,
        "a blank line ends a query only where it is complete: in brackets and behind `|`, `;` or `,` it does not",
        "%%kql\nlet f = (x: long) {\n\n    x + 1\n};\n\nprint f(1)\n\nT", "len(r) == 3 and '| 2' in shown.replace(' ', '').replace('|2', '| 2')",
    ),
    Row(
        "a section with a connection or options of its own", WORKS, "its options hold up to the next such section, those of the first for all",
        "%%kql -dl 2\nT\n\n-dl 1 T\n\nT\n\n-timeout 9 T", "shown.count('2 of 3') == 2 == shown.count('1 of 3')",
    ),
    Row("a section `%kql ...`", WORKS, "", "%%kql\nprint 1\n\n%kql -dl 1 T\n%kql T", "'1 of 3' in shown and 'Storms' in shown"),
    Row("a section `--command`", WORKS, "", "%%kql\nT\n\n--schema StormEvents", "'EventType: string' in shown"),
    Row("a section `%line_magic`", WORKS, "", "%%kql\nT\n\n%pwd", "'3 rows' in shown and '/' in shown"),
    Row("a section `%%cell_magic`", WORKS, "up to the next line that begins with `%%`", "%%kql\nT\n\n%%capture kept\nprint(5)\n%%kql\nprint 7", "kept.stdout == '5\\n' and r[0][0] == 7"),
    Row("a section `%%py`, `%%pyrw`", WORKS, "", "%%kql\nT\n\n%%py\nfive = 5\n\nfive + 1", "five == 5 and shown.endswith('6')"),
    Row("`-!option`", WORKS, "", "%kql -!f x << T", "shown == ''"),
    Row("`-option=value`, `-option value`", BETTER, "a name is looked up; a text needs no quotes; nothing is evaluated", "n = 2\n%kql -dl=n -pn deep T", "'2 of 3' in shown"),
    Row("`-option=$NAME`", WORKS, "", "%kql -pn=$PALETTE T", "r.options['palette_name'] == 'deep'"),
    Row("`+name=value`", WORKS, "", "%kql +query_language=kql T", "len(r) == 3"),
    Row("`_kql_raw_result_`", WORKS, "`_kql` too", "%kql T", "_kql_raw_result_ is _kql and len(_kql) == 3"),
    Row("`_kql_last_result_`", WORKS, "", "%kql T", "_kql_last_result_ is _kql"),
    Row("`_`", WORKS, "", "%kql T", "_ is not None"),
    Row(
        "`{name}` on the magic's line", IS_REFUSED, "KQL holds braces: `let x = name;` takes a value, or -format",
        "state = 'TEXAS'\n%kql StormEvents | where State == '{state}' | project {state}", error="{",
    ),
    Row(
        "`let x = name;`", BETTER, "typed literals; a text is never code; DataFrames are tables",
        "states = ['TEXAS', \"O'HIO\"]\n%kql let s = states; StormEvents | where State in (s) | count", "r[0][0] == 4657",
    ),
    Row("`.show ...`", WORKS, "management commands", "%kql kusto://{kusto}/Samples .show tables", "len(r) == 1"),
)  # fmt: skip


# --- options ---------------------------------------------------------------------------------------------

_LATER = (
    Row("cache", BETTER, "a folder of your choice; it holds Parquet and JSON", "%kql -cache='{folder}' T", "len(r) == 3"),
    Row("use_cache", BETTER, "it does play back, with the age of the answer", "%kql -cache='{folder}' T;\n%kql -use_cache='{folder}' T", "len(r) == 3 and ', recorded ' in shown"),
    Row("enable_curly_brackets_params", BETTER, "values are literals, and no expression is evaluated: `-format`", "state = 'TEXAS'\n%kql -ecbp StormEvents | where State == {state} | count", "r[0][0] == 4657"),
    Row("show_query_link", BETTER, "`-link`: a link that opens in Azure Data Explorer, Fabric or the portal", "%kql kusto://{kusto}/Samples -sql print 1", "len(r) == 1"),
    Row("query_link_destination", WORKS, "", "%kql kusto://{kusto}/Samples -qld='Kusto.Explorer' print 1", "len(r) == 1"),
)  # fmt: skip
"""Rows of what another part of kqlext brings: each is in the table once there is an option of that name."""

_OWN_OPTIONS: tuple[Row, ...] = (
    Row("assign_var", WORKS, "", "%kql -av=three T", "three is r and '3 rows' in shown"),
    Row("auto_dataframe", WORKS, "", "x = %kql -ad T", "type(x).__name__ == 'DataFrame'"),
    Row("cloud", BETTER, "a key of a connection too; `ppe` is not there", "%kql kusto://code;cluster='help';database='d' -cloud='china' -!vc", "'kusto.chinacloudapi.cn' in shown"),
    Row("code_auth_interactive_mode", WORKS, "`interactive` in the connection does the same", "%kql kusto://help.kusto.windows.net/Samples;code -caim=auth_code -!vc", "'signed in' in shown"),
    Row("columns_to_local_vars", BETTER, "names of builtins, functions and modules are refused", "%kql -c2lv T", "len(State) == len(Storms) == 3"),
    Row("conn", WORKS, "", "where = 'samples'\n%kql -conn=where T", "len(r) == 3"),
    Row("display_limit", BETTER, "50 rows unless you say otherwise, where Kqlmagic showed all; a result stays below 64 KB of a notebook", "%kql -dl=2 T", "'2 of 3 rows' in shown"),
    Row("dsn_filename", WORKS, "", "%kql [LAB] -df='{ini}' print 1", _ONE),
    Row("dynamic_to_dataframe", WORKS, "", "%kql -dtd='str' print x = dynamic([1])", "r.to_dataframe().x[0] == '[1]'"),
    Row("feedback", WORKS, "", "%kql -!f x << T", "shown == ''"),
    Row("last_raw_result_var", WORKS, "", "%kql -var=raw T", "raw is r"),
    Row("palette_colors", WORKS, "", "%kql -pc=3 T", "len(r.palette) == 3"),
    Row("palette_desaturation", WORKS, "", "%kql -pd=0.5 T", "r.palette[0] != '#1f77b4'"),
    Row("palette_name", WORKS, "", "%kql -pn='deep' T", "r.palette[0] == '#4c72b0'"),
    Row("palette_reverse", WORKS, "", "%kql -pr T", "r.palette[-1] == '#1f77b4'"),
    Row("params_dict", WORKS, "", "p = {'s': 'TEXAS'}\n%kql -params_dict=p let k = s; StormEvents | where State == k | count", "r[0][0] == 4657"),
    Row("plot_package", WORKS, "`plotly` and `None`; `plotly_widget` and `plotly_orca` are refused", "%kql -pp=None T | render columnchart", "not r.is_chart()"),
    Row("plotly_layout", WORKS, "", "p = {'height': 321}\n%kql -pl=p T | render columnchart", "r.plotly_fig.layout.height == 321"),
    Row("query", BETTER, "errors point into the text of the variable", "q = 'StormEvents | count'\n%kql -query q", "len(r) == 1"),
    Row("query_properties", WORKS, "", "p = {'query_take_max_records': 5}\n%kql kusto://{kusto}/Samples -query_properties=p print 1", "len(r) == 1"),
    Row("request_cache_max_age", WORKS, "`query_results_cache_max_age` of Kusto", "%kql kusto://{kusto}/Samples -maxage=60 print 1", "len(r) == 1"),
    Row("request_id_tag", WORKS, "", "%kql -idtag=hunt T", "';hunt;' in r.origin.client_request_id"),
    Row("show_query", WORKS, "", "k = 5\n%kql -sq let n = k; print n", "'let n = 5;' in shown or 'let n = long(5);' in shown"),
    Row("timeout", BETTER, "the service stops the query too", "%kql -to=60 T", "len(r) == 3"),
    Row("try_azcli_login", WORKS, "`azcli` in a connection too", "%kql kusto://help.kusto.windows.net/Samples -try_azcli_login -!vc", "'signed in' in shown"),
    Row("try_azcli_login_by_profile", WORKS, "the same as try_azcli_login", "%kql kusto://help.kusto.windows.net/Samples -try_azcli_login_by_profile -!vc", "'signed in' in shown"),
    Row("try_msi", WORKS, "`msi` in a connection too", "m = {'client_id': 'c'}\n%kql kusto://help.kusto.windows.net/Samples -try_msi=m -!vc", "'signed in' in shown"),
    Row("try_token", WORKS, "`token=` in a connection too: also a function or a credential", "t = {'access_token': 'x'}\n%kql kusto://help.kusto.windows.net/Samples -try_token=t -!vc", "'signed in' in shown"),
    Row("try_vscode_login", WORKS, "`vscode` in a connection too", "%kql kusto://help.kusto.windows.net/Samples -try_vscode_login -!vc", "'signed in' in shown"),
    Row("validate_connection_string", BETTER, "one small query; the schema is not asked for", "%kql kusto://{kusto}/Samples -!vc", "'Connected' in shown"),
)  # fmt: skip


def _foreign(rows: tuple[Foreign, ...], cell: str) -> list[Row]:
    return [
        Row(
            one.name,
            IS_REFUSED if one.refused else NOTHING,
            f"{one.reason}; {one.instead}" if one.refused else one.reason,
            cell.format(name=one.name, value="" if one.flag else "=1"),
            error=one.instead,
            aliases=one.aliases,
        )
        for one in rows
    ]


def _spellings(row: Row) -> Row:
    """A row of one of kqlext's own options, with its other spellings."""
    option = option_names()[normalize_name(row.name)]
    own = normalize_name(option.name) == normalize_name(row.name)
    return Row(row.name, row.status, row.note, row.cell, row.check, row.error, option.aliases if own else ())


_THERE = [row for row in _LATER if normalize_name(row.name) in option_names()]

OPTIONS: tuple[Row, ...] = tuple(
    sorted(
        [
            *map(_spellings, (*_OWN_OPTIONS, *_THERE)),
            *_foreign(kqlmagic_names.OPTIONS, "%kql -{name}{value} T"),
        ],
        key=lambda row: row.name,
    )
)

ALL_OPTIONS = """
add_kql_ref_to_help add_schema_to_help allow_py_comments_before_cell allow_single_line_cell assign_var auth_token_warnings
auth_use_http_client auto_dataframe auto_limit auto_popup_schema cache cache_folder_name check_magic_version cloud
code_auth_interactive_mode columns_to_local_vars conn cursor_var debug device_code_login_notification
device_code_notification_email display_handlers display_id display_limit dsn_filename dynamic_to_dataframe
enable_add_items_to_help enable_curly_brackets_params enable_sso enable_suppress_result export_folder_name extras_require
feedback is_kernel_intializtion is_magic json_display kernel_id kernel_location kqlmagic_kernel last_raw_result_var nop
notebook_app notebook_service_address palette_colors palette_desaturation palette_name palette_reverse params_dict
plot_package plotly_fs_includejs plotly_layout popup_interaction popup_schema popup_window prettytable_style query
query_link_destination query_properties request_app_tag request_cache_max_age request_id_tag request_user_agent_tag
request_user_tag save_as save_to schema_json_display short_errors show_conn_info show_init_banner show_query
show_query_link show_query_time show_what_new sso_db_gc_interval table_package temp_files_server
temp_files_server_address temp_folder_location temp_folder_name test_notebook_app timeout try_azcli_login
try_azcli_login_by_profile try_azcli_login_subscription try_msi try_token try_vscode_login use_cache
validate_connection_string warn_missing_dependencies warn_missing_env_variables
""".split()
"""The 91 options of Kqlmagic 0.1.114."""

LATER_OPTIONS = frozenset(row.name for row in _LATER if row not in _THERE)


# --- commands --------------------------------------------------------------------------------------------

_OWN_COMMANDS: tuple[Row, ...] = (
    Row("version", WORKS, "", "%kql --version", "'kqlext' in shown"),
    Row("usage", WORKS, "as --help", "%kql --usage", "'-display_limit' in shown"),
    Row("help", BETTER, "all on one page, or one topic", "%kql --help options", "'-display_limit' in shown"),
    Row("config", BETTER, "shows where each is set; `--config dl=5, f=False` sets", "%kql --config f=True, strict=False", "'strict' in shown"),
    Row("conn", WORKS, "", "%kql --conn", "'samples@local' in shown"),
    Row("schema", BETTER, "a tree of tables, columns with Kusto's types, functions; one table too", "%kql --schema \"samples@local\"", "'StormEvents' in shown"),
    Row("palette", WORKS, "", "%kql --palette -pn \"deep\" -pc 3", "'#4c72b0' in shown"),
    Row("palettes", WORKS, "", "%kql --palettes", "'tab10' in shown"),
    Row("clear_sso_db", WORKS, "as --signout", "%kql --clear_sso_db", "'Signed out' in shown"),
)  # fmt: skip

_LATER_COMMANDS = (
    Row("cache", BETTER, "a folder of your choice", "%kql --cache \"{folder}\"\n%kql --cache_stop", "'Answers are recorded in' in shown"),
    Row("cache_append", WORKS, "", "%kql --cache_append \"{folder}\"\n%kql --cache_stop", "'Answers are recorded in' in shown"),
    Row("cache_create_or_append", WORKS, "", "%kql --cache_create_or_append \"{folder}\"\n%kql --cache_stop", "'Answers are recorded in' in shown"),
    Row("cache_list", BETTER, "the recorded answers of a folder", "%kql -cache '{folder}' T\n%kql --cache_list \"{folder}\"", "'recorded answer' in shown and 'StormEvents' in shown"),
    Row("cache_stop", WORKS, "", "%kql --cache_stop", "'no more' in shown"),
    Row("use_cache", BETTER, "it does play back", "%kql --use_cache \"{folder}\"\n%kql --use_cache_stop", "'Answers are played back' in shown"),
    Row("use_cache_stop", BETTER, "it does stop", "%kql --use_cache_stop", "'asked again' in shown"),
)  # fmt: skip

COMMANDS: tuple[Row, ...] = tuple(
    sorted(
        [
            *_OWN_COMMANDS,
            *(row for row in _LATER_COMMANDS if normalize_name(row.name) in command_names()),
            *_foreign(kqlmagic_names.COMMANDS, "%kql --{name}"),
        ],
        key=lambda row: row.name,
    )
)

ALL_COMMANDS = """
submit version banner usage faq help config conn schema palette palettes cache cache_append cache_create_or_append
cache_create cache_remove cache_list cache_stop use_cache use_cache_stop clear_sso_db bug_report py pyrw pyro line_magic
cell_magic activate_kernel deactivate_kernel
""".split()

LATER_COMMANDS = frozenset(row.name for row in _LATER_COMMANDS if normalize_name(row.name) not in command_names())


# --- variables of the environment ------------------------------------------------------------------------

VARIABLES: tuple[Row, ...] = (
    Row("KQLMAGIC_CONNECTION_STR", BETTER, "opened when the first query needs it; an error is raised", "samples", "'samples' in shown"),
    Row("KQLMAGIC_CONFIGURATION", BETTER, "nothing in it is evaluated; what is not used is said", "display_limit=2;feedback=True", "'2 of 3 rows' in shown"),
    Row("KQLMAGIC_LOAD_MODE", WORKS, "loading is always silent", "silent", "'does nothing' not in shown"),
    *(Row(one.name, NOTHING, one.reason, "1") for one in kqlmagic_names.VARIABLES),
)  # fmt: skip
"""``cell`` is the value of the variable."""

PROXIES = Row("HTTP_PROXY, HTTPS_PROXY", WORKS, "NO_PROXY too")

REFUSED_VALUES = (
    ("-pp='plotly_widget'", "did you mean plotly"),
    ("-pp='plotly_orca'", "did you mean plotly"),
    ("-cloud='ppe'", "one of public"),
    ("-dl=n+1", "whole number"),
    ("-pc=[1]", "whole number"),
)
"""Values that Kqlmagic took, evaluated or knew, and an error here."""


# --- request properties ----------------------------------------------------------------------------------

_FLAGS = """
block_splitting_enabled debug_query_externaldata_projection_fusion_disabled deferpartialqueryfailures norequesttimeout
notruncation push_selection_through_aggregation query_admin_super_slacker_mode
query_cursor_allow_referencing_streaming_ingestion_tables query_cursor_disabled query_force_row_level_security
query_materialize_remote_subquery query_python_debug query_results_apply_getschema query_remote_entities_disabled
query_remote_in_operands request_block_row_level_security request_callout_disabled request_external_table_disabled
request_impersonation_disabled request_readonly request_remote_entities_disabled request_sandboxed_execution_disabled
results_progressive_enabled sandboxed_execution_disabled validate_permissions
""".split()
_NUMBERS = """
debug_query_fanout_threads_percent_external_data max_memory_consumption_per_query_per_node
maxmemoryconsumptionperiterator maxoutputcolumns query_distribution_nodes_span query_fanout_nodes_percent
query_fanout_threads_percent query_max_entities_in_union query_results_progressive_row_count query_take_max_records
truncationmaxrecords truncationmaxsize
""".split()
_TEXTS = {
    "database_pattern": "Samp*",
    "materialized_view_shuffle": '{"v":1}',
    "query_bin_auto_at": "2024-01-01",
    "query_bin_auto_size": "1h",
    "query_cursor_after_default": "636040929866477946",
    "query_cursor_before_or_at_default": "636040929866477946",
    "query_cursor_current": "636040929866477946",
    "query_cursor_scoped_tables": '["T"]',
    "query_datascope": "hotcache",
    "query_datetimescope_column": "StartTime",
    "query_datetimescope_from": "2007-01-01",
    "query_datetimescope_to": "2007-02-01",
    "query_language": "kql",
    "query_now": "2024-01-01",
    "query_results_cache_max_age": "00:05:00",
    "query_results_progressive_update_period": "00:00:01",
    "queryconsistency": "weakconsistency",
    "request_description": "'a hunt'",
    "response_dynamic_serialization": "json",
    "response_dynamic_serialization_2": "current",
    "servertimeout": "00:10:00",
}

PROPERTIES: tuple[Row, ...] = (
    *sorted(
        [
            *(Row(name, WORKS, "", "true") for name in _FLAGS),
            *(Row(name, WORKS, "", "50") for name in _NUMBERS),
            *(Row(name, WORKS, "", value) for name, value in _TEXTS.items()),
        ],
        key=lambda row: row.name,
    ),
    Row(
        "query_optimization_...",
        BETTER,
        "as every other name: the service knows more of them than Kqlmagic did",
        "true",
    ),
)
"""Client request properties of Kusto; ``cell`` is the value."""

MONITOR_PROPERTIES: tuple[Row, ...] = (
    Row("workspaces", WORKS, "Log Analytics", '["{other}"]', "workspaces"),
    Row("applications", WORKS, "Application Insights", '["{app}"]', "applications"),
    Row("timespan", BETTER, "both; `-timespan` takes Python values too", "P1D", "timespan"),
)


# --- the result ------------------------------------------------------------------------------------------

_MEMBERS: tuple[Row, ...] = (
    Row("r[0]", WORKS, "", check="list(r[0]) == ['TEXAS', 4657]"),
    Row("r[0]['State'], r[0][1]", WORKS, "", check="r[0]['State'] == 'TEXAS' and r[0][1] == 4657"),
    Row("r[0:2]", WORKS, "a list of rows", check="len(r[0:2]) == 2"),
    Row("r['key']", IS_REFUSED, "which row that is, is a matter of luck: `r.to_dataframe()`", check="r['TEXAS']", error="to_pandas"),
    Row("len(r), for row in r", WORKS, "", check="len(r) == 3 == len(list(r))"),
    Row("str(r)", BETTER, "one line, and not all rows", check="str(r).startswith('<Result: 3 rows')"),
    Row("to_dataframe()", BETTER, "nothing is lost: nulls, decimals, times to 100 ns", check="r.to_dataframe().Storms.tolist()[0] == 4657"),
    Row("to_dict()", WORKS, "column -> list", check="r.to_dict()['Storms'][0] == 4657"),
    Row("dicts_iterator()", WORKS, "", check="next(iter(r.dicts_iterator()))['State'] == 'TEXAS'"),
    Row("to_csv()", WORKS, "the text, or with a file name the path", check="r.to_csv().splitlines()[1].startswith('\"TEXAS\",4657')"),
    Row("show_table()", WORKS, "", check="r.show_table(display_limit=1) is None"),
    Row("display_table()", WORKS, "", check="r.display_table(display_limit=1) is None"),
    Row("popup_table()", WORKS, "in the cell's output", check="r.popup_table(file_name='x') is None"),
    Row("show_chart()", BETTER, "any kind and property: `show_chart('piechart', title='...')`", check="r.show_chart() is None"),
    Row("display_Chart(), chart_display()", WORKS, "", check="r.display_Chart() is r.chart_display() is None"),
    Row("popup_Chart(), chart_popup()", WORKS, "in the cell's output", check="r.popup_Chart() is r.chart_popup() is None"),
    Row("popup()", WORKS, "in the cell's output", check="r.popup(button_text='x') is None"),
    Row("show_result()", WORKS, "", check="r.show_result() is None"),
    Row("to_image()", BETTER, "`to_image('chart.png')`; an error says what is not installed", check="callable(r.to_image)"),
    Row("plotly_fig", WORKS, "", check="type(r.plotly_fig).__name__ == 'Figure'"),
    Row("submit()", BETTER, "override_vars, override_options, override_query_properties, override_connection", check="r.submit(override_options={'dl': 1}) is not r"),
    Row("refresh()", WORKS, "with the values that variables have now", check="r.refresh() is r"),
    Row("fork_result(0)", WORKS, "", check="len(r.fork_result(0)) == 3"),
    Row("query", WORKS, "", check="r.query.startswith('StormEvents')"),
    Row("parametrized_query", WORKS, "", check="r.parametrized_query.startswith('StormEvents')"),
    Row("connection", WORKS, "", check="r.connection.startswith('Samples@')"),
    Row("title", WORKS, "", check="r.title == 'three'"),
    Row("visualization", BETTER, "all properties of `render`: the kind is `r.visualization['visualization']`", check="r.visualization['visualization'] == 'columnchart'"),
    Row("visualization_properties", WORKS, "", check="r.visualization_properties['title'] == 'three'"),
    Row("cursor", IS_REFUSED, REFUSED["cursor"], check="r.cursor", error="cursor_current"),
    Row("start_time, end_time, elapsed_timespan", WORKS, "seconds", check="0 < r.elapsed_timespan and r.start_time < r.end_time"),
    Row("records_count", WORKS, "", check="r.records_count == 3"),
    Row("columns_name, field_names", WORKS, "", check="r.columns_name == r.field_names == ['State', 'Storms']"),
    Row("columns_type", WORKS, "Kusto's names", check="r.columns_type == ['string', 'long']"),
    Row("columns_datafarme_type", WORKS, "", check="r.columns_datafarme_type[1] == 'int64'"),
    Row("is_partial_table", BETTER, "Log Analytics too; `r.warnings` says why", check="r.is_partial_table is False"),
    Row("feedback_info", WORKS, "", check="r.feedback_info[0].startswith('3 records')"),
    Row("feedback_warning", WORKS, "", check="r.feedback_warning == []"),
    Row("options", WORKS, "without those that may hold a secret", check="r.options['display_limit'] == 50"),
    Row("raw_json", BETTER, "on request, `-keep_raw`: it costs the memory of the answer", check="r.raw_json[-1]['FrameType'] == 'DataSetCompletion'"),
    Row("completion_query_info", WORKS, "", check="r.completion_query_info['StatusCode'] == 0"),
    Row("completion_query_resource_consumption", WORKS, "`r.statistics` too", check="isinstance(r.completion_query_resource_consumption, dict)"),
    Row("dataSetCompletion", WORKS, "", check="r.dataSetCompletion['HasErrors'] is False"),
    Row("palette", WORKS, "", check="r.palette[0] == '#1f77b4'"),
    Row("palettes", WORKS, "", check="r.palettes['deep'][0] == '#4c72b0'"),
    Row("get_color_from_palette(0)", WORKS, "", check="r.get_color_from_palette(0) == '#1f77b4'"),
    Row("is_chart()", WORKS, "", check="r.is_chart() is True"),
    *(Row(name, IS_REFUSED, reason, check=f"r.{name}", error="known from Kqlmagic") for name, reason in REFUSED.items() if name != "cursor"),
)  # fmt: skip
"""``check`` is asked of a chart of three rows, from a Kusto service with -keep_raw."""

_LATER_MEMBERS = (
    Row("deep_link()", BETTER, "`r.link()`: Azure Data Explorer, Fabric, the Azure portal, Defender; `deep_link('Kusto.Explorer')` too", check="r.deep_link('Kusto.Explorer') is not None"),
    Row("show_button_to_deep_link()", WORKS, "a link in the cell's output", check="r.show_button_to_deep_link() is None"),
)  # fmt: skip

LINKS = tuple(row for row in _LATER_MEMBERS if row.name.removesuffix("()") in {*dir(Result), *METHODS})
"""Asked of an answer that came over https: no page opens another."""

MEMBERS = (*_MEMBERS, *LINKS)

MEMBER_CELL = "%%kql kusto://{kusto}/Samples -keep_raw\nT\n| render columnchart with (title='three')"
