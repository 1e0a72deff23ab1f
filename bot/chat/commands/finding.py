"""Look-ups of single invoices."""

from bot import views
from bot.chat.commands.joining import together
from bot.chat.desk import Desk
from bot.chat.lookup import find_invoice
from bot.errors import UsageError
from bot.model import ChatKind, Message, Request


async def find(request: Request, desk: Desk) -> Message:
    """Every attempt on an invoice."""
    words = request.arguments if request.command else request.text.split()
    invoice = " ".join(words)
    if not invoice:
        raise UsageError("Which invoice? Write its number after the command, for example: /find 12345")
    voice, private = desk.voice(request.chat), request.chat.kind is ChatKind.PRIVATE
    found = await find_invoice(desk, invoice)
    return together([views.found(report, voice, private=private) for report in found], voice)
