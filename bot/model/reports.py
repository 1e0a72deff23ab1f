"""Read-only answers as values: figures, look-ups, the state of the bot."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import datetime

from bot.model.operations import EPOCH, Merchant, Terminal, TerminalId, Window
from bot.model.periods import Calendar, Period


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """Counts and sums (tiyn) of the operations of one currency by outcome."""

    paid: int = 0
    paid_sum: int = 0
    failed: int = 0
    failed_sum: int = 0
    undecided: int = 0
    undecided_sum: int = 0
    refunded: int = 0
    refunded_sum: int = 0

    @property
    def total(self) -> int:
        return self.paid + self.failed + self.undecided + self.refunded

    @property
    def decided(self) -> int:
        """The denominator of the success rate: what the bank has said yes or no to."""
        return self.paid + self.refunded + self.failed

    @property
    def success_rate(self) -> float | None:
        """Paid at the time (refunds were paid) out of decided; None when nothing is decided."""
        return (self.paid + self.refunded) / self.decided if self.decided else None

    @property
    def average(self) -> int | None:
        """The sum paid by operation in whole tiyn, halves up; None when nothing is paid."""
        return (2 * self.paid_sum + self.paid) // (2 * self.paid) if self.paid else None

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(**{part.name: getattr(self, part.name) + getattr(other, part.name) for part in fields(Tally)})


@dataclass(frozen=True, slots=True)
class ReasonCount:
    """How often a failure code came; code 0 stands for a failure without a code."""

    code: int
    count: int


@dataclass(frozen=True, slots=True)
class InvoiceTally:
    """Invoices with at least one decided attempt, and how many of them were paid in the end."""

    decided: int = 0
    paid: int = 0

    @property
    def success_rate(self) -> float | None:
        return self.paid / self.decided if self.decided else None

    def __add__(self, other: "InvoiceTally") -> "InvoiceTally":
        return InvoiceTally(self.decided + other.decided, self.paid + other.paid)


@dataclass(frozen=True, slots=True)
class Bar:
    """One step of a series: what was created from `at` until the next bar, or the end of the window."""

    at: datetime
    currencies: Mapping[str, Tally]

    @property
    def total(self) -> int:
        return sum(tally.total for tally in self.currencies.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What happened in a window; `bars` only where a series was asked for."""

    window: Window
    currencies: Mapping[str, Tally]
    reasons: tuple[ReasonCount, ...] = ()
    invoices: InvoiceTally = InvoiceTally()
    bars: tuple[Bar, ...] = ()


@dataclass(frozen=True, slots=True)
class Freshness:
    """How far the store has read (None: not yet); `lost_since` while the bank does not answer.

    `since_at`: nothing created before it has been read (None: not known); `filling` while history goes on being read.
    """

    through_at: datetime | None
    lost_since: datetime | None = None
    since_at: datetime | None = None
    filling: bool = False


def stalest(known: Iterable[Freshness]) -> Freshness:
    """The one that has read least far: what is true of several merchants together."""
    return min(known, key=lambda one: one.through_at or EPOCH, default=Freshness(None))


@dataclass(frozen=True, slots=True)
class PeriodFigures:
    """A period in figures; `cut` when its figures end before it does."""

    period: Period
    figures: Figures
    cut: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PeriodReport:
    """A period as far as the bank has been read, beside earlier ones cut at the same moment of theirs."""

    merchant: Merchant
    terminal: Terminal | None
    asked: PeriodFigures
    earlier: tuple[PeriodFigures, ...]
    freshness: Freshness
    calendar: Calendar
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparisonReport:
    """Two periods, the earlier first; when one of them is going on, the other is cut at the same moment of it."""

    merchant: Merchant
    terminal: Terminal | None
    sides: tuple[PeriodFigures, PeriodFigures]
    freshness: Freshness
    calendar: Calendar
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TerminalsReport:
    """A period of one merchant by terminal, currency by currency."""

    merchant: Merchant
    asked: PeriodFigures
    terminals: Mapping[TerminalId, Mapping[str, Tally]]
    freshness: Freshness
    calendar: Calendar
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceHealth:
    """One merchant's reading of the bank. `set_aside` counts records the bank sent that could not be read."""

    merchant: Merchant
    freshness: Freshness
    last_ok_at: datetime | None
    last_error: str
    watching_since: datetime | None
    backfilled_to: datetime | None
    backfill_until: datetime | None
    operations: int
    undecided: int
    set_aside: int


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthReport:
    """The state of the bot for a person: sources, the queue to Telegram, versions."""

    version: str
    started_at: datetime
    sources: tuple[SourceHealth, ...]
    outbox_waiting: int
    outbox_oldest_at: datetime | None
    outbox_dead: int
    last_sent_at: datetime | None
    store: str
    at: datetime
