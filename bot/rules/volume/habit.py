"""What happened the same way a week ago is a habit (closed Sundays, market days), not an alarm. Reads history only."""

from bot.rules.volume.history import QUARTERS, History

WEEK = 7 * 1440
CLOSE = 1.15


def is_habit(
    history: History, start: int, end: int, ratio: float, *, shift: int, alarmed: list[tuple[int, int]]
) -> bool:
    """Whether minutes [start, end) went the same way last week, at the same local time.

    `shift` is how many minutes the local clock was moved since; `alarmed` are past alarms of this direction, which
    make last week a poor witness: then the week before must agree as well.
    """
    for week in (1, 2):
        a, b = _quarters(start - week * WEEK + shift, end - week * WEEK + shift)
        if not history.reaches(a, QUARTERS) or not _alike(history, a, b, ratio):
            return False
        if not any(x < b and a < y for x, y in alarmed):
            return True
    return True


def _quarters(start: int, end: int) -> tuple[int, int]:
    if end - start < 15:
        return start // 15 * 15, (end + 14) // 15 * 15
    inner, outer = (start + 14) // 15 * 15, end // 15 * 15
    return (inner, outer) if outer > inner else (start // 15 * 15, (end + 14) // 15 * 15)


def _alike(history: History, start: int, end: int, ratio: float) -> bool:
    mean = history.within("mid", start, end)
    if mean <= 0.0:
        return False
    before = history.within("n", start, end) / mean
    return before <= max(ratio * CLOSE, ratio + 0.05 + 1.0 / mean) if ratio < 1 else before >= ratio / CLOSE
