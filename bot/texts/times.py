"""Instants, days and durations in words, by the locale data of Babel; zones are given, never assumed."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_skeleton, format_timedelta, get_timezone_location

from bot.texts.numbers import NO_BREAK

_NARROW_NO_BREAK = "\u202f"
_STEPS = (timedelta(days=1), timedelta(hours=1), timedelta(minutes=1), timedelta(seconds=1))


def format_day(on: date, locale: Locale) -> str:
    """`9 November 2026`."""
    return format_date(on, "long", locale).replace(_NARROW_NO_BREAK, NO_BREAK)


def format_weekday(on: date, locale: Locale) -> str:
    """`Mon 9 Nov`."""
    return format_skeleton("MMMEd", on, locale=locale)


def format_short_date(on: date, year: int, locale: Locale) -> str:
    """`9 Nov`, with its year only when that is not `year`."""
    skeleton = "MMMd" if on.year == year else "yMMMd"
    return format_skeleton(skeleton, on, locale=locale).replace(_NARROW_NO_BREAK, NO_BREAK)


def format_moment(local: datetime, today: date, time: str, locale: Locale) -> str:
    """`time` alone when `local` is on `today`, else with its date, with the year only when it is another one."""
    if local.date() == today:
        return time
    return f"{format_short_date(local.date(), today.year, locale)}, {time}"


def format_span(duration: timedelta, locale: Locale) -> str:
    """At most two units, `2 h 5 min`; a clock that ran backwards counts as no time at all."""
    left = max(duration, timedelta())
    step = next((step for step in _STEPS if left >= step), _STEPS[-1])
    whole = left // step * step
    parts = [whole]
    if step > _STEPS[2]:
        finer = _STEPS[_STEPS.index(step) + 1]
        parts += [rest] if (rest := (left - whole) // finer * finer) else []
    return " ".join(format_timedelta(part, "second", 1, format="short", locale=locale) for part in parts).replace(
        " ", NO_BREAK
    )


def format_ago(passed: timedelta, locale: Locale) -> str:
    """`5 minutes ago`."""
    return format_timedelta(-passed, "second", 1, add_direction=True, locale=locale)


def zone_city(zone: ZoneInfo, locale: Locale) -> str:
    """`Almaty` for Asia/Almaty; the zone's own name when it belongs to no city."""
    return get_timezone_location(zone, locale=locale, return_city=True)
