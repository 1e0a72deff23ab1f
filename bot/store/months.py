"""Retention where operations have a table a month: what is too old goes with its whole table, not row by row.

A month's sums are made in a table beside, merchant by merchant and slice by slice, while its operations are still seen;
when all merchants have theirs, the one takes the place of the other in one transaction.
"""

from dataclasses import dataclass

from bot.model import MerchantId
from bot.store import partitions
from bot.store.driver import Connection
from bot.store.partitions import Month

SUMS = "dropped_sum"
# One look into the index a merchant: a month may have millions of rows.
_BEHIND = """
    WITH RECURSIVE known (merchant_id) AS (
        SELECT MIN(merchant_id) FROM {operations}
        UNION ALL
        SELECT (SELECT MIN(merchant_id) FROM {operations} AS next WHERE next.merchant_id > known.merchant_id)
        FROM known WHERE known.merchant_id IS NOT NULL
    )
    SELECT known.merchant_id FROM known LEFT JOIN horizon ON horizon.merchant_id = known.merchant_id
    WHERE known.merchant_id IS NOT NULL AND COALESCE(operations_since_at, 0) < :past LIMIT 1
"""


@dataclass(frozen=True, slots=True)
class Cut:
    """Up to where a merchant's next operations may go, and after them, and into which table their sums.

    `whole`: the operations stay until all of their table goes.
    """

    until: int
    goal: int
    sums: str = SUMS
    whole: bool = False


def next_cut(db: Connection, merchant_id: MerchantId, start: int, before: int) -> Cut:
    """The merchant's first month from `start` on of which all is older than `before`."""
    (row,) = db.rows(
        "SELECT MIN(created_at) AS at FROM operation WHERE merchant_id = :merchant_id AND created_at >= :start",
        merchant_id=merchant_id,
        start=start,
    )
    goal = partitions.month_of(before).first
    month = None if row["at"] is None else partitions.month_of(row["at"])
    if month is None or month.past > before:
        return Cut(goal, goal)
    if _is_in_use(db, month):
        return Cut(month.past, goal)
    db.run(f"CREATE TABLE IF NOT EXISTS {month.sums} (LIKE {SUMS} INCLUDING ALL)")
    return Cut(month.past, goal, month.sums, whole=True)


def drop_oldest(db: Connection, before: int) -> bool:
    """The oldest month's table, once every merchant's sums are made. True when one went: the next may go as well.

    Whoever reads at this moment lets it wait for the next time.
    """
    month = partitions.find_oldest(db)
    if month is None or month.past > before or db.row(_BEHIND.format(operations=month.operations), past=month.past):
        return False
    (row,) = db.rows(
        "SELECT replace_month(:operations, :sums, :first, :past) AS gone",
        operations=month.operations,
        sums=month.sums,
        first=month.first,
        past=month.past,
    )
    return bool(row["gone"])


def _is_in_use(db: Connection, month: Month) -> bool:
    """Whether the month's sums are read already: its table was dropped, and the bank has shown more of it since."""
    return bool(
        db.row("SELECT 1 AS one FROM pg_class WHERE oid = to_regclass(:name) AND relispartition", name=month.sums)
    )
