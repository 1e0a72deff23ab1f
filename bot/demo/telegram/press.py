"""A button somebody pressed, and the bot's answer to it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any

from bot.demo.telegram.records import Message, Person


@dataclass(frozen=True, slots=True)
class Answer:
    """What `answerCallbackQuery` said: a toast, or an alert to be closed by hand; an empty text only ends the wait."""

    text: str = ""
    alert: bool = False
    url: str = ""


@dataclass(slots=True, eq=False)
class Press:
    """One press; await `answer()` for what the bot says to it."""

    query_id: str
    person: Person
    message: Message
    data: str
    answered: asyncio.Future[Answer] = field(default_factory=lambda: asyncio.get_running_loop().create_future())

    async def answer(self, timeout: float = 5.0) -> Answer:  # noqa: ASYNC109 - the tests' word
        """The bot's answer; TimeoutError when none came within `timeout` real seconds."""
        try:
            return await asyncio.wait_for(asyncio.shield(self.answered), timeout)
        except TimeoutError:
            raise TimeoutError(f"no answer to {self.data!r} within {timeout} s") from None

    def settle(self, **said: Any) -> bool:
        """Record the answer; False when there was one already."""
        if self.answered.done():
            return False
        self.answered.set_result(Answer(**said))
        return True
