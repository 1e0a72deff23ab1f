"""How far counts stray from their expectation, learned for blocks of 5 and 15 min, 1 h, 4 h and a day."""

from bisect import bisect_left
from math import log

SCALES = (5, 15, 60, 240, 1440)
QUARTER = 1  # the place of 15 minutes in SCALES
LOGS = tuple(log(s) for s in SCALES)
BURSTS = 1.15  # variance over mean inside a minute: retries, payers who pay twice
PRIOR_WEIGHT = 4.0
FLOOR, CEILING = 0.003, 0.5
CLIPPED = {4.0: 0.92, 9.0: 0.995}  # what clipping at so many variances leaves of a normal residual's square
FADE_DAYS = 0.5 ** (1 / 21)


class Spread:
    """Relative variance beyond BURSTS * mean, one for each scale."""

    def __init__(self, prior: float, clip: float) -> None:
        self.clip = clip
        self.prior = prior
        self.weights = [PRIOR_WEIGHT] * len(SCALES)
        self.sums = [prior * PRIOR_WEIGHT] * len(SCALES)
        self.values = [prior] * len(SCALES)

    def learn(self, scale: int, n: float, mean: float, known: float = 0.0) -> None:
        """One clean block: `known` is relative variance that has another cause (a level not known exactly)."""
        if mean < 1.0:
            return
        spread = self.values[scale]
        variance = BURSTS * mean + (spread + known) * mean * mean
        square = min((n - mean) ** 2, self.clip * variance) / CLIPPED[self.clip]
        weight = (spread * mean * mean / variance) ** 2
        self.weights[scale] += weight
        self.sums[scale] += weight * ((square - BURSTS * mean) / (mean * mean) - known)
        self.values[scale] = min(CEILING, max(FLOOR, self.sums[scale] / self.weights[scale]))

    def fade(self) -> None:
        """Once a day: the old counts less, the prior stays."""
        for s in range(len(SCALES)):
            self.weights[s] = PRIOR_WEIGHT + (self.weights[s] - PRIOR_WEIGHT) * FADE_DAYS
            self.sums[s] = self.prior * PRIOR_WEIGHT + (self.sums[s] - self.prior * PRIOR_WEIGHT) * FADE_DAYS

    def of(self, minutes: float) -> float:
        """The spread of a window of so many minutes."""
        return between(self.values, minutes)


def between(values: list[float], minutes: float) -> float:
    """What lies between the values of the scales, by the logarithm of the minutes."""
    if minutes <= SCALES[0]:
        return values[0]
    if minutes >= SCALES[-1]:
        return values[-1]
    at = bisect_left(SCALES, minutes)
    share = (log(minutes) - LOGS[at - 1]) / (LOGS[at] - LOGS[at - 1])
    return values[at - 1] + share * (values[at] - values[at - 1])
