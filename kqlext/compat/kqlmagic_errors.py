"""The errors that ``Kqlmagic.kql`` raises, by the names of Kqlmagic's own."""

from __future__ import annotations

import json

from kqlext import errors


class KqlError(errors.KqlError):
    """What a service answered. ``args[0]`` is JSON, as of Kqlmagic's: ``{"error": {"code": ..., "message": ...}}``."""


class KqlEngineError(errors.KqlError):
    """What was wrong before a service answered: the connection, the cell, the network."""


class AuthenticationError(errors.KqlError):
    """There is no credential, or the service refused it."""


class UnknownOptionError(KqlEngineError, ValueError):
    """There is no such option."""


_ANSWERS = (
    errors.KqlQueryError,
    errors.KqlThrottledError,
    errors.KqlServiceError,
    errors.KqlResponseError,
    errors.KqlPartialResultError,
)


def as_of_kqlmagic(error: errors.KqlError, configures: bool = False) -> errors.KqlError:
    """The error of Kqlmagic's that stands for one of kqlext's, with all that it knows.

    Args:
        configures: whether it is of ``--config``.
    """
    kind: type[errors.KqlError] = KqlEngineError
    if isinstance(error, errors.KqlAuthenticationError):
        kind = AuthenticationError
    elif isinstance(error, _ANSWERS):
        kind = KqlError
    elif configures and isinstance(error, errors.KqlCellError):
        kind = UnknownOptionError
    made = kind(error.message)
    made.__dict__.update(error.__dict__)
    entry = {"code": error.code or type(error).__name__, "message": error.message}
    made.args = (json.dumps({"error": entry}) if kind is KqlError else str(error),)
    return made
