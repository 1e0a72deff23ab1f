"""What became of messages, kept in memory while the store cannot be written, so that none of them leaves again."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Concatenate, ParamSpec

from bot.errors import StoreError
from bot.store.driver import Connection, Store
from bot.store.outbox import Delivery

P = ParamSpec("P")


@dataclass(frozen=True, slots=True)
class _Note:
    ids: frozenset[int]
    change: Callable[[Connection], object]


class Notes:
    """Changes of the store about messages. `rows`: ids of the outbox rows whose fate is not written yet."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._kept: list[_Note] = []
        self._settling = asyncio.Lock()

    @property
    def rows(self) -> frozenset[int]:
        return frozenset().union(*(note.ids for note in self._kept))

    async def write(
        self,
        rows: Sequence[Delivery],
        change: Callable[Concatenate[Connection, P], object],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> None:
        """Writes what became of these rows, or keeps it for later. Raises StoreError."""
        note = _Note(frozenset(row.id for row in rows), lambda db: change(db, *args, **kwargs))
        self._kept.append(note)
        error = await self.settle()
        if error:
            raise error

    async def settle(self) -> StoreError | None:
        """Writes what is kept, oldest first; why it cannot, if it cannot."""
        async with self._settling:
            while self._kept:
                try:
                    await self._store.write(self._kept[0].change)
                except StoreError as error:
                    return error
                del self._kept[0]
        return None
