"""Asks a merchant's bank on a person's behalf, no longer than the person would wait. No answer is no error here."""

import asyncio
import logging
from collections.abc import Sequence
from datetime import datetime, timedelta

from bot.chat.desk import Desk
from bot.epay import Filter, Reading
from bot.errors import SourceError, UsageError
from bot.model import Checked, Merchant, Operation, Outcome, Window

log = logging.getLogger(__name__)

REACH = timedelta(days=90)
AHEAD = timedelta(minutes=10)
_WORTH_CHECKING = {Outcome.UNDECIDED, Outcome.REFUNDED}


def window_of(stored: Sequence[Operation], now: datetime) -> Window:
    """The last 90 days, or since the first attempt the store knows of."""
    return Window(min([now - REACH, *(operation.created_at for operation in stored)]), now)


async def ask(desk: Desk, merchant: Merchant, window: Window, question: Filter) -> Reading | None:
    """Everything the bank lists, or None when it does not answer in time."""
    # The bank's clock may be ahead of ours: its newest operation must not fall out.
    asked = Window(window.start, window.end + AHEAD)
    try:
        async with asyncio.timeout(desk.patience.total_seconds()):
            return await desk.clients[merchant.id].read(asked, question)
    except (SourceError, TimeoutError) as error:
        log.info("%s: the store answers for the bank: %s", merchant.id, error or "no answer in time")
        return None


async def check(desk: Desk, merchant: Merchant, attempts: Sequence[Operation]) -> Checked | None:
    """The bank's single check of what may have changed since it was listed: undecided or refunded, newest first."""
    if not attempts or attempts[0].outcome not in _WORTH_CHECKING:
        return None
    newest = attempts[0]
    uuid = next((one.uuid for one in merchant.terminals if one.id == newest.terminal_id), None)
    if uuid is None:
        return None
    try:
        async with asyncio.timeout(desk.patience.total_seconds()):
            answer = await desk.clients[merchant.id].check(newest.invoice_id, uuid)
    except (SourceError, UsageError, TimeoutError) as error:
        log.info("%s: a single check failed: %s", merchant.id, error or "no answer in time")
        return None
    return Checked(answer.operation, answer.refunded) if answer.operation else None
