"""Troubles that last, and who takes care of them."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from bot.model.operations import MerchantId, Operation, ReasonClass, TerminalId


class Severity(StrEnum):
    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        return list(Severity).index(self)


class Loudness(StrEnum):
    """How an event is told: with sound, without, or only counted."""

    ON = "on"
    SILENT = "silent"
    OFF = "off"


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """When failures of a class are loud: so many `within` a span, and so large a share of at least `min_sample`; or
    `at_once`, when so large a share of a terminal's last payments failed, few as they may be."""

    loudness: Loudness = Loudness.ON
    min_count: int = 1
    within: timedelta = timedelta(minutes=10)
    min_share: float = 0.0
    min_sample: int = 5
    at_once: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One failed operation that a rule reports, and the policy of its reason class; `late`: read long after it was."""

    rule: str
    merchant_id: MerchantId
    severity: Severity
    policy: Policy
    operation: Operation
    late: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Symptom:
    """A lasting state that a rule sees or no longer sees (`holds`), perhaps since earlier than now.

    `text` is a catalogue text, `values` fill it.
    """

    rule: str
    merchant_id: MerchantId
    key: str
    holds: bool
    severity: Severity = Severity.WARNING
    loudness: Loudness = Loudness.ON
    terminals: tuple[TerminalId, ...] = ()
    since: datetime | None = None
    text: str
    values: Mapping[str, str | int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, order=True)
class Member:
    """A place of an incident: which terminal fails for which class of reason."""

    terminal_id: TerminalId
    reason_class: ReasonClass


@dataclass(frozen=True, slots=True)
class Mark:
    """Who did something, and when."""

    user_id: int
    name: str
    at: datetime


class IncidentState(StrEnum):
    OPEN = "open"
    RECOVERING = "recovering"
    RESOLVED = "resolved"


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """One trouble, by the number people call it.

    Failures: `members`, `count`, `sums` (tiyn by currency) and the newest `attempts`, as the bank says now;
    `seen_at` are the bank's instants of those read last, by class. Symptoms: `key`, `text` and `values`. `began_at`
    is the bank's time of the first failure, `opened_at` and `last_at` are when we learnt of the first and the last;
    `late` when all were old by then. `told_members` have been announced; `sounded_at` is the last message with a
    reason of its own; nobody has had it `free_since`, and so many `calls` went out since, the last `escalated_at`.
    """

    number: int
    rule: str
    merchant_id: MerchantId
    key: str = ""
    severity: Severity
    loudness: Loudness
    state: IncidentState = IncidentState.OPEN
    opened_at: datetime
    began_at: datetime | None = None
    last_at: datetime
    resolved_at: datetime | None = None
    sounded_at: datetime
    members: tuple[Member, ...] = ()
    told_members: int = 1
    count: int = 0
    corrected: int = 0
    sums: Mapping[str, int] = field(default_factory=dict)
    attempts: tuple[Operation, ...] = ()
    seen_at: Mapping[ReasonClass, tuple[datetime, ...]] = field(default_factory=dict)
    text: str = ""
    values: Mapping[str, str | int] = field(default_factory=dict)
    terminals: tuple[TerminalId, ...] = ()
    late: bool = False
    flaps: int = 0
    acknowledged: Mark | None = None
    snoozed: Mark | None = None
    snoozed_until: datetime | None = None
    escalated_at: datetime | None = None
    calls: int = 0
    free_since: datetime | None = None

    @property
    def since(self) -> datetime:
        """When it began, as far as that is known."""
        return self.began_at or self.opened_at

    @property
    def handled(self) -> bool:
        """Somebody has it, or has put it off."""
        return self.acknowledged is not None or self.snoozed_until is not None

    @property
    def is_open(self) -> bool:
        return self.state is not IncidentState.RESOLVED

    @property
    def places(self) -> tuple[TerminalId, ...]:
        """Its terminals in the order they joined; none for what concerns the whole merchant."""
        return tuple(dict.fromkeys([*(member.terminal_id for member in self.members), *self.terminals]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence:
    """Mutes what it matches until it ends. Empty fields match anything; `until_recovery` ends it with the trouble."""

    id: int = 0
    merchant_id: MerchantId
    terminals: tuple[TerminalId, ...] = ()
    classes: tuple[ReasonClass, ...] = ()
    rule: str = ""
    until_at: datetime
    until_recovery: bool = False
    author: Mark
    comment: str = ""

    def matches(self, incident: Incident) -> bool:
        """Everything the incident is about lies inside the matcher."""
        if incident.merchant_id != self.merchant_id or self.rule not in {"", incident.rule}:
            return False
        classes = {member.reason_class for member in incident.members}
        return _covers(self.terminals, incident.places) and _covers(self.classes, classes)

    def shuts(self, rule: str, terminal_id: TerminalId) -> bool:
        """Whether a person announced that nothing of this rule is to be heard of a terminal."""
        named = not self.terminals or terminal_id in self.terminals
        return named and not self.classes and self.rule in {"", rule}


def _covers(named: Collection[str], seen: Collection[str]) -> bool:
    return not named or (len(seen) > 0 and set(seen) <= set(named))


@dataclass(frozen=True, slots=True)
class Event:
    """One line of an incident's history: an English word of what happened, and who did it ("" for nobody)."""

    at: datetime
    what: str
    who: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Timers:
    """When an incident speaks up again, moves on and ends (defaults: facts/alerting.md 3)."""

    between_sounds: timedelta = timedelta(minutes=3)
    edit_interval: timedelta = timedelta(seconds=5)
    keep_firing: timedelta = timedelta(minutes=10)
    repeat: timedelta = timedelta(hours=4)
    repeat_critical: timedelta = timedelta(hours=1)
    escalate_after: timedelta = timedelta(minutes=15)
    calls: int = 1
    ack_timeout: timedelta = timedelta(hours=2)
    many: int = 3
