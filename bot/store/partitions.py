"""Operations in a table a month, where the engine keeps them so: made when needed, dropped when nothing is left."""

from collections.abc import Iterable
from datetime import UTC, datetime

from bot.model import from_micros, to_micros
from bot.store.driver import Connection


def prepare(db: Connection, created_at: Iterable[int]) -> None:
    """Makes the tables for operations of these instants (microseconds)."""
    if not db.parted:
        return
    for start in sorted({_month(at) for at in created_at}):
        if db.row("SELECT to_regclass(:name) AS known", name=_name(start))["known"] is None:  # type: ignore[index]
            end = _month(to_micros(start) + 32 * 86_400_000_000)
            # Made apart and then attached: to make it in its place would wait for every reader, and let none in.
            db.run(f"CREATE TABLE {_name(start)} (LIKE operation INCLUDING DEFAULTS INCLUDING GENERATED)")
            db.run(
                f"ALTER TABLE operation ATTACH PARTITION {_name(start)} "
                f"FOR VALUES FROM ({to_micros(start)}) TO ({to_micros(end)})"
            )


def _month(at: int) -> datetime:
    return from_micros(at).astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def _name(start: datetime) -> str:
    return f"operation_{start:%Y_%m}"
