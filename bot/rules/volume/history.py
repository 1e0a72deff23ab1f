"""Running totals of a terminal, by minute for an hour or two and by quarter-hour for two weeks. Judges nothing.

Every total only grows, so the sum over any window is one subtraction. `mid` is the expectation, `early` and `late`
the same if the day ran a quarter-hour ahead or behind, `low` and `high` the widened ones (holidays, cold start), `flat`
the expectation before the level of the season, which is kept aside as `base`.
"""

MINUTES = 128
QUARTERS = 1728  # eighteen days of what a habit is told by
WEEK = 704  # the rest
LASTING = ("n", "mid")
CHANNELS = ("n", "mid", "early", "late", "low", "high", "flat", "tries", "fails", "priced", "logs")
Rates = tuple[float, float, float, float, float, float]


class History:
    """Minute `i` is the i-th since 1970 (UTC); totals at `i` include it."""

    def __init__(self) -> None:
        self.first = self.last = -1
        self.n, self.mid, self.early, self.late, self.low, self.high, self.flat = ([0.0] * MINUTES for _ in range(7))
        self.tries, self.fails, self.priced, self.logs = ([0.0] * MINUTES for _ in range(4))
        names = (*CHANNELS, "level", "doubt", "base")
        self.quarters = {name: [0.0] * (QUARTERS if name in LASTING else WEEK) for name in names}

    def start(self, i: int) -> None:
        """Begin just before minute i."""
        self.first, self.last = i, i - 1

    def add(self, n: int, rates: Rates, extra: tuple[float, float, float, float]) -> None:
        """The next minute: its operations, what was expected, and (tries, fails, priced, logs)."""
        i = self.last = self.last + 1
        at, before = i % MINUTES, (i - 1) % MINUTES
        mid, early, late, low, high, flat = rates
        self.n[at] = self.n[before] + n
        self.mid[at] = self.mid[before] + mid
        self.early[at] = self.early[before] + early
        self.late[at] = self.late[before] + late
        self.low[at] = self.low[before] + low
        self.high[at] = self.high[before] + high
        self.flat[at] = self.flat[before] + flat
        self.tries[at] = self.tries[before] + extra[0]
        self.fails[at] = self.fails[before] + extra[1]
        self.priced[at] = self.priced[before] + extra[2]
        self.logs[at] = self.logs[before] + extra[3]
        if i % 15 == 14:
            for name in CHANNELS:
                totals = self.quarters[name]
                totals[i // 15 % len(totals)] = getattr(self, name)[at]

    def mark(self, i: int, level: float, doubt: float, base: float) -> None:
        """What the quarter-hour that ends with minute i leaves known of the level."""
        slot = i // 15 % WEEK
        self.quarters["level"][slot], self.quarters["doubt"][slot], self.quarters["base"][slot] = level, doubt, base

    def amend(self, i: int, amounts: dict[str, float]) -> None:
        """Operations of a minute that is already past."""
        for name, amount in amounts.items():
            by_minute, by_quarter = getattr(self, name), self.quarters[name]
            for m in range(max(i, self.last - MINUTES + 1), self.last + 1):
                by_minute[m % MINUTES] += amount
            for q in range(max(i // 15, (self.last + 1) // 15 - len(by_quarter)), (self.last + 1) // 15):
                by_quarter[q % len(by_quarter)] += amount

    def within(self, name: str, start: int, end: int) -> float:
        """Sum of a channel over minutes [start, end); to the quarter-hour once the minutes are forgotten."""
        return self._until(name, end - 1) - self._until(name, start - 1)

    def _until(self, name: str, i: int) -> float:
        if i > self.last - MINUTES:
            channel: list[float] = getattr(self, name)
            return channel[i % MINUTES]
        totals = self.quarters[name]
        return totals[((i + 1) // 15 - 1) % len(totals)]

    def reaches(self, start: int, quarters: int = WEEK) -> bool:
        """Whether a window from minute `start` is still remembered."""
        return start >= self.first and start // 15 > self.last // 15 - quarters + 2

    def level_before(self, i: int) -> tuple[float, float]:
        """The day's level (1 is usual) known when minute i began, and the relative variance of that knowledge."""
        slot = (i // 15 - 1) % WEEK
        return (self.quarters["level"][slot] or 1.0), self.quarters["doubt"][slot]

    def base_before(self, i: int) -> float:
        """The level of the season when minute i began."""
        return self.quarters["base"][(i // 15 - 1) % WEEK] or 1.0
