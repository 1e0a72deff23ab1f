"""Too few or too many operations in any window that ends now, against the usual and against the day so far."""

from math import sqrt
from typing import NamedTuple

from bot.rules.volume.backoff import log_alpha
from bot.rules.volume.extremes import Extremes, nats_of
from bot.rules.volume.history import MINUTES, History
from bot.rules.volume.spread import BURSTS, Spread
from bot.rules.volume.tails import at_least, at_most

SHORT = (5, 10, 15, 30, 60)
LONG = (120, 240, 480, 1440, 2880, 4320, 7200, 10080)
FEW_SCALES, MANY_SCALES = 5.0, 39.0
FEW, MANY = 0.65, 1.75  # what matters, as a ratio
SAME_DAY = 480  # longest window judged by the day so far


class Row(NamedTuple):
    """What one window length needs: its budget, spreads, the least operations that matter, how heavy the tails are."""

    minutes: int
    few: float
    many: float
    spread: float
    near: float
    least: float
    few_stretch: float = 1.0
    many_stretch: float = 1.0


class Finding(NamedTuple):
    """A window `[start, end)` with its count, the mean and spread it was judged by, and how far beyond the budget.

    `level` is how the day ran before where it was judged by that, 1 where by the usual; `limit` is the owner's own.
    """

    start: int
    n: float
    mean: float
    spread: float
    margin: float
    level: float = 1.0
    limit: int | None = None


class Known(NamedTuple):
    """How the day ran before a window, with what relative variance; whether it touches a holiday, an unknown one."""

    level: float
    doubt: float
    holiday: bool
    unknown: bool


class Sums(NamedTuple):
    """One window's count and its lowest and highest expectation; `narrow`, `wide` are factors where little is known."""

    start: int
    n: float
    least: float
    most: float
    narrow: float
    wide: float


def rows(budget: float, spreads: tuple[Spread, Spread], extremes: Extremes, day_ops: float) -> list[Row]:
    """The table of windows, once a day."""
    spread, near = spreads
    out = []
    for w in SHORT + LONG:
        share = 0.0015 if w < 480 else 0.02 if w < 1440 else 0.1
        few, many = log_alpha(budget, w, FEW_SCALES), log_alpha(budget, w, MANY_SCALES)
        tails = extremes.stretch(0, w), extremes.stretch(1, w)
        out.append(Row(w, few, many, spread.of(w), near.of(w), max(3.0, share * day_ops), *tails))
    return out


def short_sums(history: History, minutes: int) -> Sums:
    """The sums of a window of up to two hours."""
    i = history.last
    at, before = i % MINUTES, (i - minutes) % MINUTES
    n = history.n[at] - history.n[before]
    mid = history.mid[at] - history.mid[before]
    early = history.early[at] - history.early[before]
    late = history.late[at] - history.late[before]
    low = history.low[at] - history.low[before]
    high = history.high[at] - history.high[before]
    narrow, wide = _factors(mid, low, high)
    return Sums(i + 1 - minutes, n, min(mid, early, late), max(mid, early, late), narrow, wide)


def long_sums(history: History, minutes: int) -> Sums:
    """The sums of a window that begins with a quarter-hour."""
    end = history.last + 1
    start = end // 15 * 15 - minutes
    n, mid, early, late, low, high = (
        history.within(c, start, end) for c in ("n", "mid", "early", "late", "low", "high")
    )
    least, most = min(mid, early, late), max(mid, early, late)
    if minutes >= 1440:
        held = history.within("flat", start, end) * history.base_before(start)
        least, most = held * least / max(mid, 1e-9), max(most, held)
    return Sums(start, n, least, most, *_factors(mid, low, high))


def _factors(mid: float, low: float, high: float) -> tuple[float, float]:
    return (low / mid, high / mid) if mid > 0 else (0.0, 1.0)


def few_of(minutes: int, mean: float) -> float:
    """The share of the mean under which a count matters: stricter for short windows of many operations."""
    return FEW if minutes > 60 else min(0.68, 0.56 + 0.8 / sqrt(mean + 1.0))


def many_of(minutes: int, mean: float) -> float:
    """The multiple of the mean above which a count matters."""
    return MANY if minutes > 60 else max(1.6, 2.1 - 1.5 / sqrt(mean + 1.0))


def too_few(row: Row, s: Sums, known: Known) -> Finding | None:
    """Judge a window for missing operations, against the usual and against the day so far."""
    usual = s.least * s.narrow
    best = None
    if not known.unknown and s.n < few_of(row.minutes, usual) * usual and usual - s.n >= row.least:
        best = _low(row, s, usual, row.spread)
    near = s.least * known.level * (s.narrow if known.holiday else 1.0)
    if row.minutes <= SAME_DAY and s.n < few_of(row.minutes, near) * near and near - s.n >= row.least:
        other = _low(row, s, near, row.near + known.doubt)._replace(level=known.level)
        best = other if best is None or other.margin > best.margin else best
    return best


def _low(row: Row, s: Sums, mean: float, spread: float) -> Finding:
    p = at_most(s.n, mean, spread + (BURSTS - 1.0) / mean)
    return Finding(s.start, s.n, mean, spread, row.few + nats_of(p, row.few_stretch))


def too_many(row: Row, s: Sums, known: Known) -> Finding | None:
    """Judge a window for surplus operations."""
    usual = max(s.most * s.wide, 0.05)
    best = None
    if s.n > many_of(row.minutes, usual) * usual and s.n - usual >= row.least:
        best = _high(row, s, usual, row.spread)
    near = max(s.most * max(known.level, s.wide), 0.05)
    if row.minutes <= SAME_DAY and s.n > many_of(row.minutes, near) * near and s.n - near >= row.least:
        other = _high(row, s, near, row.near + known.doubt)._replace(level=known.level)
        best = other if best is None or other.margin > best.margin else best
    return best


def _high(row: Row, s: Sums, mean: float, spread: float) -> Finding:
    p = at_least(s.n, mean, spread + (BURSTS - 1.0) / mean)
    return Finding(s.start, s.n, mean, spread, row.many + nats_of(p, row.many_stretch))
