"""What docs/upstream.md says of duckdb-kql is so. Where one of these fails, look whether upstream has mended it."""

from __future__ import annotations

import pytest
from upstream_cases import REPORTS, Report, outcome


@pytest.mark.parametrize("report", REPORTS, ids=lambda report: report.query.partition("\n")[0][:60])
def test_duckdb_kql_answers_as_we_report(report: Report) -> None:
    assert outcome(report.query) == report.got
