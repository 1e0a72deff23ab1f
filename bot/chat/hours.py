"""Quiet hours and digest hours as people write them: `23:00-08:00`, `weekly mon 09:00`, `monthly 1 09:00`. Pure."""

import re
from collections.abc import Sequence
from datetime import time

from bot.errors import UsageError
from bot.model import DigestKind, DigestPlan, QuietHours

OFF = frozenset({"off", "выкл", "нет", "no", "жоқ", "өшір"})
_CLOCK = re.compile(r"(\d{1,2})[:.](\d{2})")
_HOURS = re.compile(r"(\d{1,2}[:.]\d{2})\s*(?:-|–|—|до|to)\s*(\d{1,2}[:.]\d{2})")
_KINDS = {
    **dict.fromkeys(("daily", "ежедневно", "день", "күнделікті"), DigestKind.DAILY),
    **dict.fromkeys(("weekly", "еженедельно", "неделя", "апта", "апталық"), DigestKind.WEEKLY),
    **dict.fromkeys(("monthly", "ежемесячно", "месяц", "ай", "айлық"), DigestKind.MONTHLY),
}
_WEEKDAYS = {
    name: number
    for number, names in enumerate(
        (
            ("mon", "monday", "пн", "понедельник", "дс", "дүйсенбі"),
            ("tue", "tuesday", "вт", "вторник", "сс", "сейсенбі"),
            ("wed", "wednesday", "ср", "среда", "сәрсенбі"),
            ("thu", "thursday", "чт", "четверг", "бс", "бейсенбі"),
            ("fri", "friday", "пт", "пятница", "жм", "жұма"),
            ("sat", "saturday", "сб", "суббота", "сн", "сенбі"),
            ("sun", "sunday", "вс", "воскресенье", "жк", "жексенбі"),
        )
    )
    for name in names
}


def read_quiet(words: Sequence[str]) -> QuietHours | None:
    """None for "off". Raises UsageError."""
    said = " ".join(words)
    if said.casefold() in OFF:
        return None
    found = _HOURS.fullmatch(said.casefold())
    if not found:
        raise UsageError("I cannot read “{hours}”. Write for example /quiet 23:00-08:00 or /quiet off", hours=said)
    hours = QuietHours(read_clock(found[1]), read_clock(found[2]))
    if hours.start == hours.end:
        raise UsageError("Quiet hours begin and end at different times; /quiet off ends them")
    return hours


def read_kind(word: str) -> DigestKind | None:
    """`daily`, `weekly`, `monthly`, also in Russian and Kazakh."""
    return _KINDS.get(word.casefold())


def read_plan(words: Sequence[str]) -> DigestPlan:
    """`09:00`, `weekly mon 09:00`, `monthly 1 09:00`. Raises UsageError."""
    kind = (read_kind(words[0]) if words else None) or DigestKind.DAILY
    rest = [word for word in words if read_kind(word) is None]
    clock, days = rest[-1:], rest[:-1]
    if not clock or len(days) > (kind is not DigestKind.DAILY):
        raise UsageError("Write for example /digest 09:00, /digest weekly mon 09:00 or /digest monthly 1 09:00")
    return DigestPlan(kind, read_clock(clock[0]), _day(kind, days[0]) if days else _first(kind))


def read_clock(word: str) -> time:
    """`09:00`. Raises UsageError."""
    found = _CLOCK.fullmatch(word)
    if not found or int(found[1]) > 23 or int(found[2]) > 59:
        raise UsageError("“{word}” is no time of day. Write for example 09:00", word=word)
    return time(int(found[1]), int(found[2]))


def _first(kind: DigestKind) -> int:
    return 1 if kind is DigestKind.MONTHLY else 0


def _day(kind: DigestKind, word: str) -> int:
    if kind is DigestKind.WEEKLY and (day := _WEEKDAYS.get(word.casefold())) is not None:
        return day
    if kind is DigestKind.MONTHLY and word.isdecimal() and 1 <= int(word) <= 31:
        return int(word)
    if kind is DigestKind.WEEKLY:
        raise UsageError("“{word}” is no day of the week. Write for example /digest weekly mon 09:00", word=word)
    raise UsageError("“{word}” is no day of a month. Write for example /digest monthly 1 09:00", word=word)
