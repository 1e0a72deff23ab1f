"""Tells the owners, past the store, that the store cannot be used, and that it can again; once each."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta

from bot.errors import StoreError
from bot.model import Destination, NoticeAlert

# A server that is started anew, or gives way to another, is soon back: of that nobody is told.
SOON = timedelta(seconds=30)


class Trouble:
    """Whether the owners have been told, and telling them."""

    def __init__(
        self,
        say: Callable[[NoticeAlert, Sequence[Destination]], Awaitable[None]],
        owners: Sequence[Destination],
        now: Callable[[], datetime],
        *,
        shared: bool,
        speaks: Callable[[], bool],
    ) -> None:
        """`shared`: the database is a server's, without which nothing leaves at all.

        `speaks`: whether it is this bot, of all that may notice, that tells of it.
        """
        self._say_to = say
        self._shared = shared
        self._speaks = speaks
        self._owners = owners
        self._now = now
        self._since: datetime | None = None
        self._told = False

    async def tell(self, error: StoreError | None) -> None:
        """`error` is why the store cannot be used, None that it works."""
        told, self._told = self._told, error is not None and (self._told or self._is_due())
        if error and self._told and not told:
            await self._say(self._lost(error))
        if error is None:
            self._since = None
        if told and error is None:
            await self._say(
                NoticeAlert(text="The database works again; what was missed is being read.", at=self._now())
            )

    def _is_due(self) -> bool:
        self._since = self._since or self._now()
        lasts = self._now() - self._since
        return self._speaks() and (lasts >= SOON or not self._shared)

    def _lost(self, error: StoreError) -> NoticeAlert:
        if self._shared:
            return NoticeAlert(
                text="A replica of the bot cannot use the database: {error}. Nothing is lost: the others do its work, "
                "and if none can use it, alerts wait until it is back.",
                values={"error": str(error)},
                at=self._now(),
            )
        return NoticeAlert(
            text="The bot cannot use its database: {error}. Free space or repair the disk; nothing is lost, but "
            "until then an alert may come twice.",
            values={"error": str(error)},
            at=self._now(),
        )

    async def _say(self, notice: NoticeAlert) -> None:
        await self._say_to(notice, self._owners)
