"""Who the bot is, what it can do here, and how it is."""

from bot import views
from bot.chat.desk import Desk
from bot.model import Message, Request
from bot.store import deliveries as undelivered
from bot.store import reports


async def start(request: Request, desk: Desk) -> Message:
    """Who this bot is and what it can be asked."""
    return views.welcome(desk.voice(request.chat), request.user_name, desk.listed(request.chat.kind))


async def help_(request: Request, desk: Desk) -> Message:
    """What can be asked here."""
    return views.help_message(desk.voice(request.chat), desk.listed(request.chat.kind))


async def identify(request: Request, desk: Desk) -> Message:
    """The ids of person, chat and topic, and nothing else: strangers may ask."""
    return views.identity(request, desk.voice(request.chat))


async def health(request: Request, desk: Desk) -> Message:
    """The state of the bot itself."""
    report = await desk.store.read(
        reports.health, desk.merchants, version=desk.version, started_at=desk.started_at, now=desk.now()
    )
    return views.health(report, desk.voice(request.chat))


async def deliveries(request: Request, desk: Desk) -> Message:
    """What became of messages, chat by chat."""
    report = await desk.store.read(undelivered.report, desk.now())
    return views.deliveries(report, desk.voice(request.chat))
