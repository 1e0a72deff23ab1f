"""The one bot on its database: APScheduler runs the jobs here, and the pace of messages is kept in memory."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from functools import partial

from bot.chat.seat import Seat
from bot.condition import poll_of
from bot.delivery import Delivery, Sender
from bot.errors import StoreError
from bot.model import Destination, MerchantId, NoticeAlert
from bot.schedule import DELIVERY, Job, Schedule, Works
from bot.store.driver import Store
from bot.texts import Voices
from bot.vitals import Vitals
from bot.watchdog import Deadlines, Loop


class Solo:
    """Does everything itself."""

    seat: Seat | None = None
    speaks = True

    def __init__(
        self, sender: Sender, store: Store, voices: Voices, *, now: Callable[[], datetime], vitals: Vitals
    ) -> None:
        self.delivery: Delivery = Delivery(sender, store, voices, now=now, vitals=vitals)
        self._store = store
        self._vitals = vitals
        self._schedule: Schedule

    def store_of(self, _merchant_id: MerchantId) -> Store:
        """Where a merchant's poll writes."""
        return self._store

    async def start(
        self, works: Works, trouble: Callable[[StoreError | None], Awaitable[None]], jobs: Sequence[Job]
    ) -> None:
        """What an earlier run left in flight comes due, then every job begins. Raises StoreError."""
        await self.delivery.recover()
        self._schedule = Schedule(works, trouble, self._vitals, jobs)
        self._schedule.start()

    def loops(self, deadlines: Deadlines, merchants: Sequence[MerchantId]) -> list[Loop]:
        """What the watchdog looks after."""
        restart = self._schedule.restart
        loops = [Loop(poll_of(one), deadlines.poll, partial(restart, poll_of(one))) for one in merchants]
        return [*loops, Loop(DELIVERY, deadlines.deliver, partial(restart, DELIVERY))]

    async def tell(self, notice: NoticeAlert, destinations: Sequence[Destination]) -> None:
        """Says something past the store."""
        await self.delivery.tell(notice, destinations)

    async def drain(self, patience: timedelta) -> None:
        """Lets messages in flight arrive."""
        await self.delivery.drain(patience)

    async def stop(self) -> None:
        """Ends what is left."""
        await self._schedule.stop()
