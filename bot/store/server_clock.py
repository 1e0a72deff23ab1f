"""The clock of the database, so that replicas whose own clocks differ agree on what is due."""

from collections.abc import Callable
from datetime import datetime, timedelta

from bot.model import from_micros
from bot.store.driver import Connection, Store

LONGEST_LOOK = timedelta(seconds=1)


class ServerClock:
    """This machine's clock, put right by `set`; until then as it is."""

    def __init__(self, local: Callable[[], datetime]) -> None:
        self._local = local
        self._ahead = timedelta()

    def now(self) -> datetime:
        return self._local() + self._ahead

    async def set(self, store: Store) -> None:
        """Looks at the database's clock; a look that took long says little and is left out. Raises StoreError."""
        before = self._local()
        server = await store.read(_read)
        took = self._local() - before
        if took < LONGEST_LOOK:
            self._ahead = server - (before + took / 2)


def _read(db: Connection) -> datetime:
    row = db.row("SELECT CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS BIGINT) AS at")
    assert row is not None
    return from_micros(row["at"])
