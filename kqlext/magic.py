"""``%kql`` and ``%%kql`` in an IPython shell. What a cell does is in ``pipeline``, imported with the first one."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from IPython.core.magic import Magics, line_cell_magic, magics_class, needs_local_scope, no_var_expand
from traitlets import TraitError

from kqlext import help as kql_help
from kqlext import input_transformers, traits
from kqlext.completion import inspection, matcher
from kqlext.kqlmagic_config import Kqlmagic
from kqlext.line_statements import LineStatements

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from kqlext.completion.editor import Editor
    from kqlext.pipeline import Pipeline


@magics_class
class KqlMagics(Magics):
    """The magics of one IPython shell, with the session's settings as traits (``%config KqlMagics``)."""

    locals().update(traits.traits())

    _pipeline: Pipeline | None = None

    def __init__(self, **keywords: Any) -> None:
        self._chosen: set[str] = set()
        self.observe(self._note_choice)
        super().__init__(**keywords)

    # Without no_var_expand IPython rewrites `$left.State` where a variable is called `left`.
    @no_var_expand
    @needs_local_scope
    @line_cell_magic
    def kql(self, line: str, cell: str | None = None, local_ns: Mapping[str, Any] | None = None) -> object:
        """Run KQL. ``%kql --help`` shows what a line or cell may hold."""
        assert self.shell is not None
        pipeline = self.pipeline()
        with pipeline.seeing(local_ns):
            if cell is not None:
                from kqlext.sections import sections

                parts = sections(line, cell)
                if [part.kind for part in parts] != ["kql"]:
                    from kqlext import section_runs

                    return section_runs.run(parts, pipeline, self.shell)
            return pipeline.run(line, cell)

    def pipeline(self) -> Pipeline:
        """What runs the cells of this shell."""
        if self._pipeline is None:
            # 25 ms of modules that a notebook which only loads the extension need not wait for.
            from kqlext.pipeline import Pipeline

            assert self.shell is not None
            self._pipeline = Pipeline(self.shell.user_ns, self)
        return self._pipeline

    def editor(self) -> Editor:
        """What completes cells."""
        return self.pipeline().editor

    def values(self) -> dict[str, Any]:
        """The session's settings by option name."""
        return {name: getattr(self, name) for name in traits.configurable_names()}

    def set_option(self, name: str, value: Any) -> None:
        """Set one of the session's settings."""
        setattr(self, name, value)
        self._chosen.add(name)

    def chosen(self) -> set[str]:
        """The settings that the user set, here or in IPython's configuration, also to their default values.

        traitlets tells of changes only; what was set to the value that it had stands in the configuration. A value
        that was refused stands there too, but is none of ours.
        """
        written = {
            name: value
            for section in self.section_names()
            for name, value in dict(self.config.get(section, {})).items()
            if name in traits.configurable_names()
        }
        kept = {name for name, value in written.items() if str(value).lower() == str(getattr(self, name)).lower()}
        return self._chosen | kept

    def _note_choice(self, change: Any) -> None:
        if change["name"] in traits.configurable_names():
            self._chosen.add(change["name"])

    def close(self) -> None:
        """Close the connections."""
        if self._pipeline is not None:
            self._pipeline.close()


def load(shell: InteractiveShell) -> None:
    """Register the magics and the input transformers with a shell."""
    taken = shell.magics_manager.magics["line"].get("kql")
    # IPython's stand-in for a magic that is loaded when it is first used is no other magic.
    if taken is not None and getattr(taken, "spec", None) != "kqlext":
        owner = getattr(taken, "__module__", "something else")
        warnings.warn(f"%kql was registered by {owner}; kqlext takes it over.", UserWarning, stacklevel=3)
    KqlMagics.kql.__doc__ = kql_help.help_text()
    try:
        shell.register_magics(KqlMagics)
    except TraitError as error:
        # A value that `%config KqlMagics` refused stays in IPython's configuration, and would block every load.
        shell.config.pop("KqlMagics", None)
        warnings.warn(f"Settings of KqlMagics are dropped: {error}", UserWarning, stacklevel=3)
        shell.register_magics(KqlMagics)
    magics = shell.magics_manager.registry["KqlMagics"]
    assert isinstance(magics, KqlMagics)
    configurables: list[Any] = shell.configurables
    alias = Kqlmagic(magics)
    configurables.append(alias)
    try:
        alias.update_config(shell.config)
    except (ValueError, TraitError) as error:
        warnings.warn(f"Settings of Kqlmagic are dropped: {error}", UserWarning, stacklevel=3)
    shell.ast_transformers.append(LineStatements())
    shell.input_transformers_cleanup.extend((input_transformers.cell_prefix, input_transformers.refuse_cell_inside))
    shell.input_transformers_post.append(input_transformers.silence)
    _colour_prompt(shell, on=True)
    _remove_matcher(shell)
    inspection.uninstall(shell)
    inspection.install(shell, magics.editor)
    shell.Completer.custom_matchers.append(matcher.make_matcher(magics.editor, hasattr(shell, "pt_app")))


def unload(shell: InteractiveShell) -> None:
    """Close the connections and take the magics and transformers off again."""
    manager = shell.magics_manager
    magics = manager.registry.pop("KqlMagics", None)
    if isinstance(magics, KqlMagics):
        magics.close()
        configurables: list[Any] = shell.configurables
        configurables[:] = [one for one in configurables if one is not magics and not isinstance(one, Kqlmagic)]
    shell.ast_transformers[:] = [one for one in shell.ast_transformers if not isinstance(one, LineStatements)]
    for kind in ("line", "cell"):
        manager.magics[kind].pop("kql", None)
    for transformers, own in (
        (shell.input_transformers_cleanup, input_transformers.cell_prefix),
        (shell.input_transformers_cleanup, input_transformers.refuse_cell_inside),
        (shell.input_transformers_post, input_transformers.silence),
    ):
        if own in transformers:
            transformers.remove(own)
    _colour_prompt(shell, on=False)
    _remove_matcher(shell)
    inspection.uninstall(shell)


def _remove_matcher(shell: InteractiveShell) -> None:
    matchers = shell.Completer.custom_matchers
    matchers[:] = [other for other in matchers if not matcher.is_ours(other)]


def _colour_prompt(shell: InteractiveShell, on: bool) -> None:
    """Colour KQL, or no more, where the shell has a prompt of its own: not in a kernel, nor with --simple-prompt."""
    session = getattr(shell, "pt_app", None)
    if session is not None:
        from kqlext.highlighting import prompt

        (prompt.colour if on else prompt.uncolour)(session)
