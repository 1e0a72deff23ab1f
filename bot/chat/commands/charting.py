"""Figures as a picture: the words at once, the picture when it is drawn."""

import asyncio
from dataclasses import replace

from bot import views
from bot.charts import NotDrawn
from bot.chat.commands.joining import together
from bot.chat.desk import Desk
from bot.chat.errands import Continued, Talk
from bot.chat.periods import read_period
from bot.chat.scopes import scope_of
from bot.errors import UsageError
from bot.model import Message, Period, PeriodFigures, PeriodKind, PeriodReport, Request
from bot.model.periods import DAY, last_of_month
from bot.store import figures

MOST = 5


async def chart(request: Request, desk: Desk) -> Continued:
    """Today, or any other period, of a terminal or of every merchant: one picture each, of the first few."""
    calendar, now, voice = desk.calendar(request.chat), desk.now(), desk.voice(request.chat)
    period, words = read_period(request.arguments, calendar, now)
    period, scope = period or calendar.today(now), await scope_of(request, desk, words)
    reports = await asyncio.gather(
        *(desk.store.read(figures.period_report, *place, period, calendar=calendar, now=now) for place in scope.places)
    )
    shown = together([views.period_figures(report, voice) for report in reports], voice)
    numbers = {"count": voice.number(MOST), "all": voice.number(len(reports))}
    message = Message(shown.text, views.chart_buttons(scope.words, said(request.arguments, words), voice))

    async def draw(talk: Talk) -> None:
        for report in reports[:MOST]:
            await talk.say(await _picture(report, request, desk))
        if len(reports) > MOST:
            await talk.say(
                Message(voice("These were the first {count} of {all}; name a merchant or a terminal", **numbers))
            )

    return Continued(message=views.updated(message, now, voice) if request.pressed is not None else message, rest=draw)


def said(arguments: tuple[str, ...], rest: tuple[str, ...]) -> tuple[str, ...]:
    """The words of the period, which stand before or behind the rest."""
    size = len(arguments) - len(rest)
    return arguments[:size] if arguments[size:] == rest else arguments[len(rest) :]


async def _picture(report: PeriodReport, request: Request, desk: Desk) -> Message:
    """Raises UsageError when it cannot be drawn."""
    voice, calendar = desk.voice(request.chat), report.calendar
    whole = _whole(report.asked.period)
    before = whole.earlier()[-1]
    window = calendar.window(before)
    earlier = await desk.store.read(
        figures.of_window,
        report.merchant.id,
        report.terminal.id if report.terminal else "",
        window,
        calendar.marks(before, window),
    )
    marks = calendar.marks(whole, calendar.window(whole))
    try:
        picture = await desk.charts.draw(
            views.period_chart(report, marks, PeriodFigures(before, earlier, cut=False), voice)
        )
    except NotDrawn as error:
        raise UsageError(
            "The picture could not be drawn this time; the figures above are complete. Please try again"
        ) from error
    return views.chart_picture(report, picture, voice)


def _whole(period: Period) -> Period:
    """A week or month to its end: what is still to come has a place, and the curve behind shows what to expect."""
    match period.kind:
        case PeriodKind.WEEK:
            return replace(period, last=period.first + 6 * DAY)
        case PeriodKind.MONTH:
            return replace(period, last=last_of_month(period.first))
        case _:
            return period
