"""Which columns of a table say what of the start of a process: ONE table of the known ones. Pure.

Sources: "4688(S): A new process has been created" of Windows' security auditing, "DeviceProcessEvents" of Microsoft
Defender's advanced hunting, event 1 of Sysmon, "ASIM process event schema" of Microsoft Sentinel, the tables of
osquery, the process events of FireEye HX.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from kqlext.errors import KqlConversionError
from kqlext.text import did_you_mean, listing

REQUIRED = ("time", "name", "process_id", "parent_id")
"""What must be known of a start."""

OPTIONAL = (
    "parent_name", "command_line", "user", "logon_id", "target_logon_id", "host", "created", "parent_created",
    "parent_command_line", "parent_user", "grandparent_id", "grandparent_name", "grandparent_created",
)  # fmt: skip
"""What may be known besides. ``created`` is when the process began, where ``time`` is when somebody wrote that down."""

_GIVEN = "the given columns"


@dataclass(frozen=True)
class Schema:
    """The columns of one source of events.

    Attributes:
        title: what the source is called.
        fields: what is known of a start -> the columns that may hold it; the first that is there does.
        starts: the value of the column ``filter`` in rows that are starts, where there is that column.
    """

    title: str
    fields: Mapping[str, tuple[str, ...]]
    filter: str = ""
    starts: str = ""


@dataclass(frozen=True)
class Columns:
    """The columns of one table that a tree is made from: field -> column."""

    title: str
    fields: Mapping[str, str]
    filter: str = ""
    starts: str = ""


def _schema(title: str, filter: str = "", starts: str = "", **fields: str) -> Schema:
    return Schema(title, MappingProxyType({name: tuple(text.split()) for name, text in fields.items()}), filter, starts)


SCHEMAS: Mapping[str, Schema] = MappingProxyType({
    "windows": _schema(
        "Windows 4688 (SecurityEvent)", "EventID", "4688",
        time="TimeGenerated TimeCreatedUtc", name="NewProcessName", process_id="NewProcessId", parent_id="ProcessId",
        parent_name="ParentProcessName", command_line="CommandLine", user="SubjectUserName Account",
        logon_id="SubjectLogonId", target_logon_id="TargetLogonId", host="Computer"),
    "defender": _schema(
        "DeviceProcessEvents", "ActionType", "ProcessCreated",
        time="Timestamp TimeGenerated", name="FileName", process_id="ProcessId", parent_id="InitiatingProcessId",
        parent_name="InitiatingProcessFileName", command_line="ProcessCommandLine", user="AccountName",
        logon_id="InitiatingProcessLogonId", target_logon_id="LogonId", host="DeviceName DeviceId",
        created="ProcessCreationTime", parent_created="InitiatingProcessCreationTime",
        parent_command_line="InitiatingProcessCommandLine", parent_user="InitiatingProcessAccountName",
        grandparent_id="InitiatingProcessParentId", grandparent_name="InitiatingProcessParentFileName",
        grandparent_created="InitiatingProcessParentCreationTime"),
    "sysmon": _schema(
        "Sysmon 1", "EventID", "1",
        time="UtcTime TimeGenerated", name="Image", process_id="ProcessId", parent_id="ParentProcessId",
        parent_name="ParentImage", command_line="CommandLine", user="User UserName", logon_id="LogonId",
        parent_command_line="ParentCommandLine", parent_user="ParentUser", host="Computer"),
    "asim": _schema(
        "ASIM process events", "EventType", "ProcessCreated",
        time="TimeGenerated EventStartTime", name="TargetProcessName", process_id="TargetProcessId",
        parent_id="ActingProcessId", parent_name="ActingProcessName", command_line="TargetProcessCommandLine",
        user="TargetUsername ActorUsername", parent_command_line="ActingProcessCommandLine",
        target_logon_id="TargetUserSessionId", host="DvcHostname Dvc",
        created="TargetProcessCreationTime", parent_created="ActingProcessCreationTime",
        grandparent_id="ParentProcessId", grandparent_name="ParentProcessName",
        grandparent_created="ParentProcessCreationTime"),
    "auditd": _schema(
        "Linux auditd", "EventType", "SYSCALL_EXECVE",
        time="TimeGenerated", name="exe", process_id="pid", parent_id="ppid", command_line="cmdline", user="acct",
        logon_id="ses", host="Computer"),
    "osquery": _schema(
        "osquery",
        time="calendarTime TimeGenerated", name="name", process_id="pid", parent_id="parent", command_line="cmdline",
        parent_command_line="pcmdline", user="username", host="hostIdentifier"),
    "hx": _schema(
        "FireEye HX", "eventtype", "start",
        time="starttime", name="process", process_id="pid", parent_id="parentpid", parent_name="parentprocess",
        command_line="processcmdline", user="username", host="hostname"),
})  # fmt: skip
"""The known sources by the name that ``schema=`` takes."""


def find_columns(names: Sequence[str], schema: str | Mapping[str, str] | None = None) -> Columns:
    """The columns of a table that a tree is made from.

    Args:
        names: the table's columns.
        schema: the name of a source, or field -> column (``{'time': 'T', 'name': 'Image', 'process_id': 'Pid',
            'parent_id': 'ParentPid'}``). Without it the source of which the table has most columns, among those of
            which it has all that are required.

    Raises:
        KqlConversionError: the table has not the columns of any source, or of two the same number; the schema names a
            field or a column that there is not. The message says what is missing.
    """
    if isinstance(schema, Mapping):
        return _given(names, schema)
    if schema is not None:
        if schema.lower() not in SCHEMAS:
            hint = did_you_mean(schema, SCHEMAS) or f"one of {listing(SCHEMAS)}, or a dict: field -> column"
            raise KqlConversionError(f"There is no schema {schema} of processes.", hint=hint)
        found = _found(names, SCHEMAS[schema.lower()])
        if lacking := _lacking(found.fields):
            raise _missing(SCHEMAS[schema.lower()], lacking, "")
        return found
    matches = {name: _found(names, each) for name, each in SCHEMAS.items()}
    whole = {name: each for name, each in matches.items() if not _lacking(each.fields)}
    if not whole:
        nearest = max(matches, key=lambda name: (-len(_lacking(matches[name].fields)), len(matches[name].fields)))
        raise _missing(SCHEMAS[nearest], _lacking(matches[nearest].fields))
    most = max(len(each.fields) for each in whole.values())
    best = [name for name, each in whole.items() if len(each.fields) == most]
    if len(best) > 1:
        titles = " and ".join(whole[name].title for name in best)
        raise KqlConversionError(f"The columns are as much those of {titles}.", hint=f"say which: schema='{best[0]}'")
    return whole[best[0]]


def _found(names: Collection[str], schema: Schema) -> Columns:
    there = set(names)
    fields = {
        field: column
        for field, columns in schema.fields.items()
        if (column := next((column for column in columns if column in there), None)) is not None
    }
    return Columns(schema.title, fields, schema.filter if schema.filter in there else "", schema.starts)


def _lacking(fields: Collection[str]) -> list[str]:
    return [field for field in REQUIRED if field not in fields]


def _missing(schema: Schema, lacking: Sequence[str], nearest: str = ", the nearest,") -> KqlConversionError:
    columns = listing(" or ".join(schema.fields[field]) for field in lacking)
    return KqlConversionError(
        f"These are no starts of processes: for {schema.title}{nearest} there is no column {columns}.",
        hint="keep these columns in the query, or name those to take in Python: "
        "schema={'time': ..., 'name': ..., 'process_id': ..., 'parent_id': ...}",
    )


def _given(names: Collection[str], fields: Mapping[str, str]) -> Columns:
    for field, column in fields.items():
        if field not in REQUIRED + OPTIONAL:
            hint = did_you_mean(field, REQUIRED + OPTIONAL) or f"one of {listing(REQUIRED + OPTIONAL, 20)}"
            raise KqlConversionError(f"A schema of processes has no field {field}.", hint=hint)
        if column not in names:
            hint = did_you_mean(str(column), names) or f"there are {listing(map(str, names))}"
            raise KqlConversionError(f"There is no column {column} for {field}.", hint=hint)
    if lacking := _lacking(fields):
        raise KqlConversionError(f"The schema does not say {listing(lacking)}.", hint="name a column for each")
    return Columns(_GIVEN, dict(fields))
