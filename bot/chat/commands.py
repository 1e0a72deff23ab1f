"""COMMANDS: what can be asked. A command is one function and one row; help, menu and access come from the row."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from zoneinfo import ZoneInfo

from markupsafe import Markup

from bot import views
from bot.chat.access import Audience
from bot.chat.desk import Desk
from bot.chat.lookup import find_invoice
from bot.chat.terminals import get_terminal, with_seen
from bot.errors import UsageError
from bot.model import ChatKind, Merchant, Message, Request, Terminal
from bot.store import operations, reports
from bot.texts import Voice
from bot.views.blocks import fit

Answer = Callable[[Request, Desk], Awaitable[Message]]
EVERYWHERE = frozenset(ChatKind) - {ChatKind.CHANNEL}
SEEN_WITHIN = timedelta(days=90)
_LIKE_AN_INVOICE = re.compile(r"(?=\S*\d)\S{1,64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One row. `description` is an English catalogue text; `listed` puts it into help and menu."""

    name: str
    answer: Answer
    description: str
    audience: Audience = Audience.OWNERS
    where: frozenset[ChatKind] = EVERYWHERE
    listed: bool = True


async def start(request: Request, desk: Desk) -> Message:
    """Who this bot is and what it can be asked."""
    return views.welcome(desk.voice(request.chat), request.user_name, list_commands(request.chat.kind))


async def help_(request: Request, desk: Desk) -> Message:
    """What can be asked here."""
    return views.help_message(desk.voice(request.chat), list_commands(request.chat.kind))


async def identify(request: Request, desk: Desk) -> Message:
    """The ids of person, chat and topic, and nothing else: strangers may ask."""
    return views.identity(request, desk.voice(request.chat))


async def find(request: Request, desk: Desk) -> Message:
    """Every attempt on an invoice. A button's argument may have been cut at its colons."""
    words = request.arguments if request.command else request.text.split()
    invoice = (" " if request.press_id is None else ":").join(words)
    if not invoice:
        raise UsageError("Which invoice? Write its number after the command, for example: /find 12345")
    voice, private = desk.voice(request.chat), request.chat.kind is ChatKind.PRIVATE
    found = await find_invoice(desk, invoice)
    return _together([views.found(report, voice, private=private) for report in found], voice)


async def today(request: Request, desk: Desk) -> Message:
    """The local day so far, of one terminal or of every merchant."""
    chosen: list[tuple[Merchant, Terminal | None]] = [(merchant, None) for merchant in desk.merchants]
    if request.arguments:
        merchants = await asyncio.gather(*(_with_seen(desk, merchant) for merchant in desk.merchants))
        chosen = [get_terminal(merchants, " ".join(request.arguments))]
    zone, now = ZoneInfo(request.chat.timezone), desk.now()
    days = [desk.store.read(reports.day_report, *choice, zone=zone, now=now) for choice in chosen]
    voice = desk.voice(request.chat)
    return _together([views.today(day, voice) for day in await asyncio.gather(*days)], voice)


async def _with_seen(desk: Desk, merchant: Merchant) -> Merchant:
    since = desk.now() - SEEN_WITHIN
    return with_seen(merchant, await desk.store.read(operations.list_terminals, merchant.id, since))


async def health(request: Request, desk: Desk) -> Message:
    """The state of the bot itself."""
    report = await desk.store.read(
        reports.health, desk.merchants, version=desk.version, started_at=desk.started_at, now=desk.now()
    )
    return views.health(report, desk.voice(request.chat))


COMMANDS = (
    Command(name="start", answer=start, description="Who I am", listed=False),
    Command(name="find", answer=find, description="All attempts on an invoice: /find 12345"),
    Command(name="today", answer=today, description="Today's figures, also of one terminal: /today Samal"),
    Command(name="health", answer=health, description="Whether the bank, Telegram and I are well"),
    Command(name="id", answer=identify, description="Your id and this chat's", audience=Audience.EVERYBODY),
    Command(name="help", answer=help_, description="What you can ask"),
)


def find_command(commands: Sequence[Command], request: Request) -> Command | None:
    """The row meant, if it may be used in this kind of chat. In a private chat a bare number means /find."""
    name, kind = request.command, request.chat.kind
    if not name and kind is ChatKind.PRIVATE and _LIKE_AN_INVOICE.fullmatch(request.text.strip()):
        name = find.__name__
    return next((one for one in commands if one.name == name and kind in one.where), None)


def list_commands(kind: ChatKind) -> list[tuple[str, str]]:
    """Names and English descriptions of what is listed in this kind of chat."""
    return [(one.name, one.description) for one in COMMANDS if one.listed and kind in one.where]


def _together(messages: Sequence[Message], voice: Voice) -> Message:
    """One message of several, whole ones as many as fit, with the buttons of the first."""
    if len(messages) == 1:
        return messages[0]
    blocks = [message.text if number == 0 else Markup("\n") + message.text for number, message in enumerate(messages)]
    return Message(fit((), blocks, (), voice), messages[0].buttons)
