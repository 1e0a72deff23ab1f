"""Statements asked for their plans before they run: SQLite by its words, PostgreSQL by the rows it really looks at."""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import count
from typing import Any

from databases import undone

from bot.store.driver import Connection, Row

BIG = ("operation", "operation_change", "invoice", "outbox", "inbox", "rollup_minute", "rollup_hour")
BIG += ("incident", "incident_operation", "incident_event", "living")
SMALL = ("outbox_waiting", "outbox_undelivered", "inbox_unhandled", "operation_to_recheck")
SMALL += ("incident_open", "incident_due", "living_dirty", "outbox_in_order")


class Explained:
    """A connection that notes which statements read a big table whole; on PostgreSQL the tables must really be big."""

    def __init__(self, db: Connection) -> None:
        self._db = db
        self.version = db.version
        self.parted = db.parted
        self.scans: list[str] = []
        self._sizes = dict(_sizes(db)) if db.parted else {}

    def rows(self, sql: str, /, **values: object) -> list[Row]:
        self._explain(sql, values)
        return self._db.rows(sql, **values)

    def row(self, sql: str, /, **values: object) -> Row | None:
        self._explain(sql, values)
        return self._db.row(sql, **values)

    def run(self, sql: str, /, **values: object) -> int:
        self._explain(sql, values)
        return self._db.run(sql, **values)

    def many(self, sql: str, rows: Iterable[Sequence[object]], /) -> None:
        rows = list(rows)
        if not rows and self.parted:
            return
        names = (f"p{number}" for number in count())
        asked = re.sub(r"\?", lambda _: f":{next(names)}", sql)
        first = rows[0] if rows else [None] * sql.count("?")
        self._explain(asked, {f"p{number}": value for number, value in enumerate(first)})
        self._db.many(sql, rows)

    def _explain(self, sql: str, values: dict[str, object]) -> None:
        found = self._whole_by_rows(sql, values) if self.parted else self._whole_by_words(sql, values)
        self.scans += [f"{step}: {sql}" for step in found]

    def _whole_by_words(self, sql: str, values: dict[str, object]) -> list[str]:
        steps = [row["detail"] for row in self._db.rows(f"EXPLAIN QUERY PLAN {sql}", **values)]
        return [step for step in steps if _reads_all(step)]

    def _whole_by_rows(self, sql: str, values: dict[str, object]) -> list[str]:
        with undone(self._db):
            row = self._db.row(f"EXPLAIN (ANALYZE, FORMAT JSON) {sql}", **values)
        assert row is not None
        read: dict[str, float] = {}
        for table, rows in _looked_at(row["QUERY PLAN"][0]["Plan"]):
            read[table] = read.get(table, 0) + rows
        return [f"{rows} of {table}" for table, rows in read.items() if table in BIG and rows > self._sizes[table] / 2]


def _reads_all(step: str) -> bool:
    """A whole partial index may be read: it holds only what is still to be done or was never done."""
    table = re.match(rf"(SCAN|SEARCH) ({'|'.join(BIG)})\b(.*)", step)
    if table is None or any(step.endswith(f"INDEX {name}") for name in SMALL):
        return False
    # SQLite calls the look for a largest value a search even where there is nothing to search in but the rows.
    return table[1] == "SCAN" or ("USING" not in table[3] and table[2] != "incident")


def _sizes(db: Connection) -> Iterator[tuple[str, int]]:
    for table in BIG:
        row = db.row(f"SELECT COUNT(*) AS count FROM {table}")
        assert row is not None
        assert row["count"] > 1000, f"{table} is not big"
        yield table, row["count"]


def _looked_at(node: dict[str, Any]) -> Iterator[tuple[str, float]]:
    """How many rows of which table each step took, or refused; operations of all months are one table."""
    if "Scan" in node["Node Type"] and "Relation Name" in node:
        rows = sum(node.get(name, 0) for name in ("Actual Rows", "Rows Removed by Filter"))
        rows += node.get("Rows Removed by Index Recheck", 0)
        yield re.sub(r"_\d{4}_\d\d$", "", node["Relation Name"]), rows * node["Actual Loops"]
    for below in node.get("Plans", []):
        yield from _looked_at(below)
