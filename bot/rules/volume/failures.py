"""Failure rates: retries folded into one, a scan over windows against the usual share. Judges no volume."""

from collections import Counter
from math import log

from bot.rules.volume.backoff import log_alpha
from bot.rules.volume.history import History
from bot.rules.volume.tails import at_least
from bot.rules.volume.values import Failure

RETRY_SECONDS = 600
WINDOWS = (15, 30, 60, 120, 240, 480, 1440, 2880, 4320, 7200)
SPREAD = 0.12
SCALES = 30.0
LEAST = 4
START_FAILS, START_TRIES = 0.8, 40.0
HALF_DAYS = 14.0
LAG_DAYS = 6  # what is younger may belong to an alarm not raised yet
ENOUGH = 30


class Failures:
    """The usual share of failures and the latest reasons."""

    def __init__(self) -> None:
        self.fails, self.tries = START_FAILS, START_TRIES
        self.pending: list[tuple[float, float]] = [(0.0, 0.0)]
        self.recent: dict[str, float] = {}
        self.reasons: dict[str, float] = {}
        self.latest: list[tuple[int, str, int]] = []  # so many of a minute for one reason: no longer on a worse day

    def fold(self, i: int, failures: tuple[Failure, ...]) -> int:
        """How many of a minute's failures are new, not retries of one in the last ten minutes."""
        if self.recent and failures:
            start = failures[0].at - RETRY_SECONDS
            self.recent = {k: t for k, t in self.recent.items() if t >= start}
        fresh = Counter[str]()
        for at, key, reason in failures:
            if key not in self.recent:
                fresh[reason] += 1
            self.recent[key] = at
        self.latest += [(i, reason, n) for reason, n in fresh.items()]
        return fresh.total()

    @property
    def share(self) -> float:
        """The usual failures among operations."""
        return self.fails / self.tries

    def learn(self, fails: float, tries: float) -> None:
        """A clean quarter-hour; it counts a few days later."""
        before = self.pending[-1]
        self.pending[-1] = (before[0] + fails, before[1] + tries)

    def end_day(self, i: int, *, clean: bool) -> None:
        """Fade what is known, forget reasons no window reaches."""
        fade = 0.5 ** (1 / HALF_DAYS)
        self.fails = START_FAILS + (self.fails - START_FAILS) * fade
        self.tries = START_TRIES + (self.tries - START_TRIES) * fade
        if len(self.pending) > LAG_DAYS:
            fails, tries = self.pending.pop(0)
            self.fails, self.tries = self.fails + fails, self.tries + tries
        self.pending.append((0.0, 0.0))
        kept = [one for one in self.latest if one[0] > i - WINDOWS[-1]]
        if clean:
            self.reasons = {k: v * fade for k, v in self.reasons.items()}
            for m, reason, n in kept:
                if m > i - 1440:
                    self.reasons[reason] = self.reasons.get(reason, 0.0) + n
        self.latest = kept

    def spoil(self, days: int) -> None:
        """The last days belong to an alarm."""
        for back in range(1, min(days + 1, len(self.pending)) + 1):
            self.pending[-back] = (0.0, 0.0)

    def grown(self, start: int) -> str | None:
        """The reason that grew most since minute `start`, against its usual part."""
        seen = Counter[str]()
        for m, reason, n in self.latest:
            if m >= start:
                seen[reason] += n
        total, usual = sum(seen.values()), sum(self.reasons.values()) + 5.0
        return max(seen, key=lambda r: (seen[r] - total * self.reasons.get(r, 0.0) / usual, r), default=None)


def scan(history: History, share: float, budget: float, *, floor: int, asked: float) -> tuple[int, float, float] | None:
    """The most telling window that ends now with too many failures: (start minute, failures, operations)."""
    end, best, found = history.last + 1, 0.0, None
    for window in WINDOWS:
        start = end - window if window <= 60 else end // 15 * 15 - window
        if start < floor or not history.reaches(start):
            break
        fails = history.within("fails", start, end)
        if fails < LEAST:
            continue
        tries = history.within("tries", start, end)
        if fails < tries * max(2.5 * share, share + 0.035):
            continue
        p = max(at_least(fails, share * tries, SPREAD), 1e-300)
        margin = log_alpha(budget, window, SCALES) - asked - log(p)
        if margin > best:
            best, found = margin, (start, fails, tries)
    return found


def calm(history: History, share: float, opened: int) -> bool:
    """Whether the last operations since the alarm, thirty or more, failed no more than usual."""
    end = history.last + 1
    for window in WINDOWS:
        start = end - window
        if start < opened:
            return False
        tries = history.within("tries", start, end)
        if tries >= ENOUGH:
            return history.within("fails", start, end) <= tries * max(2 * share, share + 0.02)
    return False
