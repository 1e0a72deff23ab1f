"""Logs: one line an event, JSON or for a person, with every secret cut out at the last moment."""

import logging
import re
import sys
from collections.abc import Iterable

import stamina
import structlog

CUT = "[…]"
# Bot tokens, bearer tokens, card numbers and masks, e-mail addresses, phone numbers.
_SECRETS = re.compile(
    r"\d{6,12}:[A-Za-z0-9_-]{30,}"
    r"|(?i:bearer)\s+\S+"
    r"|\b\d{4}(?:[ -]?\d{4}){3}(?:\d{1,3})?\b"
    r"|\b\d{4,6}[*•.xX]{2,12}\d{4}\b"
    r"|[\w.+-]+@[\w-]+\.[\w.]+"
    r"|\+7[\d ()-]{9,14}\d"
)
_QUIET = ("telegram", "httpx", "httpcore", "apscheduler", "aiohttp.access", "asyncio")


class Redactor:
    """The last step before a line is written: known secrets and anything that looks like one is cut out."""

    def __init__(self, secrets: Iterable[str]) -> None:
        known = sorted({secret for secret in secrets if len(secret) >= 4}, key=len, reverse=True)
        self._known = re.compile("|".join(map(re.escape, known))) if known else None

    def __call__(self, text: str) -> str:
        """The text without secrets."""
        if self._known:
            text = self._known.sub(CUT, text)
        return _SECRETS.sub(CUT, text)


def _renderers(*, json: bool) -> list[structlog.typing.Processor]:
    if json:
        return [structlog.processors.format_exc_info, structlog.processors.JSONRenderer(ensure_ascii=False)]
    # Never rich's tracebacks: they print local variables.
    return [structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)]


class _Formatter(structlog.stdlib.ProcessorFormatter):
    def __init__(self, redact: Redactor, *, json: bool) -> None:
        super().__init__(
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *_renderers(json=json)],
            foreign_pre_chain=[
                structlog.stdlib.add_log_level,
                structlog.stdlib.add_logger_name,
                structlog.processors.TimeStamper(fmt="iso"),
            ],
        )
        self._redact = redact

    def format(self, record: logging.LogRecord) -> str:
        return self._redact(super().format(record))


def set_up(level: str, *, json: bool, secrets: Iterable[str]) -> None:
    """Sends every logger of the process to standard error, ours at `level`, libraries' at INFO or above."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Formatter(Redactor(secrets), json=json))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    # A retry is no event: loss and recovery of the bank are.
    stamina.instrumentation.set_on_retry_hooks([])
    for name in _QUIET:
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))
