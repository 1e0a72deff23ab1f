"""Slow decay: a sum of daily evidence for two thirds of the level of one to five weeks ago. Sees whole days."""

from math import log

from bot.rules.volume.tails import log_ratio

FACTOR = 0.65
CAP = 2.0  # nats a single day may add: no one day is a decay
MATTERS = 0.77
BACK = 0.85


def evidence(days: list[tuple[float, float]], spread: float) -> tuple[float, int, float, float]:
    """Nats for a decay at the end of `days` (count, mean), the days since it began, their count and mean."""
    total, length, seen, meant = 0.0, 0, 0.0, 0.0
    for n, mean in days:
        if mean < 0.5:
            continue
        total += max(-CAP, min(CAP, log_ratio(n, mean, spread, FACTOR)))
        length, seen, meant = length + 1, seen + n, meant + mean
        if total <= 0.0:
            total, length, seen, meant = 0.0, 0, 0.0, 0.0
    return total, length, seen, meant


def asked(budget: float) -> float:
    """Nats that a false alarm brings `budget` times a month, one judgement a day."""
    return log(30.0 / budget)
