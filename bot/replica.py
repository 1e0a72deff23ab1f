"""One of several bots on the same database: its name, what it may do alone, and the queue it works off."""

import asyncio
import os
import secrets
import socket
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import timedelta
from functools import partial

from bot.cluster import HANDING_OUT, Cluster, Shared
from bot.condition import poll_of
from bot.delivery import Delivery, Sender, Serving
from bot.errors import StoreError
from bot.model import Destination, MerchantId, NoticeAlert
from bot.schedule import Job, Works
from bot.store import leases
from bot.store.driver import Store
from bot.store.fenced import Fenced
from bot.store.server_clock import ServerClock
from bot.texts import Voices
from bot.vitals import Vitals
from bot.watchdog import Deadlines, Loop

# A replica that lives says so far more often.
SEAT = timedelta(seconds=10)
GOODBYE = 1.0


class Replica:
    """Does its part. `seat`: the right to read Telegram's updates. `conninfo`: how the queue reaches the database."""

    def __init__(  # noqa: PLR0913 - what a Solo has, and what several need to agree
        self,
        sender: Sender,
        store: Store,
        voices: Voices,
        *,
        clock: ServerClock,
        vitals: Vitals,
        conninfo: str,
        merchants: Sequence[MerchantId],
    ) -> None:
        name = f"{socket.gethostname()}/{os.getpid()}/{secrets.token_hex(3)}"
        self.delivery: Delivery | None = None
        self.seat = Fenced(store, "updates", owner=name, now=clock.now, ttl=SEAT)
        self._life = Fenced(store, leases.life_of(name), owner=name, now=clock.now, ttl=SEAT)
        self._serving = Serving(sender, store, voices, now=clock.now, vitals=vitals)
        self._polls = {one: Fenced(store, poll_of(one), owner=name, now=clock.now) for one in merchants}
        self._shared = Shared(
            serving=self._serving,
            seat=self.seat,
            life=self._life,
            polls=self._polls,
            clock=clock,
            conninfo=conninfo,
        )
        self._vitals = vitals
        self._cluster: Cluster

    def store_of(self, merchant_id: MerchantId) -> Store:
        """Where a merchant's poll writes: refused once another replica polls it."""
        return self._polls[merchant_id]

    async def start(
        self, works: Works, trouble: Callable[[StoreError | None], Awaitable[None]], jobs: Sequence[Job]
    ) -> None:
        """Sets the clock by the database's and joins the others. Raises StoreError."""
        await self._shared.clock.set(works.store)
        await self._life.hold()
        self._cluster = Cluster(works, self._shared, trouble, self._vitals, jobs)
        self._cluster.start()

    def loops(self, deadlines: Deadlines, _merchants: Sequence[MerchantId]) -> list[Loop]:
        """What the watchdog looks after."""
        return [Loop(HANDING_OUT, deadlines.deliver, partial(self._cluster.restart, HANDING_OUT))]

    @property
    def speaks(self) -> bool:
        """Who reads what people write is who speaks to them."""
        return self.seat.ours

    async def tell(self, notice: NoticeAlert, destinations: Sequence[Destination]) -> None:
        """Says something past the store."""
        await self._serving.tell(notice, destinations)

    async def drain(self, _patience: timedelta) -> None:
        """Lets what is under way end and takes nothing more."""
        await self._cluster.stop()

    async def stop(self) -> None:
        """Lets another replica read Telegram's updates and answer what is left at once, unless the database is away."""
        with suppress(TimeoutError):
            async with asyncio.timeout(GOODBYE):
                await self._life.release()
                await self.seat.release()
