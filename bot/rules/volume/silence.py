"""No operations at all: how many were to be expected since the last one. Knows no fixed timeout."""

from collections.abc import Sequence
from math import exp, log

from bot.rules.volume.history import Rates
from bot.rules.volume.tails import log_none

NOTHING = [0.0] * 4
SHORTEST = 4  # minutes
FEWEST = 2.0  # expected operations nobody need look below
SHARE = 1.5  # budgets: a silent terminal costs the most by the minute, and no other test is as sure of itself
SHIFTED = 0.003  # of days run a quarter-hour ahead, as many behind: doors open early, batches come late


class Silence:
    """Expectations since the last operation, and how the day ran until then.

    A day may run a quarter-hour ahead or behind; each opening is late or not for itself, so what was to be expected
    `before` the doors were shut is settled then, and the sums begin anew.
    """

    def __init__(self) -> None:
        self.heard(-2, 1.0, 0.0)

    def heard(self, i: int, level: float, doubt: float) -> None:
        """Operations in minute i."""
        self.since = i + 1  # the first minute without operations
        self.before = self.mid = self.early = self.late = self.low = self.all = 0.0
        self.level, self.doubt = level, doubt
        self.shut, self.fresh = False, True
        self.held: list[float] = NOTHING

    def wait(self, rates: Rates, *, shut: bool, batch: bool) -> None:
        """A minute without operations; `shut`: none are expected now, a quarter-hour ago or in a quarter-hour.

        In a quarter-hour with a `batch` nobody knows its minute: what is beyond the neighbours' is missed at the end.
        """
        if shut and not self.shut:
            self.before = -self._chance(1.0, 0.0)
            self.mid = self.early = self.late = 0.0
        self.shut = shut
        if not batch:
            self._miss(rates)
            return
        sure = min(rates[:3])
        part = sure / rates[0] if rates[0] else 0.0
        self._miss((sure, sure, sure, rates[3] * part))
        if not self.fresh:
            rest = (rates[0] - sure, rates[1] - sure, rates[2] - sure, rates[3] * (1.0 - part))
            self.held = [held + rate for held, rate in zip(self.held, rest, strict=True)]

    def turn(self) -> None:
        """A quarter-hour is over; a batch that had not begun before the silence should have come."""
        self._miss(self.held)
        self.held, self.fresh = NOTHING, False

    def _miss(self, rates: Sequence[float]) -> None:
        self.mid += rates[0]
        self.early += rates[1]
        self.late += rates[2]
        self.low += rates[3]
        self.all += rates[0]

    @property
    def least(self) -> float:
        """What was to be expected even if the day runs ahead or behind."""
        return self.before + min(self.mid, self.early, self.late)

    def margin(self, i: int, alpha: float, spread: float, near: float, *, holiday: bool) -> float:
        """Nats beyond the budget; negative is no alarm."""
        if self.since < 0 or i + 1 - self.since < SHORTEST or self.least <= FEWEST:
            return -1.0
        narrow = self.low / self.all if self.all else 0.0
        chance = self._chance(self.level * (narrow if holiday else 1.0), near + self.doubt)
        if not holiday:
            chance = min(chance, self._chance(narrow, spread))
        return alpha - chance

    def _chance(self, factor: float, spread: float) -> float:
        """Log of the chance of no operations, whether the day is on time or not."""
        sums = (self.mid, self.early, self.late)
        on_time, ahead, behind = (log_none((self.before + mean) * factor, spread) for mean in sums)
        top = max(on_time, ahead, behind)
        shifted = SHIFTED * (exp(ahead - top) + exp(behind - top))
        return top + log((1.0 - 2.0 * SHIFTED) * exp(on_time - top) + shifted)


def alpha(budget: float, month_ops: float) -> float:
    """Log of the chance one pause between operations may have of alarming."""
    return log(SHARE * budget / max(30.0, month_ops))
