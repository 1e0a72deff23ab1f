"""The change of a sum against an earlier period; on too few payments the payments themselves, a percentage misleads."""

from datetime import timedelta

from markupsafe import Markup

from bot.model import Period, PeriodFigures, PeriodReport, Tally
from bot.texts import Voice
from bot.views.periods import days_words, is_known

_FEW = 5
_MANIFOLD = 10
_NOTHING = Tally()
_DAY = timedelta(days=1)


def compared(tally: Tally, earlier: PeriodFigures, currency: str, report: PeriodReport, voice: Voice) -> Markup:
    """One line: how the sum paid compares with that of the earlier period."""
    now_on = report.calendar.today(report.at)
    is_yesterday = earlier.period == _day_before(now_on) and report.asked.period == now_on
    day = voice.plain("Yesterday") if is_yesterday else days_words(earlier.period, voice, now_on=now_on)
    if not is_known(earlier.figures, report.freshness):
        return _unread(day, voice, filling=report.freshness.filling)
    base = earlier.figures.currencies.get(currency, _NOTHING)
    if base.paid < _FEW or base.paid_sum <= 0 or not tally.total:
        return _as_it_was(base, day, currency, voice, cut=earlier.cut)
    change = change_words(tally.paid_sum, base.paid_sum, voice)
    if is_yesterday:
        return voice("{change} against this time yesterday", change=change)
    if earlier.cut and earlier.period.days > 1:
        return voice("{change} against {days} up to this time", change=change, days=day)
    if earlier.cut:
        return voice("{change} against this time on {day}", change=change, day=day)
    return voice("{change} against {day}", change=change, day=day)


def change_words(now: int, base: int, voice: Voice) -> str:
    """`▲ 8 %`, `▼ 8 %`, `= 0 %`, and `▲ ×13` when it is manifold. `base` is positive."""
    if now >= base * _MANIFOLD:
        return f"▲ ×{voice.number(now // base)}"
    percent = round((now - base) * 100 / base)
    arrow = "▲" if percent > 0 else "▼" if percent < 0 else "="
    return f"{arrow} {voice.number(abs(percent))}\u00a0%"


def _day_before(period: Period) -> Period:
    return Period(period.kind, period.first - _DAY, period.last - _DAY)


def _unread(day: str, voice: Voice, *, filling: bool) -> Markup:
    if filling:
        return voice("{day}: the history is still being read", day=day)
    return voice("{day}: before the bot’s history begins", day=day)


def _as_it_was(base: Tally, day: str, currency: str, voice: Voice, *, cut: bool) -> Markup:
    count, total = voice.number(base.paid), voice.money(base.paid_sum, currency)
    if not base.paid:
        return voice("{day} by this time: nothing paid", day=day) if cut else voice("{day}: nothing paid", day=day)
    if cut:
        return voice("{day} by this time: {count} · {sum}", day=day, count=count, sum=total)
    return voice("{day}: {count} · {sum}", day=day, count=count, sum=total)
