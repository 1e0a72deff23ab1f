"""Values for tests: everything has a sensible default, a test names only what it is about."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.model import (
    AlertReason,
    Destination,
    FailureAlert,
    Incident,
    IncidentState,
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

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
SHOP, BAKERY = MerchantId("shop"), MerchantId("bakery")
SAMAL, DOSTYK = TerminalId("98151552"), TerminalId("98151553")
SHOP_LLP = Merchant(SHOP, "Shop LLP", (Terminal(SAMAL, "Samal-2"), Terminal(DOSTYK, "Dostyk")))
OWNER = Destination(chat_id=101)
_STATUSES = {Outcome.PAID: "ok", Outcome.FAILED: "error", Outcome.UNDECIDED: "NEW", Outcome.REFUNDED: "REFUND"}


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
    """Open since NOW, about failures of payers at Samal-2."""
    given: dict[str, Any] = {
        "number": number,
        "rule": "failed_operation",
        "merchant_id": SHOP,
        "key": f"{SAMAL}/payer",
        "severity": Severity.WARNING,
        "state": IncidentState.OPEN,
        "opened_at": NOW,
        "last_at": NOW,
        "count": 1,
    }
    return Incident(**given | changes)


def an_alert(id: str = "op-1", **changes: Any) -> FailureAlert:
    """The first alert about one failed operation."""
    given: dict[str, Any] = {
        "incident": 1,
        "reason": AlertReason.FIRST,
        "severity": Severity.WARNING,
        "merchant_name": SHOP_LLP.name,
        "terminal_name": "Samal-2",
        "operation": an_operation(id, outcome=Outcome.FAILED),
        "count": 1,
        "at": NOW,
    }
    return FailureAlert(**given | changes)


def minutes(count: float) -> timedelta:
    return timedelta(minutes=count)


def hours(count: float) -> timedelta:
    return timedelta(hours=count)
