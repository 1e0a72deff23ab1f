"""How today runs against the usual: a gamma-Poisson filter that follows the day and slowly forgets it."""

from math import exp

from bot.rules.volume.spread import BURSTS

FORGET = exp(-15 / 240)  # four hours of memory
NEW_DAY = 0.5  # evidence that outlasts midnight, as a part of the prior's
LOOSE = 0.5  # relative variance of a day nobody has seen the like of


class DayLevel:
    """Posterior of today's level: mean `value`, relative variance `doubt`."""

    def __init__(self) -> None:
        self.above = 0.0  # evidence beyond the prior, in operations seen and expected
        self.beyond = 0.0
        self.value, self.doubt = 1.0, 0.02

    def new_day(self, day_spread: float) -> None:
        """Midnight: what is known of the old day says less of the new one."""
        keep = min(1.0, NEW_DAY / day_spread / max(self.beyond, 1e-9))
        self.above, self.beyond = self.above * keep, self.beyond * keep
        self._settle(day_spread)

    def step(self, n: float, mean: float, *, spread: float, day_spread: float) -> None:
        """A quarter-hour passed. Mean 0: nothing was learned, only forgotten."""
        weight = 1.0 / (BURSTS + spread * mean)
        self.above = self.above * FORGET + n * weight
        self.beyond = self.beyond * FORGET + mean * weight
        self._settle(day_spread)

    def _settle(self, day_spread: float) -> None:
        prior = 1.0 / day_spread
        self.value = (prior + self.above) / (prior + self.beyond)
        self.doubt = 1.0 / (prior + self.beyond)
