"""Functions and aggregates that duckdb-kql has not, or answers otherwise than Kusto, for the embedded engine.

The tables say how DuckDB computes each: mostly an SQL template, and a Python function where SQL cannot say it exactly.
duckdb-kql knows them only while ``extended`` is in force, in the thread that entered it, so that nothing else in the
process that uses duckdb-kql sees them; the Python functions are registered with a connection only when a query first
names them. This package may read the dictionaries of duckdb-kql's translator; no other module does.
"""

from kqlext.services.local_functions.registry import extended, install, names

__all__ = ["extended", "install", "names"]
