"""Operations in a table a month, where the engine keeps them so: made when needed, dropped when nothing is left."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from bot.model import MerchantId, OperationId, from_micros, to_micros
from bot.store.driver import Connection, Row, list_by_key

_DAY = 86_400_000_000


def prepare(db: Connection, created_at: Iterable[int]) -> None:
    """Makes the tables for operations of these instants (microseconds)."""
    if not db.parted:
        return
    for start in sorted({_month(day * _DAY) for day in {at // _DAY for at in created_at}}):
        if db.row("SELECT to_regclass(:name) AS known", name=_name(start))["known"] is None:  # type: ignore[index]
            end = _month(to_micros(start) + 32 * _DAY)
            # Made apart and then attached: to make it in its place would wait for every reader, and let none in.
            db.run(f"CREATE TABLE {_name(start)} (LIKE operation INCLUDING DEFAULTS INCLUDING GENERATED)")
            db.run(
                f"ALTER TABLE operation ATTACH PARTITION {_name(start)} "
                f"FOR VALUES FROM ({to_micros(start)}) TO ({to_micros(end)})"
            )


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


def _month(at: int) -> datetime:
    return from_micros(at).astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def _name(start: datetime) -> str:
    return f"operation_{start:%Y_%m}"
