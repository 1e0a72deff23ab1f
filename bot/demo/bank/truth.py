"""What really happened at the bank: rows and their changes, exact and complete. No rendering, no randomness."""

from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Literal

Outcome = Literal["paid", "failed", "undecided", "refunded"]


@dataclass(frozen=True, slots=True)
class Payer:
    """The person and cards of an operation: everything a record shows that does not change with the amount."""

    account_id: str
    name: str
    email: str
    phone: str
    language: str
    sender_card_mask: str
    sender_card_type: str
    sender_issuer: str
    sender_card_id: str
    receiver_card_mask: str
    receiver_card_type: str
    receiver_issuer: str
    receiver_card_id: str
    ip: str = ""
    ip_country: str = ""
    ip_city: str = ""


@dataclass(frozen=True, slots=True)
class Change:
    """From `at` on the operation has this state. `amount` in tenge; `reason_code` 0 means no reason."""

    at: datetime
    outcome: Outcome
    reason_code: int
    amount: Decimal


@dataclass(frozen=True, slots=True)
class TruthRow:
    """One operation. `outcome`, `reason_code` and `amount` are those of its state: see `at`.

    `changes` holds every state, past and planned, in order; the first begins at `created_at`.
    The bank lists the row from `visible_at` until `hidden_at`.
    """

    id: str
    merchant_id: str
    terminal: str
    terminal_uuid: str
    invoice_id: str
    amount: Decimal
    outcome: Outcome
    reason_code: int
    created_at: datetime
    visible_at: datetime
    changes: tuple[Change, ...]
    payer: Payer
    reference: str = ""
    description: str = ""
    reason: str | None = None
    currency: str = "KZT"
    hidden_at: datetime | None = None

    def is_visible(self, now: datetime) -> bool:
        return self.visible_at <= now and self.created_at <= now and (self.hidden_at is None or now < self.hidden_at)

    def at(self, now: datetime) -> "TruthRow":
        """The row in the state it has at `now`."""
        if len(self.changes) == 1:
            return self
        state = next((change for change in reversed(self.changes) if change.at <= now), self.changes[0])
        return replace(self, outcome=state.outcome, reason_code=state.reason_code, amount=state.amount)

    def changed(self, change: Change) -> "TruthRow":
        """The row with one more change, whatever was planned after it given up. ValueError before its creation."""
        if change.at < self.created_at:
            raise ValueError(f"operation {self.id} did not exist at {change.at}")
        kept = tuple(earlier for earlier in self.changes if earlier.at <= change.at)
        return replace(self, changes=(*kept, change))

    @property
    def first_amount(self) -> Decimal:
        return self.changes[0].amount
