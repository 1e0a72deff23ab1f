"""A period in figures as a chart: what it shows and says, ready to be drawn."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime

from bot.charts import Bars, Chart
from bot.model import Bar, Message, Period, PeriodFigures, PeriodReport, Tally
from bot.texts import Voice, clean
from bot.views.buttons import edit_button
from bot.views.period_buttons import Row
from bot.views.periods import days_words, headline, span_words

_CURRENCIES = 3
_MOST_TICKS = 8


def period_chart(report: PeriodReport, marks: Sequence[datetime], before: PeriodFigures, voice: Voice) -> Chart:
    """The report's bars over `marks`, where bars may be still to come, with `before` behind them."""
    figures = report.asked.figures
    size = len(marks)
    return Chart(
        title=clean(_name(report)),
        period=f"{_span(report, voice)} ({voice.zone_name()})",
        ticks=_ticks(marks, before.period, voice),
        paid=Bars(
            _said(voice.plain("Paid"), figures.currencies, lambda tally: (tally.paid, tally.paid_sum), voice),
            _filled((_paid(bar) for bar in figures.bars), size),
        ),
        failed=Bars(
            _said(voice.plain("Failed"), figures.currencies, lambda tally: (tally.failed, tally.failed_sum), voice),
            _filled((sum(tally.failed for tally in bar.currencies.values()) for bar in figures.bars), size),
        ),
        before=Bars(_before(before, report, voice), tuple(_paid(bar) for bar in before.figures.bars)[:size]),
        nothing=voice.plain("No operations."),
    )


def chart_picture(report: PeriodReport, picture: bytes, voice: Voice) -> Message:
    """The picture with what it shows as its caption."""
    return Message(headline("📈", _name(report), _span(report, voice), report.calendar, voice), picture=picture)


def chart_buttons(scope: Sequence[str], days: Sequence[str], voice: Voice) -> list[Row]:
    """The same again, and the periods asked most."""
    named = (("today", voice.plain("Today")), ("week", voice.plain("Week")), ("month", voice.plain("Month")))
    return [
        edit_button(voice.plain("🔄 Refresh"), "chart", *scope, *days),
        [button for word, label in named for button in edit_button(label, "chart", *scope, word)],
    ]


def _name(report: PeriodReport) -> str:
    return report.terminal.name if report.terminal else report.merchant.name


def _span(report: PeriodReport, voice: Voice) -> str:
    return span_words(report.asked, report.calendar, voice, now_on=report.calendar.today(report.at))


def _ticks(marks: Sequence[datetime], before: Period, voice: Voice) -> tuple[str, ...]:
    """Hours or days, as many as a phone has room for."""
    if before.days == 1:
        return tuple("" if number % 3 else f"{voice.local(at):%H}" for number, at in enumerate(marks))
    every = -(-len(marks) // _MOST_TICKS)
    days = [voice.local(at).date() for at in marks]
    return tuple("" if number % every else voice.date(on, on.year) for number, on in enumerate(days))


def _said(what: str, currencies: Mapping[str, Tally], part: Callable[[Tally], tuple[int, int]], voice: Voice) -> str:
    """`Paid: 388 · 9 700 500 ₸`, the busiest currencies first: they are never added together."""
    parts = sorted(((part(tally), currency) for currency, tally in currencies.items()), reverse=True)
    sums = [voice.money(total, currency) for (count, total), currency in parts[:_CURRENCIES] if count]
    count = sum(count for (count, _), _ in parts)
    return " · ".join([f"{what}: {voice.number(count)}", *sums])


def _before(before: PeriodFigures, report: PeriodReport, voice: Voice) -> str:
    days = days_words(before.period, voice, now_on=report.calendar.today(report.at))
    count = sum(tally.paid for tally in before.figures.currencies.values())
    return voice.plain("{days}: {count} paid", days=days, count=voice.number(count))


def _paid(bar: Bar) -> int:
    return sum(tally.paid for tally in bar.currencies.values())


def _filled(counts: Iterable[int], size: int) -> tuple[int, ...]:
    known = tuple(counts)
    return (*known, *(0,) * (size - len(known)))
