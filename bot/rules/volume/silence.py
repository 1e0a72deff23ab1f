"""No operations at all: how many were to be expected since the last one. Knows no fixed timeout."""

from math import log

from bot.rules.volume.history import Rates
from bot.rules.volume.tails import log_none

SHORTEST = 4  # minutes
FEWEST = 2.0  # expected operations nobody need look below


class Silence:
    """Expectations since the last operation, and how the day ran until then."""

    def __init__(self) -> None:
        self.since = -1  # the first minute without operations
        self.mid = self.least = self.low = 0.0
        self.level, self.doubt = 1.0, 0.0

    def heard(self, i: int, level: float, doubt: float) -> None:
        """Operations in minute i."""
        self.since = i + 1
        self.mid = self.least = self.low = 0.0
        self.level, self.doubt = level, doubt

    def wait(self, rates: Rates) -> None:
        """A minute without operations."""
        self.mid += rates[0]
        self.least += min(rates[0], rates[1], rates[2])
        self.low += rates[3]

    def margin(self, i: int, alpha: float, spread: float, near: float, *, holiday: bool) -> float:
        """Nats beyond the budget; negative is no alarm."""
        least = self.least
        if self.since < 0 or i + 1 - self.since < SHORTEST or least <= FEWEST:
            return -1.0
        narrow = self.low / self.mid
        chance = log_none(least * self.level * (narrow if holiday else 1.0), near + self.doubt)
        if not holiday:
            chance = min(chance, log_none(least * narrow, spread))
        return alpha - chance


def alpha(budget: float, month_ops: float) -> float:
    """Log of the chance one pause between operations may have of alarming."""
    return log(budget / max(30.0, month_ops))
