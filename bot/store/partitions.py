"""Operations in a table a month, where the engine keeps them so: made when needed, dropped when nothing is left."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from bot.model import MerchantId, OperationId, from_micros, to_micros
from bot.store.driver import Connection, Row, list_by_key

_DAY = 86_400_000_000


@dataclass(frozen=True, slots=True, order=True)
class Month:
    """A month of UTC and the tables it has: of operations, and of their sums once they are dropped. Microseconds."""

    first: int
    past: int
    operations: str
    sums: str


def month_of(at: int) -> Month:
    """The month of an instant."""
    first = from_micros(at).astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    past = (first + timedelta(days=32)).replace(day=1)
    return Month(to_micros(first), to_micros(past), f"operation_{first:%Y_%m}", f"dropped_sum_{first:%Y_%m}")


def prepare(db: Connection, created_at: Iterable[int]) -> None:
    """Makes the tables for operations of these instants."""
    if not db.parted:
        return
    for month in sorted({month_of(day * _DAY) for day in {at // _DAY for at in created_at}}):
        if not is_there(db, month.operations):
            # Made apart and then attached: to make it in its place would wait for every reader, and let none in.
            db.run(f"CREATE TABLE {month.operations} (LIKE operation INCLUDING DEFAULTS INCLUDING GENERATED)")
            attach(db, "operation", month.operations, month)


def is_there(db: Connection, table: str) -> bool:
    """Whether a table has been made."""
    return db.row("SELECT 1 AS one WHERE to_regclass(:name) IS NOT NULL", name=table) is not None


def attach(db: Connection, parent: str, table: str, month: Month) -> None:
    """From now on the table's rows are among the parent's."""
    db.run(f"ALTER TABLE {parent} ATTACH PARTITION {table} FOR VALUES FROM ({month.first}) TO ({month.past})")


def prepare_sums(db: Connection, start_at: Iterable[int]) -> None:
    """Makes the tables for sums of what was dropped in these minutes, where somebody else has dropped it."""
    for month in sorted({month_of(at) for at in start_at}) if db.parted else ():
        if not is_there(db, month.sums):
            db.run(f"CREATE TABLE {month.sums} (LIKE dropped_sum INCLUDING ALL)")
            attach(db, "dropped_sum", month.sums, month)


def find_oldest(db: Connection) -> Month | None:
    """The first month that has operations in a table of its own."""
    (row,) = db.rows(
        "SELECT MIN(CAST(relname AS TEXT)) AS name FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid "
        "WHERE inhparent = CAST('operation' AS regclass)"
    )
    if row["name"] is None:
        return None
    _, year, month = row["name"].split("_")
    return month_of(to_micros(datetime(int(year), int(month), 1, tzinfo=UTC)))


def list_known(db: Connection, select: str, merchant_id: MerchantId, shown: Mapping[OperationId, int]) -> list[Row]:
    """Those of the operations that are stored: id -> when it was made, as the bank shows it now.

    Where there is a table a month they are looked for there first; elsewhere only what is not found, for that may be
    new, or the bank may have changed its mind.
    """
    if not db.parted or not shown:
        return list_by_key(db, f"{select} id", merchant_id, list(shown))
    near = db.rows(
        f"{select} created_at BETWEEN :first AND :last AND id IN (:keys)",
        merchant_id=merchant_id,
        first=min(shown.values()),
        last=max(shown.values()),
        keys=list(shown),
    )
    return near + list_by_key(db, f"{select} id", merchant_id, list(shown.keys() - {row["id"] for row in near}))
