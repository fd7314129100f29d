"""The head of a cell: the connection, target, options, properties or command that stand before the query. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from kqlext.errors import KqlCellError, Span
from kqlext.kqlmagic_names import Foreign, foreign_commands, foreign_options
from kqlext.option_values import is_flag, read_option, read_property
from kqlext.options import COMMANDS, OPTIONS, Command, Option, command_names, option_names
from kqlext.references import EnvironmentVariable, Reference, hide_secrets, parse_value
from kqlext.text import nearest, normalize_name, shorten


@dataclass(frozen=True, slots=True)
class Fragment:
    """A piece of the cell and where it stands."""

    text: str
    span: Span


@dataclass(frozen=True, slots=True)
class OptionUse:
    """An option as it was written: its value is ready, or a reference still to be looked up."""

    option: Option
    value: object = field(repr=False)
    span: Span


@dataclass(frozen=True, slots=True)
class ForeignUse:
    """An option or command of Kqlmagic's that does nothing, as it was written."""

    foreign: Foreign
    written: str

    @property
    def is_command(self) -> bool:
        """Whether it stands in the place of a query."""
        return self.written.startswith("--")


@dataclass(frozen=True, slots=True)
class CommandUse:
    """A command as it was written."""

    command: Command
    argument: str = field(repr=False)
    span: Span
    begin: int = 0
    """Where the argument begins."""


# `//` begins a comment, also where `<<` stands behind it.
TARGET = re.compile(r"((?:(?!//)[^\s<|()'\"\[\]@])+)\s*<<(?!<)")
LEADING = re.compile(r"(?:\s|//[^\n]*)*")
_BLANK = re.compile(r"\s+")
_COMMENT = re.compile(r"//[^\n]*")
_FILE = re.compile(r"[^\S\n]+(\S+\.(?:kql|csl))\s*;?\s*\Z")
_LAST_FLAG = re.compile(r"\s-!?([A-Za-z][\w-]*)\s*\Z")
_COMMAND = re.compile(r"--([A-Za-z][\w-]*)(?=[\s;=]|$)")
_OPTION = re.compile(r"-(!?)([A-Za-z][\w-]*)(?:(=)|(?=[\s;]|$))")
_PROPERTY = re.compile(r"\+([A-Za-z]\w*)(=?)")
_SCHEME = re.compile(r"[A-Za-z][\w-]*://")
_QUOTED_SCHEME = re.compile(r"""(['"])\s*[A-Za-z][\w-]*://""")
# No KQL begins with an @ (its verbatim strings begin no query), nor with a bracket before a name without quotes.
_PROFILE = re.compile(r"""@(?:[\w.-]+|'[^'\n]+'|"[^"\n]+")(?=[\s;]|$)""")
_SECTION = re.compile(r"""\[[^'"\[\]\n]*[^'"\[\]\s][^'"\[\]\n]*\](?=[\s;]|$)""")
_AT_CLUSTER = re.compile(r"[\w.-]+@[\w.-]+(?=[\s;]|$)")
# `samples` alone is the sample database; before a pipe, a dot, ... it is a table of that name, before << a target.
_SAMPLES = re.compile(r"samples(?=;|(?:\s|//[^\n]*+)*+$|\s(?:\s|//[^\n]*+)*+[^\s|=.,)\]<])")
# What may be a connection string, also a misspelt one, in any place: its secrets are not shown.
_MAY_HOLD_SECRETS = re.compile(r"""['"]?(?<![\w-])[\w-]+(?::/|\s*[=(])""")
_SURELY = re.compile(r":/|secret|password|pwd|appkey|certificate|token")
_CUT_SHORT = re.compile(
    r"""=\s*['"]*$"""  # no value
    r"""|^[^']*'(?:[^']*'[^']*')*[^']*$"""  # an odd number of one quote
    r"""|^[^"]*"(?:[^"]*"[^"]*")*[^"]*$"""
)
_TOKEN_OPTION = re.compile(r"(?<!\S)-try[_-]?token(?:\s*=\s*|[^\S\n]+)", re.IGNORECASE)
# The rest of a connection string that was written with a space in it.
_NEXT_KEY = re.compile(r"[^\S\n]+([\w-]+)\s*=(?![=~])")


_CLOSING = {"{": "}", "[": "]", "(": ")"}
# Commands that say something about a connection, which may be opened for it; and one that takes any text.
_TAKE_CONNECTIONS = ("schema", "tables", "functions", "config")
# Kusto's own connection strings, pasted from elsewhere.
_DATA_SOURCE = re.compile(r"(?:data\s*source|server|addr(?:ess)?)\s*=\s*\S", re.IGNORECASE)


class Head:
    """Reads the head of one cell from left to right; holds what it found so far.

    After ``read`` the query begins at ``position``.
    """

    def __init__(self, text: str, position: int) -> None:
        self.text = text
        self.position = position
        newline = text.find("\n")
        self.line_end = len(text) if newline < 0 else newline
        self.last = len(text.rstrip())
        self.command: CommandUse | None = None
        self.connection: Fragment | None = None
        self.target: Fragment | None = None
        self.options: list[OptionUse] = []
        self.properties: list[tuple[str, object]] = []
        self.ignored: list[ForeignUse] = []
        self.silent = False

    def read(self) -> None:
        steps = (self._command, self._connection, self._target, self._option, self._property)
        begin = self._blank()
        while self.position < len(self.text) and any(step() for step in steps):
            begin = self._blank()
        self.position = begin

    def error(self, message: str, span: Span, hint: str = "") -> KqlCellError:
        return KqlCellError(message, hint=hint, text=self.shown_text(), span=span)

    def shown_text(self, end: int | None = None) -> str:
        """The cell as an error may show it: without what may be secrets of connection strings before ``end``."""
        end = len(self.text) if end is None else end
        pieces, position = [], 0
        for match in _MAY_HOLD_SECRETS.finditer(self.text, 0, end):
            if match.start() < position or not _SURELY.search(normalize_name(match.group())):
                continue
            stop = min(max(self._scan_word(match.start())[0], match.end()), end)
            word = self.text[match.start() : stop]
            shown = hide_secrets(word)
            if _CUT_SHORT.search(word):  # a quote in the secret has ended the word: the rest of it may follow
                newline = self.text.find("\n", stop, end)
                stop = end if newline < 0 else newline
                shown += "…" * (stop - match.start() - len(word))
            pieces += [self.text[position : match.start()], shown]
            position = stop
        return self._without_token("".join([*pieces, self.text[position:]]))

    def _without_token(self, text: str) -> str:
        """The text with the value of -try_token blotted out, unless it is a name."""
        match = _TOKEN_OPTION.search(text)
        if match is None:
            return text
        start, stop = match.end(), max(self._scan_word(match.end())[0], match.end())
        named = isinstance(parse_value(text[start:stop]), (Reference, EnvironmentVariable))
        return text if named else f"{text[:start]}{'…' * (stop - start)}{text[stop:]}"

    def _match(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        return pattern.match(self.text, self.position)

    def _blank(self) -> int:
        """Skip white space and comments; gives where the query begins if no more of the head follows.

        Comments in the body are then the query's own.
        """
        begin = self._skip(_BLANK)
        while self.position < self.line_end and self._match(_COMMENT):
            self._skip(_COMMENT)
            begin = self._skip(_BLANK)
        self._skip(LEADING)
        return begin

    def _skip(self, pattern: re.Pattern[str]) -> int:
        match = self._match(pattern)
        self.position = match.end() if match else self.position
        return self.position

    def _command(self) -> bool:
        match = self._match(_COMMAND)
        if match is None:
            return False
        span = Span(*match.span())
        command = command_names().get(normalize_name(match.group(1)))
        if command is None and (foreign := foreign_commands().get(normalize_name(match.group(1)))):
            self._take_foreign(foreign, span)
            self.position = len(self.text)
            return True
        if command is None:
            near = nearest(match.group(1), (known.name for known in COMMANDS))
            hint = f"did you mean --{near}?" if near else "%kql --help lists the commands"
            raise self.error(f"There is no command --{shorten(match.group(1), 40)}.", span, hint)
        self.position = match.end()
        argument = self._query() if command.takes_query else self._argument()
        value = None if command.takes_query else parse_value(argument)
        begin = self.text.find(argument, match.end())
        self.command = CommandUse(command, value if isinstance(value, str) else argument, span, begin)
        if argument and not command.argument:
            raise self.error(f"--{command.name} takes no argument.", Span(match.end(), len(self.text)))
        if "://" in argument and command.name not in _TAKE_CONNECTIONS and not command.takes_query:
            hint = "without --, a connection string connects; --conn lists the names of what is open"
            raise self.error(f"--{command.name} takes no connection string.", span, hint)
        self.position = len(self.text)
        return True

    def _query(self) -> str:
        """The KQL behind a command, as it is; a last ``;`` is noted."""
        text = self.text[self.position : self.last].strip()
        self.silent = text.endswith(";")
        return text.removesuffix(";").rstrip()

    def _argument(self) -> str:
        """What stands behind a command; the options before and behind it are read, a last ``;`` is noted."""
        end, flags = self.last, []
        if end > self.position and self.text[end - 1] == ";":
            self.silent, end = True, end - 1
        while flag := _LAST_FLAG.search(self.text, self.position, end):
            if not is_flag(normalize_name(flag.group(1))):
                break
            flags.append(flag.start(1))
            end = flag.start()
        self._skip(_BLANK)
        while self.position < end and self._option():
            self._skip(_BLANK)
        argument = self.text[self.position : end].strip().removeprefix("=").strip()
        for start in flags:
            self.position = self.text.rfind("-", 0, start)
            self._option()
        return argument

    def _connection(self) -> bool:
        span = self._connection_span()
        if span is None:
            return False
        if self.connection is not None:
            raise self.error("A cell takes one connection.", span, "remove one of the two")
        text = span.of(self.text)
        if text[0] in "'\"":
            text = value if isinstance(value := parse_value(text), str) else text[1:]
        self.connection = Fragment(text.strip(), span)
        self.position = span.end
        if self.text.startswith(";", span.end) and span.end + 1 < self.last:
            self.position += 1  # it ends the connection, not the cell
        if text.endswith(";") and (key := self._match(_NEXT_KEY)):
            hint = "take the space out, or put the whole connection in quotes"
            raise self.error("A connection string holds spaces only in quotes.", Span(*key.span(1)), hint)
        return True

    def _connection_span(self) -> Span | None:
        if self._match(_DATA_SOURCE):
            hint = "write the cluster and database as https://cluster/database; sign-in follows from the connection"
            raise KqlCellError("A Kusto connection string (Data Source=...) is written as an address here.", hint=hint)
        if self._match(_SCHEME) or self._match(_QUOTED_SCHEME):
            return Span(self.position, self._word_end(self.position))
        patterns = (_PROFILE, _SECTION, _AT_CLUSTER, _SAMPLES)
        match = next((match for pattern in patterns if (match := self._match(pattern))), None)
        if match is None and self.text.startswith("@", self.position):
            hint = "write %kql --conn to see which there are; the query follows after a space"
            span = Span(self.position, self.position + 1)
            raise self.error("A named connection is written @name or @'name with spaces'.", span, hint)
        return Span(*match.span()) if match else None

    def _target(self) -> bool:
        match = self._match(TARGET)
        if match is None:
            return False
        if self.target is not None:
            raise self.error("A query takes one target.", Span(*match.span(1)))
        self.target = Fragment(match.group(1), Span(*match.span(1)))
        self.position = match.end()
        return True

    def _option(self) -> bool:
        match = self._match(_OPTION)
        if match is None:
            return False
        negated, name, equals = match.groups()
        span = Span(self.position, match.end() - len(equals or ""))
        option = option_names().get(normalize_name(name))
        if option is None and (foreign := foreign_options().get(normalize_name(name))):
            self._take_foreign(foreign, span)
            self.position = match.end()
            if not foreign.flag or equals:
                self._word(span, f"-{name} needs a value.", same_line=not equals)
            return True
        if option is None:
            spellings = [spelling for known in OPTIONS for spelling in (known.name, *known.aliases)]
            near = nearest(name, spellings)
            hint = f"did you mean -{near}?" if near else "%kql --help options lists the options"
            raise self.error(f"There is no option -{shorten(name, 40)}.", span, hint)
        if any(use.option is option for use in self.options):
            raise self.error(f"-{name} is given twice.", span, "remove one of the two")
        self.position = match.end()
        self.options.append(OptionUse(option, self._option_value(option, negated, equals, span), span))
        return True

    def _take_foreign(self, foreign: Foreign, span: Span) -> None:
        """Note what does nothing; raise for what is refused."""
        written = span.of(self.text)
        if foreign.refused:
            message = f"{written}, known from Kqlmagic, is not here: {foreign.reason}."
            raise self.error(message, span, foreign.instead)
        self.ignored.append(ForeignUse(foreign, written))

    def _option_value(self, option: Option, negated: str, equals: str | None, span: Span) -> object:
        if option.kind == "flag" and not equals:
            if option.name == "feedback" and (file := self._match(_FILE)):
                hint = f"-file {file[1]} runs a file"
                raise self.error(f"-{span.of(self.text)[1:]} is -feedback, which takes no file.", span, hint)
            return not negated
        if negated:
            raise self.error(f"-!{option.name} is for flags; {option.name} takes a value.", span)
        value = self._word(span, f"-{option.name} needs a value.", same_line=not equals)
        try:
            return read_option(option, value.text, self.text, value.span)
        except KqlCellError as error:
            error.text = self.shown_text()
            raise

    def _property(self) -> bool:
        match = self._match(_PROPERTY)
        if match is None:
            return False
        span = Span(*match.span())
        if not match.group(2):
            raise self.error(f"A request property is written +{match.group(1)}=value.", span)
        self.position = match.end()
        if any(name == match.group(1) for name, _ in self.properties):
            raise self.error(f"+{match.group(1)} is given twice.", span, "remove one of the two")
        value = self._word(span, f"+{match.group(1)} needs a value.")
        try:
            self.properties.append((match.group(1), read_property(value.text)))
        except KqlCellError as error:
            error.text, error.span = self.shown_text(), value.span
            raise
        return True

    def _word(self, owner: Span, missing: str, same_line: bool = False) -> Fragment:
        """The word at the position: up to white space outside quotes and brackets."""
        if same_line and (blank := re.compile(r"[^\S\n]+").match(self.text, self.position)):
            self.position = blank.end()
        start, end = self.position, self._word_end(self.position)
        if start == end:
            raise self.error(missing, owner)
        closing = _CLOSING.get(self.text[start])
        if closing is not None and not self.text.startswith(closing, end - 1):
            hint = f"write a {closing} where the value ends"
            raise self.error(f"The bracket {self.text[start]} is not closed.", Span(start, start + 1), hint)
        self.position = end
        return Fragment(self.text[start:end], Span(start, end))

    def _word_end(self, start: int) -> int:
        position, quote = self._scan_word(start)
        if quote is not None:
            raise self.error(f"The quote {self.text[quote]} is not closed.", Span(quote, quote + 1))
        # A line magic's last `;` silences it and is no part of a word.
        return position - 1 if position == self.last and self.text[position - 1] == ";" else position

    def _scan_word(self, start: int) -> tuple[int, int | None]:
        """The end of a word, and where a quote in it opens that is not closed."""
        depth, quote, position = 0, None, start
        while position < len(self.text):
            character = self.text[position]
            if quote is not None:
                quote = None if character == self.text[quote] else quote
            elif character in "'\"":
                quote = position
            elif character == "\n" or (character.isspace() and not depth):
                break
            elif character in "([{":
                depth += 1
            elif character in ")]}":
                depth = max(0, depth - 1)
            position += 1
        return position, quote
