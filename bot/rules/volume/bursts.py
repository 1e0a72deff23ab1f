"""Slots in which operations come in batches: how unevenly a quarter-hour's operations fall on its thirds."""

from itertools import pairwise

from bot.rules.volume.rate import QUARTERS
from bot.rules.volume.scan import Row
from bot.rules.volume.spread import BURSTS

PRIOR_WEIGHT = 300.0
FADE = 0.5 ** (1 / 21)
BATCH = 0.15
REST = {5: 1.0, 10: 0.4}  # how much of the unevenness a window of so many minutes sees


class Bursts:
    """Relative variance of a third of each quarter-hour of the day, beyond chance."""

    def __init__(self) -> None:
        self.sums = [0.0] * QUARTERS
        self.weights = [PRIOR_WEIGHT] * QUARTERS

    def learn(self, slot: int, totals: list[float]) -> None:
        """Running totals at the start, after each third and so at the end of a clean quarter-hour."""
        n = totals[3] - totals[0]
        if n < 3:
            return
        uneven = sum((3 * (b - a) - n) ** 2 for a, b in pairwise(totals)) / 3
        self.sums[slot] += uneven - BURSTS * 2 * n
        self.weights[slot] += n * n

    def fade(self) -> None:
        """Once a day."""
        self.sums = [s * FADE for s in self.sums]
        self.weights = [PRIOR_WEIGHT + (w - PRIOR_WEIGHT) * FADE for w in self.weights]

    def batches(self, slot: int) -> bool:
        """Whether this slot's operations may well come all at once."""
        return self.sums[slot] > BATCH * self.weights[slot]

    def widen(self, row: Row, slot: int) -> Row:
        """The row of a window that ends in this slot, with the spread its batches ask for."""
        uneven = max(self.sums[slot] / self.weights[slot], self.sums[slot - 1] / self.weights[slot - 1])
        if uneven < 0.01:
            return row
        extra = uneven * REST[row.minutes]
        return row._replace(spread=row.spread + extra, near=row.near + extra)
