"""The single checks by order number (facts/epay-api.md, 3.2 and 3.4). The newest visible attempt speaks for its order.

The bank keeps payments and transfers apart; this world has transfers only, and shows them in both shapes.
"""

from datetime import datetime, timedelta

from bot.demo.bank.answers import Answer
from bot.demo.bank.records import number, reason, stamp
from bot.demo.bank.switches import Switches
from bot.demo.bank.truth import TruthRow

JUST_CREATED = timedelta(seconds=10)
_STATUS = {"paid": "CHARGE", "failed": "FAILED", "undecided": "NEW", "refunded": "REFUND"}
_MESSAGES = {"100": "SUCCESS", "102": "NOT FOUND", "107": "IN PROGRESS"}


def check_p2p(rows: list[TruthRow], now: datetime, switches: Switches) -> Answer:
    """`{result{code, message}, transaction{p2p{…}}}`; 102 unknown, 107 for the first ten seconds, then 100."""
    code, row = _found(rows, now)
    transaction = None if row is None else {"p2p": _common(row, switches)}
    payload = {"result": {"code": code, "message": _MESSAGES[code]}, "transaction": transaction}
    return Answer(_http(code, switches), payload)


def check_payment(rows: list[TruthRow], now: datetime, switches: Switches) -> Answer:
    """`{resultCode, resultMessage, transaction{…}}`, with the same codes."""
    code, row = _found(rows, now)
    transaction = None
    if row is not None:
        transaction = _common(row, switches) | {
            "orgAmount": number(row.first_amount),
            "approvalCode": row.reference[-6:],
            "data": "{}",
            "cardMask": row.payer.sender_card_mask.replace("********", "00..."),
            "issuer": row.payer.sender_issuer,
            "intReference": row.id,
            "secure": False,
            "statusID": row.id,
            "cardID": row.payer.sender_card_id,
            "name": row.payer.name,
            "email": row.payer.email,
            "phone": row.payer.phone,
        }
    payload = {"resultCode": code, "resultMessage": _MESSAGES[code], "transaction": transaction}
    return Answer(_http(code, switches), payload)


def _found(rows: list[TruthRow], now: datetime) -> tuple[str, TruthRow | None]:
    newest = max((row for row in rows if row.is_visible(now)), key=lambda row: row.created_at, default=None)
    if newest is None:
        return "102", None
    if now - newest.created_at < JUST_CREATED:
        return "107", None
    return "100", newest.at(now)


def _http(code: str, switches: Switches) -> int:
    return switches.unknown_order if code == "102" else 200


def _common(row: TruthRow, switches: Switches) -> dict[str, object]:
    refunded = row.first_amount if row.outcome == "refunded" else row.first_amount - row.amount
    return {
        "id": row.id,
        "createdDate": stamp(row, switches),
        "invoiceID": row.invoice_id,
        "amount": number(row.amount),
        "amountBonus": 0,
        "payoutAmount": number(refunded),
        "currency": row.currency,
        "cardType": row.payer.sender_card_type,
        "terminal": row.terminal,
        "terminalID": row.terminal_uuid,
        "accountID": row.payer.account_id,
        "description": row.description,
        "language": row.payer.language,
        "reference": row.reference,
        "statusName": _STATUS[row.outcome],
        "reason": reason(row),
        "reasonCode": str(row.reason_code),
    }
