"""One request in flight, with its token, repeated while the trouble is passing."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

import stamina

from bot.epay.tokens import Tokens, TokenUnavailable
from bot.epay.transport import AnswerTooLarge, Call, Reply, Transport, Unauthorised
from bot.errors import SourceUnavailable

Answer = TypeVar("Answer")
_NO_USE_REPEATING = (TokenUnavailable, AnswerTooLarge)


@dataclass(frozen=True, slots=True)
class Retries:
    """How often one call is tried and how long is waited in between (seconds, growing, with jitter).

    `wait_max` is also our patience: a longer Retry-After is handed on instead of waited for.
    """

    attempts: int = 4
    wait_initial: float = 0.5
    wait_max: float = 10.0


class Calls:
    """The calls of one merchant, one at a time."""

    def __init__(self, transport: Transport, retries: Retries) -> None:
        self._transport = transport
        self._retries = retries
        self._one_at_a_time = asyncio.Lock()

    async def make(self, call: Call, tokens: Tokens, read: Callable[[bytes], Answer]) -> Answer:
        """The body as `read` understands it; `read` raises SourceUnavailable for a broken one, which is asked again.

        Raises SourceUnavailable when patience ends, SourceDenied, SourceRejected.
        """
        async for attempt in stamina.retry_context(
            on=self._worth_repeating,
            attempts=self._retries.attempts,
            timeout=None,
            wait_initial=self._retries.wait_initial,
            wait_max=self._retries.wait_max,
            wait_jitter=self._retries.wait_initial,
        ):
            with attempt:
                async with self._one_at_a_time:
                    reply = await self._authorised(call, tokens)
                return _understood(reply, read)
        raise AssertionError("stamina either returns or raises")

    async def _authorised(self, call: Call, tokens: Tokens) -> Reply:
        """Tokens die without notice, so a refusal is believed only of a fresh one."""
        token = await tokens.get()
        try:
            return await self._transport.send(call, token.value)
        except Unauthorised:
            fresh = await tokens.renew()
            return await self._transport.send(call, fresh.value)

    def _worth_repeating(self, error: Exception) -> bool | timedelta:
        if not isinstance(error, SourceUnavailable) or isinstance(error, _NO_USE_REPEATING):
            return False
        if error.retry_after is None:
            return True
        return error.retry_after if error.retry_after.total_seconds() <= self._retries.wait_max else False


def _understood(reply: Reply, read: Callable[[bytes], Answer]) -> Answer:
    try:
        return read(reply.body)
    except SourceUnavailable:
        if reply.status >= 400:
            raise SourceUnavailable(f"the bank answers HTTP {reply.status}") from None
        raise
