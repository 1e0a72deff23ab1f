"""Logs: one line an event, JSON or for a person, with every secret cut out at the last moment."""

import json
import logging
import re
import sys
from collections.abc import Iterable, Iterator, MutableMapping
from typing import Any
from urllib.parse import quote, quote_plus

import stamina.instrumentation
import structlog

CUT = "[…]"
# Bot tokens, bearer tokens, card numbers and masks, e-mail addresses, phone numbers.
_SECRETS = re.compile(
    r"\d{6,12}:[A-Za-z0-9_-]{30,}"
    r"|(?i:bearer)\s+\S+"
    r"|\b\d{4}(?:[ -]?[\d*•xX]{4}){2}[ -]?\d{4}(?:\d{1,3})?\b"
    r"|\b\d{4,6}[*•.xX]{2,12}\d{4}\b"
    r"|[\w.+-]+@[\w-]+\.[\w.]+"
    r"|\+7[\d ()-]{9,14}\d"
    r"|\b[78]7\d{9}\b"
)
_QUIET = ("telegram", "httpx", "httpcore", "aiohttp.access", "asyncio")
# What our own schedule tells once, these would tell each time, and a stop as a failure.
_SILENT = ("apscheduler", "procrastinate", "psycopg")


class Redactor:
    """The last step before a line is written: known secrets and anything that looks like one is cut out."""

    def __init__(self, secrets: Iterable[str]) -> None:
        spelled = {spelling for secret in secrets if len(secret) >= 4 for spelling in _spellings(secret)}
        known = sorted(spelled, key=len, reverse=True)
        self._known = re.compile("|".join(map(re.escape, known))) if known else None

    def __call__(self, text: str) -> str:
        """The text without secrets."""
        if self._known:
            text = self._known.sub(CUT, text)
        return _SECRETS.sub(CUT, text)


def _spellings(secret: str) -> Iterator[str]:
    """As it is, as Python and JSON quote it, as forms and addresses carry it."""
    yield from (secret, repr(secret)[1:-1], json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1])
    yield from (quote(secret), quote(secret, safe=""), quote_plus(secret))


class _Formatter(structlog.stdlib.ProcessorFormatter):
    def __init__(self, redact: Redactor, *, as_json: bool) -> None:
        # Never rich's tracebacks: they print local variables.
        console = structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)
        super().__init__(
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                self._clean,
                structlog.processors.JSONRenderer(ensure_ascii=False) if as_json else console,
            ],
            foreign_pre_chain=[
                structlog.contextvars.merge_contextvars,
                structlog.stdlib.add_log_level,
                structlog.stdlib.add_logger_name,
                structlog.processors.TimeStamper(fmt="iso"),
            ],
        )
        self._redact = redact

    def _clean(self, _logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        """Cut before quoting can hide a secret; what was logged stays on its one line."""
        cut = {name: self._redact(value) if isinstance(value, str) else value for name, value in event.items()}
        return cut | {"event": _on_one_line(str(cut["event"]))}

    def format(self, record: logging.LogRecord) -> str:
        return self._redact(super().format(record))


def _on_one_line(text: str) -> str:
    return "".join(sign if sign.isprintable() else repr(sign)[1:-1] for sign in text)


def set_up(level: str, *, as_json: bool, secrets: Iterable[str]) -> None:
    """Sends every logger of the process to standard error, ours at `level`, libraries' at INFO or above."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Formatter(Redactor(secrets), as_json=as_json))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for name in _QUIET:
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))
    for name in _SILENT:
        logging.getLogger(name).setLevel(logging.CRITICAL)
    # It would print every repeated call past all this, to standard output.
    stamina.instrumentation.set_on_retry_hooks(())
