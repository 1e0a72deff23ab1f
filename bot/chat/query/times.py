"""The times people write in a search, as windows."""

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta

from bot.chat.periods import read_period
from bot.errors import UsageError
from bot.model import Calendar, Condition, Field, Method, Search, Window
from bot.model.periods import DAY, Period, PeriodKind, last_of_month

LATELY = timedelta(days=7)
AHEAD = timedelta(minutes=10)
_DAY = r"(?:(?P<y>\d{4})-(?P<m>\d\d?)-(?P<d>\d\d?)|(?P<d2>\d\d?)\.(?P<m2>\d\d?)\.(?P<y2>\d{4}))"
_STAMP = re.compile(rf"(?:{_DAY})?(?:(?:^|[ T])(?P<hour>\d\d?):(?P<minute>\d\d)(?::(?P<second>\d\d))?)?")
_HOURS = re.compile(r"(\d{1,4})(?:h|ч|сағ)")
_BEGINNING = re.compile(r"(\d{4})(?:-(\d\d))?(?:-(\d\d))?-?%")
_FIRST, _LAST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)


def windows_of(search: Search, calendar: Calendar, now: datetime) -> tuple[tuple[Window, ...], bool]:
    """When the search looks, as windows apart from each other, oldest first; and whether it named a beginning.

    Without a beginning it is seven days: the last ones, or those before the end it named. Nothing is in the future.
    """
    windows = [Window(_FIRST, now + AHEAD)]
    for condition in search.conditions:
        if condition.field is Field.CREATED:
            windows = _common(windows, spans_of(condition, calendar, now))
    if not windows or windows[0].start > _FIRST:
        return tuple(windows), True
    whole = len(windows) == 1 and windows[0].end > now
    start = calendar.start_of(calendar.day_of(now) - LATELY + DAY) if whole else windows[0].end - LATELY
    return (Window(start, windows[0].end), *windows[1:]), False


def spans_of(condition: Condition, calendar: Calendar, now: datetime) -> list[Window]:
    """Where the condition lets operations be created. Raises UsageError for what is no time."""
    said = [str(value) for value in condition.values]
    if condition.method is Method.LIKE:
        return [_beginning(said[0], calendar)]
    moments = [moment(word, calendar, now) for word in said]
    first = moments[0]
    match condition.method:
        case Method.BETWEEN:
            return [Window(min(one.start for one in moments), max(one.end for one in moments))]
        case Method.LESS:
            return [Window(_FIRST, first.start)]
        case Method.AT_MOST:
            return [Window(_FIRST, first.end)]
        case Method.MORE:
            return [Window(first.end, _LAST)]
        case Method.AT_LEAST:
            return [Window(first.start, _LAST)]
        case _:
            return _merged(moments)


def moment(word: str, calendar: Calendar, now: datetime) -> Window:
    """The time a word names, as long as it is exact: a day, a minute, a second, or a named period."""
    if hours := _HOURS.fullmatch(word.lower()):
        return Window(now - timedelta(hours=int(hours[1])), now + AHEAD)
    found = _STAMP.fullmatch(word)
    if found and word:
        return _stamp(found, word, calendar, now)
    period, left = read_period([word], calendar, now)
    if period is None or left:
        raise _no_time(word)
    return calendar.window(period)


def _stamp(found: re.Match[str], word: str, calendar: Calendar, now: datetime) -> Window:
    on = calendar.day_of(now)
    if found["y"] or found["y2"]:
        on = _date((found["y"] or found["y2"], found["m"] or found["m2"], found["d"] or found["d2"]), word)
    if found["hour"] is None:
        return calendar.window(calendar.day(on))
    try:
        clock = time(int(found["hour"]), int(found["minute"]), int(found["second"] or 0))
    except ValueError:
        raise _no_time(word) from None
    start = datetime.combine(on, clock, tzinfo=calendar.zone).astimezone(UTC)
    return Window(start, start + timedelta(seconds=1 if found["second"] else 60))


def _beginning(pattern: str, calendar: Calendar) -> Window:
    """`2026-11-%` is a month: a date has no other parts worth asking for."""
    found = _BEGINNING.fullmatch(pattern)
    if found is None:
        raise UsageError("A date has no pattern but its beginning: created like 2026-11-%")
    year, month, day = found.groups()
    first = _date((year, month or "1", day or "1"), pattern)
    last = first if day else last_of_month(first if month else first.replace(month=12))
    return calendar.window(Period(PeriodKind.DAYS, first, last))


def _date(parts: Sequence[str], word: str) -> date:
    try:
        on = date(*map(int, parts))
    except ValueError:
        raise _no_time(word) from None
    if not _FIRST.year <= on.year < _LAST.year:
        raise _no_time(word)
    return on


def _no_time(word: str) -> UsageError:
    return UsageError("“{word}” is no time. Write for example 2026-11-01, 2026-11-01 14:30, today or 7d", word=word)


def _common(some: Iterable[Window], others: Sequence[Window]) -> list[Window]:
    pairs = (Window(max(one.start, other.start), min(one.end, other.end)) for one in some for other in others)
    return _merged(window for window in pairs if window.start < window.end)


def _merged(windows: Iterable[Window]) -> list[Window]:
    apart: list[Window] = []
    for window in sorted(windows, key=lambda window: window.start):
        if apart and window.start <= apart[-1].end:
            apart[-1] = Window(apart[-1].start, max(apart[-1].end, window.end))
        else:
            apart.append(window)
    return apart
