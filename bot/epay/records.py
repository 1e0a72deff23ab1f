"""One record of the bank as an Operation: any spelling of its names, strict about money, time and identity."""

from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from decimal import Context, Decimal, Inexact, InvalidOperation
from functools import lru_cache
from typing import Any

from bot.epay.reasons import LIST_PAID, class_of, outcome_of
from bot.model import MerchantId, Operation, OperationId, TerminalId

_NAMES = {
    "id": "id",
    "datetime": "created_at",
    "createddate": "created_at",
    "createdat": "created_at",
    "invoiceid": "invoice_id",
    "terminal": "terminal",
    "amount": "amount",
    "payoutamount": "refunded",
    "currency": "currency",
    "status": "status",
    "statusname": "status",
    "code": "code",
    "reason": "reason",
    "reasoncode": "reason_code",
    "reference": "reference",
    "accountid": "account_id",
    "description": "description",
    "sendercardmask": "sender_card",
    "sendercardtype": "sender_brand",
    "senderissuer": "sender_issuer",
    "receivercardmask": "receiver_card",
    "receivercardtype": "receiver_brand",
    "receiverissuer": "receiver_issuer",
    "name": "payer_name",
    "phone": "payer_phone",
    "email": "payer_email",
}
_TIYN = Decimal("0.01")
_EXACT = Context(prec=17, traps=[Inexact, InvalidOperation])
_NUMBERS = frozenset({int, Decimal})


class Unreadable(ValueError):
    """The field and what is wrong with it, without the value."""


@lru_cache(maxsize=256)
def _our_names(names: tuple[str, ...]) -> tuple[str, ...]:
    """Names as the bank spells them -> ours; strangers and second spellings of one name step aside."""
    ours: list[str] = []
    for name in names:
        known = _NAMES.get(name.lower().replace("_", ""))
        ours.append(known if known and known not in ours else f"other {name}")
    return tuple(ours)


def fields_of(record: Mapping[str, Any]) -> dict[str, Any]:
    """The same values under our names."""
    return dict(zip(_our_names(tuple(record)), record.values(), strict=True))


def operation_of(record: object, merchant_id: MerchantId, *, paid: Collection[str] = LIST_PAID) -> Operation:
    """Raises Unreadable. `record` comes from JSON with Decimal in place of float."""
    if not isinstance(record, dict):
        raise Unreadable("record: not an object")
    values = fields_of(record)
    status, code = _text(values, "status"), _text(values, "code")
    reason_code = _reason_code(values.get("reason_code"))
    return Operation(
        merchant_id=merchant_id,
        id=OperationId(_needed(values, "id")),
        created_at=_instant(values.get("created_at")),
        invoice_id=_text(values, "invoice_id"),
        terminal_id=TerminalId(_text(values, "terminal")),
        amount=tiyn(values.get("amount")),
        currency=_needed(values, "currency"),
        outcome=outcome_of(status, code, reason_code, paid=paid),
        status=status,
        code=code,
        reason_code=reason_code or 0,
        reason_class=class_of(reason_code) if reason_code else None,
        reason=_text(values, "reason"),
        reference=_text(values, "reference"),
        account_id=_text(values, "account_id"),
        description=_text(values, "description"),
        sender_card=_last_four(values, "sender_card"),
        sender_brand=_text(values, "sender_brand"),
        sender_issuer=_text(values, "sender_issuer"),
        receiver_card=_last_four(values, "receiver_card"),
        receiver_brand=_text(values, "receiver_brand"),
        receiver_issuer=_text(values, "receiver_issuer"),
        payer_name=_text(values, "payer_name"),
        payer_phone=_text(values, "payer_phone"),
        payer_email=_text(values, "payer_email"),
    )


def tiyn(value: object, name: str = "amount") -> int:
    """Tenge as JSON or text -> whole tiyn. Raises Unreadable when finer than a tiyn, negative or absurd."""
    if type(value) is int and 0 <= value < 10**13:
        return value * 100
    if type(value) not in {int, str, Decimal}:
        raise Unreadable(f"{name}: not a number")
    try:
        exact = _EXACT.quantize(Decimal(value), _TIYN)  # type: ignore[arg-type]
        amount = int(exact.scaleb(2))
    except Inexact:
        raise Unreadable(f"{name}: finer than a tiyn") from None
    except (ArithmeticError, ValueError):
        raise Unreadable(f"{name}: not a number") from None
    if amount < 0:
        raise Unreadable(f"{name}: negative")
    return amount


def _text(values: Mapping[str, Any], name: str) -> str:
    value = values.get(name)
    if type(value) is str:
        return value
    if value is None:
        return ""
    if type(value) in _NUMBERS:
        return str(value)
    raise Unreadable(f"{name}: not a text")


def _needed(values: Mapping[str, Any], name: str) -> str:
    text = _text(values, name).strip()
    if not text:
        raise Unreadable(f"{name}: missing")
    return text


def _instant(value: object) -> datetime:
    """Aware, 0 to 9 digits of a second (nanoseconds are cut to microseconds) -> UTC."""
    if not isinstance(value, str):
        raise Unreadable("created_at: missing" if value is None else "created_at: not a time")
    try:
        at = datetime.fromisoformat(value)
        if at.tzinfo is not None:
            return at.astimezone(UTC)
    except (ValueError, OverflowError):
        raise Unreadable("created_at: not a time") from None
    raise Unreadable("created_at: no time zone")


def _reason_code(value: object) -> int | None:
    if value is None or value == "":
        return None
    try:
        code = int(str(value))
    except ValueError:
        raise Unreadable("reason_code: not a whole number") from None
    if abs(code) >= 2**31:
        raise Unreadable("reason_code: not a whole number")
    return code


def _last_four(values: Mapping[str, Any], name: str) -> str:
    """`4003********9821`, `400303...9821`, `4003...3957`: no more of a card than this is ever kept."""
    tail = _text(values, name).strip()[-4:]
    return tail if len(tail) == 4 and tail.isascii() and tail.isdecimal() else ""
