"""What is said unasked: one change of an incident, or a notice about the bot itself, with the values of its time."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from bot.model.incidents import Event, Incident, Silence
from bot.model.operations import Operation, Outcome
from bot.model.reports import PeriodReport
from bot.model.subscriptions import DigestKind


class AlertReason(StrEnum):
    """Why a message comes now. An update only rewrites the incident's message; every other one is a message."""

    FIRST = "first"
    WIDENED = "widened"
    REMINDER = "reminder"
    ESCALATED = "escalated"
    RESOLVED = "resolved"
    UPDATE = "update"


class Because(StrEnum):
    """What made a reminder due."""

    STILL_FAILING = "still_failing"
    SNOOZE_OVER = "snooze_over"
    ACK_RAN_OUT = "ack_ran_out"
    SILENCE_OVER = "silence_over"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """How the incident's terminals do: since it opened, and usually (None: too little is known)."""

    failed: int
    decided: int
    usual: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Aftermath:
    """What became of the incident's invoices: paid in the end by another try, or still unpaid."""

    recovered: int
    unpaid: int


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentAlert:
    """The announcement of one change of an incident.

    `silence` mutes it now; `missed` failures came under one that is over. `called` is to look at it. `silent`: this
    chat wants it without sound. `instead_of` names chats that should hear it and take no messages.
    """

    reason: AlertReason
    because: Because | None = None
    incident: Incident
    merchant_name: str
    terminal_names: Mapping[str, str] = field(default_factory=dict)
    rates: Rates | None = None
    aftermath: Aftermath | None = None
    silence: Silence | None = None
    missed: int = 0
    data_as_of: datetime | None = None
    called: str = ""
    called_id: int | None = None
    silent: bool = False
    instead_of: tuple[str, ...] = ()
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentReport:
    """One incident as a person asked for it: a page of its operations, each with what became of its invoice.

    `unpaid`: only those whose invoices are. `events` are its history, oldest first.
    """

    alert: IncidentAlert
    rows: tuple[tuple[Operation, Outcome], ...]
    unpaid: bool
    page: int
    last_page: int
    events: tuple[Event, ...]
    at: datetime


@dataclass(frozen=True, slots=True)
class Alarm:
    """Unusual volume of a terminal, as a preset would have told it: what was `seen`, and what is usual."""

    kind: str
    at: datetime
    seen: int
    low: int
    high: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeAlert:
    """Something about the bot itself: a destination that refuses, records set aside, Telegram lost and back.

    `text` is an English catalogue text, `values` fill it.
    """

    text: str
    values: dict[str, str | int] = field(default_factory=dict)
    silent: bool = False
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestIncident:
    """What a digest says of one incident: `text` with `values` for a state, `count` for failures; who took it."""

    number: int
    terminals: tuple[str, ...]
    count: int
    text: str = ""
    values: Mapping[str, str | int] = field(default_factory=dict)
    since: datetime
    resolved_at: datetime | None
    who: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestPart:
    """One merchant, or one terminal of it, in a digest. `payer_refusals` are counted and never alerted."""

    report: PeriodReport
    payer_refusals: int
    set_aside: int
    incidents: tuple[DigestIncident, ...]
    silences: tuple[Silence, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestAlert:
    """A scheduled summary of a period that is over. `due_at` is when it should have come, `late` that it does not."""

    kind: DigestKind
    parts: tuple[DigestPart, ...]
    due_at: datetime
    late: bool = False
    silent: bool = False
    at: datetime


Alert = IncidentAlert | NoticeAlert | DigestAlert
