"""Searches by any filters."""

import re

from bot import views
from bot.chat.desk import Desk
from bot.chat.errands import Continued
from bot.chat.promptly import stored_first
from bot.chat.scopes import list_merchants
from bot.chat.searching import Plan, search_live, search_stored
from bot.errors import UsageError
from bot.model import Field, Message, Request, Search
from bot.views.sight import Sight

_COMMAND = re.compile(r"\s*/\S+\s*")


async def search(request: Request, desk: Desk) -> Message | Continued:
    """What the filters find, live; without any it shows how to write them."""
    said, voice, sight = _COMMAND.sub("", request.text, count=1), desk.voice(request.chat), desk.sight
    if not said.strip():
        return views.search_help(voice)
    merchants, calendar, now = await list_merchants(desk), desk.calendar(request.chat), desk.now()
    # The grammar and its library take memory that a bot nobody searches with need not hold.
    from bot.chat.query.parsing import Reader  # noqa: PLC0415

    asked = Reader(merchants, calendar, now).read(said)
    _allow(asked, desk)
    plan = Plan.of(asked, merchants, calendar, now)

    async def live() -> Message:
        return views.search_results(await search_live(desk, plan), voice, sight, totals=desk.totals)

    async def stored() -> Message:
        return views.search_results(await search_stored(desk, plan, waiting=True), voice, sight, totals=desk.totals)

    return await stored_first(live(), stored, prompt=desk.prompt)


def _allow(asked: Search, desk: Desk) -> None:
    """Looking for a name and seeing whether there is an answer would tell the name."""
    if desk.sight is Sight.MASKED and any(one.field is Field.PAYER for one in asked.conditions):
        raise UsageError("Payers can be looked for in a private chat with me only, by owners and accountants")
