"""A page of 1000 records from bytes to committed rows, rollups and rule, against json.loads + one executemany."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from time import perf_counter

from bot.demo.bank import Switches, World, default_merchants
from bot.demo.bank.records import render
from bot.epay import Reading, parse_page
from bot.incidents import Incidents
from bot.ingest.keeping import Keeper, Slice
from bot.model import Merchant, MerchantId, Window
from bot.rules import Rulebook
from bot.store import sources
from bot.store.driver import Store
from bot.store.operations import INSERT, values_of
from bot.store.sqlite import SqliteStore, open_for_writing

PAGE = 1000
PAGES = 40
GOAL = 0.35
SHOP = Merchant(MerchantId("shop"), "Shop")
START = datetime(2026, 11, 2, tzinfo=UTC)
# The least that can be done with a page's rows: they are in the same table with its indexes, committed.
Floor = Callable[[list[tuple[object, ...]]], None]


def pages() -> list[bytes]:
    """Pages as the simulated bank would send them, no operation twice."""
    world = World(seed=3, merchants=default_merchants(6000), start=START)
    world.fill_history(START, START + timedelta(days=4))
    now = START + timedelta(days=5)
    records = [render(row, Switches()) for row in world.truth("shop", now)[: PAGE * PAGES]]
    return [
        json.dumps({"totalCount": PAGE, "records": records[first : first + PAGE]}, ensure_ascii=False).encode()
        for first in range(0, PAGE * PAGES, PAGE)
    ]


class Bot:
    """The bot's own way: parse, one transaction with operations, rollups, rule, incidents and outbox."""

    def __init__(self, store: Store, source: sources.Source, now: datetime) -> None:
        self._store = store
        self._source = source
        self._now = now
        incidents = Incidents([SHOP], Rulebook.from_settings({}), now=lambda: now)
        self._keeper = Keeper(SHOP, incidents=incidents, overlap=timedelta(minutes=30))

    async def load(self, body: bytes) -> None:
        page = parse_page(body, SHOP.id)
        reading = Reading(page.operations, page.set_aside, page.total)
        piece = Slice(window=Window(START, self._now), reading=reading)
        await self._store.write(self._keeper.keep, self._source, piece, self._now)


async def compared(store: Store, floor: Floor) -> tuple[float, str]:
    """The median of the pages' ratios, in words too; floor and bot take turns, page by page."""
    now = START + timedelta(days=5)
    await store.write(sources.begin, SHOP.id, START)
    await store.write(sources.advance, SHOP.id, START)
    source = await store.read(sources.find, SHOP.id)
    assert source is not None
    bot = Bot(store, source, now)
    ours, least = [], []
    for body in pages():
        rows = [(*values_of(operation), None, 0) for operation in parse_page(body, SHOP.id).operations]
        begun = perf_counter()
        json.loads(body)
        floor(rows)
        between = perf_counter()
        await bot.load(body)
        ours.append(perf_counter() - between)
        least.append(between - begun)
    ratio = median(low / high for low, high in zip(least, ours, strict=True))
    return ratio, f"{median(ours) * 1000:.1f} ms, floor {median(least) * 1000:.1f} ms, ratio {ratio:.2f}"


async def measure(folder: Path) -> tuple[str, bool]:
    """The line for the table and whether the goal is met."""
    store, database = SqliteStore(folder / "bot.db"), open_for_writing(folder / "floor.db")

    def floor(rows: list[tuple[object, ...]]) -> None:
        with database.conn:
            database.conn.executemany(INSERT, rows)

    ratio, told = await compared(store, floor)
    await store.close()
    database.close()
    return f"ingest a page of {PAGE}: {told} (goal {GOAL})", ratio >= GOAL
