"""What runs the jobs and the outbox: a bot alone on its database, or one of several replicas."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import Protocol

from bot.chat.seat import Seat
from bot.delivery import Delivery
from bot.errors import StoreError
from bot.model import Destination, MerchantId, NoticeAlert
from bot.schedule import Job, Works
from bot.store.driver import Store
from bot.watchdog import Deadlines, Loop


class Runner(Protocol):
    """`seat`: the right to read Telegram's updates, where several may want it. `delivery`: where it is a job here."""

    @property
    def seat(self) -> Seat | None: ...

    @property
    def delivery(self) -> Delivery | None: ...

    @property
    def speaks(self) -> bool:
        """Whether it is this bot, of all on its database, that says what is said past the store."""

    def store_of(self, merchant_id: MerchantId) -> Store:
        """Where a merchant's poll writes."""

    async def start(
        self, works: Works, trouble: Callable[[StoreError | None], Awaitable[None]], jobs: Sequence[Job]
    ) -> None:
        """Every job begins. Raises StoreError."""

    def loops(self, deadlines: Deadlines, merchants: Sequence[MerchantId]) -> list[Loop]:
        """What the watchdog looks after."""

    async def tell(self, notice: NoticeAlert, destinations: Sequence[Destination]) -> None:
        """Says something past the store."""

    async def drain(self, patience: timedelta) -> None:
        """Lets what is under way end."""

    async def stop(self) -> None:
        """Ends what is left."""
