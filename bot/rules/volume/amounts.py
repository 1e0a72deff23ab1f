"""Amounts: the mean logarithm of a window against the terminal's own history. Surges only."""

from math import exp, log, sqrt

from bot.rules.volume.backoff import log_alpha
from bot.rules.volume.history import History
from bot.rules.volume.tails import normal_above

WINDOWS = (15, 30, 60, 120, 240, 480, 1440, 2880, 4320, 7200)
LEAST = 5
SCALES = 30.0
MATTERS = 0.5  # of the logarithm: a factor of 1.65
CLIP, CLIP_MORE = 2.5, 2.0  # sigmas the first and every other operation of a minute may add
HALF_DAYS = 21.0
BLOCK_PRIOR, BLOCK_WEIGHT = 0.01, 5.0
PRIOR_N = 3.0


class Amounts:
    """Mean and variance of log amounts, and how far the mean of a block strays beyond chance."""

    def __init__(self) -> None:
        self.n = self.total = self.squares = 0.0
        self.blocks, self.stray = BLOCK_WEIGHT, BLOCK_PRIOR * BLOCK_WEIGHT
        self.mean, self.sigma = 0.0, 1.0

    def clipped(self, n: int, log_sum: float) -> float:
        """A minute's sum of log amounts, without what one giant adds."""
        if self.n < 20 or n == 0:
            return log_sum
        reach = self.sigma * (CLIP + CLIP_MORE * (n - 1))
        middle = n * self.mean
        return min(middle + reach, max(middle - reach, log_sum))

    def learn(self, n: float, log_sum: float, squares: float) -> None:
        """A clean minute."""
        self.n += n
        self.total += log_sum
        self.squares += squares

    def settle(self) -> None:
        """Bring the figures up to date with what was learned."""
        if self.n >= 5:
            self.mean = self.total / self.n
            variance = max(0.0, self.squares / self.n - self.mean**2)
            self.sigma = sqrt((variance * self.n + PRIOR_N) / (self.n + PRIOR_N))

    def end_block(self, n: float, logs: float) -> None:
        """Four clean hours: how far was their mean from the usual?"""
        if n >= 5 and self.n > 30:
            chance = self.sigma**2 / n
            stray = min((logs / n - self.mean) ** 2, 9 * (chance + self.tau**2))
            weight = (self.tau**2 / (self.tau**2 + chance)) ** 2
            self.blocks += weight
            self.stray += weight * (stray - chance)

    def end_day(self) -> None:
        """Fade what is known."""
        fade = 0.5 ** (1 / HALF_DAYS)
        self.n, self.total, self.squares = self.n * fade, self.total * fade, self.squares * fade
        self.blocks = BLOCK_WEIGHT + (self.blocks - BLOCK_WEIGHT) * fade
        self.stray = BLOCK_PRIOR * BLOCK_WEIGHT + (self.stray - BLOCK_PRIOR * BLOCK_WEIGHT) * fade

    @property
    def tau(self) -> float:
        """Standard deviation of a block's true mean."""
        return sqrt(min(0.5, max(0.0025, self.stray / self.blocks)))

    def usual(self, n: float) -> tuple[float, float]:
        """The usual range of a typical amount over n operations."""
        reach = 1.64 * sqrt(self.sigma**2 / max(n, 1.0) + self.tau**2)
        return exp(self.mean - reach), exp(self.mean + reach)


def scan(
    usual: Amounts, history: History, budget: float, *, floor: int, asked: float
) -> tuple[int, float, float] | None:
    """The most telling window that ends now with larger amounts: (start minute, operations, mean log)."""
    if usual.n < 50:
        return None
    end, best, found = history.last + 1, 0.0, None
    for window in WINDOWS:
        start = end - window if window <= 60 else end // 15 * 15 - window
        if start < floor or not history.reaches(start):
            break
        n = history.within("priced", start, end)
        if n < LEAST:
            continue
        excess = history.within("logs", start, end) / n - usual.mean
        if excess < MATTERS:
            continue
        p = max(normal_above(excess / sqrt(usual.sigma**2 / n + usual.tau**2)), 1e-300)
        margin = log_alpha(budget, window, SCALES) - asked - log(p)
        if margin > best:
            best, found = margin, (start, n, excess + usual.mean)
    return found


def calm(usual: Amounts, history: History, opened: int) -> bool:
    """Whether amounts since the alarm are back, over thirty operations or a day."""
    end = history.last + 1
    for window in WINDOWS:
        start = end - window
        if start < opened:
            return False
        n = history.within("priced", start, end)
        if n >= 30 or (window >= 1440 and n >= 8):
            return history.within("logs", start, end) / n - usual.mean < 0.6 * MATTERS
    return False
