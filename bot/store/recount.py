"""Stored sums against a recount of what they are sums of, whole or a stretch at a time; made anew where they differ."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.model import MerchantId, Window, from_micros, to_micros
from bot.store.driver import Connection
from bot.store.rollups import HOUR, MINUTE

# What is stored, one by one, and what was kept of what was dropped, by minute.
_OPERATIONS = """(
    SELECT merchant_id, created_at AS at, terminal_id, currency, outcome,
           CASE WHEN outcome = 'failed' THEN reason_code ELSE 0 END AS reason_code, 1 AS count, amount AS sum
    FROM operation
    UNION ALL SELECT merchant_id, start_at, terminal_id, currency, outcome, reason_code, count, sum FROM dropped_sum
) AS every_operation"""
_INVOICES = """(
    SELECT merchant_id, first_at AS at, terminal_id, currency, outcome, 1 AS count FROM invoice
    UNION ALL SELECT merchant_id, start_at, terminal_id, currency, outcome, count FROM dropped_invoice_sum
) AS every_invoice"""
_FIRSTS = """
    SELECT merchant_id, MIN(first) AS first FROM (
        SELECT merchant_id, MIN(created_at) AS first FROM operation GROUP BY merchant_id
        UNION ALL SELECT merchant_id, MIN(start_at) FROM dropped_sum GROUP BY merchant_id
    ) AS firsts GROUP BY merchant_id
"""
_SUMS = "SUM(count) AS count, SUM(sum) AS sum"
# Columns in the order of each table.
_RECOUNTS = {
    "rollup_minute": (_OPERATIONS, MINUTE, f"terminal_id, currency, outcome, {_SUMS}", 5),
    "rollup_hour": (_OPERATIONS, HOUR, f"terminal_id, currency, outcome, reason_code, {_SUMS}", 6),
    "rollup_total": (_OPERATIONS, HOUR, f"currency, outcome, reason_code, {_SUMS}", 5),
    "rollup_invoice_total": (_INVOICES, HOUR, "currency, outcome, SUM(count) AS count", 4),
    "rollup_invoice": (_INVOICES, HOUR, "terminal_id, currency, outcome, SUM(count) AS count", 5),
}
# A few weeks: as much as a database answers at once while it has other things to do.
STRETCH = timedelta(days=28)


@dataclass(frozen=True, slots=True)
class Stretch:
    """A merchant's operations of a window that begins and ends with an hour."""

    merchant_id: MerchantId
    window: Window

    def where(self, column: str) -> str:
        return f"merchant_id = :merchant_id AND {column} >= :start AND {column} < :end"

    def values(self) -> dict[str, object]:
        start, end = to_micros(self.window.start), to_micros(self.window.end)
        return {"merchant_id": self.merchant_id, "start": start, "end": end}


def list_stretches(db: Connection, now: datetime) -> list[Stretch]:
    """Everything that is stored, in pieces."""
    rows = db.rows(_FIRSTS)
    firsts = ((MerchantId(row["merchant_id"]), from_micros(row["first"] - row["first"] % HOUR)) for row in rows)
    return [stretch for merchant_id, first in firsts for stretch in _cut(merchant_id, first, now)]


def list_differences(db: Connection, stretch: Stretch | None = None) -> list[str]:
    """Names of the stored sums that do not equal a recount; empty when all is well."""
    wrong = []
    for table in _RECOUNTS:
        kept = db.rows(f"SELECT * FROM {table} WHERE count <> 0 AND {_where(stretch, 'start_at')}", **_values(stretch))
        told = db.rows(_recount(table, stretch), **_values(stretch))
        if {tuple(dict(row).values()) for row in kept} != {tuple(dict(row).values()) for row in told}:
            wrong.append(table)
    return wrong


def rebuild(db: Connection, stretch: Stretch) -> list[str]:
    """Makes anew what still differs; returns the names of these sums."""
    wrong = list_differences(db, stretch)
    for table in wrong:
        db.run(f"DELETE FROM {table} WHERE {stretch.where('start_at')}", **stretch.values())
        db.run(f"INSERT INTO {table} {_recount(table, stretch)}", **stretch.values())
    return wrong


def _cut(merchant_id: MerchantId, first: datetime, now: datetime) -> Iterator[Stretch]:
    while first <= now:
        yield Stretch(merchant_id, Window(first, first + STRETCH))
        first += STRETCH


def _recount(table: str, stretch: Stretch | None) -> str:
    source, step, rest, keys = _RECOUNTS[table]
    by = ", ".join(map(str, range(1, keys + 1)))
    columns = f"merchant_id, at - at % {step} AS start_at, {rest}"
    return f"SELECT {columns} FROM {source} WHERE {_where(stretch, 'at')} GROUP BY {by}"


def _where(stretch: Stretch | None, column: str) -> str:
    return stretch.where(column) if stretch else "TRUE"


def _values(stretch: Stretch | None) -> dict[str, object]:
    return stretch.values() if stretch else {}
