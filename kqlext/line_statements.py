"""``%kql`` lines that stand as statements show their answers, also where they are not the last line of a cell.

Python shows the value of a cell's last line only: of ``%kql`` in a loop, in a function, or before other lines nothing
would be seen. An assignment (``x = %kql ...``) and a last ``;`` show nothing.
"""

from __future__ import annotations

import ast
from typing import Any


class LineStatements(ast.NodeTransformer):
    """Has each such line displayed; the last line of the cell is Python's."""

    def visit_Module(self, node: ast.Module) -> ast.AST:
        last = node.body[-1] if node.body else None
        node.body = [
            statement if statement is last and _is_line(statement) else self.visit(statement) for statement in node.body
        ]
        return node

    def visit_Expr(self, node: ast.Expr) -> ast.AST:
        if not _is_line(node) or _is_silent(node):
            return node
        module = ast.parse("__import__('kqlext.display', fromlist=['show']).show(None)", mode="eval").body
        assert isinstance(module, ast.Call)
        module.args = [node.value]
        return ast.fix_missing_locations(ast.copy_location(ast.Expr(module), node))


def _is_line(node: Any) -> bool:
    """Whether a statement is ``get_ipython().run_line_magic('kql', ...)``, and nothing else."""
    call = node.value if isinstance(node, ast.Expr) else None
    return (
        isinstance(call, ast.Call)
        and isinstance(call.func, ast.Attribute)
        and call.func.attr == "run_line_magic"
        and isinstance(call.func.value, ast.Call)
        and isinstance(call.func.value.func, ast.Name)
        and call.func.value.func.id == "get_ipython"
        and len(call.args) == 2
        and isinstance(call.args[0], ast.Constant)
        and call.args[0].value == "kql"
    )


def _is_silent(node: ast.Expr) -> bool:
    assert isinstance(node.value, ast.Call)
    line = node.value.args[1]
    return isinstance(line, ast.Constant) and str(line.value).rstrip().endswith(";")
