"""What moves a database to the other engine: rows a stretch at a time, sums to compare, the mark of half a copy."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from bot.errors import StoreError
from bot.store import partitions
from bot.store.driver import Connection, Row
from bot.store.tables import Table, settle

STRETCH = 10_000
# What grows with the payments is copied ahead, while a bot works: within each merchant, along an indexed column ...
_ALONG = {
    "operation": "created_at",
    "operation_change": "at",
    "invoice": "first_at",
    "rollup_minute": "start_at",
    "rollup_hour": "terminal_id",
    "rollup_total": "start_at",
    "rollup_invoice": "terminal_id",
    "rollup_invoice_total": "start_at",
    "dropped_sum": "start_at",
    "dropped_invoice_sum": "start_at",
    "incident_operation": "operation_id",
}
# ... and what people do, along its numbers. Nothing but its key may be unique in a table of either kind.
_NUMBERED = frozenset({"incident", "incident_event", "audit", "audit_merchant"})
_OWN = frozenset({"copied"})
_BY_MONTH = {"operation": partitions.prepare, "dropped_sum": partitions.prepare_sums}
_SUMMED = frozenset({"amount", "sum", "count"})
Values = tuple[Any, ...]
# By table, merchant and what was added up.
Sums = dict[tuple[str, str, str], int]


@dataclass(frozen=True, slots=True)
class Walk:
    """How a table is gone through. `unique`: what names a row in the target. `ahead`: also while a bot works."""

    table: Table
    unique: tuple[str, ...]
    along: str
    by_merchant: bool
    ahead: bool

    @property
    def name(self) -> str:
        return self.table.name

    @property
    def order(self) -> str:
        """Rows of equal databases come in the same order."""
        rest = self.table.key or self.table.columns
        return ", ".join((self.along, *(name for name in rest if name != self.along)))


@dataclass(frozen=True, slots=True)
class Stretch:
    """The rows of a walk, of one merchant if it goes by merchants, behind `low` and up to `high`; None: no bound."""

    walk: Walk
    merchant_id: str | None = None
    low: Any = None
    high: Any = None

    @property
    def where(self) -> str:
        along = self.walk.along
        bounds = (
            (self.merchant_id, "merchant_id = :merchant_id"),
            (self.low, f"{along} > :low"),
            (self.high, f"{along} <= :high"),
        )
        return " AND ".join(sql for value, sql in bounds if value is not None) or "TRUE"

    @property
    def values(self) -> dict[str, Any]:
        return {"merchant_id": self.merchant_id, "low": self.low, "high": self.high}


def plan(source: dict[str, Table], target: dict[str, Table]) -> list[Walk]:
    """Every table of ours; what only one engine has is of its own use. Raises StoreError for two that do not fit."""
    both = sorted((source.keys() & target.keys()) - _OWN)
    for name in both:
        if set(source[name].columns) != set(target[name].columns):
            raise StoreError(f"the table {name} has other columns at one end than at the other")
    return [_walk(source[name], target[name].key) for name in both]


def _walk(table: Table, unique: tuple[str, ...]) -> Walk:
    if table.name in _ALONG:
        return Walk(table, unique, _ALONG[table.name], by_merchant=True, ahead=True)
    return Walk(table, unique, table.key[0], by_merchant=False, ahead=table.name in _NUMBERED)


def list_merchants(db: Connection, walk: Walk) -> list[str | None]:
    """Whose rows there are; a walk that does not go by merchants is one."""
    if not walk.by_merchant:
        return [None]
    return [*_merchants(db, walk.name)]


def _merchants(db: Connection, table: str) -> Iterator[str]:
    """From one to the next: no engine of ours leaps over equal values by itself."""
    row = db.row(f"SELECT MIN(merchant_id) AS next FROM {table}")
    while row and row["next"] is not None:
        yield row["next"]
        row = db.row(f"SELECT MIN(merchant_id) AS next FROM {table} WHERE merchant_id > :last", last=row["next"])


def read_next(db: Connection, begin: Stretch) -> tuple[Stretch, list[Values]]:
    """The next rows behind `begin.low`, and the stretch they are all of; one without `high` is the last."""
    along = begin.walk.along
    end = db.row(
        f"SELECT {along} AS high FROM {begin.walk.name} WHERE {begin.where} "
        f"ORDER BY {along} LIMIT 1 OFFSET {STRETCH - 1}",
        **begin.values,
    )
    stretch = replace(begin, high=end["high"]) if end else begin
    return stretch, read(db, stretch)


def read(db: Connection, stretch: Stretch) -> list[Values]:
    """Everything in a stretch."""
    walk = stretch.walk
    columns = ", ".join(walk.table.columns)
    return db.tuples(f"SELECT {columns} FROM {walk.name} WHERE {stretch.where} ORDER BY {walk.order}", **stretch.values)


def put(db: Connection, stretch: Stretch, rows: Sequence[Values]) -> None:
    """These rows and no others are in the stretch from now on; one that stands elsewhere has moved here."""
    table = stretch.walk.table
    db.run(f"DELETE FROM {table.name} WHERE {stretch.where}", **stretch.values)
    if table.name in _BY_MONTH:
        at = table.columns.index(stretch.walk.along)
        _BY_MONTH[table.name](db, [row[at] for row in rows])
    places = ", ".join("?" * len(table.columns))
    db.many(f"INSERT INTO {table.name} ({', '.join(table.columns)}) VALUES ({places}){_moving(stretch.walk)}", rows)


def _moving(walk: Walk) -> str:
    if not walk.unique or walk.along in walk.unique:
        return ""
    rest = ", ".join(f"{name} = excluded.{name}" for name in walk.table.columns if name not in walk.unique)
    return f" ON CONFLICT ({', '.join(walk.unique)}) DO UPDATE SET {rest}"


def clear(db: Connection, walk: Walk) -> None:
    """Nothing of a table that is put in anew; so nothing unique in it is there twice meanwhile."""
    db.run(f"DELETE FROM {walk.name}")


def count(db: Connection, walks: Iterable[Walk]) -> int:
    """How many rows there are to copy."""
    return sum(_count(db, walk.name) for walk in walks)


def _count(db: Connection, table: str) -> int:
    row = db.row(f"SELECT COUNT(*) AS count FROM {table}")
    return int(row["count"]) if row else 0


def list_sums(db: Connection, walks: Iterable[Walk]) -> Sums:
    """How many rows there are of each merchant, and what their money and counts come to."""
    found: Sums = {}
    for walk in walks:
        names = [name for name in walk.table.columns if name in _SUMMED]
        sums = "".join(f", SUM({name}) AS sum_of_{name}" for name in names)
        merchant, by = ("merchant_id", "GROUP BY merchant_id") if "merchant_id" in walk.table.columns else ("''", "")
        for row in db.rows(f"SELECT {merchant} AS merchant, COUNT(*) AS rows_there{sums} FROM {walk.name} {by}"):
            if row["rows_there"]:
                found[walk.name, row["merchant"], "rows"] = row["rows_there"]
                found |= {(walk.name, row["merchant"], f"sum of {name}"): row[f"sum_of_{name}"] for name in names}
    return found


def begin(db: Connection, source: str, walks: Iterable[Walk]) -> None:
    """From here on this is half a copy of that source. Raises StoreError where anything else is in it."""
    mark = _mark(db)
    if mark and mark["source"] != source:
        raise StoreError(f"the database to copy to is half copied from {mark['source']}; name an empty one")
    if mark is None and any(db.row(f"SELECT 1 FROM {walk.name} LIMIT 1") for walk in walks):
        raise StoreError("the database to copy to holds the data of a bot already; name an empty one")
    db.run(
        "INSERT INTO copied (source, complete) VALUES (:source, 0) ON CONFLICT (source) DO UPDATE SET complete = 0",
        source=source,
    )


def complete(db: Connection) -> None:
    """All is there: a bot may work on it."""
    settle(db)
    db.run("UPDATE copied SET complete = 1")


def take_over(db: Connection) -> None:
    """A bot begins to work on it: from now on this is its data, and nothing is copied over it."""
    db.run("DELETE FROM copied WHERE complete = 1")


def refuse_half(db: Connection) -> None:
    """Raises StoreError for a database of which a part is still elsewhere."""
    if (mark := _mark(db)) and not mark["complete"]:
        raise StoreError(
            f"the database is half copied from {mark['source']}; stop the bot that works there and call epay-bot copy "
            "again until it says complete"
        )


def _mark(db: Connection) -> Row | None:
    return db.row("SELECT source, complete FROM copied")
