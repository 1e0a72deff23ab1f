"""`epay-bot copy`: moves a bot to the other engine, ahead while it works and whole once it is stopped."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import AsyncExitStack, ExitStack
from dataclasses import replace
from typing import TypeVar

from bot.config import Storage
from bot.errors import ConfigurationError, InUse, Problem, StoreError
from bot.store import copying, engines
from bot.store.copying import Stretch, Sums, Values, Walk
from bot.store.driver import Store
from bot.store.tables import list_tables

T = TypeVar("T")
Progress = Callable[[str, float], None]


async def copy(source: Storage, target: Storage, progress: Progress) -> list[str] | None:
    """What differs when all is copied, in words: nothing, if all is well. None: a bot still works on the source.

    `progress` gets the table at work and the part that is done. Raises ConfigurationError or StoreError.
    """
    if engines.is_on_server(source.url) == engines.is_on_server(target.url):
        raise ConfigurationError(Problem("--to", "copy moves a bot from SQLite to PostgreSQL, or back"))
    _refuse_other_schema(source, target)
    async with AsyncExitStack() as stack:
        with ExitStack() as alone:
            try:
                alone.enter_context(engines.claim(source.url, source.secret))
                stopped = True
            except InUse:
                stopped = False
            ours = engines.open_store(source.url, source.secret, exclusive=False)
            stack.push_async_callback(ours.close)
            theirs = engines.open_store(target.url, target.secret, half=True)
            stack.push_async_callback(theirs.close)
            walker = _Walker(ours, theirs, progress)
            await walker.begin(engines.name_of(source.url))
            await walker.go(ahead=not stopped)
            differences = await walker.list_differences() if stopped else None
        if differences == []:
            await theirs.write(copying.complete)
        return differences


def _refuse_other_schema(source: Storage, target: Storage) -> None:
    """Neither end is of another version; the target may be empty or of an older one."""
    for end in (source, target):
        name, taken = engines.name_of(end.url), engines.list_steps(end.url, end.secret)
        known = engines.list_known_steps(end.url)
        if taken - known:
            raise StoreError(f"{name} is of a newer epay-bot; copy with that one")
        if end is source and not taken:
            raise StoreError(f"there is no bot to copy in {name}")
        if end is source and known - taken:
            raise StoreError(f"{name} is of an older epay-bot; stop it and call epay-bot migrate first")


class _Walker:
    """Goes through the tables of one store, which is only read, and makes those of another the same."""

    def __init__(self, source: Store, target: Store, progress: Progress) -> None:
        self._source = source
        self._target = target
        self._progress = progress
        self._walks: list[Walk] = []
        self._done = 0
        self._whole = 1

    async def begin(self, name: str) -> None:
        """Raises StoreError where the target holds anything else than a part of a copy of `name`."""
        self._walks = copying.plan(await self._source.read(list_tables), await self._target.read(list_tables))
        await self._target.write(copying.begin, name, self._walks)

    async def go(self, *, ahead: bool) -> None:
        """`ahead`: only what grows with the payments. What changes behind the walker, the next walk finds."""
        walks = [walk for walk in self._walks if walk.ahead or not ahead]
        self._whole = max(await self._source.read(copying.count, walks), 1)
        for walk in walks:
            if not walk.ahead:
                await self._target.write(copying.clear, walk)
            for merchant_id in await self._merchants(walk):
                await self._follow(Stretch(walk, merchant_id))

    async def _merchants(self, walk: Walk) -> list[str | None]:
        """Those of either end: what is only in the target must go."""
        ours, theirs = await self._both(copying.list_merchants, walk)
        return list(dict.fromkeys((*ours, *theirs)))

    async def _follow(self, begin: Stretch) -> None:
        stretch = await self._level(begin)
        while stretch.high is not None:
            stretch = await self._level(replace(stretch, low=stretch.high, high=None))

    async def _level(self, begin: Stretch) -> Stretch:
        """Makes the next stretch the same at both ends; it stays untouched where it is."""
        stretch, rows = await self._source.read(copying.read_next, begin)
        known = await self._target.read(copying.read, stretch)
        if rows != known and (clean := _without_nul(rows)) != known:
            await self._target.write(copying.put, stretch, clean)
        self._done += len(rows)
        self._progress(stretch.walk.name, min(self._done / self._whole, 1))
        return stretch

    async def list_differences(self) -> list[str]:
        """Counts and sums that are not the same at both ends, in words."""
        ours, theirs = await self._both(copying.list_sums, self._walks)
        return list(_in_words(ours, theirs))

    async def _both(self, query: Callable[..., T], *args: object) -> tuple[T, T]:
        return await asyncio.gather(self._source.read(query, *args), self._target.read(query, *args))


def _without_nul(rows: Sequence[Values]) -> list[Values]:
    """PostgreSQL has no NUL in text."""
    return [tuple(value.replace("\0", "") if isinstance(value, str) else value for value in row) for row in rows]


def _in_words(ours: Sums, theirs: Sums) -> Iterator[str]:
    for key in sorted(ours.keys() | theirs.keys()):
        there, here = ours.get(key, 0), theirs.get(key, 0)
        if there != here:
            table, merchant, what = key
            of = f" of {merchant}" if merchant else ""
            yield f"{table}{of}: {what} {there} in the source, {here} in the copy"
