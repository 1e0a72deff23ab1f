"""Operations out of the store into files, page by page: neither memory nor the event loop ever holds them all."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bot.exports import Row, Table, encoded, making
from bot.model import Merchant, Operation, Outcome, Tally, Terminal, Window
from bot.store import operations
from bot.store.driver import Store

PAGE = 1000
Progress = Callable[[int], Awaitable[None]]


@dataclass(slots=True)
class Counted:
    """How much has been written: operations, and their sums by currency and outcome."""

    done: int = 0
    sums: defaultdict[str, defaultdict[Outcome, list[int]]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(lambda: [0, 0]))
    )

    def add(self, operation: Operation) -> None:
        self.done += 1
        part = self.sums[operation.currency][operation.outcome]
        part[0] += 1
        part[1] += operation.amount

    def tallies(self) -> dict[str, Tally]:
        """By currency."""
        return {
            currency: Tally(
                **{outcome.value: count for outcome, (count, _) in parts.items()},
                **{f"{outcome}_sum": total for outcome, (_, total) in parts.items()},
            )
            for currency, parts in self.sums.items()
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """What to write: places of one window, and how an operation becomes a row and a count becomes totals."""

    store: Store
    places: Sequence[tuple[Merchant, Terminal | None]]
    window: Window
    row: Callable[[Operation, Merchant], Row]
    totals: Callable[[dict[str, Tally]], list[Row]]


@asynccontextmanager
async def written(source: Source, table: Table, progress: Progress) -> AsyncIterator[tuple[list[Path], Counted]]:
    """The files, which are there inside the block, and what is in them. Raises NotMade and StoreError.

    `progress` is told after every page how many operations are written.
    """
    counted = Counted()
    async with making(table) as made:
        for merchant, terminal in source.places:
            async for page in _pages(source, merchant, terminal):
                await made.give(await asyncio.to_thread(_rows, page, merchant, source, counted))
                await progress(counted.done)
        yield await made.finish(source.totals(counted.tallies())), counted


async def _pages(source: Source, merchant: Merchant, terminal: Terminal | None) -> AsyncIterator[list[Operation]]:
    last: Operation | None = None
    while page := await source.store.read(
        operations.list_page, merchant.id, terminal.id if terminal else "", source.window, after=last, limit=PAGE
    ):
        yield page
        if len(page) < PAGE:
            return
        last = page[-1]


def _rows(page: Sequence[Operation], merchant: Merchant, source: Source, counted: Counted) -> bytes:
    for operation in page:
        counted.add(operation)
    return encoded([source.row(operation, merchant) for operation in page])
