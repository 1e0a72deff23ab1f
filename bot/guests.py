"""Groups the bot was added to and nobody linked: it leaves them after an hour."""

import logging
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from bot.errors import DeliveryError
from bot.store import people
from bot.store.driver import Store

log = logging.getLogger(__name__)

STAY = timedelta(hours=1)


class Guests:
    """`leave` walks out of a chat by its id and raises DeliveryError."""

    def __init__(self, store: Store, leave: Callable[[int], Awaitable[None]], *, now: Callable[[], datetime]) -> None:
        self._store = store
        self._leave = leave
        self._now = now

    async def step(self) -> None:
        """Leaves every group whose hour is over. A refusal means that the bot is not there any more."""
        for chat_id in await self._store.read(people.list_unlinked, self._now() - STAY):
            try:
                await self._leave(chat_id)
                log.info("left chat %s, which nobody linked", chat_id)
            except DeliveryError as error:
                log.warning("chat %s, which nobody linked, cannot be left: %s", chat_id, error)
            await self._store.write(people.forget_unlinked, chat_id)
