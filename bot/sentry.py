"""Faults of the program at Sentry, if it is wanted: what happened and where, never anybody's data."""

import logging
from collections.abc import Callable
from typing import Any

from bot import __version__
from bot.errors import ConfigurationError, Problem

# The parts of an event that say what happened; everything else is left at home.
_KEPT = ("event_id", "timestamp", "level", "logger", "platform", "release", "sdk")
_KEPT_OF_A_FRAME = ("filename", "abs_path", "function", "module", "lineno", "in_app")


def report_to(dsn: str, redact: Callable[[str], str]) -> None:
    """Every error in the log is reported there from now on. Raises ConfigurationError: no package, or a bad DSN."""
    try:
        import sentry_sdk  # noqa: PLC0415 - an extra
        from sentry_sdk.integrations.logging import LoggingIntegration  # noqa: PLC0415
        from sentry_sdk.utils import BadDsn  # noqa: PLC0415
    except ImportError:
        what = "needs the package sentry-sdk: pip install 'epay-bot[sentry]', or leave this setting out"
        raise ConfigurationError(Problem("server.sentry_dsn", what)) from None
    try:
        sentry_sdk.init(
            dsn=dsn,
            release=__version__,
            before_send=lambda event, _hint: scrubbed(dict(event), redact),
            default_integrations=False,
            auto_enabling_integrations=False,
            integrations=[LoggingIntegration(level=None, event_level=logging.ERROR)],
            include_local_variables=False,
            include_source_context=False,
            send_default_pii=False,
            max_breadcrumbs=0,
            auto_session_tracking=False,
            send_client_reports=False,
            server_name="",
            shutdown_timeout=2,
        )
    except BadDsn:
        raise ConfigurationError(Problem("server.sentry_dsn", "is not an address Sentry gives")) from None


def scrubbed(event: dict[str, Any], redact: Callable[[str], str]) -> Any:
    """What may leave: the log's sentence before values are put in, kinds of errors, and places in the code."""
    kept = {name: event[name] for name in _KEPT if name in event}
    kept["message"] = (event.get("logentry") or {}).get("message", "")
    faults = (event.get("exception") or {}).get("values") or []
    kept["exception"] = {"values": [_fault(fault) for fault in faults]}
    return _each_text(kept, redact)


def _fault(fault: dict[str, Any]) -> dict[str, Any]:
    """An error's own text may quote what people wrote."""
    frames = (fault.get("stacktrace") or {}).get("frames") or []
    places = [{name: frame[name] for name in _KEPT_OF_A_FRAME if name in frame} for frame in frames]
    return {"type": fault.get("type"), "module": fault.get("module"), "stacktrace": {"frames": places}}


def _each_text(value: Any, redact: Callable[[str], str]) -> Any:
    """Nothing above holds a secret; should it once, it is cut out."""
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, dict):
        return {name: _each_text(part, redact) for name, part in value.items()}
    if isinstance(value, list):
        return [_each_text(part, redact) for part in value]
    return value
