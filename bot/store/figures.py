"""Counts and sums of a window: whole hours from the stored sums, the hours cut by its ends from the rows."""

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from bot.model import (
    Bar,
    Calendar,
    ComparisonReport,
    Figures,
    Freshness,
    InvoiceTally,
    Merchant,
    MerchantId,
    Outcome,
    Period,
    PeriodFigures,
    PeriodReport,
    ReasonCount,
    Tally,
    Terminal,
    TerminalId,
    TerminalsReport,
    Window,
    to_micros,
)
from bot.store import sources
from bot.store.driver import Connection, Row
from bot.store.rollups import HOUR, MINUTE

_WHERE = (
    " WHERE merchant_id = :merchant_id AND (:terminal_id = '' OR terminal_id = :terminal_id) "
    "AND {time} >= :start AND {time} < :end "
)
_OPERATIONS = (
    "(SELECT created_at - created_at % :minute AS start_at, terminal_id, currency, outcome, "
    "CASE WHEN outcome = 'failed' THEN reason_code ELSE 0 END AS reason_code, 1 AS count, amount AS sum "
    "FROM operation" + _WHERE.format(time="created_at") + ") AS piece "
)
_HOURS = "rollup_hour" + _WHERE.format(time="start_at")
_MINUTES = "rollup_minute" + _WHERE.format(time="start_at")
_WHOLE_INVOICES = (
    "SELECT outcome, SUM(count) AS count FROM rollup_invoice" + _WHERE.format(time="start_at") + "GROUP BY outcome"
)
_CUT_INVOICES = "SELECT outcome, COUNT(*) AS count FROM invoice" + _WHERE.format(time="first_at") + "GROUP BY outcome"


def _sums(columns: str, source: str) -> str:
    return f"SELECT {columns}, SUM(count) AS count, SUM(sum) AS sum FROM {source} GROUP BY {columns}"


_BY_REASON = "currency, outcome, reason_code"
_BY_TIME = "start_at, currency, outcome"
_BY_TERMINAL = "terminal_id, currency, outcome"


def period_report(
    db: Connection, merchant: Merchant, terminal: Terminal | None, period: Period, *, calendar: Calendar, now: datetime
) -> PeriodReport:
    """The period as far as the bank has been read, beside what it is compared with, cut at the same moment."""
    freshness = sources.get_freshness(db, merchant.id)
    until = _until(freshness, now)
    place = (merchant.id, terminal.id if terminal else "")
    *others, last = period.earlier()
    earlier = [
        _figures(db, place, other, calendar, calendar.alike(other, period, until), series=False) for other in others
    ]
    earlier.append(_figures(db, place, last, calendar, calendar.alike(last, period, until), series=True))
    return PeriodReport(
        merchant=merchant,
        terminal=terminal,
        asked=_figures(db, place, period, calendar, calendar.until(period, until), series=True),
        earlier=tuple(earlier),
        freshness=freshness,
        calendar=calendar,
        at=now,
    )


def comparison_report(
    db: Connection,
    merchant: Merchant,
    terminal: Terminal | None,
    periods: tuple[Period, Period],
    *,
    calendar: Calendar,
    now: datetime,
) -> ComparisonReport:
    """The two periods side by side, the earlier one first and, where they are alike, cut as the later one is."""
    freshness = sources.get_freshness(db, merchant.id)
    until = _until(freshness, now)
    place = (merchant.id, terminal.id if terminal else "")
    first, second = sorted(periods, key=lambda period: (period.last, period.first))
    shared = second.is_like(first) and calendar.window(first).end <= until
    cut = calendar.alike(first, second, until) if shared else calendar.until(first, until)
    return ComparisonReport(
        merchant=merchant,
        terminal=terminal,
        sides=(
            _figures(db, place, first, calendar, cut, series=True),
            _figures(db, place, second, calendar, calendar.until(second, until), series=True),
        ),
        freshness=freshness,
        calendar=calendar,
        at=now,
    )


def terminals_report(
    db: Connection, merchant: Merchant, period: Period, *, calendar: Calendar, now: datetime
) -> TerminalsReport:
    """The period by terminal, as far as the bank has been read."""
    freshness = sources.get_freshness(db, merchant.id)
    window = calendar.until(period, _until(freshness, now))
    return TerminalsReport(
        merchant=merchant,
        asked=_figures(db, (merchant.id, ""), period, calendar, window, series=False),
        terminals=by_terminal(db, merchant.id, window),
        freshness=freshness,
        calendar=calendar,
        at=now,
    )


def _until(freshness: Freshness, now: datetime) -> datetime:
    """Figures, and what they are compared with, end where the reading of the bank ends: else a loss looks like ▼."""
    return min(freshness.through_at or now, now)


def _figures(
    db: Connection, place: tuple[MerchantId, str], period: Period, calendar: Calendar, window: Window, *, series: bool
) -> PeriodFigures:
    marks = calendar.marks(period, window) if series else ()
    return PeriodFigures(period, of_window(db, *place, window, marks), window.end < calendar.window(period).end)


def of_window(
    db: Connection, merchant_id: MerchantId, terminal_id: str, window: Window, marks: Sequence[datetime] = ()
) -> Figures:
    """Counts and sums by currency and reason; `terminal_id` "" means all terminals.

    `marks`, the first of them the window's start, cut it into bars.
    """
    place = {"merchant_id": merchant_id, "terminal_id": terminal_id}
    rows = list(_in_window(db, _sums(_BY_REASON, _HOURS), _sums(_BY_REASON, _OPERATIONS), window, place))
    return Figures(
        window=window,
        currencies=_tallies(rows),
        reasons=_reasons(rows),
        invoices=_invoices(_in_window(db, _WHOLE_INVOICES, _CUT_INVOICES, window, place)),
        bars=_bars(db, window, place, marks) if marks else (),
    )


def by_terminal(db: Connection, merchant_id: MerchantId, window: Window) -> dict[TerminalId, dict[str, Tally]]:
    """Tallies by currency of every terminal with operations in the window."""
    place = {"merchant_id": merchant_id, "terminal_id": ""}
    rows: defaultdict[TerminalId, list[Row]] = defaultdict(list)
    for row in _in_window(db, _sums(_BY_TERMINAL, _HOURS), _sums(_BY_TERMINAL, _OPERATIONS), window, place):
        rows[TerminalId(row["terminal_id"])].append(row)
    tallied = {terminal_id: _tallies(found) for terminal_id, found in rows.items()}
    return {terminal_id: tallies for terminal_id, tallies in tallied.items() if tallies}


def _in_window(db: Connection, whole: str, cut: str, window: Window, place: Mapping[str, Any]) -> Iterator[Row]:
    start, end = to_micros(window.start), to_micros(window.end)
    first, last = _whole_hours(start, end)
    pieces = [(cut, start, first), (whole, first, last), (cut, last, end)] if first < last else [(cut, start, end)]
    for sql, since, until in pieces:
        if since < until:
            yield from db.rows(sql, **place, start=since, end=until, minute=MINUTE)


def _whole_hours(start: int, end: int) -> tuple[int, int]:
    return -(-start // HOUR) * HOUR, end // HOUR * HOUR


def _bars(db: Connection, window: Window, place: Mapping[str, Any], marks: Sequence[datetime]) -> tuple[Bar, ...]:
    """Hours cut by a mark, as in a zone of half hours, are told by their minutes."""
    edges = [to_micros(mark) for mark in marks]
    first, last = _whole_hours(to_micros(window.start), to_micros(window.end))
    split = {edge // HOUR * HOUR for edge in edges if edge % HOUR and first <= edge < last}
    rows = [
        row
        for row in _in_window(db, _sums(_BY_TIME, _HOURS), _sums(_BY_TIME, _OPERATIONS), window, place)
        if row["start_at"] // HOUR * HOUR not in split or not first <= row["start_at"] < last
    ]
    for hour in split:
        rows += db.rows(_sums(_BY_TIME, _MINUTES), **place, start=hour, end=hour + HOUR)
    found: list[list[Row]] = [[] for _ in edges]
    for row in rows:
        found[max(bisect_right(edges, row["start_at"]) - 1, 0)].append(row)
    return tuple(Bar(mark, _tallies(bar)) for mark, bar in zip(marks, found, strict=True))


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


def _invoices(rows: Iterable[Row]) -> InvoiceTally:
    counts = Counter[str]()
    for row in rows:
        counts[row["outcome"]] += row["count"]
    paid = counts[Outcome.PAID] + counts[Outcome.REFUNDED]
    return InvoiceTally(decided=paid + counts[Outcome.FAILED], paid=paid)
