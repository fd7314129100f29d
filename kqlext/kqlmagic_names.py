"""What Kqlmagic has and kqlext has not: options, commands and variables that do nothing, or are refused, and why.

Source: the options and commands of Kqlmagic 0.1.114. Names that are not here are kqlext's own (``options``),
or of nothing. docs/kqlmagic.md is made from this table and from tests/kqlmagic_cases.py.
"""

from __future__ import annotations

from dataclasses import dataclass

from kqlext.text import normalize_name


@dataclass(frozen=True)
class Foreign:
    """One name of Kqlmagic's.

    Attributes:
        reason: why it does nothing, or is refused; goes on after a colon.
        instead: a hint at what to do in its place. A name with one is refused, any other does nothing.
        flag: whether an option stands without a value.
    """

    name: str
    reason: str
    instead: str = ""
    aliases: tuple[str, ...] = ()
    flag: bool = False

    @property
    def refused(self) -> bool:
        """Whether it is an error."""
        return bool(self.instead)


_NO_MENU = "kqlext adds nothing to menus"
_NO_CALL = "kqlext calls nobody when it is loaded, and shows nothing"
_NO_FILE = "kqlext writes no temporary file and starts no server for them"
_NO_FRONT_END = "the output is the same in every front end"
_INTERNAL = "it was Kqlmagic's own"
_ALWAYS = "it is always so"
_IN_CELL = "the code of a sign-in is shown in the cell, as text with a link"
_NO_POPUP = "no window is opened; the cell's output shows it"
_FILES = "write result.to_parquet('file') or result.to_csv('file')"
_TAG = "kqlext says who it is; Kusto's own properties name an application and a user beside it"

OPTIONS: tuple[Foreign, ...] = (
    Foreign("add_kql_ref_to_help", _NO_MENU, flag=True),
    Foreign("add_schema_to_help", f"{_NO_MENU}; %kql --schema shows the schema", flag=True),
    Foreign("allow_py_comments_before_cell", _ALWAYS, flag=True),
    Foreign("allow_single_line_cell", _ALWAYS, flag=True),
    Foreign("auth_token_warnings", "a token is of whom the connection names", aliases=("atw",), flag=True),
    Foreign("auth_use_http_client", "sign-ins and queries go over one client", flag=True),
    Foreign(
        "auto_limit", "rows would be dropped that were sent already",
        "write `| take N` in the query, or -display_limit N", aliases=("al",),
    ),
    Foreign("auto_popup_schema", f"{_NO_POPUP}; %kql --schema shows the schema", aliases=("aps",), flag=True),
    Foreign("cache_folder_name", "-cache takes the folder itself"),
    Foreign("check_magic_version", _NO_CALL, flag=True),
    Foreign(
        "cursor_var", "no service sends a cursor with an answer", "query `print cursor_current()`", aliases=("cv",)
    ),
    Foreign("debug", _INTERNAL, flag=True),
    Foreign("device_code_login_notification", _IN_CELL, aliases=("dcln",)),
    Foreign(
        "device_code_notification_email", "a code that signs in as you is mailed to nobody",
        "where nobody sits in front, sign in with azcli, msi or clientid and clientsecret", aliases=("dcne",),
    ),
    Foreign("display_handlers", _INTERNAL),
    Foreign("display_id", "refresh() gives the result, which the cell shows again", aliases=("did",), flag=True),
    Foreign("enable_add_items_to_help", _NO_MENU, flag=True),
    Foreign("enable_sso", "sign-ins are remembered in the system's encrypted store anyway", flag=True),
    Foreign("enable_suppress_result", "a last ; always shows nothing", aliases=("esr",), flag=True),
    Foreign("export_folder_name", "no command exports to a folder"),
    Foreign("extras_require", _INTERNAL),
    Foreign("is_kernel_intializtion", _INTERNAL, flag=True),
    Foreign("is_magic", _INTERNAL, flag=True),
    Foreign("json_display", "a table shows dynamic values as JSON", aliases=("jd",)),
    Foreign("kernel_id", _INTERNAL),
    Foreign("kernel_location", _NO_FRONT_END),
    Foreign("kqlmagic_kernel", "cells without a magic are Python", "begin the cell with %%kql", flag=True),
    Foreign("nop", _INTERNAL, flag=True),
    Foreign("notebook_app", _NO_FRONT_END),
    Foreign("notebook_service_address", _NO_FILE),
    Foreign("plotly_config", "Kqlmagic did not read it either; -plotly_layout changes charts"),
    Foreign("plotly_fs_includejs", "charts hold data and no script", aliases=("pfi",), flag=True),
    Foreign("popup_interaction", _NO_POPUP, aliases=("pi",)),
    Foreign("popup_schema", f"{_NO_POPUP}; %kql --schema shows the schema", aliases=("ps",), flag=True),
    Foreign("popup_window", _NO_POPUP, aliases=("pw",), flag=True),
    Foreign("prettytable_style", "tables have one style, for light and dark pages", aliases=("ptst",)),
    Foreign("request_app_tag", _TAG, "write +request_app_name=tag", aliases=("apptag",)),
    Foreign(
        "request_user_agent_tag", _TAG, "write +request_app_name=tag", aliases=("uatag", "useragenttag", "requestuatag")
    ),
    Foreign("request_user_tag", _TAG, "write +request_user=name", aliases=("usertag",)),
    Foreign("save_as", "answers are not written as they came", _FILES),
    Foreign("save_to", "answers are not written as they came", _FILES),
    Foreign("schema_json_display", "%kql --schema shows a tree that folds", aliases=("sjd",)),
    Foreign("short_errors", "an error is short, with its place and a hint, and is raised", aliases=("se",), flag=True),
    Foreign("show_conn_info", "the line below a result names its connection", aliases=("sci",)),
    Foreign("show_init_banner", _NO_CALL, flag=True),
    Foreign("show_query_time", "the line below a result has the time", aliases=("sqt",), flag=True),
    Foreign("show_what_new", _NO_CALL, flag=True),
    Foreign("sso_db_gc_interval", "the system's encrypted store keeps itself"),
    Foreign("table_package", "there is one kind of table, which every front end shows", aliases=("tp",)),
    Foreign("temp_files_server", _NO_FILE),
    Foreign("temp_files_server_address", _NO_FILE),
    Foreign("temp_folder_location", _NO_FILE),
    Foreign("temp_folder_name", _NO_FILE),
    Foreign("test_notebook_app", _INTERNAL),
    Foreign("try_azcli_login_subscription", "a sign-in is of a tenant", "write azcli;tenant='...' in the connection"),
    Foreign("try_kqlmaic_sso", "Kqlmagic did not read it either", flag=True),
    Foreign("warn_missing_dependencies", _NO_CALL, flag=True),
    Foreign("warn_missing_env_variables", _NO_CALL, flag=True),
)  # fmt: skip

_RECORDED = "results are recorded in a folder that a cell or setting names"

COMMANDS: tuple[Foreign, ...] = (
    Foreign("activate_kernel", "cells without a magic are Python", "begin the cell with %%kql"),
    Foreign("banner", _NO_CALL),
    Foreign("bug_report", "it would show requests and answers", "report the error's text with %kql --version"),
    Foreign("cache_create", _RECORDED, "write -cache folder"),
    Foreign("cache_remove", "kqlext deletes no folder", "delete it yourself"),
    Foreign(
        "cell_magic", "other magics stand in a %%kql cell as they are", "write %%name on a line behind a blank one"
    ),
    Foreign("deactivate_kernel", "cells without a magic are Python anyway"),
    Foreign("faq", _NO_CALL, "write %kql --help"),
    Foreign("line_magic", "other magics stand in a %%kql cell as they are", "write %name on a line behind a blank one"),
    Foreign("py", "Python stands in cells of its own, or behind %%py", "write %%py on a line of its own"),
    Foreign("pyro", "Python that may change nothing is not to be had", "write %%py on a line of its own"),
    Foreign("pyrw", "Python stands in cells of its own, or behind %%py", "write %%py on a line of its own"),
    Foreign("submit", "it is what %kql does without a command", "write %kql and the query"),
)

VARIABLES: tuple[Foreign, ...] = (
    Foreign("KQLMAGIC_AZUREML_COMPUTE", _NO_FILE),
    Foreign("KQLMAGIC_CACHE", "KQLEXT_CACHE names the folder in which results are recorded"),
    Foreign("KQLMAGIC_DEBUG", "kqlext keeps no log"),
    Foreign("KQLMAGIC_DEBUG_DISABLE_PACKAGES", _INTERNAL),
    Foreign("KQLMAGIC_DEVICE_CODE_NOTIFICATION_EMAIL", "a code that signs in as you is mailed to nobody"),
    Foreign("KQLMAGIC_EXTRAS_REQUIRE", _INTERNAL),
    Foreign("KQLMAGIC_EXTRAS_REQUIRES", _INTERNAL),
    Foreign("KQLMAGIC_FILES_SERVER_WINDOW_VISIBILITY", _NO_FILE),
    Foreign("KQLMAGIC_KERNEL", "cells without a magic are Python; %%kql is the first line of a cell"),
    Foreign("KQLMAGIC_LOG_FILE", "kqlext keeps no log"),
    Foreign("KQLMAGIC_LOG_FILE_MODE", "kqlext keeps no log"),
    Foreign("KQLMAGIC_LOG_FILE_PREFIX", "kqlext keeps no log"),
    Foreign("KQLMAGIC_LOG_LEVEL", "kqlext keeps no log"),
    Foreign("KQLMAGIC_NOTEBOOK_APP", _NO_FRONT_END),
    Foreign("KQLMAGIC_NOTEBOOK_SERVICE_ADDRESS", _NO_FILE),
    Foreign("KQLMAGIC_ONLY_INSTALLED_PACKAGES", _INTERNAL),
    Foreign("KQLMAGIC_SRV_LOG_FILE", "kqlext keeps no log"),
    Foreign("KQLMAGIC_SRV_LOG_TO_CONSOLE", "kqlext keeps no log"),
    Foreign("KQLMAGIC_SSO_ENCRYPTION_KEYS", "sign-ins are remembered in the system's encrypted store"),
    Foreign("KQLMAGIC_TEMP_FILES_SERVER", _NO_FILE),
    Foreign("KQLMAGIC_TEMP_FILES_SERVER_PY_FOLDER", _NO_FILE),
    Foreign("KQLMAGIC_USE_CACHE", "KQLEXT_USE_CACHE names a folder of recorded results"),
    Foreign("KQLMAGIC_WARN_MISSING_DEPENDENCIES", _NO_CALL),
)
"""Variables of the environment. None is an error: who sets them may be somebody else than who runs the notebook."""


def foreign_options() -> dict[str, Foreign]:
    """Every spelling of every option here, normalized."""
    return {normalize_name(name): option for option in OPTIONS for name in (option.name, *option.aliases)}


def foreign_commands() -> dict[str, Foreign]:
    """Every command here by its normalized name."""
    return {normalize_name(command.name): command for command in COMMANDS}


def says_nothing_happens(foreign: Foreign, written: str) -> str:
    """The one line that is shown once for what does nothing."""
    return f"{written}, known from Kqlmagic, does nothing here: {foreign.reason}."
