"""Why the embedded engine has not some functions, and what to write instead. Pure."""

from __future__ import annotations

from kqlext.services.local_functions.several import SEVERAL

_APPROXIMATE = "Kusto's sketches are its own; count with dcount() or take percentile() from the rows themselves"
_BINARY = "it would need data that is not in the query: join with a table of the notebook instead"
_SERVICE = "it asks about a service, and there is none here"
_UNDOCUMENTED = "how Kusto computes it is not documented"

REFUSALS: dict[str, str] = {
    **{
        name: f"it gives columns, not a value: extend ({', '.join(columns)}) = {name}(…)"
        for name, columns in SEVERAL.items()
    },
    "_getwatchlist": "give the watchlist as a table of the notebook (a DataFrame or a CSV file) and name that",
    "geo_info_from_ip_address": f"there is no location data here: {_BINARY}",
    "parse_user_agent": f"there is no list of user agents here: {_BINARY}",
    "fileprofile": "it is of Microsoft Defender alone",
    **dict.fromkeys(
        (
            *("hll", "hll_if", "hll_merge", "dcount_hll", "tdigest", "tdigest_merge", "merge_tdigest"),
            *("percentile_tdigest", "percentiles_array_tdigest", "percentrank_tdigest", "rank_tdigest"),
        ),
        _APPROXIMATE,
    ),
    **dict.fromkeys(("hash_many", "hash_combine"), f"{_UNDOCUMENTED}; use hash_sha256(strcat(...))"),
    **dict.fromkeys(
        ("series_periods_detect", "series_periods_validate"),
        f"{_UNDOCUMENTED}; series_decompose() and series_seasonal() take a period",
    ),
    **dict.fromkeys(
        (
            *("cursor_after", "cursor_before_or_at", "cursor_current", "extent_id", "extent_tags", "row_id"),
            *("current_principal", "current_principal_details", "current_principal_is_member_of"),
            *("current_cluster_endpoint", "estimate_data_size", "stored_query_result"),
        ),
        _SERVICE,
    ),
}
"""By the name of the function in lower case: the end of a hint."""
