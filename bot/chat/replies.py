"""Gets an answer to the person who asked, whatever Telegram says on the way. Knows nothing of commands."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TypeVar

from bot import telling
from bot.chat.buttons import pack
from bot.chat.telegram import Gateway, MessageGone
from bot.errors import DeliveryError, Malformed, Moved, NotSent, TooLarge, TopicGone, Undeliverable
from bot.model import ChatKind, Destination, Message, Request
from bot.store import chats
from bot.store.driver import Store
from bot.views.plain import plain

log = logging.getLogger(__name__)

TRIES = 4
PAUSE = timedelta(seconds=1)
LONGEST_PAUSE = timedelta(seconds=20)
Result = TypeVar("Result")
Attempt = Callable[[Destination, Message], Awaitable[Result]]


class Replies:
    """Answers are sent at most once in doubt: who got none asks again, and no answer comes twice."""

    def __init__(self, gateway: Gateway, store: Store, *, now: Callable[[], datetime], pause: timedelta) -> None:
        self._gateway = gateway
        self._store = store
        self._now = now
        self._pause = pause

    async def give(self, request: Request, message: Message) -> int | None:
        """Edits the message whose button was pressed, or answers below the question in its topic.

        Returns the id of the message that now says it; None when none surely does, which is logged.
        """
        try:
            if request.pressed is None:
                return await self.add(request, message)
            return await self.rewrite(request, request.pressed, message)
        except Undeliverable as error:
            log.warning("chat %s takes no answers: %s", request.chat.chat_id, error)
            await self._store.write(telling.switch_off, request.chat.chat_id, str(error), self._now())
        except DeliveryError as error:
            log.warning("no answer given in chat %s: %s", request.chat.chat_id, error)
        finally:
            await self.settle(request)
        return None

    async def add(self, request: Request, message: Message) -> int:
        """A new message where the request came from; its id. Raises DeliveryError."""
        return await self._send(request, await pack(message, request, self._store, self._now()))

    async def rewrite(self, request: Request, message_id: int, message: Message) -> int:
        """The message with this id says something else, or a new one does; the id. Raises DeliveryError."""
        message = await pack(message, request, self._store, self._now())

        async def attempt(destination: Destination, message: Message) -> None:
            await self._gateway.edit(destination, message_id, message)

        try:
            await self._persist(attempt, request.chat, message)
        except MessageGone:
            return await self._send(request, message)
        return message_id

    async def settle(self, request: Request, toast: str | None = None, *, alert: bool = True) -> None:
        """Ends the wait of a pressed button, if this was one, with or without words; an `alert` has to be closed."""
        if request.press_id is not None:
            with suppress(DeliveryError):
                await self._gateway.answer_press(request.press_id, toast, alert=alert and toast is not None)

    async def _send(self, request: Request, message: Message) -> int:
        quoted = request.chat.kind is not ChatKind.PRIVATE or request.press_id is not None

        async def attempt(destination: Destination, message: Message) -> int:
            same_place = destination.thread_id == request.chat.thread_id
            reply_to = request.answer_to if quoted and same_place else None
            return await self._gateway.send(destination, message, reply_to=reply_to)

        return await self._persist(attempt, request.chat, message)

    async def _persist(self, attempt: Attempt[Result], destination: Destination, message: Message) -> Result:
        """Tries again where that is safe, each time without what stood in the way."""
        for _ in range(TRIES - 1):
            try:
                return await attempt(destination, message)
            except NotSent as error:
                pause = error.delay or self._pause
                if pause > LONGEST_PAUSE:
                    raise
                await asyncio.sleep(pause.total_seconds())
            except TooLarge:
                raise
            except Malformed as error:
                log.error("Telegram cannot read our message, plain text instead: %s", error)  # noqa: TRY400
                message = plain(message)
            except TopicGone:
                destination = replace(destination, thread_id=None)
            except Moved as error:
                await self._store.write(chats.move_chat, destination.chat_id, error.new_chat_id)
                destination = replace(destination, chat_id=error.new_chat_id)
        return await attempt(destination, message)
