"""Functions and aggregates that duckdb-kql has not, or answers otherwise than Kusto, for the embedded engine.

The tables say how DuckDB computes each: mostly an SQL template, and a Python function where SQL cannot say it exactly.
duckdb-kql knows them only while ``extended`` is in force, in the thread that entered it, so that nothing else in the
process that uses duckdb-kql sees them; the Python functions are registered with a connection only when a query first
names them.
"""

from kqlext.services.local_functions.registry import extended, install
from kqlext.services.local_functions.tables import names

__all__ = ["extended", "install", "names"]
