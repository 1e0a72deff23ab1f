"""The periods people write: `today`, `7d`, `01.11`, `2026-11-01 2026-11-07`, `2026-10`. Pure."""

import re
from collections.abc import Sequence
from datetime import date, datetime

from bot.errors import UsageError
from bot.model import Calendar, Period, PeriodKind
from bot.model.periods import DAY, last_of_month

_NAMES = {
    "today": ("today", "сегодня", "бүгін"),
    "yesterday": ("yesterday", "вчера", "кеше"),
    "week": ("week", "неделя", "апта"),
    "month": ("month", "месяц", "ай"),
}
_NAMED = {word: name for name, words in _NAMES.items() for word in words}
_LAST = re.compile(r"(\d{1,4})([dwдн]|к)")
_WEEKS = frozenset("wн")
_MONTH = re.compile(r"(\d{4})-(\d{1,2})|(\d{1,2})\.(\d{4})")
_DAY = re.compile(
    r"(?P<y>\d{4})-(?P<m>\d{1,2})-(?P<d>\d{1,2})|(?P<d2>\d{1,2})[./](?P<m2>\d{1,2})(?:[./](?P<y2>\d{2,4}))?"
)
_LIKE_A_DATE = re.compile(r"\d{1,4}(?:[./-]\d{1,4}){1,2}|\d+[.,/]")
_RANGE = re.compile(r"(?<=\w)(?:\.\.|–|—)(?=\w)|(?<=\.\d\d)-|(?<=\.\d{4})-")
_LONGEST = 3660


def read_period(words: Sequence[str], calendar: Calendar, now: datetime) -> tuple[Period | None, tuple[str, ...]]:
    """The period at the beginning, or else at the end, of the words, and the words that are left.

    One date is that day, two are all days from one to the other. Raises UsageError for what looks like a date and is
    none, for the future and for a period that ends before it begins.
    """
    left = tuple(words)
    for size in (2, 1):
        for part, rest in ((left[:size], left[size:]), (left[-size:], left[:-size])):
            if len(part) == size and (period := _joined(part, calendar, now)):
                return period, rest
    return None, left


def read_periods(words: Sequence[str], calendar: Calendar, now: datetime) -> tuple[list[Period], tuple[str, ...]]:
    """The periods of a comparison, each one word or, when there are four dates, two; and the words that are left."""
    found: list[tuple[int, Period]] = []
    for place, word in enumerate(words):
        if period := _one(word, calendar, now):
            found.append((place, period))
    taken = {place for place, _ in found}
    periods = [period for _, period in found]
    if len(periods) == 4:
        periods = [_span(periods[0], periods[1]), _span(periods[2], periods[3])]
    if len(periods) > 2:
        raise UsageError("Two periods can be compared, for example: /compare 2026-10 2026-11")
    return periods, tuple(word for place, word in enumerate(words) if place not in taken)


def _joined(words: Sequence[str], calendar: Calendar, now: datetime) -> Period | None:
    periods = [_one(word, calendar, now) for word in words]
    if len(periods) == 1:
        return periods[0]
    first, last = periods
    return _span(first, last) if first and last else None


def _span(first: Period, last: Period) -> Period:
    if last.last < first.first:
        raise UsageError(
            "The period ends on {last}, before it begins on {first}. Write the earlier date first",
            first=first.first,
            last=last.last,
        )
    return _days(first.first, last.last)


def _days(first: date, last: date) -> Period:
    return Period(PeriodKind.DAY if first == last else PeriodKind.DAYS, first, last)


def _one(word: str, calendar: Calendar, now: datetime) -> Period | None:
    """The period that one word stands for."""
    said = word.casefold().strip(",;")
    if len(ends := _RANGE.split(said)) == 2:
        return _joined(ends, calendar, now)
    if name := _NAMED.get(said):
        return _named(name, calendar, now)
    if last := _LAST.fullmatch(said):
        return _last_days(int(last[1]) * (7 if last[2] in _WEEKS else 1), word, calendar, now)
    if month := _MONTH.fullmatch(said):
        year, number = (month[1], month[2]) if month[1] else (month[4], month[3])
        first = _date(int(year), int(number), 1, word)
        return _past(Period(PeriodKind.MONTH, first, last_of_month(first)), calendar, now)
    if day := _DAY.fullmatch(said):
        return _past(calendar.day(_written(day, word, calendar.day_of(now))), calendar, now)
    if _LIKE_A_DATE.fullmatch(said):
        raise _unreadable(word)
    return None


def _named(name: str, calendar: Calendar, now: datetime) -> Period:
    today = calendar.day_of(now)
    return {
        "today": calendar.day(today),
        "yesterday": calendar.day(today - DAY),
        "week": calendar.week(now),
        "month": calendar.month(now),
    }[name]


def _last_days(days: int, word: str, calendar: Calendar, now: datetime) -> Period:
    if not 0 < days <= _LONGEST:
        raise _unreadable(word)
    today = calendar.day_of(now)
    return _days(today - (days - 1) * DAY, today)


def _written(found: re.Match[str], word: str, today: date) -> date:
    """A date; without a year it is the last one that has come."""
    if found["y"]:
        return _date(int(found["y"]), int(found["m"]), int(found["d"]), word)
    day, month, year = int(found["d2"]), int(found["m2"]), found["y2"]
    if year:
        return _date(int(year) + (2000 if len(year) == 2 else 0), month, day, word)
    if (month, day) == (2, 29):
        leap = next(year for year in range(today.year, 0, -1) if _is_past_leap(year, today))
        return _date(leap, month, day, word)
    on = _date(today.year, month, day, word)
    return on if on <= today else _date(today.year - 1, month, day, word)


def _is_past_leap(year: int, today: date) -> bool:
    return (year % 4 == 0) and (year % 100 != 0 or year % 400 == 0) and date(year, 2, 29) <= today


def _date(year: int, month: int, day: int, word: str) -> date:
    try:
        on = date(year, month, day)
    except ValueError:
        raise _unreadable(word) from None
    if on.year < 2000:
        raise _unreadable(word)
    return on


def _past(period: Period, calendar: Calendar, now: datetime) -> Period:
    """As far as today; a month that is going on counts as /month does."""
    today = calendar.day_of(now)
    if period.first > today:
        raise UsageError("{day} is still to come; today is {today}", day=period.first, today=today)
    return Period(period.kind, period.first, min(period.last, today))


def _unreadable(word: str) -> UsageError:
    return UsageError(
        "I cannot read “{word}” as a date. Write for example 2026-11-01, 01.11, 7d, 2026-10 or yesterday", word=word
    )
