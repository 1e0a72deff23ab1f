"""What an answer leaves to be done: work that goes on after the first words and says more when it has more to say."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta

from bot.chat.replies import Replies
from bot.errors import DeliveryError, UsageError
from bot.model import Message, Request

log = logging.getLogger(__name__)


class Talk:
    """The place of one question, for more than one answer. Everything raises DeliveryError."""

    def __init__(self, replies: Replies, request: Request, first: int) -> None:
        """`first`: the id of the message that answered at once."""
        self._replies = replies
        self._request = request
        self._first = first

    async def say(self, message: Message) -> None:
        """One more message."""
        await self._replies.add(self._request, message)

    async def change(self, message: Message) -> None:
        """The first answer says something else now."""
        self._first = await self._replies.rewrite(self._request, self._first, message)


@dataclass(frozen=True, slots=True, kw_only=True)
class Continued:
    """An answer at once, and the rest of it; `alone`: what is said instead while the chat waits for such a rest."""

    message: Message
    rest: Callable[[Talk], Awaitable[None]]
    alone: UsageError | None = None


class Errands:
    """All that goes on behind the answers. `excuse` puts an error into words for the person who asked."""

    def __init__(self, replies: Replies, excuse: Callable[[Request, Exception], Message]) -> None:
        self._replies = replies
        self._excuse = excuse
        self._running: dict[asyncio.Task[None], tuple[int, str]] = {}
        self._open = True

    def is_out(self, request: Request) -> bool:
        """Whether the rest of an answer to the same command is still to come in this chat."""
        return (request.chat.chat_id, request.command) in self._running.values()

    async def answer(self, request: Request, answer: Continued) -> None:
        """Gives the message, then lets the rest go on by itself; nobody who got no message waits for the rest."""
        first = await self._replies.give(request, answer.message)
        if first is not None and self._open:
            work = self._run(request, answer, Talk(self._replies, request, first))
            task = asyncio.create_task(work, name=f"rest of /{request.command}")
            self._running[task] = (request.chat.chat_id, request.command)
            task.add_done_callback(self._running.pop)

    async def done(self) -> None:
        """Waits until nothing is left to do."""
        while self._running:
            await asyncio.wait(self._running)

    async def close(self, deadline: timedelta) -> None:
        """Cancels what goes on and begins nothing more."""
        self._open = False
        for task in self._running:
            task.cancel()
        if self._running:
            await asyncio.wait(self._running, timeout=deadline.total_seconds())

    async def _run(self, request: Request, answer: Continued, talk: Talk) -> None:
        try:
            await answer.rest(talk)
        except DeliveryError as error:
            log.warning("the rest of an answer is not given in chat %s: %s", request.chat.chat_id, error)
        except Exception as error:
            await self._tell(talk, self._excuse(request, error))

    async def _tell(self, talk: Talk, message: Message) -> None:
        try:
            await talk.say(message)
        except DeliveryError as error:
            log.warning("no word about what went wrong: %s", error)
