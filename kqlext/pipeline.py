"""The way of a cell: parsed, connected, run, bound and shown. Imported when the first cell of KQL runs."""

from __future__ import annotations

import os
from collections import ChainMap
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from contextlib import closing, contextmanager
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from kqlext import binding, commands, settings
from kqlext.answers import Question, answer
from kqlext.cell import Cell, QueryText, parse
from kqlext.completion.checking import QueryCheck
from kqlext.display import Notice, PageScript, ProgressLine, SignInPrompt, show, takes_input
from kqlext.errors import KqlCellError, KqlError, KqlUnsupportedError
from kqlext.kqlmagic_names import says_nothing_happens
from kqlext.query_texts import with_texts
from kqlext.saved import SavedQuery, saved
from kqlext.scope import scope
from kqlext.session import Session
from kqlext.setting_files import LayeredSettings, SessionSettings
from kqlext.text import listing, plural
from kqlext.visualization import grid
from kqlext.visualization.palette import Colours

if TYPE_CHECKING:
    from kqlext.completion.editor import Editor
    from kqlext.result import Result
    from kqlext.view import View


# Seconds after which what an editor may want is read: begun at once, it held the answer that was about to be shown for
# 52 to 62 ms (benchmarks/README.md).
_AHEAD_AFTER = 0.25
_MAY_HOLD_SECRETS = ("conn", "try_token", "try_msi", "params", "params_dict")


class Pipeline:
    """Runs the cells of one notebook."""

    def __init__(self, namespace: MutableMapping[str, Any], context: SessionSettings) -> None:
        """Args: namespace: the notebook's variables. context: the session's settings, and how to set one."""
        self._notebook = self._namespace = namespace
        self._settings = LayeredSettings(context)
        self.session = Session(SignInPrompt())
        self._colours = Colours()
        self._said: set[str] = set()
        self._editor: Editor | None = None
        self._check = QueryCheck(lambda: self.editor)

    @property
    def editor(self) -> Editor:
        """What completes and checks cells; made when it is first asked for."""
        if self._editor is None:
            from kqlext.completion.editor import Editor

            self._editor = Editor(self.session, self._notebook)
        return self._editor

    def run(self, line: str, body: str | None) -> object:
        """Run a line (``body`` None) or a cell; gives its value, and displays what comes before that.

        Raises:
            KqlError: what was shown and bound before stays, and nothing else was done.
        """
        return self.run_cell(parse(line, body), is_line=body is None)

    @contextmanager
    def seeing(self, local: Mapping[str, Any] | None) -> Iterator[None]:
        """Cells see the variables of the function that holds them, while it lasts; None for those of the notebook."""
        before = self._namespace
        self._namespace = scope(local, self._notebook)
        try:
            yield
        finally:
            self._namespace = before

    def run_cell(self, cell: Cell, is_line: bool) -> object:
        """Run a cell that is parsed; as ``run``."""
        self._say_ignored(cell)
        if cell.command is not None:
            options = partial(self._options, cell)
            if cell.connection is not None:
                self.session.prepare(cell, options(), self._namespace)
            elsewhere = _names_connection(cell.command.argument) or any(
                use.option.name == "conn" for use in cell.options
            )
            if cell.command.command.connects and not elsewhere:
                self._connect_default(cell, options())
            return commands.run(cell, self._context(options))
        if any(use.is_command for use in cell.ignored):
            return None
        last: object = None
        items = self._items(cell)
        while True:
            try:
                item = next(items, None)
            except BaseException:
                # What was answered before is seen, whatever becomes of the query behind it.
                _show(last, cell)
                raise
            if item is None:
                break
            _show(last, cell)
            last = item
        # A line's value may be assigned although nothing is to be shown; a cell's cannot.
        return None if cell.silent and not is_line else last

    def _say_ignored(self, cell: Cell) -> None:
        """Say once what of Kqlmagic's does nothing."""
        for use in cell.ignored:
            if use.foreign.name not in self._said and not cell.silent:
                self._said.add(use.foreign.name)
                show(Notice(says_nothing_happens(use.foreign, use.written)))

    def _context(self, options: Callable[[], Mapping[str, Any]]) -> commands.Context:
        return commands.Context(self.session, self._settings, options, self._namespace, lambda: self.editor)

    def _items(self, cell: Cell) -> Iterator[object]:
        """What is to be shown of each query, as each is done."""
        namespace = self._namespace
        options = self._options(cell)
        if options["sample"] is not None and not options["steps"]:
            raise KqlCellError(
                "-sample goes with --schema table and with -steps.",
                hint="write %kql --schema table -sample 3, or take 3 in the query",
            )
        cell = with_texts(cell, options)
        if not cell.silent:
            for text in self._settings.news():
                show(Notice(text))
        plans = [_plan(query, cell, options, namespace) for query in cell.queries]
        _check_raw_name(options["last_raw_result_var"], cell, namespace)
        view = _view(options, self._colours) if cell.queries else None
        remembered = self._remembered(cell, options)
        added = self.session.prepare(cell, options, namespace)
        if not cell.queries and _says(options):
            yield Notice(_connected(self.session, added))
        if options["no_execute"]:
            self.session.saved.update(remembered)
            if _says(options):
                yield Notice(f"{listing(remembered)}: saved, for -with {','.join(remembered)}")
            return
        if cell.queries and options["over"] is None and options["on"] is None:
            self._connect_default(cell, options)
        for query, plan in zip(cell.queries, plans, strict=True):
            try:
                result = self._result(query, cell, options)
            except KqlError as error:
                if error.done is not None:
                    yield error.done
                raise
            self._read_ahead(options)
            result.view = view or result.view
            if options["grid"] and not plan:  # each answer that is shown has a grid of its own
                result.view = replace(result.view, grid=grid.new_id())
            if options["link"]:
                yield _link(result, options["query_link_destination"])
            if result.steps:
                from kqlext.steps.running import Stepped

                yield Stepped(result.steps, result.origin.connection, result.origin.elapsed)
            yield from self._bound(result, plan, options)
        self.session.saved.update(remembered)

    def _remembered(self, cell: Cell, options: Mapping[str, Any]) -> dict[str, SavedQuery]:
        """What -save remembers, by its name; it is checked before the query runs."""
        name = options["save"]
        if name is None and not options["no_execute"]:
            return {}
        use = next(use for use in cell.options if use.option.name in ("save", "no_execute"))
        try:
            if name is None:
                raise KqlCellError("-no_execute remembers nothing without -save.", hint="write -save name -no_execute")
            if options["no_execute"] and (options["o"] is not None or any(query.target for query in cell.queries)):
                raise KqlCellError("-no_execute binds nothing.", hint="leave out the target, or -no_execute")
            if len(cell.queries) != 1:
                raise KqlCellError("-save takes one query.", hint="put each query into a cell of its own")
            return {name: saved(name, cell.queries[0].text, options["with"] or (), self.session.saved)}
        except KqlCellError as error:
            error.text, error.span = cell.text, use.span
            raise

    def _result(self, query: QueryText, cell: Cell, options: Mapping[str, Any]) -> Result:
        question = Question(query, cell, options, self._namespace, check=self._check)
        result = self._answered(question)
        result.options = {name: value for name, value in options.items() if name not in _MAY_HOLD_SECRETS}
        result.again = partial(self._again, question, result.origin.connection)
        return result

    def _answered(self, question: Question) -> Result:
        if question.options["quiet"]:
            return answer(self.session, question)
        with closing(ProgressLine()) as line:
            return answer(self.session, replace(question, watch=line))

    def _again(
        self,
        question: Question,
        asked: str,
        variables: Mapping[str, Any],
        options: Mapping[str, Any],
        properties: Mapping[str, object],
        connection: str | None,
    ) -> Result:
        """The answer to a question of before, on the connection that was ``asked``; see ``kqlmagic_members.submit``."""
        current = self.session.registry.current
        chosen = {**question.options, **settings.given(options)}
        if connection is not None:
            chosen["on"] = connection
        elif chosen["on"] is None and chosen["over"] is None and current is not None and current.id != asked:
            chosen["on"] = asked
        cell = replace(question.cell, properties=tuple({**dict(question.cell.properties), **properties}.items()))
        namespace = ChainMap(dict(variables), dict(question.namespace))
        result = self._answered(replace(question, cell=cell, options=chosen, namespace=namespace))
        result.view = _view(chosen, self._colours)
        result.options = {name: value for name, value in chosen.items() if name not in _MAY_HOLD_SECRETS}
        result.again = partial(self._again, replace(question, options=chosen, cell=cell), asked)
        binding.bind(result, [], self._namespace, chosen["last_raw_result_var"])
        return result

    def _bound(self, result: Result, plan: list[binding.Binding], options: Mapping[str, Any]) -> Iterator[object]:
        """Bind an answer; gives what is to be shown of it."""
        also = [binding.Binding(options["assign_var"], "pandas" if options["auto_dataframe"] else "result")]
        extra = also if options["assign_var"] is not None else []
        values = binding.bind(result, [*plan, *extra], self._namespace, options["last_raw_result_var"])
        if options["show_query"]:
            yield Notice(str(result.origin.sent))
        if not options["columns_to_local_vars"]:
            yield from _shown(result, plan, values[: len(plan)], options)
            return
        names = binding.bind_columns(result, self._namespace)
        notes = "".join(f"\nWarning: {warning}" for warning in result.warnings)
        if _says(options) or notes:
            yield Notice(f"{listing(names)}: {plural(len(result), 'value')} each · {result.origin.shown}{notes}")

    def _read_ahead(self, options: Mapping[str, Any]) -> None:
        """Read the schema and load the language service in the background, where somebody types who may want them."""
        schemas, current = self.session.schemas, self.session.registry.current
        schemas.when, schemas.kept = options["read_schema"], options["keep_schema"]
        if current is not None and takes_input():
            schemas.read_ahead(current, _AHEAD_AFTER)
            if schemas.when == "ahead":
                self.editor.service.start(_AHEAD_AFTER)

    def _options(self, cell: Cell) -> dict[str, Any]:
        return settings.effective(cell.options, self._settings.values(), self._namespace, os.environ, cell.text)

    def _connect_default(self, cell: Cell, options: Mapping[str, Any]) -> None:
        """Connect to the default connection where nothing is connected, and say so before the query is sent."""
        where = self.session.connect_default(options, self._namespace)
        if where and _says(options) and not cell.silent:
            show(Notice(f"{_connected(self.session, [])}, the default connection of {where}"))

    def close(self) -> None:
        """Close the session's connections, and end the language service."""
        self.session.close()
        if self._editor is not None:
            self._editor.close()


def _names_connection(argument: str) -> bool:
    return "@" in argument or "://" in argument or "-conn" in argument.lower()


def _show(item: object, cell: Cell) -> None:
    if item is not None and not cell.silent:
        show(item)


def _says(options: Mapping[str, Any]) -> bool:
    return bool(options["feedback"]) and not options["quiet"]


def _connected(session: Session, added: list[str]) -> str:
    current = session.registry.current
    assert current is not None
    tables = f", with {', '.join(added)}" if added else ""
    return f"Connected to {commands.connection_line(current)}{tables}"


def _plan(
    query: QueryText, cell: Cell, options: Mapping[str, Any], namespace: MutableMapping[str, Any]
) -> list[binding.Binding]:
    """What to bind of a query; refused names and types are an error before anything is sent."""
    kind = options["type"]
    plan = []
    if query.target is not None:
        binding.check_name(query.target.text, namespace, cell.text, query.target.span)
        default = "pandas" if options["auto_dataframe"] else "result"
        plan.append(binding.Binding(query.target.text, kind or default))
    if options["o"] is not None:
        use = next(use for use in cell.options if use.option.name == "o")
        binding.check_name(options["o"], namespace, cell.text, use.span)
        plan.append(binding.Binding(options["o"], kind or "pandas"))
    for item in plan:
        binding.check_type(item.type)
    if options["assign_var"] is not None:
        use = next(use for use in cell.options if use.option.name == "assign_var")
        binding.check_name(options["assign_var"], namespace, cell.text, use.span)
    return plan


def _check_raw_name(name: str, cell: Cell, namespace: MutableMapping[str, Any]) -> None:
    use = next((use for use in cell.options if use.option.name == "last_raw_result_var"), None)
    binding.check_name(name, namespace, cell.text, use.span if use else None)


def _view(options: Mapping[str, Any], colours: Colours) -> View:
    """How the answers of a cell are shown.

    Raises:
        KqlCellError: an option of charts has a value that it cannot have, or there can be no grid.
    """
    from kqlext.view import View
    from kqlext.visualization.look import plotly_layout, read_look

    if options["grid"]:
        if options["auto_dataframe"]:
            raise KqlCellError("-grid shows Results, not DataFrames.", hint="leave out -grid, or -auto_dataframe")
        grid.check_installed()
    limit = options["display_limit"]
    asked_for_more = limit is None or limit > View.display_limit
    layout = plotly_layout(options["plotly_layout"])
    look = read_look(options, colours)
    most = 500_000 if asked_for_more else View.max_bytes
    return View(
        limit, most, options["stats"], options["plot_package"], layout, look,
        dynamic_as_text=options["dynamic_to_dataframe"] == "str", chart_image=options["chart_image"],
    )  # fmt: skip


def _link(result: Result, destination: str) -> object:
    """The link to the query, or a line why there is none."""
    from kqlext.visualization.drawing import Shown

    linked = result.origin.linked
    is_kusto = linked is not None and linked.place is not None and bool(linked.place.cluster)
    try:
        link = result.link(destination if is_kusto else None)
    except KqlUnsupportedError as error:
        return Notice(error.message)
    return Shown(link._repr_mimebundle_())  # IPython would write a text in quotes


def _shown(result: Result, plan: list[binding.Binding], values: list[Any], options: Mapping[str, Any]) -> list[object]:
    """A bound answer is said in one line with its warnings; any other is shown."""
    notes = "".join(f"\nWarning: {warning}" for warning in result.warnings)
    if plan:
        lines = [_bound_line(item, value, result) for item, value in zip(plan, values, strict=True)]
        return [Notice("\n".join(lines) + notes)] if _says(options) or notes else []
    age = "" if result.origin.recorded is None else result.origin.shown
    if options["auto_dataframe"]:
        said = "\n".join(filter(None, (age, notes.strip())))
        return [*([Notice(said)] if said else []), result.to_pandas()]
    if result.view.grid:
        return [PageScript(lambda: grid.page_script(result)), result]
    return [*([Notice(age)] if age and result.visualization else []), result]  # a chart has no caption


def _bound_line(item: binding.Binding, value: Any, result: Result) -> str:
    size = f"{plural(len(result), 'row')} × {plural(len(result.table.columns), 'column')}"
    tables = f" (the first of {len(result.tables)} tables)" if len(result.tables) > 1 and item.type != "result" else ""
    took = f"{result.origin.elapsed:.2f} s · {result.origin.shown}"
    return f"{item.name}: {type(value).__name__} of {size}{tables} · {took}"
