"""Read-only answers: whole hours from the stored sums, the hours cut by a window's ends from the rows."""

import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from datetime import time as clock_time
from typing import Any
from zoneinfo import ZoneInfo

from bot.model import (
    DayReport,
    Figures,
    HealthReport,
    InvoiceTally,
    Merchant,
    MerchantId,
    Outcome,
    ReasonCount,
    SourceHealth,
    Tally,
    Terminal,
    Window,
    from_micros,
    to_micros,
)
from bot.store import sources
from bot.store.driver import Connection, Row
from bot.store.rollups import HOUR

_WHERE = (
    " WHERE merchant_id = :merchant_id AND (:terminal_id = '' OR terminal_id = :terminal_id) "
    "AND {time} >= :start AND {time} < :end "
)
_WHOLE_HOURS = (
    "SELECT start_at, currency, outcome, reason_code, SUM(count) AS count, SUM(sum) AS sum FROM rollup_hour"
    + _WHERE.format(time="start_at")
    + "GROUP BY start_at, currency, outcome, reason_code"
)
_CUT_HOURS = (
    "SELECT created_at - created_at % :hour AS start_at, currency, outcome, "
    "CASE WHEN outcome = 'failed' THEN reason_code ELSE 0 END AS reason_code, "
    "COUNT(*) AS count, SUM(amount) AS sum FROM operation" + _WHERE.format(time="created_at") + "GROUP BY 1, 2, 3, 4"
)
_WHOLE_INVOICES = (
    "SELECT outcome, SUM(count) AS count FROM rollup_invoice" + _WHERE.format(time="start_at") + "GROUP BY outcome"
)
_CUT_INVOICES = "SELECT outcome, COUNT(*) AS count FROM invoice" + _WHERE.format(time="first_at") + "GROUP BY outcome"


def day_report(
    db: Connection, merchant: Merchant, terminal: Terminal | None, *, zone: ZoneInfo, now: datetime
) -> DayReport:
    """The local day of `now` so far, beside the day before and a week before cut at the same time of day."""
    terminal_id = terminal.id if terminal else ""
    today, yesterday, week_ago = (
        figures(db, merchant.id, terminal_id, _day_until(now, zone, days_ago)) for days_ago in (0, 1, 7)
    )
    return DayReport(
        merchant=merchant,
        terminal=terminal,
        figures=today,
        day_before=yesterday,
        week_before=week_ago,
        freshness=sources.get_freshness(db, merchant.id),
        at=now,
    )


def _day_until(now: datetime, zone: ZoneInfo, days_ago: int) -> Window:
    local = now.astimezone(zone)
    day = local.date() - timedelta(days=days_ago)
    end = datetime.combine(day, local.time(), tzinfo=zone).astimezone(now.tzinfo)
    start = datetime.combine(day, clock_time(), tzinfo=zone).astimezone(now.tzinfo)
    return Window(start, end)


def figures(db: Connection, merchant_id: MerchantId, terminal_id: str, window: Window) -> Figures:
    """Counts and sums of a window by currency, reason and hour; `terminal_id` "" means all terminals."""
    rows = list(_in_window(db, _WHOLE_HOURS, _CUT_HOURS, merchant_id, terminal_id, window))
    invoices = Counter[str]()
    for row in _in_window(db, _WHOLE_INVOICES, _CUT_INVOICES, merchant_id, terminal_id, window):
        invoices[row["outcome"]] += row["count"]
    paid = invoices[Outcome.PAID] + invoices[Outcome.REFUNDED]
    return Figures(
        window=window,
        currencies=_tallies(rows),
        reasons=_reasons(rows),
        invoices=InvoiceTally(decided=paid + invoices[Outcome.FAILED], paid=paid),
        hours=_hours(rows, window),
    )


def _in_window(
    db: Connection, whole: str, cut: str, merchant_id: MerchantId, terminal_id: str, window: Window
) -> Iterator[Row]:
    start, end = to_micros(window.start), to_micros(window.end)
    first, last = -(-start // HOUR) * HOUR, end // HOUR * HOUR
    pieces = [(cut, start, first), (whole, first, last), (cut, last, end)] if first < last else [(cut, start, end)]
    for sql, since, until in pieces:
        if since < until:
            values: dict[str, Any] = {"merchant_id": merchant_id, "terminal_id": terminal_id}
            yield from db.rows(sql, **values, start=since, end=until, hour=HOUR)


def _tallies(rows: Iterable[Row]) -> dict[str, Tally]:
    sums: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for row in rows:
        sums[row["currency"]][row["outcome"]] += row["count"]
        sums[row["currency"]][f"{row['outcome']}_sum"] += row["sum"]
    return {currency: Tally(**totals) for currency, totals in sorted(sums.items()) if any(totals.values())}


def _reasons(rows: Iterable[Row]) -> tuple[ReasonCount, ...]:
    counts = Counter[int]()
    for row in rows:
        if row["outcome"] == Outcome.FAILED:
            counts[row["reason_code"]] += row["count"]
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return tuple(ReasonCount(code, count) for code, count in ordered if count)


def _hours(rows: Iterable[Row], window: Window) -> tuple[int, ...]:
    start, end = to_micros(window.start), to_micros(window.end)
    counts = [0] * -(-(end - start) // HOUR)
    for row in rows:
        counts[max(row["start_at"] - start, 0) // HOUR] += row["count"]
    return tuple(counts)


def health(
    db: Connection, merchants: Sequence[Merchant], *, version: str, started_at: datetime, now: datetime
) -> HealthReport:
    """The state of reading and of delivery."""
    waiting = db.row("SELECT COUNT(*) AS count, MIN(created_at) AS oldest FROM outbox WHERE state = 'waiting'")
    dead = db.row("SELECT COUNT(*) AS count FROM outbox WHERE state IN ('dead', 'uncertain')")
    sent = db.row("SELECT MAX(sent_at) AS at FROM outbox")
    oldest = waiting["oldest"] if waiting else None
    last = sent["at"] if sent else None
    return HealthReport(
        version=version,
        started_at=started_at,
        sources=tuple(_source_health(db, merchant) for merchant in merchants),
        outbox_waiting=waiting["count"] if waiting else 0,
        outbox_oldest_at=None if oldest is None else from_micros(oldest),
        outbox_dead=dead["count"] if dead else 0,
        last_sent_at=None if last is None else from_micros(last),
        sqlite_version=sqlite3.sqlite_version,
        at=now,
    )


def _source_health(db: Connection, merchant: Merchant) -> SourceHealth:
    source = sources.find(db, merchant.id)
    backfill = sources.list_tiers(db, merchant.id).get(sources.TierName.BACKFILL)
    return SourceHealth(
        merchant=merchant,
        freshness=sources.get_freshness(db, merchant.id),
        last_ok_at=source.last_ok_at if source else None,
        last_error=source.last_error if source else "",
        watching_since=source.watching_since_at if source else None,
        backfilled_to=backfill.left.end if backfill else None,
        backfill_until=backfill.left.start if backfill else None,
        operations=_count(db, "SELECT SUM(count) AS count FROM rollup_hour WHERE merchant_id = :id", merchant.id),
        undecided=_count(
            db,
            "SELECT COUNT(*) AS count FROM operation WHERE merchant_id = :id AND recheck_at IS NOT NULL",
            merchant.id,
        ),
        set_aside=source.set_aside if source else 0,
    )


def _count(db: Connection, sql: str, merchant_id: MerchantId) -> int:
    row = db.row(sql, id=merchant_id)
    return int(row["count"] or 0) if row else 0
