"""When an open alarm is over: its own test is calm again, or it has lasted so long that it is the normal state."""

from bot.rules.volume import amounts, counts, decay, failures
from bot.rules.volume.case import Case
from bot.rules.volume.incidents import Opened
from bot.rules.volume.scan import LONG, SHORT, long_sums, short_sums
from bot.rules.volume.tails import log_ratio

STREAK = {"drop": 5, "spike": 5}  # minutes in a row that must be calm
ACCEPT_DAYS = {"decay": 7}
ACCEPT_DAYS_OTHERWISE = 4
BACK_OPERATIONS = 3
EXPECTED = 20.0
STILL_LOW, STILL_HIGH = 0.55, 2.0  # what the usual is weighed against
NATS = 3.0
DECAY_BACK = 0.85


def is_over(case: Case, i: int, opened: Opened) -> bool:
    """Judge an open alarm at minute i; keeps count of its calm minutes."""
    opened.calm = opened.calm + 1 if _is_calm(case, i, opened) else 0
    return opened.calm >= STREAK.get(opened.kind, 1) or is_accepted(i, opened)


def is_accepted(i: int, opened: Opened) -> bool:
    """Whether an alarm has been open so long that its state is the normal one."""
    return i - opened.opened > ACCEPT_DAYS.get(opened.kind, ACCEPT_DAYS_OTHERWISE) * 1440


def _is_calm(case: Case, i: int, opened: Opened) -> bool:
    learner, kind = case.learner, opened.kind
    if kind == "silence":
        return opened.heard >= BACK_OPERATIONS
    if kind == "fail":
        return i % 5 == 4 and failures.calm(learner.history, learner.failures.share, opened.opened)
    if kind == "amount":
        return i % 5 == 4 and amounts.calm(learner.amounts, learner.history, opened.opened)
    if kind == "decay":
        return i % 60 == 59 and _decay_calm(case, opened)
    return _counts_calm(case, i, opened)


def _decay_calm(case: Case, opened: Opened) -> bool:
    """Since the alarm, or over the last day, most of a day was expected and came."""
    learner, end = case.learner, case.learner.history.last + 1
    start = max(opened.opened + 1, end - 1440) // 15 * 15
    mean = learner.history.within("flat", start, end) * opened.level
    if mean < max(EXPECTED, decay.PART_OF_DAY * learner.day_ops):
        return False
    return learner.history.within("n", start, end) >= DECAY_BACK * mean


def _counts_calm(case: Case, i: int, opened: Opened) -> bool:
    """The shortest window with enough expected operations speaks for the usual, even if the day is ahead or behind."""
    under, over = counts.past_limits(case, i)
    if under if opened.kind == "drop" else over:
        return False
    for minutes in SHORT + LONG:
        if minutes > SHORT[-1] and i % 5 != 4:
            return opened.calm > 0
        sums = (short_sums if minutes <= SHORT[-1] else long_sums)(case.learner.history, minutes)
        if sums.least < EXPECTED:
            continue
        spread = case.learner.near.of(minutes)
        if opened.kind == "drop":
            return log_ratio(sums.n, sums.most * min(1.0, opened.level), spread, STILL_LOW) <= -NATS
        return log_ratio(sums.n, sums.least * max(1.0, opened.level), spread, STILL_HIGH) <= -NATS
    return False
