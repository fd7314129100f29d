"""The loggers of azure-identity and MSAL: nothing on stderr unasked, and no code of a sign-in in any log."""

from __future__ import annotations

import logging
import re

_CODES = re.compile(r"""(["'](?:code|device_code|user_code|refresh_token|access_token|id_token)["']:\s*["'])[^"'*]+""")


class _WithoutCodes(logging.Filter):
    """At DEBUG, MSAL's token cache writes down the whole exchange, with the device code in it."""

    def filter(self, record: logging.LogRecord) -> bool:
        shown = record.getMessage()
        hidden = _CODES.sub(r"\1********", shown)
        if hidden != shown:
            record.msg, record.args = hidden, None
        return True


_FILTER = _WithoutCodes()


def tame() -> None:
    """Members of the default chain that have no credential log warnings, which Python writes to stderr where nobody
    set logging up; kqlext's error says it once. A log that somebody did set up still gets them."""
    for name in ("azure.identity", "msal"):
        logger = logging.getLogger(name)
        if not any(isinstance(handler, logging.NullHandler) for handler in logger.handlers):
            logger.addHandler(logging.NullHandler())
    for name in ("msal.token_cache", "msal.application", "msal.oauth2cli.oauth2"):
        logging.getLogger(name).addFilter(_FILTER)  # adding it twice adds it once
