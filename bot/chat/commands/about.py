"""Who the bot is, what it can do here, and how it is."""

from dataclasses import replace

from bot import views
from bot.chat.desk import Desk
from bot.model import ChatKind, Message, Request, Right
from bot.store import deliveries as undelivered
from bot.store import reports, walks


async def start(request: Request, desk: Desk) -> Message:
    """Who this bot is and what it can be asked; an owner is offered the set-up until it is done."""
    voice = desk.voice(request.chat)
    message = views.welcome(voice, request.user_name, desk.listed(request.chat.kind))
    if request.chat.kind is not ChatKind.PRIVATE or not desk.list_with(Right.PEOPLE):
        return message
    return replace(message, buttons=views.begin_button(await desk.store.read(walks.find_step, request.user_id), voice))


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
