"""What a terminal usually does on a given local day: the rate table times a level, wider where little is known."""

from dataclasses import dataclass, field
from datetime import date
from math import exp, log

from bot.rules.volume.rate import RateTable
from bot.rules.volume.spread import BURSTS

KEEP_DAYS = 45
LEVEL_DAYS, LEVEL_HALF = 21, 6.0
OLDER = (8, 36)
LEVEL_PRIOR = 16.0
FORMER_DAYS = 42  # so long a return to how it was before a new normal is no trouble
BRIDGE, BRIDGED = 8, 0.75  # days between two holidays that may be half holidays, and what may be missing then
EPOCH = date(1970, 1, 1).toordinal()
COLD = ((3, 0.0, 99.0), (7, 0.5, 2.2), (14, 0.7, 1.5), (21, 0.85, 1.2))  # age in days, low and high factor


@dataclass(slots=True)
class DayRecord:
    """A finished local day: clean operations, what the table (without level) expected in the same quarters."""

    day: int
    n: float
    mean: float
    holiday: bool


@dataclass(slots=True)
class DayPlan:
    """Expectations of one local day by quarter: usual, lowest and highest usual."""

    day: int
    table: list[float]
    mid: list[float]
    low: list[float]
    high: list[float]
    holiday: bool = False
    first: bool = False  # a day nothing is known of the like
    bridge: bool = False  # between two holidays, so perhaps half a one


@dataclass(slots=True)
class Season:
    """The learned calendar of one terminal. Days are counted from 1970, Monday is weekday 0."""

    holidays: frozenset[int]
    table: RateTable = field(default_factory=RateTable)
    records: list[DayRecord] = field(default_factory=list)
    first_day: int = 0
    level: float = 1.0
    older: float = 1.0
    former: float = 1.0
    former_until: int = -1

    def finish(self, plan: DayPlan, counts: list[float], clean: list[float]) -> None:
        """Take in a finished day."""
        mean = sum(m * c for m, c in zip(plan.table, clean, strict=True))
        n = sum(k for k, c in zip(counts, clean, strict=True) if c)
        self.records.append(DayRecord(plan.day, n, mean, plan.holiday))
        del self.records[:-KEEP_DAYS]
        if not plan.holiday:
            self.table.learn(weekday_of(plan.day), counts, clean)

    def plan(self, day: int, day_spread: float) -> DayPlan:
        """Expectations for a local day."""
        self.level = self.mean_level(day - LEVEL_DAYS, day, day_spread, LEVEL_HALF) or 1.0
        self.older = self.mean_level(day - OLDER[1], day - OLDER[0], day_spread, 99.0) or self.level
        age = day - self.first_day
        low, high = next(((lo, hi) for until, lo, hi in COLD if age < until), (1.0, 1.0))
        bridge = self.bridges(day)
        former = self.former if day < self.former_until else self.level
        high *= max(1.0, self.older / self.level, former / self.level)
        low *= min(1.0, former / self.level) * (BRIDGED if bridge else 1.0)
        weekday = weekday_of(day)
        if day in self.holidays:
            return self._holiday(day, day_spread, low, high)
        if not self.table.seen(weekday):
            low = 0.0
        table = self.table.rates(weekday, day_spread)
        mid = [r * self.level for r in table]
        least, most = [m * low for m in mid], [m * high for m in mid]
        return DayPlan(day, table, mid, least, most, first=low == 0.0, bridge=bridge)

    def _holiday(self, day: int, day_spread: float, low: float, high: float) -> DayPlan:
        """A Sunday at its widest, until two holidays have shown what they are like."""
        sunday = self.table.rates(6, day_spread)
        usual = self.table.rates(weekday_of(day), day_spread)
        mid = [r * self.level for r in sunday]
        seen = [(r.n + 1.0) / (r.mean * self.level + 1.0) for r in self.records if r.holiday and r.mean > 5]
        if len(seen) < 2:
            least = [min(s, u) * self.level for s, u in zip(sunday, usual, strict=True)]
            top = [1.8 * max(s, u) * self.level * high for s, u in zip(sunday, usual, strict=True)]
            return DayPlan(day, sunday, mid, least, top, holiday=True, first=True)
        typical = exp(sum(map(log, seen)) / len(seen))
        least = [min(s, u) * self.level * typical for s, u in zip(sunday, usual, strict=True)]
        mid = [m * typical for m in mid]
        lowest, highest = 0.55 * min(seen) / typical * low, 1.6 * max(seen) / typical * high
        return DayPlan(day, sunday, mid, [m * lowest for m in least], [m * highest for m in mid], holiday=True)

    def adopt(self, days: list[DayRecord]) -> None:
        """Take these days for the new normal and forget how it was before."""
        self.former, self.former_until = self.older, days[-1].day + FORMER_DAYS if days else -1
        self.records = [r for r in self.records if r.holiday] + days

    def tells(self, day: int) -> bool:
        """Whether a day shows how the terminal does: a holiday does not, nor do days between two of them."""
        return day not in self.holidays and not self.bridges(day)

    def bridges(self, day: int) -> bool:
        """Whether this is one of few days between two holidays."""
        before = max((h for h in self.holidays if h < day), default=day - BRIDGE)
        return day not in self.holidays and any(day < h <= before + BRIDGE for h in self.holidays)

    def mean_level(self, start: int, end: int, day_spread: float, half: float) -> float | None:
        """Robust mean of actual over expected on the days [start, end), the latest weighing most; None of no days."""
        points = []
        for r in self.records:
            if start <= r.day < end and not r.holiday and r.mean > 0.5:
                variance = BURSTS / r.mean + day_spread
                points.append(
                    (log((r.n + 0.5) / (r.mean + 0.5)), 0.5 ** ((end - 1 - r.day) / half) / variance, variance)
                )
        if not points:
            return None
        middle = weighted_median([(x, w) for x, w, _ in points])
        total = top = 0.0
        for x, weight, variance in points:
            reach = 2.0 * variance**0.5
            top += weight * min(middle + reach, max(middle - reach, x))
            total += weight
        return exp(top / (total + LEVEL_PRIOR))


def weekday_of(day: int) -> int:
    """Monday 0 .. Sunday 6 of a day counted from 1970."""
    return (day + 3) % 7


def weighted_median(points: list[tuple[float, float]]) -> float:
    """The value at which half of the weight is passed."""
    points = sorted(points)
    half, passed = sum(w for _, w in points) / 2.0, 0.0
    for x, weight in points:
        passed += weight
        if passed >= half:
            return x
    return points[-1][0]
