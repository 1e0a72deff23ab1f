"""Counts and sums of a window: whole hours from the stored sums, the hours cut by its ends from the rows."""

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
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
from bot.store import operations, sources
from bot.store.driver import Connection, Row
from bot.store.rollups import HOUR, MINUTE

_HERE = " WHERE merchant_id = :merchant_id AND {time} >= :start AND {time} < :end "
_THERE = _HERE + "AND terminal_id = :terminal_id "
_OPERATIONS = (
    "(SELECT created_at - created_at % :minute AS start_at, terminal_id, currency, outcome, "
    "CASE WHEN outcome = 'failed' THEN reason_code ELSE 0 END AS reason_code, 1 AS count, amount AS sum "
    "FROM operation {where} UNION ALL SELECT start_at, terminal_id, currency, outcome, reason_code, count, sum "
    "FROM dropped_sum {dropped}) AS piece "
)
_BY_ALL = "start_at, currency, outcome, reason_code"
_BY_REASON = "currency, outcome, reason_code"
_BY_TIME = "start_at, currency, outcome"
_BY_TERMINAL = "terminal_id, currency, outcome"


def _sums(columns: str, source: str) -> str:
    return f"SELECT {columns}, SUM(count) AS count, SUM(sum) AS sum FROM {source} GROUP BY {columns}"


@dataclass(frozen=True, slots=True)
class _Place:
    """A merchant, or one terminal of it, and where its hours are kept. `terminal_id` "" means all terminals."""

    merchant_id: MerchantId
    terminal_id: str

    @property
    def keys(self) -> dict[str, Any]:
        return {"merchant_id": self.merchant_id} | ({"terminal_id": self.terminal_id} if self.terminal_id else {})

    def where(self, time: str) -> str:
        return (_THERE if self.terminal_id else _HERE).format(time=time)

    @property
    def hours(self) -> str:
        return ("rollup_hour" if self.terminal_id else "rollup_total") + self.where("start_at")

    @property
    def minutes(self) -> str:
        return "rollup_minute" + self.where("start_at")

    @property
    def operations(self) -> str:
        return _OPERATIONS.format(where=self.where("created_at"), dropped=self.where("start_at"))

    @property
    def whole_invoices(self) -> str:
        table = "rollup_invoice" if self.terminal_id else "rollup_invoice_total"
        return f"SELECT outcome, SUM(count) AS count FROM {table} {self.where('start_at')} GROUP BY outcome"

    @property
    def cut_invoices(self) -> str:
        return (
            f"SELECT outcome, COUNT(*) AS count FROM invoice {self.where('first_at')} GROUP BY outcome UNION ALL "
            f"SELECT outcome, SUM(count) AS count FROM dropped_invoice_sum {self.where('start_at')} GROUP BY outcome"
        )


def period_report(
    db: Connection, merchant: Merchant, terminal: Terminal | None, period: Period, *, calendar: Calendar, now: datetime
) -> PeriodReport:
    """The period as far as the bank has been read, beside what it is compared with, cut at the same moment."""
    freshness = sources.get_freshness(db, merchant.id)
    until = _until(freshness, now)
    place = _Place(merchant.id, terminal.id if terminal else "")
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
    place = _Place(merchant.id, terminal.id if terminal else "")
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
        asked=_figures(db, _Place(merchant.id, ""), period, calendar, window, series=False),
        terminals=by_terminal(db, merchant.id, window),
        freshness=freshness,
        calendar=calendar,
        at=now,
    )


def _until(freshness: Freshness, now: datetime) -> datetime:
    """Figures, and what they are compared with, end where the reading of the bank ends: else a loss looks like ▼."""
    return min(freshness.through_at or now, now)


def _figures(
    db: Connection, place: _Place, period: Period, calendar: Calendar, window: Window, *, series: bool
) -> PeriodFigures:
    marks = calendar.marks(period, window) if series else ()
    return PeriodFigures(
        period,
        of_window(db, place.merchant_id, place.terminal_id, window, marks),
        window.end < calendar.window(period).end,
    )


def of_window(
    db: Connection, merchant_id: MerchantId, terminal_id: str, window: Window, marks: Sequence[datetime] = ()
) -> Figures:
    """Counts and sums by currency and reason; `terminal_id` "" means all terminals.

    `marks`, the first of them the window's start, cut it into bars.
    """
    place = _Place(merchant_id, terminal_id)
    whole, cuts = _pieces(window)
    cut = [row for piece in cuts for row in _rows(db, _sums(_BY_ALL, place.operations), piece, place)]
    rows = [*cut, *_rows(db, _sums(_BY_REASON, place.hours), whole, place)]
    invoices = [row for piece in cuts for row in _rows(db, place.cut_invoices, piece, place)]
    return Figures(
        window=window,
        currencies=_tallies(rows),
        reasons=_reasons(rows),
        invoices=_invoices([*invoices, *_rows(db, place.whole_invoices, whole, place)]),
        bars=_bars(marks, [*cut, *_series(db, whole, place, marks)]) if marks else (),
    )


def by_terminal(db: Connection, merchant_id: MerchantId, window: Window) -> dict[TerminalId, dict[str, Tally]]:
    """Tallies by currency of every terminal with operations in the window."""
    whole, cuts = _pieces(window)
    everywhere = _Place(merchant_id, "")
    rows: defaultdict[TerminalId, list[Row]] = defaultdict(list)
    for piece in cuts:
        for row in _rows(db, _sums(_BY_TERMINAL, everywhere.operations), piece, everywhere):
            rows[TerminalId(row["terminal_id"])].append(row)
    for terminal_id in operations.list_terminals(db, merchant_id, window.start):
        place = _Place(merchant_id, terminal_id)
        rows[terminal_id] += _rows(db, _sums("currency, outcome", place.hours), whole, place)
    tallied = {terminal_id: _tallies(found) for terminal_id, found in rows.items()}
    return {terminal_id: tallies for terminal_id, tallies in tallied.items() if tallies}


Piece = tuple[int, int]


def _pieces(window: Window) -> tuple[Piece, list[Piece]]:
    """The whole hours of a window, and what its ends cut off; in microseconds, perhaps empty."""
    start, end = to_micros(window.start), to_micros(window.end)
    first, last = -(-start // HOUR) * HOUR, end // HOUR * HOUR
    if first >= last:
        return (start, start), [(start, end)]
    return (first, last), [(start, first), (last, end)]


def _rows(db: Connection, sql: str, piece: Piece, place: _Place) -> list[Row]:
    start, end = piece
    minute = {"minute": MINUTE} if ":minute" in sql else {}
    return db.rows(sql, **place.keys, start=start, end=end, **minute) if start < end else []


def _series(db: Connection, whole: Piece, place: _Place, marks: Sequence[datetime]) -> list[Row]:
    """By hour, and by minute in the hours that a mark cuts, as in a zone of half hours."""
    first, last = whole
    edges = map(to_micros, marks)
    split = {edge // HOUR * HOUR for edge in edges if edge % HOUR and first <= edge < last}
    rows = [row for row in _rows(db, _sums(_BY_TIME, place.hours), whole, place) if row["start_at"] not in split]
    for hour in split:
        rows += _rows(db, _sums(_BY_TIME, place.minutes), (hour, hour + HOUR), place)
    return rows


def _bars(marks: Sequence[datetime], rows: Iterable[Row]) -> tuple[Bar, ...]:
    edges = [to_micros(mark) for mark in marks]
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
