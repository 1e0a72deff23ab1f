"""Findings, incidents and the alerts that announce them."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from bot.model.operations import MerchantId, Operation


class Severity(StrEnum):
    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What a rule says now. `key` tells one lasting trouble from another inside a rule and merchant."""

    rule: str
    merchant_id: MerchantId
    key: str
    severity: Severity
    at: datetime
    operation: Operation


class AlertReason(StrEnum):
    """Why a message comes now."""

    FIRST = "first"
    MORE = "more"


class IncidentState(StrEnum):
    OPEN = "open"
    RESOLVED = "resolved"


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """A finding that lasts; `number` is what people call it by."""

    number: int
    rule: str
    merchant_id: MerchantId
    key: str
    severity: Severity
    state: IncidentState
    opened_at: datetime
    last_at: datetime
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FailureAlert:
    """The announcement of one failed operation: all values to show, true at `at`."""

    incident: int
    reason: AlertReason
    severity: Severity
    merchant_name: str
    terminal_name: str
    operation: Operation
    count: int
    at: datetime
    late: bool = False


class SourceState(StrEnum):
    LOST = "lost"
    DENIED = "denied"
    BACK = "back"


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceAlert:
    """The bank went away or came back. `error` is a plain sentence without secrets."""

    state: SourceState
    merchant_name: str
    since: datetime
    at: datetime
    error: str = ""
    operations: int = 0
    failed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeAlert:
    """Something about the bot itself: a destination that refuses, records set aside, Telegram lost and back.

    `text` is an English catalogue text, `values` fill it.
    """

    text: str
    values: dict[str, str | int] = field(default_factory=dict)
    at: datetime


Alert = FailureAlert | SourceAlert | NoticeAlert
