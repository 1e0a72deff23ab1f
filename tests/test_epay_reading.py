"""Complete or not at all: windows of random worlds, and banks that count, order or cut in their own way."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from email.utils import format_datetime
from itertools import pairwise
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from hypothesis import given, settings
from hypothesis import strategies as st
from test_epay_client import AT_ONCE, HOUR, NOW, SHOP, TERMINAL, open_stage

from bot.config import Epay
from bot.demo.bank import CALM, Switches, World
from bot.epay import Dialect, EpayClient
from bot.errors import SourceRejected, SourceUnavailable
from bot.model import MICROSECOND, MerchantId, Window

Records = list[dict[str, Any]]
Answer = Callable[[datetime, datetime, int, int], dict[str, Any] | web.Response]


class OddBank:
    """A bank of one table that answers as `answer(from, to, page, size)` says."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self.questions: list[tuple[datetime, datetime]] = []
        self.sizes: list[int] = []
        self.open = self.most_open = 0

    async def serve(self, request: web.Request) -> web.Response:
        response = await self.respond(request)
        response.headers["Date"] = format_datetime(NOW, usegmt=True)
        return response

    async def respond(self, request: web.Request) -> web.Response:
        if request.path == "/token":
            return web.json_response({"access_token": "t", "expires_in": 7200})
        self.open += 1
        self.most_open = max(self.most_open, self.open)
        question = await request.json()
        start, end = map(datetime.fromisoformat, question["searchParameters"][0]["searchParameter"])
        self.questions.append((start, end))
        self.sizes.append(question["paging"]["size"])
        await asyncio.sleep(0)
        self.open -= 1
        answer = self.answer(start, end, **question["paging"])
        return answer if isinstance(answer, web.Response) else web.json_response(answer)


@asynccontextmanager
async def ask_odd_bank(answer: Answer, **settings: Any) -> AsyncIterator[tuple[OddBank, EpayClient]]:
    bank = OddBank(answer)
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", bank.serve)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    keys = {"username": "u", "password": "p", "client_id": "c", "client_secret": "s"}
    epay = Epay(**keys, oauth_url=f"{url}/token", p2p_url=f"{url}/list", api_url=url, **settings)
    try:
        async with aiohttp.ClientSession() as http:
            yield bank, EpayClient(MerchantId("shop"), epay, http=http, now=lambda: NOW, retries=AT_ONCE)
    finally:
        await runner.cleanup()


def record(number: int, at: datetime) -> dict[str, Any]:
    return {"id": f"id{number:05d}", "dateTime": at.isoformat(), "amount": number, "currency": "KZT", "status": "NEW"}


def spread(count: int, window: Window = HOUR) -> Records:
    return [record(number, window.start + window.span * number / count) for number in range(count)]


def between(records: Records, start: datetime, end: datetime) -> Records:
    return [one for one in records if start <= datetime.fromisoformat(one["dateTime"]) <= end]


MOMENTS = st.one_of(
    st.integers(0, 3600 * 10**6 - 1),
    st.integers(0, 3599).map(lambda second: second * 10**6),
    st.integers(1800 * 10**6, 1800 * 10**6 + 3),
)


@settings(max_examples=40, deadline=None)
@given(
    moments=st.lists(MOMENTS, max_size=80),
    size=st.integers(2, 30),
    mode=st.sampled_from(["offset", "index0", "index1"]),
    inclusive=st.booleans(),
    fraction=st.sampled_from(["6", "none"]),
)
async def test_every_operation_of_a_random_world_is_read_once(
    moments: list[int], size: int, mode: Any, inclusive: bool, fraction: Any
) -> None:
    world = World(1, merchants=(SHOP,), habits=CALM, start=HOUR.start)
    for moment in moments:
        world.add(SHOP.id, TERMINAL.tid, 1, created_at=HOUR.start + moment * MICROSECOND)
    switches = Switches(page_mode=mode, end_inclusive=inclusive, fraction=fraction)
    async with open_stage(switches, world) as stage:
        reading = await stage.new_client(page_size=size).read(HOUR)
        assert sorted(row.id for row in reading.operations) == sorted(row.id for row in world.rows(SHOP.id))
        assert reading.total == len(moments)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(0, 3600), min_size=1, max_size=6), st.lists(MOMENTS, max_size=40))
async def test_neighbouring_windows_share_no_operation_and_miss_none(edges: list[int], moments: list[int]) -> None:
    world = World(1, merchants=(SHOP,), habits=CALM, start=HOUR.start)
    for moment in moments:
        world.add(SHOP.id, TERMINAL.tid, 1, created_at=HOUR.start + moment * MICROSECOND)
    cuts = [HOUR.start, *(HOUR.start + timedelta(seconds=edge) for edge in sorted(edges)), HOUR.end]
    async with open_stage(world=world) as stage:
        readings = [await stage.client.read(Window(*pair)) for pair in pairwise(cuts)]
        ids = [row.id for reading in readings for row in reading.operations]
        assert sorted(ids) == sorted(row.id for row in world.rows(SHOP.id))


async def test_a_bank_that_ignores_the_order_is_put_in_order() -> None:
    rows = spread(90)[::-1]

    def answer(start: datetime, end: datetime, page: int, size: int) -> dict[str, Any]:
        found = between(rows, start, end)
        return {"totalCount": len(found), "records": found[page : page + size]}

    async with ask_odd_bank(answer, page_size=20) as (_, client):
        reading = await client.read(HOUR)
        assert [row.amount for row in reading.operations] == [100 * number for number in range(90)]


@pytest.mark.parametrize("shift", [timedelta(seconds=40), timedelta(seconds=-40)])
async def test_a_time_shown_a_little_beside_the_time_searched_loses_nothing(shift: timedelta) -> None:
    rows = spread(720)

    def answer(start: datetime, end: datetime, page: int, size: int) -> dict[str, Any]:
        found = between(rows, start + shift, end + shift)
        return {"totalCount": len(found), "records": found[page : page + size]}

    async with ask_odd_bank(answer, page_size=100) as (_, client):
        quarter = HOUR.span / 4
        windows = [Window(HOUR.start + quarter * number, HOUR.start + quarter * (number + 1)) for number in range(3)]
        assert [(await client.read(window)).total for window in windows] == [180, 180, 180]


async def test_a_bank_that_leaves_out_both_ends_loses_nothing() -> None:
    rows = spread(3600)

    def answer(start: datetime, end: datetime, page: int, size: int) -> dict[str, Any]:
        found = [one for one in rows if start < datetime.fromisoformat(one["dateTime"]) < end]
        return {"totalCount": len(found), "records": found[page : page + size]}

    async with ask_odd_bank(answer, page_size=200) as (_, client):
        assert (await client.read(HOUR)).total == 3600


async def test_reading_asks_for_whole_seconds_and_for_no_more_of_the_future_than_wanted() -> None:
    rows = spread(600, Window(HOUR.start, HOUR.start + timedelta(seconds=100)))

    def answer(start: datetime, end: datetime, page: int, size: int) -> dict[str, Any]:
        found = between(rows, start, end)
        return {"totalCount": len(found), "records": found[page : page + size]}

    async with ask_odd_bank(answer, page_size=50) as (bank, client):
        window = Window(HOUR.start - timedelta(seconds=0.7), NOW - timedelta(seconds=0.3))
        assert (await client.read(window)).total == 600
        assert {at.microsecond for question in bank.questions for at in question} == {0}
        assert max(end for _, end in bank.questions) == NOW + timedelta(seconds=1)
        await client.read(Window(NOW - timedelta(minutes=5), NOW + timedelta(seconds=5)))
        assert bank.questions[-1] == (NOW - timedelta(minutes=6), NOW + timedelta(seconds=6))


async def test_no_more_is_asked_for_at_once_than_the_configuration_says() -> None:
    async with ask_odd_bank(lambda *_, **__: {"code": 1, "message": ""}, page_size=60) as (bank, client):
        with pytest.raises(SourceRejected):
            await client.read(Window(NOW - timedelta(minutes=30), NOW))
        assert set(bank.sizes) == {60}


async def test_an_error_page_is_named_by_its_status() -> None:
    def answer(*_: Any, **__: Any) -> web.Response:
        return web.Response(status=404, text="<html>no such page</html>")

    async with ask_odd_bank(answer) as (bank, client):
        with pytest.raises(SourceUnavailable, match="HTTP 404"):
            await client.verify()
        assert len(bank.questions) == 4


async def test_operations_of_another_time_are_no_answer() -> None:
    yesterday = Window(HOUR.start - timedelta(days=1), HOUR.end - timedelta(days=1))
    foreign = {"totalCount": 5, "records": spread(5, yesterday)}
    async with ask_odd_bank(lambda *_, **__: foreign) as (bank, client):
        with pytest.raises(SourceUnavailable, match="outside the period"):
            await client.read(HOUR)
        assert len(bank.questions) == 4


async def test_a_count_that_never_matches_is_no_answer() -> None:
    for total in (3, 7, 1000):
        fixed = {"totalCount": total, "records": spread(5)}

        def answer(start: datetime, end: datetime, page: int, size: int, fixed: Any = fixed) -> dict[str, Any]:
            return fixed | {"records": between(fixed["records"], start, end)}

        async with ask_odd_bank(answer) as (bank, client):
            with pytest.raises(SourceUnavailable, match="count"):
                await client.read(HOUR)
            assert len(bank.questions) < 60
            assert client.dialect == Dialect(date_field="created_at")


@pytest.mark.parametrize("most", [20, 50, 250])
async def test_a_bank_that_silently_gives_less_than_asked_is_read_in_its_measure(most: int) -> None:
    rows = spread(600)

    def answer(start: datetime, end: datetime, page: int, size: int) -> dict[str, Any]:
        found = between(rows, start, end)
        return {"totalCount": len(found), "records": found[page : page + min(size, most)]}

    async with ask_odd_bank(answer) as (_, client):
        assert (await client.read(HOUR)).total == 600
        assert client.dialect.page_size == most


async def test_a_bank_that_refuses_page_zero_counts_from_one() -> None:
    rows = spread(90, Window(HOUR.start, HOUR.start + timedelta(milliseconds=1)))

    def answer(start: datetime, end: datetime, page: int, size: int) -> dict[str, Any]:
        if page == 0:
            return {"code": 100, "message": ""}
        found = between(rows, start, end)
        return {"totalCount": len(found), "records": found[(page - 1) * size : page * size]}

    async with ask_odd_bank(answer, page_size=20) as (_, client):
        assert (await client.read(HOUR)).total == 90
        assert client.dialect.page_mode == "index1"


async def test_a_bank_that_refuses_long_windows_is_asked_for_shorter_ones() -> None:
    rows = spread(60, Window(NOW - timedelta(days=60), NOW))

    def answer(start: datetime, end: datetime, page: int, size: int) -> dict[str, Any]:
        if end - start > timedelta(days=7):
            return {"code": 100, "message": ""}
        found = between(rows, start, end)
        return {"totalCount": len(found), "records": found[page : page + size]}

    async with ask_odd_bank(answer) as (bank, client):
        window = Window(NOW - timedelta(days=60), NOW)
        assert (await client.read(window)).total == 60
        assert client.dialect.period == timedelta(days=3.75)
        before = len(bank.questions)
        assert (await client.read(window)).total == await client.count(window) == 60
        assert len(bank.questions) == before + 17 + 16


async def test_a_search_the_bank_will_not_have_is_not_insisted_on() -> None:
    async with ask_odd_bank(lambda *_, **__: {"code": 232, "message": "no"}) as (bank, client):
        with pytest.raises(SourceRejected) as refused:
            await client.read(Window(NOW - timedelta(days=20), NOW))
        assert refused.value.code == 232
        assert len(bank.questions) == 2 * (1 + 8)
        with pytest.raises(SourceRejected):
            await client.read(Window(NOW - timedelta(minutes=30), NOW))
        assert len(bank.questions) == 3 * (1 + 8)
        with pytest.raises(SourceRejected):
            await client.verify()
        assert len(bank.questions) == 3 * (1 + 8) + 1 + 4


async def test_one_request_of_a_merchant_is_in_flight_at_a_time() -> None:
    empty = {"totalCount": 0, "records": []}
    async with ask_odd_bank(lambda *_, **__: empty) as (bank, client):
        await asyncio.gather(*(client.read(HOUR) for _ in range(10)))
        assert (len(bank.questions), bank.most_open) == (10, 1)


async def test_an_index_learnt_by_mistake_is_forgotten() -> None:
    async with open_stage() as stage:
        stage.add(20)
        client = stage.new_client(dialect=Dialect(date_field="created_at", page_mode="index1"))
        with pytest.raises(SourceUnavailable, match="count"):
            await client.read(HOUR)
        assert (await client.read(HOUR)).total == 20


async def test_a_row_that_slips_in_between_two_pages_costs_another_reading_and_is_not_lost() -> None:
    rows = [record(number, HOUR.start) for number in range(10, 100)]
    slips = [record(number, HOUR.start) for number in range(2)]

    def answer(start: datetime, end: datetime, page: int, size: int) -> dict[str, Any]:
        if page > 0 and slips:
            rows.insert(0, slips.pop())
        found = between(rows, start, end)
        return {"totalCount": len(found), "records": found[page * size :][:size]}

    async with ask_odd_bank(answer, page_size=40) as (_, client):
        reading = await client.read(HOUR)
        assert slips == []
        assert [row.id for row in reading.operations] == sorted(one["id"] for one in rows)
        assert client.dialect.page_mode == "index0"


async def test_a_storm_in_one_second_is_found_in_few_steps() -> None:
    storm = Window(NOW - timedelta(minutes=20), NOW - timedelta(minutes=20) + MICROSECOND)
    async with open_stage(Switches(page_mode="index0")) as stage:
        stage.add(200, every=timedelta(), first=storm.start)
        assert (await stage.new_client(page_size=50).read(HOUR)).total == 200
        assert stage.searches < 30


async def test_even_traffic_costs_about_half_again_of_the_least_possible() -> None:
    async with open_stage() as stage:
        stage.add(3000)
        assert (await stage.new_client(page_size=100).read(HOUR)).total == 3000
        assert stage.searches < 55
