"""Slow decay: a sum of daily evidence for two thirds of the level of one to five weeks ago. Sees whole days."""

from math import log

from bot.rules.volume.case import Case
from bot.rules.volume.scan import Finding
from bot.rules.volume.tails import log_ratio

FACTOR = 0.65
CAP = 2.0  # nats a single day may add: no one day is a decay
MATTERS = 0.77
DAYS, LEAST_DAYS = 9, 3
FROM_AGE = 21
PART_OF_DAY = 0.5


def judge(case: Case, i: int) -> Finding | None:
    """Whether the terminal sinks, at the end of minute i."""
    learner = case.learner
    if learner.age < FROM_AGE or case.tiny or "low" in case.incidents.open or not case.incidents.may_open("decay", i):
        return None
    spread = learner.spread.values[-1]
    nats, length, n, mean = evidence(_days(case), spread)
    wanted = log(30.0 / case.settings.budget) + case.asked("decay", i)
    if nats < wanted or length < LEAST_DAYS or n > MATTERS * mean:
        return None
    start = i + 1 - learner.local(i + 1) % 1440 - (length - 1) * 1440
    return Finding(start, n, mean, spread / length, nats - wanted)


def _days(case: Case) -> list[tuple[float, float]]:
    """Count and mean of the last days since the latest decay, and of today so far."""
    learner, season = case.learner, case.learner.season
    first = max(learner.plan.day - DAYS, learner.local(case.floor("decay")) // 1440 + 1)
    days = [(r.n, r.mean * season.older) for r in season.records if r.day >= first and season.tells(r.day)]
    if season.tells(learner.plan.day):
        mean = sum(t * c for t, c in zip(learner.plan.table, learner.today.clean, strict=True))
        days.append((sum(learner.today.counts), season.older * mean))
    return days


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
