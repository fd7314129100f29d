"""What a database holds: tables, columns and functions. How it is read, kept and shown.

``model`` is the data, ``kusto`` and ``azure`` read the answers of services, ``reading`` asks them, ``disk`` keeps
what was read, ``store`` has the schemas of a session, ``listing`` shows them. Importing it imports nothing heavy.
"""

from kqlext.schemas.model import Column, DatabaseSchema, Function, Parameter, TableKind, TableSchema

__all__ = ["Column", "DatabaseSchema", "Function", "Parameter", "TableKind", "TableSchema"]
