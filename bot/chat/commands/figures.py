"""Counts and sums of a period."""

import asyncio
from datetime import timedelta
from zoneinfo import ZoneInfo

from bot import views
from bot.chat.commands.joining import together
from bot.chat.desk import Desk
from bot.chat.terminals import get_terminal, with_seen
from bot.model import Merchant, Message, Request, Terminal
from bot.store import operations, reports

SEEN_WITHIN = timedelta(days=90)


async def today(request: Request, desk: Desk) -> Message:
    """The local day so far, of one terminal or of every merchant."""
    chosen: list[tuple[Merchant, Terminal | None]] = [(merchant, None) for merchant in desk.merchants]
    if request.arguments:
        merchants = await asyncio.gather(*(_with_seen(desk, merchant) for merchant in desk.merchants))
        chosen = [get_terminal(merchants, " ".join(request.arguments))]
    zone, now = ZoneInfo(request.chat.timezone), desk.now()
    days = [desk.store.read(reports.day_report, *choice, zone=zone, now=now) for choice in chosen]
    voice = desk.voice(request.chat)
    return together([views.today(day, voice) for day in await asyncio.gather(*days)], voice)


async def _with_seen(desk: Desk, merchant: Merchant) -> Merchant:
    since = desk.now() - SEEN_WITHIN
    return with_seen(merchant, await desk.store.read(operations.list_terminals, merchant.id, since))
