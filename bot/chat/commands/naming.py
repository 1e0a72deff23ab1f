"""What a terminal is called, where the configuration does not say."""

from bot import views
from bot.chat.desk import Desk
from bot.chat.scopes import list_merchants
from bot.chat.terminals import get_terminal
from bot.errors import UsageError
from bot.model import Message, Request, Terminal
from bot.store import names
from bot.texts import clean

LONGEST = 40


async def name(request: Request, desk: Desk) -> Message:
    """`/name NUMBER NAME`. A name that the configuration gives is changed there."""
    number, *words = request.arguments or ("",)
    called = clean(" ".join(words)).strip()
    if not called:
        raise UsageError("Write the terminal and its name: /name 98151552 Samal")
    if len(called) > LONGEST or called.isdecimal():
        raise UsageError("A name has up to {most} letters, and is more than a number", most=LONGEST)
    merchants = await list_merchants(desk)
    merchant, before = get_terminal(merchants, number)
    if before.name not in {before.id, await desk.store.read(names.find, merchant.id, before.id)}:
        raise UsageError("{terminal} has its name from the configuration; it is changed there", terminal=before.name)
    if any(called.casefold() == one.name.casefold() for other in merchants for one in other.terminals):
        raise UsageError("There is a {terminal} already", terminal=called)
    await desk.store.write(names.give, merchant.id, before.id, called)
    return views.terminal_named(Terminal(before.id, called), before.name, desk.voice(request.chat))
