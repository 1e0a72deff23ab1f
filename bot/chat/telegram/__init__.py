"""The only place that imports `telegram`: calls out, updates in, errors translated at this border."""

from bot.chat.telegram.errors import Conflict, MessageGone
from bot.chat.telegram.gateway import Gateway
from bot.chat.telegram.incoming import BotIdentity, BotMembership, ChatMoved, Incoming, chat_of
from bot.chat.telegram.menus import MENU_LANGUAGES, Menu, MenuScope
from bot.chat.telegram.reading import read_update

__all__ = [
    "MENU_LANGUAGES",
    "BotIdentity",
    "BotMembership",
    "ChatMoved",
    "Conflict",
    "Gateway",
    "Incoming",
    "Menu",
    "MenuScope",
    "MessageGone",
    "chat_of",
    "read_update",
]
