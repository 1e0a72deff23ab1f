"""The stored answer first: what the store knows is said while the bank is still thinking, and changed when it has."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from datetime import timedelta
from typing import Any

from bot.chat.errands import Continued, Talk
from bot.model import Message


async def stored_first(
    live: Coroutine[Any, Any, Message], stored: Callable[[], Awaitable[Message | None]], *, prompt: timedelta
) -> Message | Continued:
    """The live answer if it comes within `prompt` or the store has none; else the stored one before it."""
    asking = asyncio.create_task(live, name="live answer")
    try:
        done, _ = await asyncio.wait({asking}, timeout=prompt.total_seconds())
        first = None if done else await stored()
        if first is None:
            return await asking
    except BaseException:
        asking.cancel()
        raise

    async def rest(talk: Talk) -> None:
        await talk.change(await asking)

    return Continued(message=first, rest=rest)
