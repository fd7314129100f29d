"""The kql driver of msticpy 2.18 on kqlext's stand-in for Kqlmagic, against a Log Analytics on loopback."""

from __future__ import annotations

import contextlib
import io
import sys

from scenario import TOKEN, Report, code_of_page, machine, raised
from servers.kusto_frames import TableSpec
from servers.monitor import OTHER_WORKSPACE, THIRD_WORKSPACE, WORKSPACE, MonitorServer
from servers.monitor_tables import TOO_LARGE, partial_error, tables

TENANT = "7e57ab1e-0000-4000-8000-00000000aaaa"
ONE = TableSpec("PrimaryResult", (("n", "long"),), ((1,),))


def main(server: MonitorServer) -> int:
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    from kqlext import samples
    from kqlext.compat import kqlmagic

    settings = Config()
    settings.HistoryManager.enabled = False
    report, shell = Report(), InteractiveShell.instance(config=settings)
    where = f".datasourceurl('{server.url}').trusted()"

    def connection(workspace: str) -> str:
        return f"loganalytics://code().tenant('{TENANT}').workspace('{workspace}'){where}"

    with report.check(
        "the code of docs/msticpy.md runs: the stand-in is installed, msticpy's driver loads and connects"
    ):
        shell.user_ns["connection"] = connection(WORKSPACE)
        shell.run_cell(code_of_page(1)).raise_error()
        from msticpy.common.exceptions import MsticpyKqlConnectionError
        from msticpy.data import QueryProvider

        provider = shell.user_ns["provider"]
        assert provider.connected
        assert shell.find_magic("kql").__module__ == "kqlext.magic"

    with report.check("it signs in with the token of msticpy's own sign-in"):
        assert server.requests[-1].headers["Authorization"] == f"Bearer {TOKEN}"

    with report.check("it lists the schema"):
        assert provider.schema == {name: dict(columns) for name, columns in samples.TABLES.items()}
        assert "SecurityEvent" in provider.schema_tables

    with report.check("it queries"):
        frame = provider.exec_query(
            "SigninLogs | where ResultType == '50126' | summarize n = count() by IPAddress | top 1 by n"
        )
        assert frame.to_dict("records") == [{"IPAddress": "203.0.113.57", "n": 66}]

    with report.check("a built-in query runs"):
        frame = provider.SecurityAlert.list_alerts(start="2024-03-11", end="2024-03-18")
        assert len(frame) == 41

    with report.check("the option timeout reaches the service"):
        provider.exec_query("Heartbeat | count", timeout=77)
        assert server.requests[-1].prefer["wait"] == "77"

    with report.check("a partial result is said"):
        server.on("AuditLogs | take 1", tables(ONE, error=partial_error(TOO_LARGE)))
        with contextlib.redirect_stdout(io.StringIO()) as printed:
            frame = provider.exec_query("AuditLogs | take 1")
        assert frame.to_dict("records") == [{"n": 1}]
        assert "partial results" in printed.getvalue()

    with report.check("an error is raised, with a place and a hint"):
        error = raised(lambda: provider.exec_query("SigninLogs | where UserPrincipal == 'x'"))
        assert isinstance(error, kqlmagic.KqlError)
        assert "UserPrincipal" in str(error)
        assert "^^^" in str(error)

    with report.check("two workspaces, each provider asks its own"):
        other = QueryProvider("MSSentinel_Legacy")
        other.connect(connection(OTHER_WORKSPACE))
        for asked, workspace in ((other, OTHER_WORKSPACE), (provider, WORKSPACE), (other, OTHER_WORKSPACE)):
            asked.exec_query("Heartbeat | count")
            assert server.requests[-1].source == workspace
        assert len(shell.run_line_magic("kql", "--conn").text.splitlines()) == 2

    with report.check("%kql is on the same connection"):
        result = shell.run_line_magic("kql", "Heartbeat | count")
        assert result.origin.connection == f"{OTHER_WORKSPACE}@loganalytics"

    with report.check("a workspace that there is not is msticpy's connection error"):
        absent = WORKSPACE.replace("1", "9")
        error = raised(lambda: QueryProvider("MSSentinel_Legacy").connect(connection(absent)))
        assert isinstance(error, MsticpyKqlConnectionError)
        assert "could not be found" in str(error)

    with report.check("a token that the service refuses is msticpy's connection error"):
        server.tokens = {"another"}
        error = raised(lambda: QueryProvider("MSSentinel_Legacy").connect(connection(THIRD_WORKSPACE)))
        assert isinstance(error, MsticpyKqlConnectionError)
        assert "authentication failed" in str(error).lower()
        assert TOKEN not in str(error)

    with report.check("the stand-in is removed"):
        kqlmagic.uninstall()
        assert shell.find_magic("kql") is None
        assert "Kqlmagic" not in sys.modules
    return report.end()


if __name__ == "__main__":
    with machine() as server:
        sys.exit(main(server))
