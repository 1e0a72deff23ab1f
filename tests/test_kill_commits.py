"""A crash before and after every single commit of reading and telling ends like no crash at all (facts F3)."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from delivering import OTHER, OWNER, REPEAT, SECOND, Stage

from bot.config import Epay, MerchantSettings, Polling
from bot.delivery import Delivery
from bot.demo.bank import CALM, LIST_PATH, TOKEN_PATH, SimulatedBank, World, default_merchants
from bot.epay import EpayClient
from bot.incidents import Incidents
from bot.ingest import Ingest
from bot.parts import merchant_of
from bot.rules import Rulebook
from bot.store.driver import Store
from bot.texts import Voices


class Crash(BaseException):
    """The process is gone."""


class Mortal:
    """A store whose process dies around its n-th write; nothing is written after that."""

    def __init__(self, store: Store, fatal: int, *, committed: bool) -> None:
        self.writes = 0
        self._store = store
        self._fatal = fatal
        self._committed = committed

    async def write(self, change: Any, *args: Any, **kwargs: Any) -> Any:
        self.writes += 1
        if self.writes > self._fatal or (self.writes == self._fatal and not self._committed):
            raise Crash
        result = await self._store.write(change, *args, **kwargs)
        if self.writes == self._fatal:
            raise Crash
        return result

    async def read(self, query: Any, *args: Any, **kwargs: Any) -> Any:
        return await self._store.read(query, *args, **kwargs)

    async def close(self) -> None:
        """The real store outlives it."""


class Bot:
    """The two straight lines, as one process would hold them."""

    def __init__(self, stage: Stage, store: Store, epay: Epay, http: aiohttp.ClientSession) -> None:
        self._stage = stage
        merchant = merchant_of(MerchantSettings(id="shop", name="Shop", epay=epay))
        client = EpayClient(merchant.id, epay, http=http, now=stage.now)
        incidents, polling = (
            Incidents([merchant], Rulebook.from_settings({}), now=stage.now),
            Polling(backfill=timedelta()),
        )
        self._ingest = Ingest(merchant, client, store=store, incidents=incidents, polling=polling, now=stage.now)
        self._delivery = Delivery(stage.gateway, store, Voices("en"), now=stage.now)

    async def live(self, seconds: int) -> None:
        """So many polls, each with what is to be told then. Raises Crash."""
        await self._delivery.recover()
        for _ in range(seconds):
            await self._ingest.poll()
            await self._delivery.step()
            for ended in await asyncio.gather(*self._stage.in_flight(), return_exceptions=True):
                if isinstance(ended, Crash):
                    raise ended
            self._stage.now.at += SECOND


class Outcome:
    """What a run has left in the store and said to the owners."""

    def __init__(self, operations: list[tuple[Any, ...]], rows: list[tuple[Any, ...]], told: Counter[str]) -> None:
        self.operations, self.rows, self.told = operations, rows, told


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as http:
        yield http


async def lives(folder: Path, http: aiohttp.ClientSession, fatal: int, *, committed: bool) -> tuple[bool, Outcome]:
    """Whether the crash came, and what came of it all."""
    stage = await Stage(folder).open()
    await stage.private(OWNER, OTHER)
    world = World(merchants=default_merchants(per_day=0), habits=CALM, start=stage.now())
    bank = SimulatedBank(world, now=stage.now)
    epay = settings(await bank.start(), world)
    await Bot(stage, stage.store, epay, http).live(1)
    make_operations(world, stage)
    mortal = Mortal(stage.store, fatal, committed=committed)
    with suppress(Crash):
        await Bot(stage, mortal, epay, http).live(7)
    stage.now.at += 10 * SECOND
    await Bot(stage, stage.store, epay, http).live(2)
    outcome = await look(stage)
    await bank.stop()
    await stage.close()
    return mortal.writes >= fatal, outcome


def settings(url: str, world: World) -> Epay:
    shop = world.merchants[0]
    keys = {"username": shop.username, "password": shop.password}
    client = {"client_id": shop.client_id, "client_secret": shop.client_secret}
    addresses = {"oauth_url": url + TOKEN_PATH, "p2p_url": url + LIST_PATH, "api_url": url}
    return Epay(**keys, **client, **addresses)


def make_operations(world: World, stage: Stage) -> None:
    """Paid, failed, and failed a second later."""
    tid, at = world.merchants[0].terminals[0].tid, stage.now()
    world.add("shop", tid, 100, created_at=at)
    world.add("shop", tid, 200, outcome="failed", created_at=at)
    late = world.add("shop", tid, 300, outcome="undecided", created_at=at)
    world.change(late.id, "failed", at + SECOND)


async def look(stage: Stage) -> Outcome:
    operations = "SELECT invoice_id, outcome, amount FROM operation ORDER BY invoice_id"
    outbox = "SELECT chat_id, action, incident, state FROM outbox ORDER BY chat_id, action, incident"
    stored = await stage.store.read(lambda db: [tuple(dict(row).values()) for row in db.rows(operations)])
    rows = await stage.store.read(lambda db: [tuple(dict(row).values()) for row in db.rows(outbox)])
    sent = [one for one in stage.api.deliveries if one.method == "sendMessage" and REPEAT not in one.text]
    unmarked = Counter(f"{one.chat_id}/{word}" for one in sent for word in one.text.split() if word.startswith("#"))
    living = [stage.api.messages(chat_id)[-1].text for chat_id in (OWNER, OTHER)]
    counts = [line for text in living for line in text.splitlines() if "payments failed" in line]
    return Outcome(stored, [*rows, tuple(counts)], unmarked)


@pytest.mark.parametrize("committed", [False, True], ids=["before", "after"])
async def test_a_crash_at_any_commit_ends_like_none(
    tmp_path_factory: pytest.TempPathFactory, http: aiohttp.ClientSession, *, committed: bool
) -> None:
    _, expected = await lives(tmp_path_factory.mktemp("none"), http, 10_000, committed=committed)
    assert [row[-1] for row in expected.rows[:-1]] == ["sent"] * 2
    assert expected.rows[-1] == ("2 payments failed · 500 ₸".replace("500 ", "500\N{NO-BREAK SPACE}"),) * 2
    assert set(expected.told.values()) == {1}
    fatal, came = 0, True
    while came:
        fatal += 1
        came, outcome = await lives(tmp_path_factory.mktemp(f"at{fatal}"), http, fatal, committed=committed)
        assert outcome.operations == expected.operations, f"write {fatal}"
        assert outcome.rows == expected.rows, f"write {fatal}"
        assert max(outcome.told.values()) == 1, f"write {fatal}: an unmarked repeat"
    assert fatal > 12
