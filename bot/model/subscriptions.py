"""What a chat wants to hear, how loud, when without sound, and when its digests come. Pure."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from bot.model.incidents import Incident, Loudness, Severity
from bot.model.operations import Merchant, Terminal, TerminalId
from bot.model.periods import DAY, WEEK, Calendar, Period, PeriodKind, last_of_month

_LOUDER = (Loudness.OFF, Loudness.SILENT, Loudness.ON)


class EventKind(StrEnum):
    """Failures of payments, the source itself, unusual volume, and digests."""

    FAILURES = "failures"
    SOURCE = "source"
    VOLUME = "volume"
    DIGEST = "digest"


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """How loud a chat wants one kind of event of a place; "" stands for every merchant, every terminal."""

    merchant_id: str = ""
    terminal_id: str = ""
    kind: EventKind
    min_severity: Severity = Severity.INFO
    loudness: Loudness = Loudness.ON


EVERYTHING = tuple(Subscription(kind=kind) for kind in EventKind)
"""What a chat hears that has chosen nothing of its own."""


def louder(one: Loudness, other: Loudness) -> Loudness:
    """Of two wishes the one that is heard."""
    return max(one, other, key=_LOUDER.index)


def kind_of(incident: Incident) -> EventKind:
    """What sort of event an incident is."""
    if not incident.key:
        return EventKind.FAILURES
    return EventKind.VOLUME if "volume" in incident.rule or incident.terminals else EventKind.SOURCE


def loudness_for(wishes: Collection[Subscription], incident: Incident) -> Loudness:
    """How loud an incident is for these wishes: for each of its terminals the most specific one counts,
    and of the terminals the loudest."""
    kind, loudest = kind_of(incident), Loudness.OFF
    for terminal_id in incident.places or (TerminalId(""),):
        wish = wish_for(wishes, kind, incident.merchant_id, terminal_id)
        if wish and incident.severity.rank >= wish.min_severity.rank:
            loudest = louder(loudest, wish.loudness)
    return loudest


def wish_for(
    wishes: Collection[Subscription], kind: EventKind, merchant_id: str, terminal_id: str
) -> Subscription | None:
    """The most specific wish about a place: its terminal, else its merchant, else everything.

    What concerns a whole merchant, `terminal_id` "", concerns also who asked for one terminal of it.
    """
    known = [
        wish
        for wish in wishes
        if wish.kind is kind
        and wish.merchant_id in {"", merchant_id}
        and (wish.terminal_id in {"", terminal_id} or not terminal_id)
    ]
    if not terminal_id and (whole := [wish for wish in known if not wish.terminal_id]):
        known = whole
    return max(known, key=lambda wish: (bool(wish.terminal_id), bool(wish.merchant_id)), default=None)


def digest_places(
    wishes: Collection[Subscription], merchants: Sequence[Merchant]
) -> list[tuple[Merchant, Terminal | None]]:
    """What digests are about for these wishes: whole merchants (None), or those terminals that are asked for."""
    wanted = [wish for wish in wishes if wish.kind is EventKind.DIGEST and wish.loudness is not Loudness.OFF]
    places: list[tuple[Merchant, Terminal | None]] = []
    for merchant in merchants:
        here = [wish for wish in wanted if wish.terminal_id and wish.merchant_id == merchant.id]
        whole = wish_for([wish for wish in wishes if not wish.terminal_id], EventKind.DIGEST, merchant.id, "")
        if whole and whole.loudness is not Loudness.OFF:
            places.append((merchant, None))
        else:
            named = (TerminalId(wish.terminal_id) for wish in here)
            places += [(merchant, Terminal(one, merchant.terminal_name(one))) for one in named]
    return places


@dataclass(frozen=True, slots=True)
class QuietHours:
    """A part of the day, on the clock of a chat, in which only what is critical makes a sound. May cross midnight."""

    start: time
    end: time

    def holds(self, at: datetime, zone: ZoneInfo) -> bool:
        """Whether the clock shows a time from `start` up to, not including, `end`."""
        clock = at.astimezone(zone).time()
        if self.start <= self.end:
            return self.start <= clock < self.end
        return clock >= self.start or clock < self.end


class DigestKind(StrEnum):
    DAILY = "daily"
    WEEKLY = "weekly"
    MONTHLY = "monthly"


@dataclass(frozen=True, slots=True)
class DigestPlan:
    """When a chat wants a digest: at `clock`, on weekday `on` (Monday 0) or on day `on` of the month (or its last)."""

    kind: DigestKind
    clock: time
    on: int = 0

    def due_after(self, at: datetime, zone: ZoneInfo) -> datetime:
        """The first moment after `at`, in UTC; an hour the clocks leave out comes when they go on, one they show
        twice comes once."""
        day = at.astimezone(zone).date()
        while not (self._fits(day) and self._instant(day, zone) > at):
            day += DAY
        return self._instant(day, zone)

    def newest_due(self, due_at: datetime, now: datetime, zone: ZoneInfo) -> datetime:
        """Of several moments missed since `due_at` the last one."""
        while (following := self.due_after(due_at, zone)) <= now:
            due_at = following
        return due_at

    def _fits(self, day: date) -> bool:
        match self.kind:
            case DigestKind.WEEKLY:
                return day.weekday() == self.on
            case DigestKind.MONTHLY:
                return day.day == min(self.on, last_of_month(day).day)
            case _:
                return True

    def _instant(self, day: date, zone: ZoneInfo) -> datetime:
        return datetime.combine(day, self.clock, tzinfo=zone).astimezone(UTC)


def digest_period(kind: DigestKind, at: datetime, calendar: Calendar) -> Period:
    """The last whole day, week from Monday, or month before `at`."""
    today = calendar.day_of(at)
    match kind:
        case DigestKind.WEEKLY:
            monday = today - today.weekday() * DAY - WEEK
            return Period(PeriodKind.WEEK, monday, monday + WEEK - DAY)
        case DigestKind.MONTHLY:
            end = today.replace(day=1) - DAY
            return Period(PeriodKind.MONTH, end.replace(day=1), end)
        case _:
            return calendar.yesterday(at)


@dataclass(frozen=True, slots=True)
class ChatSettings:
    """Everything a chat has chosen: what it hears, when without sound, when its digests come."""

    subscriptions: Sequence[Subscription]
    quiet: QuietHours | None
    plans: Sequence[DigestPlan]


LATE_DIGEST = timedelta(minutes=15)
