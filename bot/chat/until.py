"""How long people want quiet: `1h`, `30m`, `2d`, `morning`, `till 09:00`, `recovery`. Pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from bot.errors import UsageError

MORNING = time(9)
LONGEST = timedelta(days=30)
_UNITS = {
    **dict.fromkeys(("m", "min", "м", "мин"), timedelta(minutes=1)),
    **dict.fromkeys(("h", "ч", "час", "часа", "часов", "сағ"), timedelta(hours=1)),
    **dict.fromkeys(("d", "д", "дн", "дня", "дней", "к", "күн"), timedelta(days=1)),
}
_SPAN = re.compile(rf"(\d{{1,4}})({'|'.join(sorted(_UNITS, key=len, reverse=True))})")
_CLOCK = re.compile(r"(\d{1,2}):(\d{2})")
_TILL = frozenset({"till", "until", "to", "до", "дейін"})
_MORNING = frozenset({"morning", "утро", "утра", "таң", "таңға"})
_RECOVERY = frozenset({"recovery", "over", "восстановления", "конца", "аяғына"})


@dataclass(frozen=True, slots=True)
class Until:
    """When quiet ends; with `recovery` already when the trouble does."""

    at: datetime
    recovery: bool = False


def read_until(words: Sequence[str], zone: ZoneInfo, now: datetime) -> tuple[Until | None, list[str], list[str]]:
    """The first end named in these words, the words before it and those after.

    Raises UsageError for one that is too far away.
    """
    for place, word in enumerate(words):
        size = 2 if word.casefold() in _TILL and place + 1 < len(words) else 1
        if until := _one(words[place + size - 1], zone, now):
            return until, list(words[:place]), list(words[place + size :])
    return None, list(words), []


def _one(word: str, zone: ZoneInfo, now: datetime) -> Until | None:
    said = word.casefold()
    if said in _RECOVERY:
        return Until(now + LONGEST, recovery=True)
    if said in _MORNING:
        return Until(_next(MORNING, zone, now))
    if clock := _CLOCK.fullmatch(said):
        return Until(_next(_time(int(clock[1]), int(clock[2]), word), zone, now))
    if span := _SPAN.fullmatch(said):
        return Until(now + _limited(int(span[1]) * _UNITS[span[2]], word))
    return None


def _time(hour: int, minute: int, word: str) -> time:
    try:
        return time(hour, minute)
    except ValueError:
        raise UsageError("“{word}” is no time of day. Write for example 09:00", word=word) from None


def _limited(span: timedelta, word: str) -> timedelta:
    if not timedelta() < span <= LONGEST:
        raise UsageError("“{word}” is too long or no time at all; 30 days are the longest", word=word)
    return span


def _next(clock: time, zone: ZoneInfo, now: datetime) -> datetime:
    """The next time this clock is shown."""
    local = now.astimezone(zone)
    day = local.date() if clock > local.time() else local.date() + timedelta(days=1)
    return datetime.combine(day, clock, tzinfo=zone).astimezone(UTC)
