"""The past as a picture shows it: what came in each stretch of time and the range it lies in; judges nothing."""

from math import exp

from bot.rules.volume import failures
from bot.rules.volume.explain import usual_range
from bot.rules.volume.history import QUARTERS, WEEK
from bot.rules.volume.learner import Learner
from bot.rules.volume.values import Group, Slot

REMEMBERED = {"fail": WEEK, "amount": WEEK}  # quarter-hours; the others for as long as habits are told by


def slots(learner: Learner, group: Group, start: int, end: int, minutes: int) -> list[Slot]:
    """The stretches of `minutes` (a multiple of 15 that divides a day, or a day) in [start, end), as far as remembered.

    Minutes are counted from 1970; stretches begin where the local clock does, the last ends with the newest minute.
    """
    history, last = learner.history, learner.history.last + 1
    first = start - learner.local(start) % minutes
    starts = range(first, min(end, last), minutes)
    kept = REMEMBERED.get(group, QUARTERS)
    return [_slot(learner, group, at, min(at + minutes, last)) for at in starts if history.reaches(at, kept)]


def _slot(learner: Learner, group: Group, start: int, end: int) -> Slot:
    if group == "fail":
        return _failures(learner, start, end)
    if group == "amount":
        return _amounts(learner, start, end)
    history, spread = learner.history, learner.spread.of(end - start)
    seen, mean = history.within("n", start, end), history.within("mid", start, end)
    least = most = mean
    if history.reaches(start):
        least, most = (history.within(channel, start, end) for channel in ("low", "high"))
    return Slot(start * 60, seen, mean, usual_range(least, spread)[0], usual_range(most, spread)[1])


def _failures(learner: Learner, start: int, end: int) -> Slot:
    fails, tries = (learner.history.within(channel, start, end) for channel in ("fails", "tries"))
    mean = learner.failures.share * tries
    return Slot(start * 60, fails, mean, *usual_range(mean, failures.SPREAD))


def _amounts(learner: Learner, start: int, end: int) -> Slot:
    """The geometric mean; nothing came: nothing is usual."""
    n, logs = (learner.history.within(channel, start, end) for channel in ("priced", "logs"))
    if n < 1:
        return Slot(start * 60, 0.0, 0.0, 0.0, 0.0)
    usual = learner.amounts
    return Slot(start * 60, exp(logs / n), exp(usual.mean), *usual.usual(n))
