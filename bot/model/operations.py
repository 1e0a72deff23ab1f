"""Operations and the people's names around them."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import NewType

MerchantId = NewType("MerchantId", str)
TerminalId = NewType("TerminalId", str)
OperationId = NewType("OperationId", str)

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


def to_micros(at: datetime) -> int:
    """An aware instant as whole microseconds since 1970 UTC, the store's only form of time."""
    return (at - EPOCH) // MICROSECOND


def from_micros(micros: int) -> datetime:
    """The instant in UTC behind a stored number of microseconds."""
    return EPOCH + timedelta(microseconds=micros)


class Outcome(StrEnum):
    """What became of an operation, as far as the bank has said."""

    UNDECIDED = "undecided"
    FAILED = "failed"
    PAID = "paid"
    REFUNDED = "refunded"

    @property
    def rank(self) -> int:
        """A later answer of the bank may only raise the rank; a lower one is a stale reply."""
        return _RANKS[self]


_RANKS = {Outcome.UNDECIDED: 0, Outcome.FAILED: 1, Outcome.PAID: 2, Outcome.REFUNDED: 3}


class ReasonClass(StrEnum):
    """Who can do something about a failure."""

    PAYER = "payer"
    ISSUER = "issuer"
    LIMIT = "limit"
    MERCHANT = "merchant"
    SYSTEM = "system"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Window:
    """A half-open span of time `[start, end)`."""

    start: datetime
    end: datetime

    @property
    def span(self) -> timedelta:
        return self.end - self.start


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One attempt at the bank. Amount in tiyn; cards as their last four digits; times in UTC.

    `status` and `code` are the bank's own words, `outcome` our reading of them, `reason_class`
    is None unless the bank gave a reason code other than 0.
    """

    merchant_id: MerchantId
    id: OperationId
    created_at: datetime
    invoice_id: str
    terminal_id: TerminalId
    amount: int
    currency: str
    outcome: Outcome
    status: str
    code: str = ""
    reason_code: int = 0
    reason_class: ReasonClass | None = None
    reason: str = ""
    reference: str = ""
    account_id: str = ""
    description: str = ""
    sender_card: str = ""
    sender_brand: str = ""
    sender_issuer: str = ""
    receiver_card: str = ""
    receiver_brand: str = ""
    receiver_issuer: str = ""
    payer_name: str = ""
    payer_phone: str = ""
    payer_email: str = ""

    def without_payer(self) -> "Operation":
        """Without who paid, and without the text in which it may be written."""
        return replace(self, payer_name="", payer_phone="", payer_email="", account_id="", description="")

    def without_person(self) -> "Operation":
        """Without anything of a person: no card either."""
        return replace(self.without_payer(), sender_card="", receiver_card="")


@dataclass(frozen=True, slots=True)
class Transition:
    """An operation as it was stored (None: never seen) and as it is now.

    `history` is true for what happened before the bot began to watch: it fills the store and alerts nobody.
    """

    before: Operation | None
    after: Operation
    history: bool = False


@dataclass(frozen=True, slots=True)
class Terminal:
    id: TerminalId
    name: str
    uuid: str | None = None


@dataclass(frozen=True, slots=True)
class Merchant:
    id: MerchantId
    name: str
    terminals: tuple[Terminal, ...] = ()

    def terminal_name(self, terminal_id: str) -> str:
        """The name people know it by; the number itself when nobody named it."""
        return next((known.name for known in self.terminals if known.id == terminal_id), terminal_id)
