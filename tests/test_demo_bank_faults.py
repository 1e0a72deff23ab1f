"""Every fault of the simulated bank, as a plain client sees it, and the plan that hands them out."""

import asyncio
import gzip
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from test_demo_bank import (
    LIST_PATH,
    NOW,
    TERMINAL,
    TOKEN_PATH,
    Reply,
    Visitor,
    check_form,
    list_form,
    open_bank,
    search,
)

from bot.demo.bank import Fault, Faults
from bot.demo.bank.faults import NAMES, SURVIVABLE

Check = Callable[[Visitor, Callable[[], Awaitable[Reply]]], Awaitable[None]]
CHECKS: dict[str, Check] = {}


@pytest.fixture
async def visitor() -> AsyncIterator[Visitor]:
    async with open_bank() as visitor:
        for age in range(4):
            visitor.world.add("shop", TERMINAL, "12.5", created_at=NOW - timedelta(minutes=age))
        yield visitor


def status_check(name: str, status: int, *, retry_after: str | None = None) -> None:
    async def check(visitor: Visitor, ask: Callable[[], Awaitable[Reply]]) -> None:
        reply = await ask()
        assert reply.status == status
        assert reply.headers.get("Retry-After") == retry_after

    CHECKS[name] = check


def check(function: Check) -> Check:
    CHECKS[function.__name__] = function
    return function


for _name, _status in (
    ("unauthorized", 401),
    ("forbidden", 403),
    ("not_found", 404),
    ("conflict", 409),
    ("too_many", 429),
    ("server_error", 500),
    ("maintenance", 503),
    ("gateway_timeout", 504),
):
    status_check(_name, _status)


@check
async def bad_gateway_html(visitor: Visitor, ask: Callable[[], Awaitable[Reply]]) -> None:
    reply = await ask()
    assert (reply.status, reply.text[:6], reply.headers["Content-Type"][:9]) == (502, "<html>", "text/html")


@check
async def redirect(visitor: Visitor, ask: Callable[[], Awaitable[Reply]]) -> None:
    assert (await ask()).status == 307


@check
async def empty_200(visitor: Visitor, ask: Callable[[], Awaitable[Reply]]) -> None:
    reply = await ask()
    assert (reply.status, reply.text) == (200, "")


@check
async def error_in_200(visitor: Visitor, ask: Callable[[], Awaitable[Reply]]) -> None:
    reply = await ask()
    assert (reply.status, reply.json) == (200, {"code": 100, "message": ""})


@check
async def huge_body(visitor: Visitor, ask: Callable[[], Awaitable[Reply]]) -> None:
    reply = await ask()
    assert len(reply.text) > 20_000_000
    assert "Content-Length" not in reply.headers


@check
async def reset(visitor: Visitor, ask: Callable[[], Awaitable[Reply]]) -> None:
    with pytest.raises(aiohttp.ClientConnectionError):
        await ask()


@check
async def reset_mid_body(visitor: Visitor, ask: Callable[[], Awaitable[Reply]]) -> None:
    with pytest.raises(aiohttp.ClientPayloadError):
        await ask()


@check
async def truncated_json(visitor: Visitor, ask: Callable[[], Awaitable[Reply]]) -> None:
    reply = await ask()
    assert reply.text.startswith('{"totalCount":4')
    with pytest.raises(ValueError, match=r"Unterminated|Expecting"):
        reply.json  # noqa: B018


@check
async def wrong_content_type(visitor: Visitor, ask: Callable[[], Awaitable[Reply]]) -> None:
    reply = await ask()
    assert reply.headers["Content-Type"].startswith("text/html")
    assert reply.json["totalCount"] == 4


@check
async def slow_body(visitor: Visitor, ask: Callable[[], Awaitable[Reply]]) -> None:
    started = asyncio.get_running_loop().time()
    assert (await ask()).json["totalCount"] == 4
    assert asyncio.get_running_loop().time() - started >= 0.2


CHECKS["slow_headers"] = slow_body


@check
async def duplicate_rows(visitor: Visitor, ask: Callable[[], Awaitable[Reply]]) -> None:
    reply = (await ask()).json
    assert (reply["totalCount"], len(reply["records"])) == (4, 7)
    assert len({record["id"] for record in reply["records"]}) == 4


@check
async def wrong_total(visitor: Visitor, ask: Callable[[], Awaitable[Reply]]) -> None:
    reply = (await ask()).json
    assert (reply["totalCount"], len(reply["records"])) == (11, 4)


@check
async def null_records(visitor: Visitor, ask: Callable[[], Awaitable[Reply]]) -> None:
    assert (await ask()).json == {"totalCount": 4, "records": None}


@check
async def numbers_as_strings(visitor: Visitor, ask: Callable[[], Awaitable[Reply]]) -> None:
    reply = (await ask()).json
    record = reply["records"][0]
    assert (reply["totalCount"], record["amount"], record["reasonCode"]) == ("4", "12.5", "0")


@check
async def extra_fields(visitor: Visitor, ask: Callable[[], Awaitable[Reply]]) -> None:
    reply = (await ask()).json
    assert "traceId" in reply
    assert len(reply["records"][0]) == 35


@check
async def gzipped(visitor: Visitor, ask: Callable[[], Awaitable[Reply]]) -> None:
    reply = await ask()
    assert (reply.headers["Content-Encoding"], reply.json["totalCount"]) == ("gzip", 4)


CHECKS["gzip"] = CHECKS.pop("gzipped")


@pytest.mark.parametrize("name", NAMES)
async def test_a_fault_hits_one_request_and_the_next_is_well(visitor: Visitor, name: str) -> None:
    headers = await visitor.bearer()
    visitor.bank.faults.next(
        "list", getattr(Fault, name)() if name != "redirect" else Fault.redirect("http://b.example/")
    )

    async def ask() -> Reply:
        return await visitor.ask("POST", LIST_PATH, json=search(), headers=headers)

    await CHECKS[name](visitor, ask)
    assert visitor.bank.requests[-1].fault in {name, ""}
    assert (await ask()).json["totalCount"] == 4
    assert name in [seen.fault for seen in visitor.bank.requests]


@pytest.mark.parametrize("name", sorted(set(NAMES) - {"redirect", "huge_body"}))
async def test_a_fault_on_a_token_or_a_check_never_breaks_the_bank(visitor: Visitor, name: str) -> None:
    forms = {"token": list_form(), "check": check_form()}
    for endpoint, form in forms.items():
        headers = await visitor.bearer(form=form)
        visitor.bank.faults.next(endpoint, Fault(name, delay=0))
        how: dict[str, Any] = {"data": form} if endpoint == "token" else {"headers": headers}
        path = TOKEN_PATH if endpoint == "token" else "/check-status/p2p/transaction/1"
        try:
            await visitor.ask("POST" if endpoint == "token" else "GET", path, **how)
        except aiohttp.ClientError:
            assert name in {"reset", "reset_mid_body"}
        assert (await visitor.list()).status == 200


@pytest.mark.parametrize("value", ["3", "Fri, 20 Nov 2026 12:00:30 GMT"])
async def test_retry_after_is_sent_as_given(visitor: Visitor, value: str) -> None:
    visitor.bank.faults.next("token", Fault.too_many(value), Fault.maintenance(value))
    assert [(await visitor.token()).headers["Retry-After"] for _ in range(2)] == [value, value]


async def test_a_redirect_leads_where_it_is_told(visitor: Visitor) -> None:
    stolen: list[str | None] = []

    async def thief(request: web.Request) -> web.Response:
        stolen.append(request.headers.get("Authorization"))
        return web.Response()

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", thief)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    elsewhere = f"http://127.0.0.1:{runner.addresses[0][1]}/trap"
    visitor.bank.faults.next("list", Fault.redirect(elsewhere))
    headers = await visitor.bearer()
    async with visitor.session.post(visitor.url + LIST_PATH, json=search(), headers=headers) as reply:
        assert str(reply.url) == elsewhere
    assert len(stolen) == 1
    await runner.cleanup()


async def test_a_client_that_leaves_in_the_middle_is_no_error(
    visitor: Visitor, caplog: pytest.LogCaptureFixture
) -> None:
    visitor.bank.faults.next("list", Fault.huge_body(), Fault.slow_body(delay=0.05))
    headers = await visitor.bearer()
    for _ in range(2):
        reply = await visitor.session.post(visitor.url + LIST_PATH, json=search(), headers=headers)
        await reply.content.read(1)
        reply.close()
    await visitor.bank.stop()
    assert [seen.fault for seen in visitor.bank.requests if seen.fault] == ["huge_body", "slow_body"]
    assert caplog.records == []


async def test_gzip_is_real(visitor: Visitor) -> None:
    visitor.bank.faults.next("token", Fault.gzip())
    async with aiohttp.ClientSession(auto_decompress=False) as session:
        reply = await session.post(visitor.url + TOKEN_PATH, data=list_form())
        assert b"access_token" in gzip.decompress(await reply.read())


async def test_a_queue_is_served_in_order_and_lets_some_pass(visitor: Visitor) -> None:
    visitor.bank.faults.next("token", None, Fault.server_error(), None, Fault.conflict())
    assert [(await visitor.token()).status for _ in range(5)] == [200, 500, 200, 409, 200]


async def test_a_numbered_request_is_hit_in_the_middle_of_a_scan(visitor: Visitor) -> None:
    visitor.bank.faults.at("list", 2, Fault.unauthorized())
    visitor.bank.faults.at("any", 1, Fault.server_error())
    assert (await visitor.token()).status == 500
    headers = await visitor.bearer()
    asked = [await visitor.ask("POST", LIST_PATH, json=search(page=page), headers=headers) for page in range(3)]
    assert [reply.status for reply in asked] == [200, 401, 200]


async def test_a_lasting_fault_ends_when_told(visitor: Visitor) -> None:
    faults = visitor.bank.faults
    faults.always("token", Fault.maintenance())
    before = [(await visitor.token()).status for _ in range(3)]
    faults.always("token", None)
    assert (before, (await visitor.token()).status) == ([503] * 3, 200)


async def test_a_bank_that_is_down_cuts_every_line_until_its_time(visitor: Visitor) -> None:
    visitor.bank.faults.down_until = NOW + timedelta(minutes=5)
    with pytest.raises(aiohttp.ClientConnectionError):
        await visitor.token()
    visitor.clock.at = NOW + timedelta(minutes=5)
    assert (await visitor.token()).status == 200
    visitor.bank.faults.down = True
    with pytest.raises(aiohttp.ClientConnectionError):
        await visitor.token()
    visitor.bank.faults.clear()
    assert (await visitor.token()).status == 200


def test_random_faults_repeat_with_their_seed_and_keep_their_share() -> None:
    def drawn(seed: int) -> list[str]:
        faults = Faults(probability=0.3, seed=seed)
        return [fault.name if (fault := faults.take("list", NOW)) else "" for _ in range(2000)]

    assert drawn(1) == drawn(1) != drawn(2)
    assert 500 < sum(map(bool, drawn(1))) < 700
    assert set(drawn(1)) == {"", *SURVIVABLE}


def test_a_random_fault_never_calls_the_password_wrong() -> None:
    faults = Faults(probability=1.0, seed=1)
    assert "unauthorized" not in {fault.name for _ in range(500) if (fault := faults.take("token", NOW))}


def test_a_misspelt_fault_is_refused() -> None:
    with pytest.raises(ValueError, match="no such fault"):
        Fault("reset_midbody")
