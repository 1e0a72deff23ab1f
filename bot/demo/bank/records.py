"""A row as the list prints it: the 33 fields of section 2.7 under the switches. Rows come in their state of now."""

from datetime import UTC, datetime, timedelta, timezone, tzinfo
from decimal import Decimal

from bot.demo.bank.reasons import reason_text
from bot.demo.bank.switches import Switches
from bot.demo.bank.traffic import ALMATY
from bot.demo.bank.truth import TruthRow

_MIXED = (timezone(timedelta(hours=5)), timezone(timedelta(hours=6)), UTC)
_ZONES: dict[str, tzinfo] = {**dict(zip(("+05:00", "+06:00", "Z"), _MIXED, strict=True)), "almaty": ALMATY}
_FINAL_CODES = {"paid": "00", "refunded": "00"}


def render(row: TruthRow, switches: Switches) -> dict[str, object]:
    """One record. Empty texts become "", null or nothing at all by `empty_as`."""
    payer = row.payer
    record: dict[str, object] = {
        "id": row.id,
        "dateTime": stamp(row, switches),
        "invoiceId": row.invoice_id,
        "amount": number(row.amount),
        "currency": row.currency,
        "terminal": row.terminal,
        "accountId": payer.account_id,
        "description": row.description,
        "language": payer.language,
        "senderCardMask": payer.sender_card_mask,
        "senderCardType": payer.sender_card_type,
        "receiverCardMask": payer.receiver_card_mask,
        "receiverCardType": payer.receiver_card_type,
        "senderIssuer": payer.sender_issuer,
        "receiverIssuer": payer.receiver_issuer,
        "reference": row.reference,
        "secure": "",
        "code": code(row),
        "reason": reason(row),
        "reasonCode": row.reason_code if switches.reason_code_type == "int" else str(row.reason_code),
        "name": payer.name,
        "email": payer.email,
        "phone": payer.phone,
        "ip": payer.ip,
        "ipCountry": payer.ip_country,
        "ipCity": payer.ip_city,
        "ipRegion": "",
        "ipDistrict": "",
        "ipLongitude": 0,
        "ipLatitude": 0,
        "status": status(row, switches),
        "senderCardId": payer.sender_card_id,
        "receiverCardId": payer.receiver_card_id,
    }
    if switches.empty_as == "null":
        return {key: None if value == "" else value for key, value in record.items()}
    if switches.empty_as == "missing":
        return {key: value for key, value in record.items() if value != ""}
    return record


def stamp(row: TruthRow, switches: Switches) -> str:
    """Creation time with an offset; `mixed` differs from row to row, `almaty` changes on 2024-03-01."""
    zone = _MIXED[int(row.id[0], 16) % 3] if switches.tz_out == "mixed" else _ZONES[switches.tz_out]
    return _iso(row.created_at.astimezone(zone), switches)


def number(amount: Decimal) -> int | float:
    """Tenge as JSON prints them: 200, 12.22."""
    return int(amount) if amount == amount.to_integral_value() else float(amount)


def code(row: TruthRow) -> str:
    """ "00" for success; the list's other values are unknown, so failures get one of another shape."""
    if row.outcome == "undecided" and not row.reason_code:
        return ""
    return _FINAL_CODES.get(row.outcome, "05")


def reason(row: TruthRow) -> str:
    """The bank's words; a third of the failures come without any."""
    if row.reason is not None:
        return row.reason
    return "" if int(row.id[1], 16) % 3 == 0 else reason_text(row.reason_code)


def status(row: TruthRow, switches: Switches) -> str:
    if row.outcome == "paid":
        return "ok"
    if row.outcome == "refunded":
        return switches.refund_status
    if row.outcome == "undecided" and not row.reason_code:
        return switches.pending_status
    return switches.fail_status


def _iso(at: datetime, switches: Switches) -> str:
    if switches.fraction == "none":
        text = at.isoformat(timespec="seconds")
    elif switches.fraction == "trimmed" and at.microsecond:
        text = f"{at:%Y-%m-%dT%H:%M:%S}.{f'{at.microsecond:06d}'.rstrip('0')}{at.isoformat(timespec='seconds')[19:]}"
    else:
        text = at.isoformat(timespec="microseconds" if switches.fraction == "6" else "seconds")
    return text.removesuffix("+00:00") + "Z" if at.tzinfo is UTC else text
