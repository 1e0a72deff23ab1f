"""Tells the owners, past the store, that the store cannot be used, and that it can again; once each."""

from collections.abc import Callable, Sequence
from datetime import datetime

from bot.delivery import Delivery
from bot.errors import StoreError
from bot.model import Destination, NoticeAlert


class Trouble:
    """Whether the owners have been told, and telling them."""

    def __init__(self, delivery: Delivery, owners: Sequence[Destination], now: Callable[[], datetime]) -> None:
        self._delivery = delivery
        self._owners = owners
        self._now = now
        self._told = False

    async def tell(self, error: StoreError | None) -> None:
        """`error` is why the store cannot be used, None that it works."""
        told, self._told = self._told, error is not None
        if error and not told:
            text = (
                "The bot cannot use its database: {error}. Free space or repair the disk; nothing is lost, but "
                "until then an alert may come twice."
            )
            await self._say(NoticeAlert(text=text, values={"error": str(error)}, at=self._now()))
        elif told and not error:
            await self._say(
                NoticeAlert(text="The database works again; what was missed is being read.", at=self._now())
            )

    async def _say(self, notice: NoticeAlert) -> None:
        await self._delivery.tell(notice, self._owners)
