"""The client against the simulated bank over a socket. Also the stage of the other tests of `bot.epay`."""

from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import pytest
from clocks import Clock

from bot.config import Epay
from bot.demo.bank import LIST_PATH, TOKEN_PATH, BankMerchant, SimulatedBank, Switches, World, default_merchants
from bot.epay import Dialect, EpayClient, Retries
from bot.errors import SourceDenied
from bot.model import MICROSECOND, MerchantId, Window

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
SHOP, BAKERY = default_merchants(per_day=0)
TERMINAL, OTHER_TERMINAL = SHOP.terminals
HOUR = Window(NOW - timedelta(hours=1), NOW)
AT_ONCE = Retries(wait_initial=0, wait_max=0)


class Stage:
    """A bank that listens, its clock, and clients for it."""

    def __init__(self, bank: SimulatedBank, url: str, http: aiohttp.ClientSession, clock: "Clock") -> None:
        self.bank, self.url, self.http, self.clock = bank, url, http, clock
        self.asked: Counter[str] = Counter()
        self.on_request: Callable[[str], object] = lambda _endpoint: None
        bank.before_request = self._notice
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

    def _notice(self, endpoint: str, _number: int) -> None:
        self.asked[endpoint] += 1
        self.on_request(endpoint)

    @property
    def searches(self) -> int:
        return self.asked["list"]

    @property
    def logins(self) -> int:
        return self.asked["token"]


@asynccontextmanager
async def open_stage(switches: Switches | None = None, world: World | None = None) -> AsyncIterator[Stage]:
    clock = Clock(NOW)
    world = world or World(5, merchants=(SHOP, BAKERY), start=NOW - timedelta(days=60))
    bank = SimulatedBank(world, now=clock, switches=switches or Switches())
    url = await bank.start()
    try:
        async with aiohttp.ClientSession() as http:
            yield Stage(bank, url, http, clock)
    finally:
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


async def test_a_window_is_half_open() -> None:
    async with open_stage() as stage:
        for at in (HOUR.start - MICROSECOND, HOUR.start, HOUR.end - MICROSECOND, HOUR.end):
            stage.world.add(SHOP.id, TERMINAL.tid, 5, created_at=at)
        for inclusive in (True, False):
            stage.bank.switches = Switches(end_inclusive=inclusive)
            reading = await stage.client.read(HOUR)
            assert [row.created_at for row in reading.operations] == [HOUR.start, HOUR.end - MICROSECOND]


async def test_a_window_without_time_holds_nothing() -> None:
    async with open_stage() as stage:
        assert (await stage.client.read(Window(NOW, NOW))).operations == ()
        assert await stage.client.count(Window(NOW, NOW)) == 0


async def test_a_long_window_is_asked_in_months() -> None:
    async with open_stage(Switches(max_period="31d")) as stage:
        stage.add(58, every=timedelta(days=1), first=NOW - timedelta(days=58))
        window = Window(NOW - timedelta(days=60), NOW)
        assert (await stage.client.read(window)).total == await stage.client.count(window) == 58
        assert stage.searches == 5


async def test_counting_reads_no_operation_twice_and_none_besides() -> None:
    async with open_stage() as stage:
        for at in (HOUR.start - MICROSECOND, HOUR.start, HOUR.end - MICROSECOND, HOUR.end):
            stage.world.add(SHOP.id, TERMINAL.tid, 5, created_at=at)
        assert (await stage.client.count(HOUR), stage.searches) == (2, 1)


async def test_another_merchant_sees_other_operations() -> None:
    async with open_stage() as stage:
        stage.add(3)
        stage.world.add(BAKERY.id, BAKERY.terminals[0].tid, 9, created_at=HOUR.start)
        reading = await stage.new_client(BAKERY).read(HOUR)
        assert [(row.merchant_id, row.amount) for row in reading.operations] == [("bakery", 900)]


async def test_the_banks_clock_is_known_from_its_answers() -> None:
    async with open_stage() as stage:
        stage.bank.clock_offset = timedelta(minutes=-3)
        await stage.client.verify()
        assert stage.client.clock_offset == timedelta(minutes=-3)


async def test_no_more_of_the_future_is_asked_for_than_the_caller_wants() -> None:
    async with open_stage() as stage:
        stage.world.add(SHOP.id, TERMINAL.tid, 5, created_at=NOW)
        stage.clock.at = NOW + timedelta(seconds=10)
        reading = await stage.client.read(Window(NOW - timedelta(hours=1), NOW + timedelta(seconds=5)))
        assert reading.total == 1


async def test_what_was_learnt_survives_a_restart() -> None:
    async with open_stage(Switches(date_field="created_date", max_size="reject100")) as stage:
        await stage.client.read(HOUR)
        kept = Dialect.from_json(stage.client.dialect.to_json())
        assert kept == stage.client.dialect == Dialect(date_field="created_date", page_size=100)
        before = stage.searches
        await stage.new_client(dialect=kept).read(HOUR)
        assert stage.searches == before + 1


async def test_a_stored_dialect_that_makes_no_sense_is_forgotten() -> None:
    assert Dialect.from_json('{"date_field": "created_yesterday"}') == Dialect.from_json("?") == Dialect()


async def test_the_configuration_has_the_last_word_on_the_dialect() -> None:
    async with open_stage(Switches(page_mode="index1", terminal_filter="uuid")) as stage:
        settled = Dialect(date_field="created_date", page_mode="offset", terminal_filter="tid")
        fixed = {"date_field": "created_at", "page_mode": "index1", "terminal_filter": "uuid"}
        client = stage.new_client(dialect=settled, page_size=20, **fixed)
        stage.add(50, every=timedelta())
        assert (await client.read(HOUR)).total == 50
        assert client.dialect == Dialect(date_field="created_at", page_mode="index1", terminal_filter="uuid")


async def test_verify_needs_a_login_and_an_answer() -> None:
    async with open_stage() as stage:
        await stage.client.verify()
        assert (stage.logins, stage.searches) == (1, 1)
        with pytest.raises(SourceDenied):
            await stage.new_client(client_secret="other").verify()
