"""Values for tests: everything has a sensible default, a test names only what it is about."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.model import (
    AlertReason,
    Destination,
    Incident,
    IncidentAlert,
    IncidentState,
    Loudness,
    Member,
    Merchant,
    MerchantId,
    Operation,
    OperationId,
    Outcome,
    ReasonClass,
    Severity,
    Terminal,
    TerminalId,
)
from bot.store.sources import Source

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
SHOP, BAKERY = MerchantId("shop"), MerchantId("bakery")
SAMAL, DOSTYK = TerminalId("98151552"), TerminalId("98151553")
SHOP_LLP = Merchant(SHOP, "Shop LLP", (Terminal(SAMAL, "Samal-2"), Terminal(DOSTYK, "Dostyk")))
OWNER = Destination(chat_id=101)
_STATUSES = {Outcome.PAID: "ok", Outcome.FAILED: "error", Outcome.UNDECIDED: "NEW", Outcome.REFUNDED: "REFUND"}

# A merchant as it is when the bot begins to watch it.
UNREAD = Source(
    merchant_id=SHOP,
    watching_since_at=NOW,
    through_at=None,
    dialect="{}",
    last_ok_at=None,
    lost_at=None,
    last_error="",
    set_aside=0,
)


def an_operation(id: str = "op-1", **changes: Any) -> Operation:
    """Paid, 150.00 tenge, created at NOW; an outcome brings its status, a failure its reason."""
    given: dict[str, Any] = {
        "merchant_id": SHOP,
        "id": OperationId(id),
        "created_at": NOW,
        "invoice_id": f"invoice of {id}",
        "terminal_id": SAMAL,
        "amount": 15_000,
        "currency": "KZT",
        "outcome": Outcome.PAID,
    }
    given |= changes
    given.setdefault("status", _STATUSES[given["outcome"]])
    if given["outcome"] is Outcome.FAILED:
        given = {"reason_code": 484, "reason_class": ReasonClass.PAYER} | given
    return Operation(**given)


def failed(operation: Operation, code: int = 484) -> Operation:
    """The same operation as the bank shows it once it has failed."""
    return replace(operation, outcome=Outcome.FAILED, status="error", reason_code=code, reason_class=ReasonClass.PAYER)


def paid(operation: Operation) -> Operation:
    """The same operation as the bank shows it once it is paid."""
    return replace(operation, outcome=Outcome.PAID, status="ok", reason_code=0, reason_class=None)


def refunded(operation: Operation) -> Operation:
    """The same operation as the bank shows it once the money went back."""
    return replace(operation, outcome=Outcome.REFUNDED, status="REFUND", reason_code=0, reason_class=None)


def an_incident(number: int = 1, **changes: Any) -> Incident:
    """Open since NOW, loud, about one failure of a payer at Samal-2."""
    given: dict[str, Any] = {
        "number": number,
        "rule": "failed_operation",
        "merchant_id": SHOP,
        "severity": Severity.WARNING,
        "loudness": Loudness.ON,
        "state": IncidentState.OPEN,
        "opened_at": NOW,
        "last_at": NOW,
        "sounded_at": NOW,
        "members": (Member(SAMAL, ReasonClass.PAYER),),
        "count": 1,
        "sums": {"KZT": 15_000},
        "attempts": (an_operation(outcome=Outcome.FAILED),),
    }
    return Incident(**given | changes)


def an_alert(number: int = 1, **changes: Any) -> IncidentAlert:
    """The first words about an incident; what is not the alert's own is the incident's."""
    own = {name: value for name, value in changes.items() if name in IncidentAlert.__dataclass_fields__}
    of_incident = {name: value for name, value in changes.items() if name not in own}
    given: dict[str, Any] = {
        "reason": AlertReason.FIRST,
        "incident": an_incident(number, **of_incident),
        "merchant_name": SHOP_LLP.name,
        "terminal_names": {SAMAL: "Samal-2"},
        "at": NOW,
    }
    return IncidentAlert(**given | own)


def minutes(count: float) -> timedelta:
    return timedelta(minutes=count)


def hours(count: float) -> timedelta:
    return timedelta(hours=count)
