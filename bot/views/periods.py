"""How a period is called, and what its figures leave out."""

from dataclasses import replace
from datetime import time, timedelta

from markupsafe import Markup

from bot.model import MICROSECOND, Calendar, Figures, Freshness, Period, PeriodFigures
from bot.texts import Voice
from bot.views.blocks import capped

_DAY = timedelta(days=1)


def headline(icon: str, name: str, span: str, calendar: Calendar, voice: Voice) -> Markup:
    """Whose figures, of when, on which clock."""
    zone = voice.zone_name()
    if calendar.day_starts != time():
        starts = f"{calendar.day_starts:%H:%M}"
        zone = voice.plain("{zone}, days begin at {time}", zone=zone, time=starts)
    return Markup("{icon} <b>{name}</b> · {span} ({zone})").format(icon=icon, name=capped(name), span=span, zone=zone)


def span_words(asked: PeriodFigures, calendar: Calendar, voice: Voice, *, now_on: Period) -> str:
    """`today until 14:32`, `yesterday, Sun 8 Nov`, `2 Nov – 9 Nov until 14:32`; `now_on` is today."""
    period, window = asked.period, asked.figures.window
    begun = asked.cut and window.start < window.end
    if begun:
        period = replace(period, last=calendar.day_of(window.end - MICROSECOND))
    until = voice.moment(window.end, calendar.start_of(period.last))
    if period == now_on:
        return voice.plain("today until {time}", time=until) if begun else voice.plain("today")
    days = days_words(period, voice, now_on=now_on)
    if period.last == period.first == now_on.last - _DAY:
        days = voice.plain("yesterday, {day}", day=days)
    return voice.plain("{days} until {time}", days=days, time=until) if begun else days


def days_words(period: Period, voice: Voice, *, now_on: Period) -> str:
    """`Sun 8 Nov` or `2 Nov – 9 Nov`, with the year when it is not this one."""
    year = now_on.last.year
    if period.first == period.last and period.first.year == year:
        return voice.weekday(period.first)
    same_year = period.first.year == period.last.year == year
    ends = [voice.date(on, year if same_year else 0) for on in (period.first, period.last)]
    return ends[0] if period.first == period.last else " – ".join(ends)


def history_lines(figures: Figures, freshness: Freshness, voice: Voice) -> list[Markup]:
    """What of the period the bot cannot count, since it has not read, or will not read, that far back."""
    since = freshness.since_at
    if since is None or freshness.through_at is None or figures.window.start >= since:
        return []
    time = voice.moment(since, figures.window.end)
    if freshness.filling:
        return [voice("⏳ History is read back to {time} so far; what was before is not counted yet", time=time)]
    return [voice("ℹ️ The bot’s history begins {time}; what was before is not counted", time=time)]


def is_known(figures: Figures, freshness: Freshness) -> bool:
    """Whether all of the window has been read, so that nothing in it means nothing."""
    return freshness.since_at is None or figures.window.start >= freshness.since_at
