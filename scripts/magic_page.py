"""docs/magic.md: the grammar of a cell, and the options and commands of ``kqlext.options``."""

from __future__ import annotations

from page_parts import cell, code, table

from kqlext.options import COMMANDS, OPTIONS, Option

_MAGIC = """\
# The magic

This page is made by `scripts/docs.py` from the tables that the parser reads. `%kql --help` shows the same in a
notebook.

- `%kql [connection] [name <<] [-option value]... [+property=value]... [query]` is a line,
- `%%kql [connection] [name <<] [-option value]... [+property=value]...` a cell, with its queries below,
- `%kql --command [argument]` a command.

The head ends at the first word that is none of these; from there on the text is KQL, taken as it is. Options may also
stand on the lines right after `%%kql`. Blank lines separate queries. A last `;` shows nothing. `name <<` binds the
Result, `-o name` a DataFrame; the last Result is `_kql`. `+name=value` is a request property of the service, which is
sent as it is written.

Names are compared without case, `_` and `-`. A value is a word, a text in quotes, `$NAME` of the environment, or the
name of a variable (`limits['rows']`), which is looked up and never evaluated. A flag is `-name`, and `-!name` for the
contrary.
"""


def magic_page() -> str:
    """docs/magic.md: the grammar of a cell, every option and every command."""
    options = [
        (
            code(f"-{name}" for name in (option.name, *option.aliases)),
            _value(option),
            _default(option),
            cell(option.help),
        )
        for option in OPTIONS
    ]
    commands = [
        (code(f"--{name}" for name in (command.name, *command.aliases)), cell(command.argument), cell(command.help))
        for command in COMMANDS
    ]
    text = (
        "*this cell* is set in a cell only. All others have a default, which `%config KqlMagics.name = value` sets for "
        "the session, `[settings]` of kqlext.toml for a project, and `KQLEXT_NAME` in the environment; `%kql --config` "
        "shows where each is set. *none* is written so: `-display_limit none`."
    )
    return "\n".join([
        _MAGIC,
        "## Options", "", text, "", *table(("option", "value", "default", ""), options), "",
        "## Commands", "", *table(("command", "argument", ""), commands), "",
    ])  # fmt: skip


def _value(option: Option) -> str:
    if option.choices:
        return code(option.choices)
    return {"flag": "", "name": "a name", "names": "names", "timespan": "a time span"}.get(option.kind, option.kind)


def _default(option: Option) -> str:
    if not option.configurable:
        return "*this cell*"
    return "none" if option.default is None else f"`{str(option.default).lower()}`" if option.default != "" else ""
