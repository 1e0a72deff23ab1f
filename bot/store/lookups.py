"""Operations by what a person knows of them, and what is remembered of their past. Every look-up has its index."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from bot.model import Change, Clues, Freshness, Merchant, MerchantId, Operation, OperationId, Outcome, Past, from_micros
from bot.store import sources
from bot.store.driver import Connection, Row, list_by_key
from bot.store.operations import SELECT, list_by_invoice, operation_of

COUNTED = 300
TAIL = 8
KEYS = "SELECT id, created_at, invoice_id FROM operation WHERE merchant_id = :merchant_id AND "
# The part that is typed most, the newest numbers, comes last in an invoice: the highest first.
_BEGINS = "invoice_id >= :low AND invoice_id < :high ORDER BY invoice_id DESC LIMIT :limit"
_ENDS = (
    "invoice_tail >= :low AND invoice_tail < :high "
    "AND substr(invoice_id, length(invoice_id) - length(:part) + 1) = :part ORDER BY invoice_tail LIMIT :limit"
)
_NEWEST = "ORDER BY created_at DESC LIMIT :limit"
_PAID_FROM = f"sender_card = :card AND sender_card <> '' {_NEWEST}"
_PAID_TO = f"receiver_card = :card AND receiver_card <> '' {_NEWEST}"
_REFERENCE = "reference = :reference AND reference <> '' LIMIT :limit"
_AMOUNT = f"amount = :amount {_NEWEST}"
_AFTER_ALL = "\U0010ffff"


@dataclass(frozen=True, slots=True)
class Matches:
    """The newest operations that fit, each invoice once; `total` of all, `uncounted`: at least that many."""

    operations: tuple[Operation, ...]
    total: int
    uncounted: bool


@dataclass(frozen=True, slots=True)
class Known:
    """What the store has at one merchant: attempts on the very invoice with their past, and other operations."""

    merchant: Merchant
    attempts: tuple[Operation, ...]
    past: Past
    matches: Matches
    freshness: Freshness

    @property
    def is_empty(self) -> bool:
        return not self.attempts and not self.matches.total


def recall(db: Connection, merchant: Merchant, clues: Clues, *, limit: int) -> Known:
    """Everything stored that the clues may mean, at most `limit` of it besides the invoice itself."""
    attempts = list_by_invoice(db, merchant.id, clues.invoice) if clues.invoice else []
    return Known(
        merchant,
        tuple(attempts),
        past_of(db, merchant.id, [attempt.id for attempt in attempts]),
        list_matches(db, merchant.id, clues, limit=limit),
        sources.get_freshness(db, merchant.id),
    )


def list_matches(db: Connection, merchant_id: MerchantId, clues: Clues, *, limit: int) -> Matches:
    """Operations that fit any of the clues but the whole invoice, newest first."""
    found: dict[str, Row] = {}
    uncounted = False
    for condition, values in conditions(clues):
        rows = db.rows(KEYS + condition, merchant_id=merchant_id, limit=COUNTED, **values)
        uncounted = uncounted or len(rows) == COUNTED
        found |= {row["id"]: row for row in rows}
    invoices: dict[str, OperationId] = {}
    for row in sorted(found.values(), key=lambda row: (-row["created_at"], row["id"])):
        if row["invoice_id"] != clues.invoice:
            invoices.setdefault(row["invoice_id"] or row["id"], row["id"])
    ids = list(invoices.values())
    return Matches(list_by_ids(db, merchant_id, ids[:limit]), len(ids), uncounted)


def conditions(clues: Clues) -> Iterator[tuple[str, dict[str, object]]]:
    """What is asked after KEYS for each clue, with its values; each has an index of its own."""
    for part in clues.parts:
        tail = part[: -TAIL - 1 : -1]
        yield _BEGINS, {"low": part, "high": part + _AFTER_ALL}
        yield _ENDS, {"low": tail, "high": tail + _AFTER_ALL, "part": part}
    if clues.card:
        yield _PAID_FROM, {"card": clues.card}
        yield _PAID_TO, {"card": clues.card}
    if clues.reference:
        yield _REFERENCE, {"reference": clues.reference}
    if clues.amount is not None:
        yield _AMOUNT, {"amount": clues.amount}


def list_by_ids(db: Connection, merchant_id: MerchantId, ids: Sequence[OperationId]) -> tuple[Operation, ...]:
    """Those of the operations that are stored, newest first."""
    rows = list_by_key(db, f"{SELECT} WHERE merchant_id = :merchant_id AND id", merchant_id, ids)
    return tuple(sorted(map(operation_of, rows), key=lambda one: (one.created_at, one.id), reverse=True))


def past_of(db: Connection, merchant_id: MerchantId, ids: Sequence[OperationId]) -> Past:
    """What became of these operations since they were first seen."""
    of_merchant = "WHERE merchant_id = :merchant_id AND"
    changes = list_by_key(db, f"SELECT * FROM operation_change {of_merchant} operation_id", merchant_id, ids)
    missing = list_by_key(db, f"SELECT id FROM operation {of_merchant} missing_at IS NOT NULL AND id", merchant_id, ids)
    return Past(_by_operation(changes), frozenset(row["id"] for row in missing))


def _by_operation(rows: Iterable[Row]) -> dict[OperationId, tuple[Change, ...]]:
    told: defaultdict[OperationId, tuple[Change, ...]] = defaultdict(tuple)
    for row in sorted(rows, key=lambda row: row["at"]):
        told[row["operation_id"]] += (
            Change(
                at=from_micros(row["at"]),
                before=Outcome(row["outcome_before"]),
                after=Outcome(row["outcome_after"]),
                amount_before=row["amount_before"],
                amount_after=row["amount_after"],
            ),
        )
    return dict(told)
