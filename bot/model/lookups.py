"""What a person may know of a payment, and what is found by it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from bot.model.operations import Merchant, Operation, OperationId, Outcome, Window
from bot.model.reports import Freshness


@dataclass(frozen=True, slots=True, kw_only=True)
class Clues:
    """Everything a text may mean; the same digits may be several things at once, None is what they cannot be.

    `shown` is the text as it may be repeated: without the middle of a card number. `parts` are spellings of the
    beginning or end of an invoice, `card` four digits, `reference` a whole RRN, `amount` tiyn of any currency.
    """

    shown: str
    invoice: str | None = None
    parts: tuple[str, ...] = ()
    card: str | None = None
    reference: str | None = None
    amount: int | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """One operation as it was and as it became, noticed at `at`; amounts in tiyn."""

    at: datetime
    before: Outcome
    after: Outcome
    amount_before: int
    amount_after: int


@dataclass(frozen=True, slots=True)
class Checked:
    """The newest attempt on an invoice by the bank's single check, with what was given back of it."""

    operation: Operation
    refunded: int


@dataclass(frozen=True, slots=True)
class Past:
    """What the store remembers of attempts: their changes, oldest first, and which the bank no longer lists."""

    changes: Mapping[OperationId, tuple[Change, ...]] = field(default_factory=dict)
    missing: frozenset[OperationId] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundReport:
    """Every attempt on an invoice, newest first; `live`: as the bank says now, else as stored.

    `waiting` while the bank may still answer. `window` is what was looked through, None for all that the bank, or
    the store, keeps. `others`: how many more operations the same text fits.
    """

    merchant: Merchant
    query: str
    operations: tuple[Operation, ...]
    live: bool
    freshness: Freshness
    at: datetime
    window: Window | None = None
    waiting: bool = False
    past: Past = Past()
    checked: Checked | None = None
    others: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchReport:
    """Operations that fit a text in one way or another, newest first, an invoice once.

    `total` counts them all; with `uncounted` there may be more. `part`: what the
    bank may be asked for anywhere in an invoice, since the store knows its ends only.
    """

    query: str
    operations: tuple[Operation, ...]
    total: int
    uncounted: bool
    freshness: Freshness
    at: datetime
    waiting: bool = False
    part: str = ""
