"""One of several bots on the same database: its name, what it may do alone, and the queue it works off."""

import os
import secrets
import socket
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta

from bot.cluster import Cluster, Rhythm, Shared
from bot.condition import poll_of
from bot.delivery import Serving
from bot.errors import StoreError
from bot.model import Merchant, MerchantId
from bot.schedule import JOBS, Job, Works
from bot.store.driver import Store
from bot.store.fenced import Fenced
from bot.store.server_clock import ServerClock
from bot.vitals import Vitals

# Longer than a long poll of a replica and the patience after it.
SEAT = timedelta(seconds=40)
LONG_POLL = timedelta(seconds=10)


class Replica:
    """`seat`: the right to read Telegram's updates. `conninfo` is how the queue reaches the database."""

    def __init__(self, store: Store, clock: ServerClock, conninfo: str, merchants: Sequence[Merchant]) -> None:
        self.name = f"{socket.gethostname()}/{os.getpid()}/{secrets.token_hex(3)}"
        self._clock = clock
        self._conninfo = conninfo
        self.seat = Fenced(store, "updates", owner=self.name, now=clock.now, ttl=SEAT)
        self._polls = {
            merchant.id: Fenced(store, poll_of(merchant.id), owner=self.name, now=clock.now) for merchant in merchants
        }

    def store_of(self, merchant_id: MerchantId) -> Store:
        """Where a merchant's poll writes: refused once another replica polls it."""
        return self._polls[merchant_id]

    def cluster(
        self,
        works: Works,
        serving: Serving,
        trouble: Callable[[StoreError | None], Awaitable[None]],
        vitals: Vitals,
        *,
        jobs: Sequence[Job] = JOBS,
        rhythm: Rhythm | None = None,
    ) -> Cluster:
        """The jobs, shared with the other replicas."""
        shared = Shared(serving=serving, polls=self._polls, clock=self._clock, conninfo=self._conninfo)
        return Cluster(works, shared, trouble, vitals, rhythm, jobs)
