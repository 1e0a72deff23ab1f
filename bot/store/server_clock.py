"""The clock of the database, so that replicas whose own clocks differ, or jump, agree on what is due."""

import time
from collections.abc import Callable
from datetime import datetime, timedelta

from bot.model import from_micros
from bot.store.driver import Connection, Store

LONGEST_LOOK = timedelta(seconds=1)


class ServerClock:
    """The database's clock as it was last looked at, and what `ticks` (seconds) have passed since; at first our own."""

    def __init__(self, local: Callable[[], datetime], ticks: Callable[[], float] = time.monotonic) -> None:
        self._local = local
        self._ticks = ticks
        self._seen: tuple[datetime, float] | None = None

    def now(self) -> datetime:
        if self._seen is None:
            return self._local()
        at, ticks = self._seen
        return at + timedelta(seconds=self._ticks() - ticks)

    async def set(self, store: Store) -> None:
        """Looks at the database's clock; a look that took long says little and is left out. Raises StoreError."""
        before = self._ticks()
        server = await store.read(_read)
        after = self._ticks()
        if after - before < LONGEST_LOOK.total_seconds():
            self._seen = server, (before + after) / 2


def _read(db: Connection) -> datetime:
    row = db.row("SELECT CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS BIGINT) AS at")
    assert row is not None
    return from_micros(row["at"])
