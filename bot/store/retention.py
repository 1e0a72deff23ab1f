"""What the store need not keep, a small batch at a time: sums outlive operations, operations outlive their payers."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from bot.model import MerchantId, Operation, OperationId, to_micros
from bot.store import months, partitions
from bot.store.driver import Connection, list_by_key
from bot.store.rollups import MINUTE

BATCH = 500
_SLICE = "merchant_id = :merchant_id AND created_at >= :start AND created_at < :end"
_SLICED = f"(SELECT id FROM operation WHERE {_SLICE})"
_SUMS = f"""
    INSERT INTO {{sums}} AS known (merchant_id, start_at, terminal_id, currency, outcome, reason_code, count, sum)
    SELECT merchant_id, created_at - created_at % :minute, terminal_id, currency, outcome,
           CASE WHEN outcome = 'failed' THEN reason_code ELSE 0 END, COUNT(*), SUM(amount)
    FROM operation WHERE {_SLICE} GROUP BY 1, 2, 3, 4, 5, 6
    ON CONFLICT (merchant_id, start_at, terminal_id, currency, outcome, reason_code)
    DO UPDATE SET count = known.count + excluded.count, sum = known.sum + excluded.sum
"""
# An invoice stays as long as one of its attempts does: else the next one would count it anew.
_LEFT = (
    "merchant_id = :merchant_id AND first_at < :end AND NOT EXISTS (SELECT 1 FROM operation "
    "WHERE operation.merchant_id = invoice.merchant_id AND operation.invoice_id = invoice.invoice_id)"
)
_INVOICE_SUMS = f"""
    INSERT INTO dropped_invoice_sum (merchant_id, start_at, terminal_id, currency, outcome, count)
    SELECT merchant_id, first_at - first_at % :minute, terminal_id, currency, outcome, COUNT(*)
    FROM invoice WHERE {_LEFT} GROUP BY 1, 2, 3, 4, 5
    ON CONFLICT (merchant_id, start_at, terminal_id, currency, outcome)
    DO UPDATE SET count = dropped_invoice_sum.count + excluded.count
"""
# The highest number stays: the next incident must not be called by an old one.
_OLD_INCIDENTS = (
    "SELECT number FROM incident WHERE merchant_id = :merchant_id AND last_at < :end AND state = 'resolved' "
    "AND number < (SELECT MAX(number) FROM incident)"
)


@dataclass(frozen=True, slots=True)
class Horizon:
    """Microseconds: operations created before `operations` are dropped, payers of those before `payers` too."""

    operations: int = 0
    payers: int = 0


def forget_sent(db: Connection, before: datetime) -> int:
    """Removes what was sent, or given up, long ago, some thousand rows at a time; returns how many."""
    return db.run(
        "DELETE FROM outbox WHERE id IN (SELECT id FROM "
        "(SELECT id FROM outbox WHERE sent_at < :before AND state = 'sent' ORDER BY sent_at LIMIT 5000) AS sent "
        "UNION ALL SELECT id FROM (SELECT id FROM outbox WHERE state IN ('dead', 'uncertain') "
        "AND created_at < :before LIMIT 5000) AS given_up)",
        before=to_micros(before),
    )


def get_horizon(db: Connection, merchant_id: MerchantId) -> Horizon:
    """How far back a merchant's operations and payers are kept."""
    row = db.row("SELECT * FROM horizon WHERE merchant_id = :merchant_id", merchant_id=merchant_id)
    return Horizon(row["operations_since_at"], row["payers_since_at"]) if row else Horizon()


def kept(db: Connection, merchant_id: MerchantId, operations: Collection[Operation]) -> list[Operation]:
    """What of an answer of the bank may be kept: without what was dropped, and without payers that were."""
    horizon = get_horizon(db, merchant_id)
    select = "SELECT operation_id FROM forgotten WHERE merchant_id = :merchant_id AND operation_id"
    forgotten = {row["operation_id"] for row in list_by_key(db, select, merchant_id, [one.id for one in operations])}
    if not forgotten and horizon == Horizon():
        return list(operations)
    return [_kept(one, horizon, forgotten) for one in operations if to_micros(one.created_at) >= horizon.operations]


def _kept(operation: Operation, horizon: Horizon, forgotten: Collection[OperationId]) -> Operation:
    if operation.id in forgotten:
        return operation.without_person()
    return operation.without_payer() if to_micros(operation.created_at) < horizon.payers else operation


def drop_payers(db: Connection, merchant_id: MerchantId, before: datetime) -> bool:
    """One batch of payers of operations created before then, oldest first. True when more are left."""
    start = get_horizon(db, merchant_id).payers
    end, more = _next_slice(db, merchant_id, start, to_micros(before))
    db.run(
        f"UPDATE operation SET payer_name = '', payer_phone = '', payer_email = '', account_id = '', description = '' "
        f"WHERE {_SLICE}",
        merchant_id=merchant_id,
        start=start,
        end=end,
    )
    _move(db, "payers_since_at", merchant_id, end)
    return more


def drop_operations(db: Connection, merchant_id: MerchantId, before: datetime) -> bool:
    """One batch of operations created before then, oldest first, with all that hangs on them. True when more are left.

    Stored sums stay, and so does every figure down to a minute. Where operations have a table a month, they go with the
    month: see `drop_months`.
    """
    start, until = get_horizon(db, merchant_id).operations, to_micros(before)
    cut = months.next_cut(db, merchant_id, start, until) if db.parted else months.Cut(until, until)
    end, more = _next_slice(db, merchant_id, start, cut.until)
    here = {"merchant_id": merchant_id, "start": start, "end": end}
    db.run(_SUMS.format(sums=cut.sums), **here, minute=MINUTE)
    for table in ("operation_change", "incident_operation", "forgotten"):
        db.run(f"DELETE FROM {table} WHERE merchant_id = :merchant_id AND operation_id IN {_SLICED}", **here)
    if not cut.whole:
        db.run(f"DELETE FROM operation WHERE {_SLICE}", **here)
        _drop_invoices(db, merchant_id, end)
        _drop_incidents(db, merchant_id, end)
    _move(db, "operations_since_at", merchant_id, end)
    return more or end < cut.goal


def drop_months(db: Connection, before: datetime) -> bool:
    """The table of the oldest month, if all of it was created before then and every merchant's batches are done.

    True when the next may go as well.
    """
    return db.parted and months.drop_oldest(db, to_micros(before))


def drop_left(db: Connection, merchant_id: MerchantId) -> bool:
    """One batch of what hung on operations that went with their month. True when more is left."""
    if not db.parted:
        return False
    oldest = partitions.find_oldest(db)
    until = get_horizon(db, merchant_id).operations
    until = min(until, oldest.first) if oldest else until
    row = db.row(
        f"SELECT first_at FROM invoice WHERE {_LEFT} ORDER BY first_at LIMIT 1 OFFSET :batch",
        merchant_id=merchant_id,
        end=until,
        batch=BATCH,
    )
    end = row["first_at"] + 1 if row else until
    _drop_invoices(db, merchant_id, end)
    _drop_incidents(db, merchant_id, end)
    return row is not None


def list_merchants(db: Connection) -> list[MerchantId]:
    """Everybody of whom something may be stored, also those who are in no configuration any more."""
    return [MerchantId(row["merchant_id"]) for row in db.rows("SELECT merchant_id FROM source ORDER BY merchant_id")]


def _drop_invoices(db: Connection, merchant_id: MerchantId, end: int) -> None:
    db.run(_INVOICE_SUMS, merchant_id=merchant_id, end=end, minute=MINUTE)
    db.run(f"DELETE FROM invoice WHERE {_LEFT}", merchant_id=merchant_id, end=end)


def _drop_incidents(db: Connection, merchant_id: MerchantId, end: int) -> None:
    for table, key in (("living", "incident"), ("incident_event", "number"), ("incident", "number")):
        db.run(f"DELETE FROM {table} WHERE {key} IN ({_OLD_INCIDENTS})", merchant_id=merchant_id, end=end)


def _next_slice(db: Connection, merchant_id: MerchantId, start: int, until: int) -> tuple[int, bool]:
    """Where a batch from `start` on ends, and whether there is another one before `until`."""
    row = db.row(
        f"SELECT created_at FROM operation WHERE {_SLICE} ORDER BY created_at LIMIT 1 OFFSET :batch",
        merchant_id=merchant_id,
        start=start,
        end=until,
        batch=BATCH,
    )
    # Many of one instant go together.
    return (max(row["created_at"], start + 1), True) if row else (max(until, start), False)


def _move(db: Connection, name: str, merchant_id: MerchantId, to: int) -> None:
    """Horizons never go back: what is gone does not return when it is to be kept longer."""
    db.run(
        f"INSERT INTO horizon (merchant_id, {name}) VALUES (:merchant_id, :to) "
        f"ON CONFLICT (merchant_id) DO UPDATE SET {name} = excluded.{name} WHERE horizon.{name} < excluded.{name}",
        merchant_id=merchant_id,
        to=to,
    )
