"""A simulated terminal for the tests of the volume detector: seeded, minute by minute."""

from collections.abc import Callable, Iterator
from math import exp, log
from random import Random

from bot.rules.volume import Detector, Failure, Minute, Signal, VolumeSettings

DAY = 86400
MONDAY = 1_770_000_000 // DAY * DAY + 0  # 2026-02-02 is a Monday
Rate = Callable[[int], float]


def poisson(random: Random, mean: float) -> int:
    if mean > 30:
        return max(0, round(random.gauss(mean, mean**0.5)))
    limit, n, product = exp(-mean), 0, random.random()
    while product > limit:
        n, product = n + 1, product * random.random()
    return n


class Terminal:
    """Makes the minutes of a shop; `change` multiplies the rate, `broken` is a failure share, `pricey` a factor."""

    def __init__(self, per_minute: float, *, opens: int = 9, closes: int = 21, seed: int = 1) -> None:
        self.per_minute, self.opens, self.closes, self.random = per_minute, opens, closes, Random(seed)
        self.offset = 0

    def minute(self, at: int, *, change: float = 1.0, broken: float = 0.015, pricey: float = 1.0) -> Minute:
        hour = (at + self.offset) % DAY / 3600
        n = poisson(self.random, self.per_minute * change) if self.opens <= hour < self.closes else 0
        logs = [log(5000 * pricey) + self.random.gauss(0, 0.8) for _ in range(n)]
        failures = tuple(
            Failure(at + k, f"{at}-{k}", "issuer" if broken > 0.1 else self.random.choice(["payer", "limit", "issuer"]))
            for k in range(n)
            if self.random.random() < broken
        )
        return Minute(at, n, failures, sum(logs), sum(x * x for x in logs), self.offset)

    def minutes(self, start: int, end: int, **changes: float) -> Iterator[Minute]:
        for at in range(start, end, 60):
            yield self.minute(at, **changes)


def run(detector: Detector, minutes: Iterator[Minute]) -> list[Signal]:
    return [s for m in minutes for s in detector.feed(m, m.start_at + 60)]


def grown(terminal: Terminal, days: int = 24, settings: VolumeSettings | None = None) -> tuple[Detector, int]:
    """A detector that has watched so many quiet days, and the midnight after them."""
    detector = Detector(settings or VolumeSettings())
    end = MONDAY + days * DAY
    run(detector, terminal.minutes(MONDAY, end))
    return detector, end
