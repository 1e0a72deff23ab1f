"""Stored sums over operations and invoices, kept as deltas in the transaction that changes them."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.model import MerchantId, Operation, Outcome, Transition, to_micros
from bot.store.driver import Connection, list_by_key

MINUTE = 60_000_000
HOUR = 60 * MINUTE


def _adding(table: str, key: str, *sums: str) -> str:
    """The statement that adds to the sums under a key, columns in this order."""
    columns = [*key.split(", "), *sums]
    more = ", ".join(f"{name} = {table}.{name} + excluded.{name}" for name in sums)
    return (
        f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))}) "
        f"ON CONFLICT ({key}) DO UPDATE SET {more}"
    )


_MINUTE_DELTA = _adding("rollup_minute", "merchant_id, start_at, terminal_id, currency, outcome", "count", "sum")
_HOUR_DELTA = _adding(
    "rollup_hour", "merchant_id, start_at, terminal_id, currency, outcome, reason_code", "count", "sum"
)
_TOTAL_DELTA = _adding("rollup_total", "merchant_id, start_at, currency, outcome, reason_code", "count", "sum")
_INVOICE_DELTA = _adding("rollup_invoice", "merchant_id, start_at, terminal_id, currency, outcome", "count")
_INVOICE_TOTAL_DELTA = _adding("rollup_invoice_total", "merchant_id, start_at, currency, outcome", "count")
_INVOICE_UPSERT = """
    INSERT INTO invoice (merchant_id, invoice_id, first_at, terminal_id, currency, outcome)
    VALUES (?, ?, ?, ?, ?, ?)
    ON CONFLICT (merchant_id, invoice_id) DO UPDATE
    SET first_at = excluded.first_at, terminal_id = excluded.terminal_id,
        currency = excluded.currency, outcome = excluded.outcome
"""


@dataclass(frozen=True, slots=True)
class _Invoice:
    """What the invoice table keeps: the place of the first attempt and the best outcome of all."""

    first_at: int
    terminal_id: str
    currency: str
    outcome: Outcome

    def joined_by(self, operation: Operation) -> "_Invoice":
        """The invoice after one more state of one of its attempts."""
        outcome = max(self.outcome, operation.outcome, key=lambda known: known.rank)
        if (at := to_micros(operation.created_at)) < self.first_at:
            return _Invoice(at, operation.terminal_id, operation.currency, outcome)
        return _Invoice(self.first_at, self.terminal_id, self.currency, outcome)

    @property
    def bucket(self) -> tuple[int, str, str, str]:
        return (self.first_at - self.first_at % HOUR, self.terminal_id, self.currency, self.outcome)


def add(db: Connection, merchant_id: MerchantId, transitions: Sequence[Transition]) -> None:
    """Brings every stored sum up to date with these transitions."""
    fine = _operation_deltas(transitions)
    for statement, deltas in zip((_MINUTE_DELTA, _HOUR_DELTA, _TOTAL_DELTA), _coarser(fine), strict=True):
        db.many(statement, ((merchant_id, *key, count, total) for key, (count, total) in deltas.items()))
    _add_invoices(db, merchant_id, transitions)


class _Deltas(defaultdict[tuple[Any, ...], list[int]]):
    """Count and sum to add under each key."""

    def __init__(self) -> None:
        super().__init__(lambda: [0, 0])

    def add(self, key: tuple[Any, ...], count: int, total: int) -> None:
        delta = self[key]
        delta[0] += count
        delta[1] += total


def _operation_deltas(transitions: Iterable[Transition]) -> _Deltas:
    """By minute, terminal, currency, outcome and reason."""
    fine = _Deltas()
    for transition in transitions:
        if transition.before is not None:
            fine.add(_place(transition.before), -1, -transition.before.amount)
        fine.add(_place(transition.after), 1, transition.after.amount)
    return fine


def _coarser(fine: _Deltas) -> tuple[_Deltas, _Deltas, _Deltas]:
    """Minutes without reasons, hours with them, and hours of all terminals together."""
    minutes, hours, totals = _Deltas(), _Deltas(), _Deltas()
    for (minute, terminal_id, currency, outcome, reason), (count, total) in fine.items():
        hour = minute - minute % HOUR
        minutes.add((minute, terminal_id, currency, outcome), count, total)
        hours.add((hour, terminal_id, currency, outcome, reason), count, total)
        totals.add((hour, currency, outcome, reason), count, total)
    return minutes, hours, totals


def _place(operation: Operation) -> tuple[Any, ...]:
    at = to_micros(operation.created_at)
    reason = operation.reason_code if operation.outcome is Outcome.FAILED else 0
    return at - at % MINUTE, operation.terminal_id, operation.currency, operation.outcome, reason


def _add_invoices(db: Connection, merchant_id: MerchantId, transitions: Sequence[Transition]) -> None:
    moved = {name for transition in transitions for name in _left_invoices(transition)}
    attempts: defaultdict[str, list[Operation]] = defaultdict(list)
    for transition in transitions:
        if transition.after.invoice_id:
            attempts[transition.after.invoice_id].append(transition.after)
    stored = _stored_invoices(db, merchant_id, list(attempts.keys() | moved))
    after = {name: _joined(stored.get(name), known) for name, known in attempts.items()}
    for name in moved:
        after[name] = _recounted(db, merchant_id, name)
    _write_invoices(db, merchant_id, stored, after)


def _left_invoices(transition: Transition) -> tuple[str, ...]:
    """The invoices that must be counted anew: the bank says that an attempt belongs elsewhere than it said before."""
    before, after = transition.before, transition.after
    if before is None or _home(before) == _home(after):
        return ()
    return before.invoice_id, after.invoice_id


def _home(operation: Operation) -> tuple[str, str, str]:
    return operation.invoice_id, operation.terminal_id, operation.currency


def _joined(invoice: _Invoice | None, operations: Iterable[Operation]) -> _Invoice | None:
    for operation in operations:
        invoice = invoice.joined_by(operation) if invoice else _first_seen(operation)
    return invoice


def _recounted(db: Connection, merchant_id: MerchantId, name: str) -> _Invoice | None:
    rows = db.rows(
        "SELECT created_at, terminal_id, currency, outcome FROM operation WHERE merchant_id = :merchant_id "
        "AND invoice_id = :name AND invoice_id <> '' ORDER BY created_at, id",
        merchant_id=merchant_id,
        name=name,
    )
    if not rows:
        return None
    best = max((Outcome(row["outcome"]) for row in rows), key=lambda known: known.rank)
    return _Invoice(rows[0]["created_at"], rows[0]["terminal_id"], rows[0]["currency"], best)


def _write_invoices(
    db: Connection, merchant_id: MerchantId, stored: Mapping[str, _Invoice], after: Mapping[str, _Invoice | None]
) -> None:
    buckets: defaultdict[tuple[Any, ...], int] = defaultdict(int)
    for name, invoice in after.items():
        before = stored.get(name)
        if invoice != before:
            for known, count in ((before, -1), (invoice, 1)):
                if known:
                    buckets[known.bucket] += count
    changed = ((name, invoice) for name, invoice in after.items() if invoice and invoice != stored.get(name))
    gone = (name for name, invoice in after.items() if invoice is None)
    db.many(
        _INVOICE_UPSERT,
        ((merchant_id, name, i.first_at, i.terminal_id, i.currency, i.outcome) for name, i in changed),
    )
    db.many("DELETE FROM invoice WHERE merchant_id = ? AND invoice_id = ?", ((merchant_id, name) for name in gone))
    totals: defaultdict[tuple[Any, ...], int] = defaultdict(int)
    for (hour, _, *rest), count in buckets.items():
        totals[hour, *rest] += count
    for statement, counts in ((_INVOICE_DELTA, buckets), (_INVOICE_TOTAL_DELTA, totals)):
        db.many(statement, ((merchant_id, *key, count) for key, count in counts.items() if count))


def _first_seen(operation: Operation) -> _Invoice:
    return _Invoice(to_micros(operation.created_at), operation.terminal_id, operation.currency, operation.outcome)


def _stored_invoices(db: Connection, merchant_id: MerchantId, ids: Sequence[str]) -> dict[str, _Invoice]:
    rows = list_by_key(db, "SELECT * FROM invoice WHERE merchant_id = :merchant_id AND invoice_id", merchant_id, ids)
    return {
        row["invoice_id"]: _Invoice(row["first_at"], row["terminal_id"], row["currency"], Outcome(row["outcome"]))
        for row in rows
    }
