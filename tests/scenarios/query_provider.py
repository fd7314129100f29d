"""Query providers of msticpy on kqlext's driver, against a Log Analytics on loopback that runs the KQL."""

from __future__ import annotations

import contextlib
import os
import sys
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from itertools import pairwise

import pandas as pd
from scenario import Report, code_of_page, machine, raised
from servers.kusto_frames import TableSpec
from servers.monitor import OTHER_WORKSPACE, WORKSPACE, MonitorServer, Request, internal_error
from servers.monitor_tables import TOO_LARGE, partial_error, tables

ONE = TableSpec("PrimaryResult", (("n", "long"),), ((1,),))
WEEK = {"start": "2024-03-11", "end": "2024-03-18"}
HOST = {"host_name": "WS-FIN-02"}

BUILT_IN = (
    ("SecurityAlert.list_alerts", {}, 41),
    ("SecurityAlert.list_alerts_counts", {}, 12),
    ("WindowsSecurity.list_host_processes", HOST, 657),
    ("WindowsSecurity.list_matching_processes", {"process_name": "powershell.exe"}, 155),
    ("WindowsSecurity.list_host_logons", HOST, 121),
    ("WindowsSecurity.list_host_logon_failures", HOST, 7),
    ("WindowsSecurity.get_host_logon", {**HOST, "logon_session_id": "0x3e7"}, 76),
    ("WindowsSecurity.list_logons_by_account", {"account_name": "jlind"}, 317),
    ("WindowsSecurity.list_logon_attempts_by_ip", {"ip_address": "203.0.113.57"}, 67),
    ("WindowsSecurity.summarize_events", HOST, 6),
    ("Azure.list_aad_signins_for_ip", {"ip_address_list": ["203.0.113.57"]}, 67),
    ("Heartbeat.get_info_by_hostname", HOST, 1),
    ("M365D.list_host_processes", HOST, 657),
)
"""Queries of msticpy's own, their parameters, and the rows that the sample week has of them.

Of all 191, `RUN` run on the loopback service. Of the others, most ask for tables that the samples do not have (Syslog,
CommonSecurityLog, DeviceFileEvents ...), or for what its engine lacks (make-series, arg_max(..., *), extractall, ...);
some are no right KQL in any service: hunting queries whose comments hide all that follows, and a few with a bracket or
a name too many.
"""

RUN = 57
VALUES = {
    **HOST,
    "account_name": "jlind",
    "ip_address": "203.0.113.57",
    "ip_address_list": ["203.0.113.57"],
    "process_name": "powershell.exe",
    "logon_session_id": "0x3e7",
    "timestampcolumn": "TimeGenerated",
}
"""Values for the parameters that all queries together want; any other is a letter."""


@dataclass
class Failing:
    """A rule of the server's: requests whose query holds a text fail so many times."""

    text: str
    times: int
    seen: list[Request] = field(default_factory=list)

    def __call__(self, request: Request) -> bool:
        if self.text not in request.query or len(self.seen) >= self.times:
            return False
        self.seen.append(request)
        return True


def said(call: Callable[[], object]) -> list[str]:
    """The warnings of a call."""
    with warnings.catch_warnings(record=True) as caught:
        call()
    return [str(warning.message) for warning in caught if warning.category.__name__ == "IncompleteWarning"]


def main(server: MonitorServer) -> int:
    from msticpy.data import QueryProvider
    from msticpy.datamodel.entities import Host
    from msticpy.transform.proc_tree_builder import build_process_tree

    from kqlext import connect, errors, samples
    from kqlext.compat.msticpy import KqlextDriver

    report = Report()

    def connection(workspace: str) -> str:
        return f"loganalytics://workspace='{workspace}';azcli;datasourceurl='{server.url}';trusted"

    def asked(call: Callable[[], object]) -> list[Request]:
        """The requests that a call sends."""
        before = len(server.requests)
        call()
        return server.requests[before:]

    with report.check("a provider loads msticpy's queries for Sentinel"):
        provider = QueryProvider("MSSentinel", driver=KqlextDriver(connect(connection(WORKSPACE))))
        assert len(provider.list_queries()) > 150

    with report.check("it connects and lists the schema"):
        provider.connect()
        assert provider.schema == {name: dict(columns) for name, columns in samples.TABLES.items()}

    for name, parameters, rows in BUILT_IN:
        with report.check(f"{name} runs"):
            frame = getattr(provider, name)(**WEEK, **parameters)
            assert len(frame) == rows, len(frame)

    with report.check("all others run, or the service refuses them"):
        ran = 0
        for name in provider.list_queries():
            path, _, query_name = name.rpartition(".")
            source = provider.query_store.get_query(query_path=path, query_name=query_name)
            wanted = {parameter: VALUES.get(parameter, "x") for parameter in source.required_params} | WEEK
            with contextlib.suppress(errors.KqlQueryError):
                getattr(provider, name)(**wanted)
                ran += 1
        assert ran == RUN, ran

    processes = provider.WindowsSecurity.list_host_processes
    whole = processes(**WEEK, **HOST)

    with report.check("a week split into days has the same rows, in the order of time"):
        frames: list[pd.DataFrame] = []
        requests = asked(lambda: frames.append(processes(**WEEK, **HOST, split_query_by="1d")))
        pd.testing.assert_frame_equal(frames[0], whole.sort_values("TimeGenerated", ignore_index=True, kind="stable"))
        spans = sorted(request.body["timespan"].split("/") for request in requests)
        assert len(spans) == 7
        assert all(
            pd.Timestamp(after[0]) - pd.Timestamp(end) == pd.Timedelta("100ns") for (_, end), after in pairwise(spans)
        )

    with report.check("a day that fails is asked again, and stands in its place"):
        failing = Failing("2024-03-13T00:00:00Z", 2)
        server.on(failing, internal_error())
        again = processes(**WEEK, **HOST, split_query_by="1d")
        assert failing.seen
        pd.testing.assert_frame_equal(again, frames[0])

    with report.check("a day that fails for good is a warning with its range, or an error"):
        failing = Failing("2024-03-13T00:00:00Z", 10_000)
        server.on(failing, internal_error())
        texts = said(lambda: processes(**WEEK, **HOST, split_query_by="1d"))
        assert any("2024-03-13T00:00:00Z until 2024-03-14T00:00:00Z are missing" in text for text in texts), texts
        error = raised(lambda: processes(**WEEK, **HOST, split_query_by="1d", fail_on_partial=True))
        assert isinstance(error, errors.KqlPartialResultError)
        failing.times = 0

    with report.check("a range that is shorter than a piece is one piece"):
        hours = {"start": "2024-03-13T09:00", "end": "2024-03-13T10:00"}
        assert len(processes(**hours, **HOST, split_query_by="1d")) == len(processes(**hours, **HOST)) == 21

    with report.check("a split query is printed"):
        text = processes("print", **WEEK, **HOST, split_query_by="1d")
        assert text.count("SecurityEvent") == 7

    with report.check("a value in quotes is a text"):
        assert len(processes(**WEEK, host_name='WS-FIN-02" or 1 == 1 or Computer has "')) == 0
        assert len(processes(**WEEK, host_name="C:\\new\\table\n| take 1")) == 0

    with report.check("a parameter that is misspelt is an error"):
        error = raised(lambda: provider.SecurityAlert.list_alerts(**WEEK, hostname="x"))
        assert isinstance(error, errors.KqlCellError)
        assert "list_alerts takes no hostname" in str(error)
        assert len(provider.M365D.host_connections(**WEEK, hostname="WS-FIN-02")) == 1087  # an alias is none

    with report.check("a time or a length that is none is an error"):
        for wrong in ({"start": "soon"}, {"end": pd.NaT}, {"split_query_by": "often"}, {"end": "2024-03-10"}):
            error = raised(partial(processes, **{**WEEK, **HOST, "split_query_by": "1d", **wrong}))
            assert isinstance(error, errors.KqlCellError), error

    with report.check("an error has a place and a hint"):
        error = raised(lambda: provider.exec_query("SigninLogs | where UserPrincipal == 'x'"))
        assert isinstance(error, errors.KqlQueryError)
        assert "^^^" in str(error)

    with report.check("each partial result is said, or an error"):
        server.on("AuditLogs", tables(ONE, error=partial_error(TOO_LARGE)))
        for _ in range(2):
            assert any("64000000" in text for text in said(lambda: provider.exec_query("AuditLogs")))
        error = raised(lambda: provider.exec_query("AuditLogs", fail_on_partial=True))
        assert isinstance(error, errors.KqlPartialResultError)

    with report.check("timeout and time_span reach the service"):
        span = {"start": pd.Timestamp("2024-03-13"), "end": "2024-03-14"}
        (request,) = asked(lambda: provider.exec_query("Heartbeat | count", timeout=77, time_span=span))
        assert request.prefer["wait"] == "77"
        assert request.body["timespan"] == "2024-03-13T00:00:00Z/2024-03-14T00:00:00Z"

    with report.check("a pivot of one host runs"):
        assert len(Host.MSSentinel.wevt_processes(Host(HostName="WS-FIN-02"), **WEEK)) == 657

    with report.check("a pivot of a table of hosts runs"):
        hosts = pd.DataFrame({"host": ["WS-FIN-02", "SRV-FILE01"]})
        frame = Host.MSSentinel.wevt_processes(data=hosts, host_name="host", **WEEK)
        assert frame.Computer.value_counts().to_dict() == {
            "WS-FIN-02.contoso.com": 657,
            "SRV-FILE01.contoso.com": 343,
        }

    with report.check("msticpy's process tree of Sentinel's DeviceProcessEvents is built"):
        text = "DeviceProcessEvents | where TimeGenerated > datetime(2024-03-13T09:00) | project-away Timestamp"
        tree = build_process_tree(provider.exec_query(text))
        assert tree.IsRoot.sum() == 29

    with report.check("two workspaces are asked at once, and each row says whose it is"):
        provider.add_connection(connection(OTHER_WORKSPACE), alias="other")
        frame = provider.SecurityAlert.list_alerts(**WEEK)
        sources = [f"{workspace}@loganalytics" for workspace in (WORKSPACE, OTHER_WORKSPACE)]
        assert frame.Connection.value_counts().to_dict() == dict.fromkeys(sources, 41)
        assert provider.list_connections() == [f"Default: {sources[0]}", f"other: {sources[1]}"]

    with report.check("the sample database is a workspace too"):
        sampled = QueryProvider("MSSentinel", driver=KqlextDriver("samples"))
        sampled.connect()
        frames = []
        ask = sampled.WindowsSecurity.list_host_processes
        assert said(lambda: frames.extend([ask(**WEEK, **HOST), ask(**WEEK, **HOST, split_query_by="1d")])) == []
        assert [len(frame) for frame in frames] == [657, 657]

    with report.check("the code of docs/msticpy.md runs"):
        os.environ["KQLEXT_CONNECTION_SOC"] = connection(WORKSPACE)
        variables: dict[str, object] = {}
        exec(code_of_page(0), variables)  # noqa: S102 (our own page)
        assert len(variables["alerts"]) == 41

    with report.check("a named connection is a workspace of msticpyconfig.yaml"):
        error = raised(lambda: provider.connect(workspace="nowhere"))
        assert isinstance(error, errors.KqlConnectionError)
        assert "nowhere" in str(error)
    return report.end()


if __name__ == "__main__":
    with machine() as server:
        sys.exit(main(server))
