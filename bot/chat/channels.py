"""A channel takes no commands, so who administers it steers it from a private chat, by its name or number."""

import re
from dataclasses import replace

from bot.chat.desk import Desk
from bot.errors import DeliveryError, MaybeSent, NotSent, UsageError
from bot.model import ChatKind, Destination, NoticeAlert, Request, Right
from bot.store import outbox
from bot.store.driver import Connection

_NAME = re.compile(r"@\w{4,32}|-100\d{3,15}")


async def steered(request: Request, desk: Desk) -> tuple[Request, Desk]:
    """As if said, by an owner, in the channel that the first word names; unchanged if it names none.

    Raises UsageError when there is no such channel, or when the person or the bot may not post there.
    """
    name, *words = request.arguments or ("",)
    if request.chat.kind is not ChatKind.PRIVATE or not _NAME.fullmatch(name):
        return request, desk
    owned = desk.list_with(Right.PEOPLE)
    if not owned:
        raise UsageError("Only an owner can steer a channel")
    try:
        channel = await desk.find_channel(name, request.user_id)
    except (NotSent, MaybeSent) as error:
        raise UsageError("Telegram does not tell me about {name} just now. Please say this again", name=name) from error
    except DeliveryError as error:
        raise UsageError(
            "I see no channel {name}. Add me to it as an administrator who may post, and say this again", name=name
        ) from error
    if channel.kind is not ChatKind.CHANNEL:
        raise UsageError("{name} is no channel. Say /subscribe in that group itself", name=name)
    if not channel.is_mine:
        raise UsageError("I may not post in {name}. Make me an administrator there who may post", name=name)
    if not channel.is_theirs:
        raise UsageError("You do not administer {name}, so you cannot choose what comes there", name=name)
    here = Destination(
        chat_id=channel.chat_id,
        kind=channel.kind,
        title=channel.title,
        language=request.chat.language,
        timezone=request.chat.timezone,
    )
    return replace(request, chat=here, arguments=tuple(words)), replace(desk, merchants=tuple(owned))


def greet(db: Connection, channel: Destination, desk: Desk) -> None:
    """The first word in a channel, without a sound."""
    now = desk.now()
    notice = NoticeAlert(
        text="From now on alerts are posted here. An owner changes that with /subscribe in my private chat.",
        silent=True,
        at=now,
    )
    outbox.announce(db, [(f"channel/{now.isoformat()}", notice)], [channel], now)
