"""The bot comes into a chat or loses its voice there: who is told what, and what may appear from then on."""

import logging
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime

from bot import telling, views
from bot.chat.desk import Desk
from bot.chat.telegram import BotMembership
from bot.errors import DeliveryError
from bot.model import ChatKind, Destination, Message
from bot.store import chats, people
from bot.store.driver import Connection

log = logging.getLogger(__name__)


class Membership:
    """Handles changes of what the bot is in a chat. `send` is asked once and its refusal is no harm."""

    def __init__(self, desk: Desk, send: Callable[[Destination, Message], Awaitable[object]]) -> None:
        self._desk = desk
        self._send = send

    async def handle(self, change: BotMembership) -> None:
        """Raises StoreError."""
        store, now = self._desk.store, self._desk.now()
        if not change.allowed:
            await store.write(_lose, change.chat.chat_id, now)
            return
        linked = await store.write(_enter, change, now)
        # Nobody can command a channel, so there is nothing to say in one.
        if linked is not None and change.chat.kind is not ChatKind.CHANNEL:
            await self._greet(change.chat, linked=linked)

    async def _greet(self, chat: Destination, *, linked: bool) -> None:
        known = await self._desk.store.read(chats.find_destination, chat.chat_id, None)
        voice = self._desk.default_voice(known.language if known else None)
        try:
            await self._send(replace(chat, language=voice.language), views.added(voice, linked=linked))
        except DeliveryError as error:
            log.warning("no first word in chat %s: %s", chat.chat_id, error)


def _enter(db: Connection, change: BotMembership, now: datetime) -> bool | None:
    """Whether a group is linked, for one the bot has just come into. What waited is said after that is known."""
    comes = change.joined and change.chat.kind is not ChatKind.PRIVATE
    linked = people.welcome(db, change.chat, change.user_id, now) if comes else None
    chats.set_chat_disabled(db, change.chat.chat_id, None, now)
    return linked


def _lose(db: Connection, chat_id: int, now: datetime) -> None:
    people.forget_unlinked(db, chat_id)
    telling.switch_off(db, chat_id, "the bot was blocked or removed", now)
