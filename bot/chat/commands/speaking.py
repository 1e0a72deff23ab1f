"""The language of a chat: what is said there, asked or unasked, and its menu."""

import logging
from dataclasses import replace

from bot import views
from bot.chat.desk import Desk
from bot.errors import DeliveryError, UsageError
from bot.model import ChatKind, Destination, Message, Request
from bot.store import chats
from bot.texts import LANGUAGES, Voice

log = logging.getLogger(__name__)

_NAMES = {
    "ru": ("ru", "русский", "по-русски", "рус", "орысша"),
    "kk": ("kk", "kz", "қазақша", "қазақ", "казахский", "каз"),
    "en": ("en", "english", "английский", "англ", "ағылшынша"),
}


async def language(request: Request, desk: Desk) -> Message:
    """Asks with buttons, or changes the whole chat, all its topics, to the language named."""
    if not request.arguments:
        return views.ask_language(desk.voice(request.chat))
    chat = await choose_language(request.chat, " ".join(request.arguments), desk)
    return views.language_chosen(desk.voice(chat))


async def choose_language(chat: Destination, named: str, desk: Desk) -> Destination:
    """The chat as it reads from now on, its menu too. Raises UsageError."""
    said = named.casefold()
    chosen = next((known for known in LANGUAGES if said in _NAMES[known]), None)
    if chosen is None:
        raise UsageError("I do not speak “{language}”. Write /language ru, /language kk or /language en", language=said)
    chat = replace(chat, language=chosen)
    await desk.store.write(chats.choose_language, chat)
    voice = desk.voice(chat)
    try:
        await desk.show_menu(chat, _commands(desk, chat.kind, voice))
    except DeliveryError as error:
        log.warning("the menu of chat %s keeps its language: %s", chat.chat_id, error)
    return chat


def _commands(desk: Desk, kind: ChatKind, voice: Voice) -> list[tuple[str, str]]:
    return [(name, voice.plain(text)) for name, text in desk.listed(kind)]
