"""What became of messages, kept in memory while the store cannot be written, so that none of them leaves again."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Concatenate, ParamSpec

from bot.errors import StoreError
from bot.store import outbox
from bot.store.driver import Connection, Store
from bot.store.outbox import Delivery, Place

P = ParamSpec("P")


@dataclass(frozen=True, slots=True)
class _Note:
    """`waiting`: the rows if they surely did not leave, none otherwise."""

    ids: frozenset[int]
    change: Callable[[Connection], object]
    waiting: tuple[Delivery, ...] = ()


class Notes:
    """Changes of the store about messages, each kept until it is written."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._kept: tuple[_Note, ...] = ()
        self._settling = asyncio.Lock()

    @property
    def rows(self) -> frozenset[int]:
        """Ids of the outbox rows whose fate is not written yet."""
        return frozenset().union(*(note.ids for note in self._kept))

    @property
    def waiting(self) -> dict[Place, tuple[Delivery, ...]]:
        """Those of them that did not leave and are to be tried again, as unsure as they were before."""
        lists = [note.waiting for note in self._kept if note.waiting]
        return {Place(rows[0].chat_id, rows[0].thread_id): rows for rows in lists}

    async def write(
        self,
        rows: Sequence[Delivery],
        change: Callable[Concatenate[Connection, P], object],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> None:
        """Writes what became of these rows, or keeps it for later. Raises StoreError."""
        await self._keep(_Note(_ids(rows), lambda db: change(db, *args, **kwargs)))

    async def put_back(self, rows: Sequence[Delivery], due_at: datetime, why: str) -> None:
        """Writes that they did not leave, or keeps it, and them, for later. Raises StoreError."""
        await self._keep(_Note(_ids(rows), lambda db: outbox.put_back(db, rows, due_at, why), tuple(rows)))

    async def _keep(self, note: _Note) -> None:
        """What waited has been tried again: only what became of it now still matters."""
        self._kept = (*(kept for kept in self._kept if not kept.waiting or kept.ids.isdisjoint(note.ids)), note)
        if error := await self.settle():
            raise error

    async def settle(self) -> StoreError | None:
        """Writes what is kept, oldest first; why it cannot, if it cannot."""
        async with self._settling:
            while self._kept:
                oldest = self._kept[0]
                try:
                    await self._store.write(oldest.change)
                except StoreError as error:
                    return error
                self._kept = tuple(kept for kept in self._kept if kept is not oldest)
        return None


def _ids(rows: Sequence[Delivery]) -> frozenset[int]:
    return frozenset(row.id for row in rows)
