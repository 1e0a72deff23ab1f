"""A store for one piece of work: what it writes counts only while the work is this replica's."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta
from typing import Concatenate, ParamSpec, TypeVar

from bot.errors import LeaseLost, StoreError
from bot.store import leases
from bot.store.driver import Connection, Store

P = ParamSpec("P")
T = TypeVar("T")
TTL = timedelta(minutes=1)


class Fenced:
    """The Store protocol over another store. Every change raises LeaseLost once another replica has the lease."""

    shared = True

    def __init__(
        self,
        store: Store,
        lease: str,
        *,
        owner: str,
        now: Callable[[], datetime],
        ttl: timedelta = TTL,
    ) -> None:
        self._store = store
        self.owner = owner
        self._lease = lease
        self._now = now
        self._ttl = ttl
        self._epoch: int | None = None

    @property
    def waiting(self) -> int:
        return self._store.waiting

    @property
    def ours(self) -> bool:
        """Whether this replica had the lease when it last asked."""
        return self._epoch is not None

    async def hold(self) -> bool:
        """Takes the lease, or goes on with it; whether it is this replica's now. Raises StoreError."""
        if self._epoch is not None:
            try:
                await self._store.write_apart(leases.extend, self._lease, self._epoch, self._now(), self._ttl)
            except LeaseLost:
                self._epoch = None
        if self._epoch is None:
            self._epoch = await self._store.write_apart(leases.take, self._lease, self.owner, self._now(), self._ttl)
        return self._epoch is not None

    async def release(self) -> None:
        """Lets others have it at once; without the store it ends by itself."""
        epoch, self._epoch = self._epoch, None
        if epoch is not None:
            with suppress(StoreError):
                await self._store.write_apart(leases.release, self._lease, epoch)

    @asynccontextmanager
    async def held(self) -> AsyncIterator[bool]:
        """Whether the lease is this replica's for the time of the work."""
        try:
            yield await self.hold()
        finally:
            await self.release()

    async def write(self, change: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        def fenced(db: Connection) -> T:
            leases.extend(db, self._lease, self._epoch or 0, self._now(), self._ttl)
            return change(db, *args, **kwargs)

        return await self._store.write(fenced)

    async def write_apart(
        self, change: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        return await self._store.write_apart(change, *args, **kwargs)

    async def read(self, query: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        return await self._store.read(query, *args, **kwargs)

    async def close(self) -> None:
        """Only the lease ends; the store is others' too."""
        await self.release()
