"""The single check of one order: nested or flat, its query code is not the operation's state."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.epay.payloads import parse_object, raise_error
from bot.epay.reasons import CHECK_PAID
from bot.epay.records import Unreadable, fields_of, operation_of, tiyn
from bot.errors import SourceUnavailable
from bot.model import MerchantId, Operation

FOUND = "100"


@dataclass(frozen=True, slots=True)
class Check:
    """`query_code` says how the asking went: 100 found, 102 unknown, 107 in progress (facts/epay-api.md, 4).

    `operation` lacks cards and the payer, which this answer does not carry. `refunded` is in tiyn.
    """

    query_code: str
    operation: Operation | None
    refunded: int = 0


def parse_check(body: bytes, merchant_id: MerchantId, invoice_id: str) -> Check:
    """Raises SourceRejected for the bank's own error, SourceUnavailable for anything that is not a check."""
    answer = {name.lower(): value for name, value in parse_object(body).items()}
    result = answer.get("result")
    code = result.get("code") if isinstance(result, dict) else answer.get("resultcode")
    if code is None:
        raise_error(answer)
    record = _record(answer.get("transaction"))
    if record is None:
        return Check(str(code), None)
    try:
        operation = operation_of(record, merchant_id, paid=CHECK_PAID)
        refunded = tiyn(fields_of(record).get("refunded") or 0, "refunded")
    except Unreadable as problem:
        raise SourceUnavailable(f"the bank's check cannot be read: {problem}") from None
    if operation.invoice_id != invoice_id:
        raise SourceUnavailable("the bank's check is about another order")
    return Check(str(code), operation, refunded)


def _record(transaction: Any) -> Mapping[str, Any] | None:
    """`transaction.p2p`, or `transaction` itself where a copy of the documents has no nesting."""
    if not isinstance(transaction, dict):
        return None
    nested = {name.lower(): value for name, value in transaction.items()}.get("p2p", transaction)
    return nested if isinstance(nested, dict) and nested else None
