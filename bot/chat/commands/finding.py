"""Look-ups of single payments: by a number typed, by an alert replied to, and who paid."""

import logging

from bot import views
from bot.chat.clues import is_question, read_clues
from bot.chat.commands.joining import together
from bot.chat.desk import Desk
from bot.chat.errands import Continued
from bot.chat.lookup import Findings, find_announced, find_live, find_matches, find_stored
from bot.chat.promptly import stored_first
from bot.correlation import about
from bot.errors import UsageError
from bot.model import Clues, Message, OperationId, Request, Toast
from bot.store import lookups, operations

log = logging.getLogger(__name__)


async def find(request: Request, desk: Desk) -> Message | Continued:
    """Every attempt on an invoice, live, or a choice of all that the words may mean."""
    if said := _said(request):
        return await _look_up(request, desk, read_clues(said))
    if request.quotes is None:
        raise UsageError("Which invoice? Write its number after the command, for example: /find 12345")
    announced = await find_announced(desk, request.chat.chat_id, request.quotes)
    if isinstance(announced, Clues):
        return await _look_up(request, desk, announced)
    return _told(announced, request, desk)


async def matches(request: Request, desk: Desk) -> Message:
    """What else the words of a look-up fit."""
    found = await find_matches(desk, read_clues(_said(request)))
    if found.is_empty:
        raise UsageError("Nothing else fits “{query}”", query=_said(request))
    return _told(found, request, desk)


async def payer(request: Request, desk: Desk) -> Toast:
    """Who paid, shown to the person who pressed alone, and logged."""
    if request.press_id is None:
        raise UsageError("Who paid is shown by the button 👁 under an answer")
    voice, operation_id = desk.voice(request.chat), OperationId(_said(request))
    for merchant in desk.merchants:
        for operation in await desk.store.read(lookups.list_by_ids, merchant.id, [operation_id]):
            with about(operation=operation_id):
                log.info("user %s was shown who paid operation %s", request.user_id, operation_id)
            attempts = [operation]
            if operation.invoice_id:
                attempts = await desk.store.read(operations.list_by_invoice, merchant.id, operation.invoice_id)
            return views.payers(attempts, voice)
    return Toast(voice.plain("This payment is not stored yet, please try again in a moment"))


def _said(request: Request) -> str:
    """What is looked for; nothing where the words only point at the message replied to."""
    said = " ".join(request.arguments) if request.command else request.text.strip()
    return "" if is_question(said) else said


async def _look_up(request: Request, desk: Desk, clues: Clues) -> Message | Continued:
    async def live() -> Message:
        return _told(await find_live(desk, clues), request, desk)

    async def stored() -> Message | None:
        found = await find_stored(desk, clues, waiting=True)
        return None if found.is_empty else _told(found, request, desk)

    return await stored_first(live(), stored, prompt=desk.prompt)


def _told(found: Findings, request: Request, desk: Desk) -> Message:
    voice, sight = desk.voice(request.chat), desk.sight
    if found.matches:
        return views.matches(found.matches, voice)
    return together([views.found(report, voice, sight) for report in found.stories], voice)
