"""Counts and sums of a period."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime

from bot import views
from bot.chat.commands.joining import together
from bot.chat.desk import Desk
from bot.chat.periods import read_period, read_periods
from bot.chat.scopes import Scope, scope_of
from bot.errors import UsageError
from bot.model import Button, Calendar, Message, Period, Request
from bot.store import figures

Named = Callable[[Calendar, datetime], Period]


def of_period(named: Named) -> Callable[[Request, Desk], Awaitable[Message]]:
    """The command for a period that needs no words: its arguments name a terminal, a merchant or all."""

    async def answer(request: Request, desk: Desk) -> Message:
        calendar = desk.calendar(request.chat)
        return await _figures(request, desk, named(calendar, desk.now()), request.arguments)

    return answer


today = of_period(Calendar.today)
yesterday = of_period(Calendar.yesterday)
week = of_period(Calendar.week)
month = of_period(Calendar.month)


async def summary(request: Request, desk: Desk) -> Message:
    """Any period, of one terminal or of every merchant; without a period it asks for one."""
    period, words = read_period(request.arguments, desk.calendar(request.chat), desk.now())
    if period is None:
        scope = await scope_of(request, desk, words)
        return views.ask_period(scope.words, desk.voice(request.chat))
    return await _figures(request, desk, period, words)


async def compare(request: Request, desk: Desk) -> Message:
    """Two periods side by side; one alone is put beside the one before it, and none means today."""
    calendar, now = desk.calendar(request.chat), desk.now()
    periods, words = read_periods(request.arguments, calendar, now)
    second = periods[-1] if periods else calendar.today(now)
    first = periods[0] if len(periods) > 1 else second.earlier()[-1]
    if first == second:
        raise UsageError("These are the same period twice. Write two, for example: /compare 2026-10 2026-11")
    scope, voice = await scope_of(request, desk, words), desk.voice(request.chat)
    reports = await asyncio.gather(
        *(
            desk.store.read(figures.comparison_report, *place, (first, second), calendar=calendar, now=now)
            for place in scope.places
        )
    )
    asked = _asked(request, words, scope)
    shown = together([views.comparison(report, voice) for report in reports], voice)
    return _finished(shown, request, desk, views.comparison_buttons(asked, voice))


async def by_terminal(request: Request, desk: Desk) -> Message:
    """A period by terminal; behind a button."""
    calendar, now, voice = desk.calendar(request.chat), desk.now(), desk.voice(request.chat)
    period, words = read_period(request.arguments, calendar, now)
    scope = await scope_of(request, desk, words)
    reports = await asyncio.gather(
        *(
            desk.store.read(
                figures.terminals_report, merchant, period or calendar.today(now), calendar=calendar, now=now
            )
            for merchant, _ in scope.places
        )
    )
    asked = _asked(request, words, scope)
    days = asked.words[: len(asked.words) - len(asked.scope)] or ("today",)
    shown = together([views.by_terminal(report, voice) for report in reports], voice)
    return _finished(shown, request, desk, views.terminals_buttons(asked, days, voice))


async def _figures(request: Request, desk: Desk, period: Period, words: Sequence[str]) -> Message:
    calendar, now, voice = desk.calendar(request.chat), desk.now(), desk.voice(request.chat)
    scope = await scope_of(request, desk, words)
    reports = await asyncio.gather(
        *(desk.store.read(figures.period_report, *place, period, calendar=calendar, now=now) for place in scope.places)
    )
    messages = [views.period_figures(report, voice) for report in reports]
    if scope.total:
        messages.insert(0, views.grand_total(reports, voice))
    buttons = views.period_buttons(_asked(request, words, scope), period, calendar, now, voice)
    return _finished(together(messages, voice), request, desk, buttons)


def _asked(request: Request, words: Sequence[str], scope: Scope) -> views.Asked:
    """The period as it was said, and the scope by its number, which stays true when another name comes to fit."""
    period = list(request.arguments)
    for word in words:
        period.remove(word)
    return views.Asked(
        command=request.command,
        words=(*period, *scope.words),
        scope=scope.words,
        one_terminal=scope.is_one_terminal,
    )


def _finished(message: Message, request: Request, desk: Desk, buttons: Sequence[Sequence[Button]]) -> Message:
    shown = Message(message.text, buttons)
    return views.updated(shown, desk.now(), desk.voice(request.chat)) if request.pressed is not None else shown
