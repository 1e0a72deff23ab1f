"""The client against the simulated bank over a socket. Also the stage of the other tests of `bot.epay`."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp

from bot.config import Epay
from bot.demo.bank import LIST_PATH, TOKEN_PATH, BankMerchant, SimulatedBank, Switches, World, default_merchants
from bot.epay import Dialect, EpayClient, Retries
from bot.model import MerchantId, Window

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
SHOP, BAKERY = default_merchants(per_day=0)
TERMINAL, OTHER_TERMINAL = SHOP.terminals
HOUR = Window(NOW - timedelta(hours=1), NOW)
AT_ONCE = Retries(wait_initial=0, wait_max=0)


class Stage:
    """A bank that listens, its clock, and clients for it."""

    def __init__(self, bank: SimulatedBank, url: str, http: aiohttp.ClientSession, clock: "Clock") -> None:
        self.bank, self.url, self.http, self.clock = bank, url, http, clock
        self.client = self.new_client()

    @property
    def world(self) -> World:
        return self.bank.world

    def settings(self, merchant: BankMerchant = SHOP, **changes: Any) -> Epay:
        given: dict[str, Any] = {
            "username": merchant.username,
            "password": merchant.password,
            "client_id": merchant.client_id,
            "client_secret": merchant.client_secret,
            "oauth_url": self.url + TOKEN_PATH,
            "p2p_url": self.url + LIST_PATH,
            "api_url": self.url,
        }
        return Epay(**given | changes)

    def new_client(
        self,
        merchant: BankMerchant = SHOP,
        *,
        dialect: Dialect | None = None,
        retries: Retries = AT_ONCE,
        **changes: Any,
    ) -> EpayClient:
        return EpayClient(
            MerchantId(merchant.id),
            self.settings(merchant, **changes),
            http=self.http,
            now=self.clock,
            dialect=dialect or Dialect(),
            retries=retries,
        )

    def add(
        self, count: int, *, every: timedelta = timedelta(seconds=1), first: datetime = HOUR.start, **details: Any
    ) -> None:
        """`count` operations of 1, 2, 3… tenge, spread over time."""
        for number in range(count):
            self.world.add(SHOP.id, TERMINAL.tid, number + 1, created_at=first + every * number, **details)

    @property
    def searches(self) -> int:
        return sum(seen.path == LIST_PATH for seen in self.bank.requests)

    @property
    def logins(self) -> int:
        return sum(seen.path == TOKEN_PATH for seen in self.bank.requests)


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


@asynccontextmanager
async def open_stage(switches: Switches | None = None, world: World | None = None) -> AsyncIterator[Stage]:
    clock = Clock()
    world = world or World(5, merchants=(SHOP, BAKERY), start=NOW - timedelta(days=60))
    bank = SimulatedBank(world, now=clock, switches=switches or Switches())
    url = await bank.start()
    async with aiohttp.ClientSession() as http:
        yield Stage(bank, url, http, clock)
    await bank.stop()
    assert bank.money_calls == []


async def test_a_quiet_window_is_one_search_with_one_login() -> None:
    async with open_stage() as stage:
        stage.add(20)
        reading = await stage.client.read(HOUR)
        assert [row.amount for row in reading.operations] == [100 * (number + 1) for number in range(20)]
        assert (reading.total, reading.set_aside, stage.searches, stage.logins) == (20, (), 1, 1)


async def test_more_operations_than_an_answer_holds_are_read_in_parts() -> None:
    async with open_stage() as stage:
        stage.add(500)
        reading = await stage.new_client(page_size=50).read(HOUR)
        assert [row.amount for row in reading.operations] == [100 * (number + 1) for number in range(500)]


async def test_two_hundred_operations_in_one_microsecond_are_read_by_pages() -> None:
    for mode in ("offset", "index0", "index1"):
        async with open_stage(Switches(page_mode=mode)) as stage:
            stage.add(200, every=timedelta())
            client = stage.new_client(page_size=50)
            reading = await client.read(HOUR)
            assert sum(row.amount for row in reading.operations) == 100 * 200 * 201 // 2
            assert client.dialect.page_mode == mode
            print(mode, stage.searches)
