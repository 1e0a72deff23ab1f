"""The buttons under figures: the same again, the period before, other periods, other ways to look at it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from markupsafe import Markup

from bot.model import Button, Calendar, Message, Period, PeriodKind
from bot.model.periods import last_of_month
from bot.texts import Voice
from bot.views.blocks import LIMIT, units
from bot.views.buttons import data_button, edit_button
from bot.views.periods import days_words

_DAY = timedelta(days=1)
Row = Sequence[Button]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What was asked: the `command` and the `words` that would ask it again, the terminal, merchant or "all" among
    them being `scope`; `one_terminal` when there is nothing to split."""

    command: str
    words: tuple[str, ...]
    scope: tuple[str, ...]
    one_terminal: bool = False


def period_buttons(asked: Asked, period: Period, calendar: Calendar, now: datetime, voice: Voice) -> list[Row]:
    """Three rows at most."""
    days = _said(period)
    before = _before(period)
    now_on = calendar.today(now)
    label = voice.plain("Yesterday") if period == now_on else days_words(before, voice, now_on=now_on)
    first = [
        *edit_button(voice.plain("🔄 Refresh"), asked.command, *asked.words),
        *edit_button(f"◀ {label}", "summary", *_said(before), *asked.scope),
    ]
    return _filled(first, _named(asked, voice), _ways(asked, days, voice))


def updated(message: Message, at: datetime, voice: Voice) -> Message:
    """A refreshed answer says when that was, or nobody could see that anything happened."""
    line = voice("Updated {time}", time=voice.clock_seconds(at))
    text = Markup("\n").join([message.text, line])
    return replace(message, text=text) if units(text) <= LIMIT else message


def _said(period: Period) -> tuple[str, ...]:
    """The period in words that stay true tomorrow."""
    ends = period.first.isoformat(), period.last.isoformat()
    return ends[:1] if period.days == 1 else ends


def _before(period: Period) -> Period:
    """As much time right before: the whole week, the whole month, as many days."""
    last = period.first - _DAY
    match period.kind:
        case PeriodKind.WEEK:
            first = last - timedelta(days=6)
        case PeriodKind.MONTH:
            first = last_of_month(last).replace(day=1)
        case _:
            first = period.first - period.days * _DAY
    return Period(PeriodKind.DAY if first == last else PeriodKind.DAYS, first, last)


def _named(asked: Asked, voice: Voice) -> Row:
    named = (("today", voice.plain("Today")), ("week", voice.plain("Week")), ("month", voice.plain("Month")))
    return [
        button for name, label in named if name != asked.command for button in edit_button(label, name, *asked.scope)
    ]


def _ways(asked: Asked, days: Sequence[str], voice: Voice) -> Row:
    split = () if asked.one_terminal else edit_button(voice.plain("By terminal"), "by", *days, *asked.scope)
    return [
        *split,
        *data_button(voice.plain("📈 Chart"), "chart", *asked.scope, *days),
        *data_button(voice.plain("⬇ CSV"), "export", *days, *asked.scope, "csv"),
    ]


def comparison_buttons(asked: Asked, voice: Voice) -> list[Row]:
    """The same again, and the comparisons asked most."""
    named = (("today", voice.plain("Today")), ("week", voice.plain("Week")), ("month", voice.plain("Month")))
    return _filled(
        edit_button(voice.plain("🔄 Refresh"), asked.command, *asked.words),
        [button for name, label in named for button in edit_button(label, "compare", name, *asked.scope)],
    )


def terminals_buttons(asked: Asked, days: Sequence[str], voice: Voice) -> list[Row]:
    """The same again, and back to the whole."""
    return _filled(
        [
            *edit_button(voice.plain("🔄 Refresh"), asked.command, *asked.words),
            *edit_button(voice.plain("◀ Back"), "summary", *days, *asked.scope),
        ]
    )


def ask_period(scope: Sequence[str], voice: Voice) -> Message:
    """For /summary without a period."""
    text = voice("Which period? For example: /summary 01.11 07.11, /summary 7d or /summary 2026-10")
    named = (
        ("today", voice.plain("Today")),
        ("yesterday", voice.plain("Yesterday")),
        ("week", voice.plain("Week")),
        ("month", voice.plain("Month")),
        ("7d", voice.plain("7 days")),
        ("30d", voice.plain("30 days")),
    )
    buttons = [button for word, label in named for button in edit_button(label, "summary", word, *scope)]
    return Message(text, _filled(buttons[:2], buttons[2:4], buttons[4:]))


def _filled(*rows: Row) -> list[Row]:
    return [row for row in rows if row]
