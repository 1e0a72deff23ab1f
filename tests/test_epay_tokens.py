"""Tokens: when one is asked for, how it is read, when it is given up."""

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from test_epay_client import AT_ONCE, HOUR, NOW, open_stage

from bot.config import Epay
from bot.demo.bank import Fault, Switches
from bot.epay import EpayClient
from bot.errors import SourceDenied, SourceUnavailable
from bot.model import MerchantId


async def test_a_token_is_used_until_four_fifths_of_its_life() -> None:
    async with open_stage(Switches(expires=900)) as stage:
        for minutes, logins in ((0, 1), (11, 1), (12, 2), (23, 2), (24, 3)):
            stage.clock.at = NOW + timedelta(minutes=minutes)
            await stage.client.read(HOUR)
            assert stage.logins == logins
        assert all(seen.status == 200 for seen in stage.bank.requests)


async def test_ten_readers_need_one_token() -> None:
    async with open_stage() as stage:
        await asyncio.gather(*(stage.client.read(HOUR) for _ in range(10)))
        assert (stage.logins, stage.searches) == (1, 10)


async def test_a_token_that_died_is_replaced_once() -> None:
    async with open_stage() as stage:
        await stage.client.read(HOUR)
        stage.bank.forget_tokens()
        await asyncio.gather(*(stage.client.read(HOUR) for _ in range(5)))
        assert (stage.logins, stage.searches) == (2, 7)


async def test_a_fresh_token_that_is_refused_is_a_matter_for_a_person() -> None:
    for fault in (Fault.unauthorized(), Fault.forbidden()):
        async with open_stage() as stage:
            stage.bank.faults.always("list", fault)
            with pytest.raises(SourceDenied, match="refuses access"):
                await stage.client.read(HOUR)
            assert (stage.logins, stage.searches) == (2, 2)


async def test_two_programs_whose_tokens_kill_each_other_both_read() -> None:
    async with open_stage(Switches(grant_policy="newest_only")) as stage:
        stage.add(3)
        other = stage.new_client()
        for _ in range(4):
            assert (await stage.client.read(HOUR)).total == (await other.read(HOUR)).total == 3


async def test_where_a_token_serves_once_the_client_stops_trying_twice() -> None:
    async with open_stage(Switches(grant_policy="single_use")) as stage:
        for _ in range(4):
            await stage.client.read(HOUR)
        before = (stage.logins, stage.searches)
        for _ in range(5):
            await stage.client.read(HOUR)
        assert (stage.logins, stage.searches) == (before[0] + 5, before[1] + 5)


async def test_tokens_that_die_later_are_not_taken_for_single_use() -> None:
    async with open_stage() as stage:
        for _ in range(5):
            for _ in range(3):
                await stage.client.read(HOUR)
            stage.bank.forget_tokens()
        assert stage.logins == 5


async def test_readers_and_checkers_do_not_disturb_each_other_over_single_use_tokens() -> None:
    async with open_stage(Switches(grant_policy="single_use")) as stage:
        stage.add(3)
        readings = await asyncio.gather(*(stage.client.read(HOUR) for _ in range(8)))
        assert {reading.total for reading in readings} == {3}


@pytest.mark.parametrize("fault", [Fault.server_error(), Fault.reset(), Fault.truncated_json(), Fault.empty_200()])
async def test_a_token_is_asked_for_twice_at_most(fault: Fault) -> None:
    async with open_stage() as stage:
        stage.bank.faults.always("token", fault)
        with pytest.raises(SourceUnavailable, match="token"):
            await stage.client.read(HOUR)
        assert 1 <= stage.logins <= 2
        assert stage.searches == 0


async def test_a_token_comes_at_the_second_asking() -> None:
    async with open_stage() as stage:
        stage.add(3)
        stage.bank.faults.next("token", Fault.bad_gateway_html())
        assert (await stage.client.read(HOUR)).total == 3
        assert stage.logins == 2


async def test_a_bank_that_asks_for_patience_gets_it_from_the_token_too() -> None:
    async with open_stage() as stage:
        stage.bank.faults.always("token", Fault.too_many("90"))
        with pytest.raises(SourceUnavailable) as refused:
            await stage.client.read(HOUR)
        assert (refused.value.retry_after, stage.logins) == (timedelta(seconds=90), 1)


@pytest.mark.parametrize("changes", [{"password": "x"}, {"client_secret": "x"}, {"client_id": "x"}, {"username": "x"}])
async def test_a_wrong_key_is_denied_and_not_tried_again(changes: dict[str, str]) -> None:
    async with open_stage() as stage:
        with pytest.raises(SourceDenied, match="gives no token"):
            await stage.new_client(**changes).read(HOUR)
        assert (stage.logins, stage.searches) == (1, 0)


async def lives(reply: Callable[[], web.Response]) -> timedelta:
    """How long a token of this reply is used, to the minute; raises what the client raises."""
    clock = [datetime(2026, 11, 20, tzinfo=UTC)]
    logins = 0

    async def serve(request: web.Request) -> web.Response:
        nonlocal logins
        if request.path == "/token":
            logins += 1
            return reply()
        assert request.headers["Authorization"] == "Bearer opaque"
        return web.json_response({"totalCount": 0, "records": []})

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", serve)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    keys = {"username": "u", "password": "p", "client_id": "c", "client_secret": "s"}
    settings = Epay(**keys, oauth_url=f"{url}/token", p2p_url=f"{url}/list", api_url=url)
    try:
        async with aiohttp.ClientSession() as http:
            client = EpayClient(MerchantId("m"), settings, http=http, now=lambda: clock[0], retries=AT_ONCE)
            await client.verify()
            for minutes in (1, 4, 12, 96, 576, 7 * 24 * 60):
                clock[0] = datetime(2026, 11, 20, tzinfo=UTC) + timedelta(minutes=minutes)
                await client.verify()
                if logins == 2:
                    return timedelta(minutes=minutes)
            return timedelta.max
    finally:
        await runner.cleanup()


@pytest.mark.parametrize(
    ("reply", "minutes"),
    [
        ({"expires_in": 7200, "refresh_token": "", "scope": "transfer", "token_type": "Bearer"}, 96),
        ({"expires_in": 43199, "refresh_token": "00000000-0000-4000-8000-000000000000", "token_type": "bearer"}, 576),
        ({"expires_in": "900", "refresh_token": "x", "scope": "webapi", "token_type": "Bearer"}, 12),
        ({"expires_in": "7200"}, 96),
        ({"expires_in": 7200.0}, 96),
        ({"expires_in": 604800}, 7 * 24 * 60),
        ({"expires_in": None}, 4),
        ({"expires_in": "soon"}, 4),
        ({"expires_in": -5}, 4),
        ({"expires_in": True}, 4),
        ({}, 4),
    ],
)
async def test_every_documented_reply_holds_a_token(reply: dict[str, Any], minutes: int) -> None:
    assert await lives(lambda: web.json_response({"access_token": "opaque"} | reply)) == timedelta(minutes=minutes)


async def test_a_token_is_read_whatever_the_content_type_says() -> None:
    body = json.dumps({"access_token": "opaque", "expires_in": "900"})
    assert await lives(lambda: web.Response(text=body, content_type="text/html")) == timedelta(minutes=12)


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (200, "{}", SourceUnavailable),
        (200, '{"access_token": ""}', SourceUnavailable),
        (200, '{"access_token": 5}', SourceUnavailable),
        (200, '{"access_token": "two\\r\\nlines: x"}', SourceUnavailable),
        (200, "[]", SourceUnavailable),
        (404, "<html>", SourceUnavailable),
        (200, '{"error": "invalid_client"}', SourceDenied),
        (400, '{"error": "invalid_grant", "error_description": "p"}', SourceDenied),
        (400, "", SourceDenied),
        (401, '{"message": "no"}', SourceDenied),
        (403, "<html>", SourceDenied),
    ],
)
async def test_a_reply_without_a_token_says_whose_turn_it_is(status: int, body: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        await lives(lambda: web.Response(status=status, text=body))
