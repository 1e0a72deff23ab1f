"""The usual rate: a table of a week's quarter-hours, shrunk where data are few. Knows nothing of alarms."""

from itertools import accumulate

QUARTERS = 96
WEEK = 7
FADE = 0.5 ** (1 / 4)  # a weekday's row fades once a week: half in 28 days
ENOUGH = 30.0  # expected operations a quarter-hour's rate rests on
ENOUGH_FACTOR = 100.0  # the same for the difference of a weekday from its profile
REACH = 8  # quarters it may borrow from on either side
PULL = 40.0  # operations' worth of trust in the coarser profile
WEEKDAY_VARIANCE = 0.15


class RateTable:
    """Faded counts and exposures of 7 x 96 quarter-hours; exposure is in days."""

    def __init__(self) -> None:
        self.counts = [0.0] * (WEEK * QUARTERS)
        self.days = [0.0] * (WEEK * QUARTERS)

    def learn(self, weekday: int, counts: list[float], clean: list[float]) -> None:
        """Take in one local day: operations and the clean share (0..1) of each quarter."""
        base = weekday * QUARTERS
        for q in range(QUARTERS):
            at = base + q
            self.counts[at] = self.counts[at] * FADE + (counts[q] if clean[q] else 0.0)
            self.days[at] = self.days[at] * FADE + clean[q]

    def seen(self, weekday: int) -> float:
        """How many (faded) days of this weekday the table holds."""
        base = weekday * QUARTERS
        return sum(self.days[base : base + QUARTERS]) / QUARTERS

    def rates(self, weekday: int, day_spread: float) -> list[float]:
        """Usual operations of each quarter of a weekday; `day_spread` says how far a day's total strays."""
        every = self._profile(range(WEEK))
        group = range(5, 7) if weekday >= 5 else range(5)
        rates = self._refine(every, group, day_spread)
        return self._refine(rates, range(weekday, weekday + 1), day_spread)

    def _sums(self, weekdays: range) -> tuple[list[float], list[float]]:
        counts, days = [0.0] * QUARTERS, [0.0] * QUARTERS
        for weekday in weekdays:
            base = weekday * QUARTERS
            for q in range(QUARTERS):
                counts[q] += self.counts[base + q]
                days[q] += self.days[base + q]
        return counts, days

    def _profile(self, weekdays: range) -> list[float]:
        counts, days = self._sums(weekdays)
        flat = sum(counts) / max(sum(days), 1e-9)
        factors = local_factors(counts, [flat * d for d in days], 1.0, pull=0.3, enough=ENOUGH)
        return [flat * f for f in factors]

    def _refine(self, coarse: list[float], weekdays: range, day_spread: float) -> list[float]:
        counts, days = self._sums(weekdays)
        usual = [c * d for c, d in zip(coarse, days, strict=True)]
        total, seen = sum(usual), sum(days) / QUARTERS
        if total < 1e-6 or seen < 0.2:
            return coarse
        doubt = 1.15 / total + day_spread / seen
        off = sum(counts) / total - 1.0
        variance = max(WEEKDAY_VARIANCE, off * off)
        overall = 1.0 + off * variance / (variance + doubt)
        factors = local_factors(counts, usual, overall, pull=PULL, enough=ENOUGH_FACTOR)
        return [c * f for c, f in zip(coarse, factors, strict=True)]


def local_factors(
    counts: list[float], usual: list[float], overall: float, *, pull: float, enough: float
) -> list[float]:
    """Counts over usual around each quarter, over as few neighbours as hold enough, pulled towards `overall`."""
    seen = [0.0, *accumulate(counts)]
    meant = [0.0, *accumulate(usual)]
    out = []
    for q in range(len(counts)):
        reach = 0
        lo, hi = q, q + 1
        while meant[hi] - meant[lo] < enough and reach < REACH:
            reach += 1
            lo, hi = max(0, q - reach), min(len(counts), q + reach + 1)
        out.append((seen[hi] - seen[lo] + pull * overall) / (meant[hi] - meant[lo] + pull))
    return out
