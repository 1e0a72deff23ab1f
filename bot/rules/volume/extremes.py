"""How far surprises reach beyond what the spread allows: heavy tails are told from alarms. Raises none.

Beyond a threshold the surprise (nats) of a count from its own distribution is exponential with mean 1. A terminal
ruled by weather or crowds exceeds it by more; alarms ask for as much more (peaks over a threshold, Pickands 1975).
"""

from math import log

from bot.rules.volume.spread import BURSTS, SCALES, between
from bot.rules.volume.tails import at_least, at_most

FROM = 3.7  # nats: one block in forty on either side
PRIOR_WEIGHT = 12.0
FARTHEST = 10.0  # nats one block may exceed by
FADE_DAYS = 0.5 ** (1 / 28)


class Extremes:
    """Mean excess of surprise by scale, for too few and for too many."""

    def __init__(self) -> None:
        self.weights = [[PRIOR_WEIGHT] * len(SCALES) for _ in range(2)]
        self.sums = [[PRIOR_WEIGHT] * len(SCALES) for _ in range(2)]

    def learn(self, scale: int, n: float, mean: float, spread: float) -> None:
        """One clean block."""
        if mean < 1.0 or (n - mean) ** 2 < 2.5 * (BURSTS * mean + spread * mean * mean):
            return
        spread += (BURSTS - 1.0) / mean
        chance = at_most(n, mean, spread) if n < mean else at_least(n, mean, spread)
        excess = -log(max(chance, 1e-300)) - FROM
        if excess > 0.0:
            side = int(n > mean)
            self.weights[side][scale] += 1.0
            self.sums[side][scale] += min(excess, FARTHEST)

    def fade(self) -> None:
        """Once a day."""
        for kept in (*self.weights, *self.sums):
            kept[:] = [PRIOR_WEIGHT + (x - PRIOR_WEIGHT) * FADE_DAYS for x in kept]

    def stretch(self, side: int, minutes: float) -> float:
        """By how much surprises beyond the threshold are to be divided, at least 1; side 0 is too few."""
        means = [s / w for s, w in zip(self.sums[side], self.weights[side], strict=True)]
        return max(1.0, between(means, minutes))


def nats_of(chance: float, stretch: float) -> float:
    """The surprise of an event of this chance, heavy tails allowed for."""
    nats = -log(max(chance, 1e-300))
    return nats if nats <= FROM else FROM + (nats - FROM) / stretch
