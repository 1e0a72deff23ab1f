"""Lists of operations and of terminals, from the store."""

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from bot import views
from bot.chat.commands.joining import together
from bot.chat.desk import Desk
from bot.chat.query.times import AHEAD
from bot.chat.scopes import Scope, last_terminal, list_merchants, scope_of
from bot.model import (
    EPOCH,
    Condition,
    Field,
    Freshness,
    ListReport,
    Merchant,
    Message,
    Method,
    Operation,
    Outcome,
    Query,
    Request,
    Terminal,
    TerminalId,
    Window,
)
from bot.store import figures, searches, sources
from bot.store.driver import Connection

REACH = timedelta(days=90)
SIZE, LARGEST = 10, 20
LAST_PAGE = 200
_PAGE = re.compile(r"p(\d{1,3})")
_SIZE = re.compile(r"\d{1,2}")
_FAILED = Condition(Field.STATUS, Method.EQUAL, (Outcome.FAILED.value,))


@dataclass(frozen=True, slots=True)
class _Asked:
    """A page of so many rows of one scope."""

    scope: Scope
    size: int
    page: int


async def failed(request: Request, desk: Desk) -> Message:
    """The failed operations, newest first."""
    asked = await _read(request, desk)
    return views.failed_list(await _report(request, desk, asked, (_FAILED,)), desk.voice(request.chat))


async def last(request: Request, desk: Desk) -> Message:
    """All operations, newest first."""
    asked = await _read(request, desk)
    return views.last_list(await _report(request, desk, asked, ()), desk.voice(request.chat))


async def terminals(request: Request, desk: Desk) -> Message:
    """Every terminal with its figures of today."""
    calendar, now, voice = desk.calendar(request.chat), desk.now(), desk.voice(request.chat)
    merchants, today = await list_merchants(desk), calendar.today(now)
    reports = await asyncio.gather(
        *(
            desk.store.read(figures.terminals_report, merchant, today, calendar=calendar, now=now)
            for merchant in merchants
        )
    )
    shown = together([views.by_terminal(report, voice) for report in reports], voice)
    return views.with_terminals(shown, [one for merchant in merchants for one in merchant.terminals], voice)


async def _read(request: Request, desk: Desk) -> _Asked:
    """`[TERMINAL] [N]`, and `pN` on the buttons that turn pages. A dot is the terminal last named in this chat."""
    words, size, page = list(request.arguments), SIZE, 1
    if words and (found := _PAGE.fullmatch(words[-1])):
        page = min(max(int(found[1]), 1), LAST_PAGE)
        words.pop()
    if words and _SIZE.fullmatch(words[-1]):
        size = min(max(int(words.pop()), 1), LARGEST)
    return _Asked(await scope_of(request, desk, words), size, page)


async def _report(request: Request, desk: Desk, asked: _Asked, conditions: Sequence[Condition]) -> ListReport:
    now, merchants = desk.now(), await list_merchants(desk)
    known = await last_terminal(request, desk)
    query = Query((Window(now - REACH, now + AHEAD),), tuple(conditions))
    rows, freshness = await desk.store.read(_newest, asked, query)
    start = (asked.page - 1) * asked.size
    return ListReport(
        operations=tuple(rows[start : start + asked.size]),
        merchants=tuple(merchants),
        words=asked.scope.words,
        name=_name(asked.scope),
        terminals=_offered(merchants, known),
        page=asked.page,
        size=asked.size,
        more=len(rows) > start + asked.size,
        reach=REACH,
        freshness=freshness,
        at=now,
    )


def _newest(db: Connection, asked: _Asked, query: Query) -> tuple[list[Operation], Freshness]:
    """One row more than the pages up to this one hold, and how fresh the stalest merchant is."""
    rows: list[Operation] = []
    for merchant, terminal in asked.scope.places:
        here = (Condition(Field.TERMINAL, Method.EQUAL, (terminal.id,)),) if terminal else ()
        of_place = replace(query, conditions=(*here, *query.conditions))
        rows += searches.search(db, merchant.id, of_place, limit=asked.page * asked.size + 1)
    fresh = (sources.get_freshness(db, merchant.id) for merchant, _ in asked.scope.places)
    return query.sorted(rows), min(fresh, key=lambda one: one.through_at or EPOCH)


def _name(scope: Scope) -> str:
    return ", ".join(terminal.name if terminal else merchant.name for merchant, terminal in scope.places)


def _offered(merchants: Sequence[Merchant], known: TerminalId | None) -> tuple[Terminal, ...]:
    every = [terminal for merchant in merchants for terminal in merchant.terminals]
    return tuple(sorted(every, key=lambda terminal: terminal.id != known))
