"""Silences, drops and spikes: runs the tests on counts and drops what is a habit. Opens nothing."""

from bot.rules.volume import silence
from bot.rules.volume.case import Case
from bot.rules.volume.habit import is_habit
from bot.rules.volume.scan import (
    LONG,
    SHORT,
    Finding,
    Known,
    Row,
    Sums,
    long_sums,
    short_sums,
    too_few,
    too_many,
)
from bot.rules.volume.values import Group, Kind

TWO_DAYS = 2880
HOUR = 60


def judge(case: Case, i: int, *, every5: bool) -> list[tuple[Kind, Finding]]:
    """What is unusual about the counts up to and with minute i."""
    low = case.incidents.may_open("low", i) and case.working(i)
    high = case.incidents.may_open("high", i)
    if low and not case.tiny:
        quiet = _silence(case, i)
        if quiet and not _habit(case, quiet, "low"):
            return [("silence", quiet)]
    low = low and "decay" not in case.incidents.open
    if not low and not high:
        return []
    fewest, most = _scan(case, i, low=low and not case.tiny, high=high, every5=every5)
    out: list[tuple[Kind, Finding]] = []
    if fewest and not _habit(case, fewest, "low"):
        out.append(("drop", fewest))
    if most and not _habit(case, most, "high"):
        out.append(("spike", most))
    return out or _limits(case, i, low=low, high=high)


def past_limits(case: Case, i: int) -> tuple[bool, bool]:
    """Whether the last hour broke the owner's own lowest and highest limit."""
    lowest, highest, history = case.settings.lowest, case.settings.highest, case.learner.history
    if lowest is None and highest is None:
        return False, False
    if not history.reaches(i + 1 - HOUR):
        return False, False
    n = short_sums(history, HOUR).n
    watched = case.working(i) and case.working(i + 1 - HOUR)
    return watched and lowest is not None and n < lowest, highest is not None and n > highest


def _limits(case: Case, i: int, *, low: bool, high: bool) -> list[tuple[Kind, Finding]]:
    under, over = past_limits(case, i)
    start, history = i + 1 - HOUR, case.learner.history
    if under and low and start >= case.floor("low"):
        return [("drop", _beyond(start, short_sums(history, HOUR).n, case.settings.lowest or 0))]
    if over and high and start >= case.floor("high"):
        return [("spike", _beyond(start, short_sums(history, HOUR).n, case.settings.highest or 0))]
    return []


def _beyond(start: int, n: float, limit: int) -> Finding:
    return Finding(start, n, float(limit), 0.0, 0.0, limit=limit)


def _silence(case: Case, i: int) -> Finding | None:
    learner, quiet = case.learner, case.learner.silence
    if quiet.least <= silence.FEWEST:
        return None
    minutes = i + 1 - quiet.since
    alpha = silence.alpha(case.settings.budget, 30 * learner.day_ops) - case.asked("low", i)
    spread, near = learner.spread.of(minutes), learner.near.of(minutes)
    if quiet.margin(i, alpha, spread, near, holiday=quiet.since < learner.holiday_end) <= 0:
        return None
    return Finding(quiet.since, 0.0, quiet.least, spread, 0.0)


def _scan(case: Case, i: int, *, low: bool, high: bool, every5: bool) -> tuple[Finding | None, Finding | None]:
    """The most telling window with too few and with too many operations."""
    history = case.learner.history
    low_floor = case.floor("low") if low else i + 1
    high_floor = case.floor("high") if high else i + 1
    fewest = most = None
    least_margin, most_margin = case.asked("low", i), case.asked("high", i)
    for window in case.rows[: len(SHORT) + len(LONG) * every5]:
        plain = (short_sums if window.minutes <= SHORT[-1] else long_sums)(history, window.minutes)
        if not history.reaches(plain.start):
            break
        row, sums, known = _known(case, i, window, plain)
        if sums.start >= low_floor:
            found = too_few(row, sums, known)
            if found and found.margin > least_margin:
                fewest, least_margin = found, found.margin
        if sums.start >= high_floor:
            found = too_many(row, sums, known)
            if found and found.margin > most_margin:
                most, most_margin = found, found.margin
    return fewest, most


def _known(case: Case, i: int, row: Row, sums: Sums) -> tuple[Row, Sums, Known]:
    """What is known of a window beyond its sums: the day's level, holidays, batches."""
    learner, start = case.learner, sums.start
    level, doubt = learner.history.level_before(start)
    since_midnight = learner.local(i + 1) % 1440
    if since_midnight < row.minutes:
        doubt += learner.spread.values[-1] * (since_midnight / row.minutes) ** 2
    if row.minutes < 15:
        row = learner.bursts.widen(row, learner.today.slot)
    if row.minutes <= SHORT[-1]:
        more = _batch_edges(case, i, start)
        sums = sums._replace(most=sums.most + more) if more else sums
    unknown = start < learner.first_end and row.minutes <= TWO_DAYS
    return row, sums, Known(level, doubt, start < learner.holiday_end, unknown)


def _batch_edges(case: Case, i: int, start: int) -> float:
    """What else a window may hold because batches come early or late in the quarter-hours at its edges."""
    learner = case.learner
    slot, mid = learner.today.slot, learner.plan.mid
    more = (14 - i % 15) * mid[slot] / 15 if learner.bursts.batches(slot) else 0.0
    behind = slot - (i // 15 - start // 15)
    if learner.bursts.batches(behind):
        more += start % 15 * mid[behind] / 15
    return more


def _habit(case: Case, found: Finding, group: Group) -> bool:
    learner, end = case.learner, case.learner.history.last + 1
    at, moved = learner.moved
    shift = moved if found.start - 7 * 1440 < at <= end else 0
    past = [*case.incidents.past.get(group, []), *(case.incidents.past.get("decay", []) if group == "low" else ())]
    return is_habit(learner.history, found.start, end, found.n / found.mean, shift=shift, alarmed=past)
