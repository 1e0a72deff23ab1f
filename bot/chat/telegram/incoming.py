"""What can come in besides a person's request; free of Telegram's types."""

from dataclasses import dataclass
from datetime import datetime

from bot.model import Destination, Request


@dataclass(frozen=True, slots=True, kw_only=True)
class BotIdentity:
    """Who this bot is; `username` without the @."""

    user_id: int
    username: str
    name: str


@dataclass(frozen=True, slots=True)
class ChatMoved:
    """A group became a supergroup: the same people under another id."""

    old_chat_id: int
    new_chat_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BotMembership:
    """Somebody (`user_id`) let the bot into a chat or took its right to write away.

    `joined`: the bot was not there before.
    """

    chat: Destination
    allowed: bool
    joined: bool
    user_id: int
    at: datetime


Incoming = Request | ChatMoved | BotMembership


def chat_of(incoming: Incoming) -> int:
    """The chat whose order must be kept."""
    return incoming.old_chat_id if isinstance(incoming, ChatMoved) else incoming.chat.chat_id
