"""The simulated bank as a whole: endpoints, tenants, the log, the clock. Also the plain client of its other tests."""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, NamedTuple

import aiohttp
import pytest
from clocks import Clock

from bot.demo.bank import LIST_PATH, TOKEN_PATH, BankMerchant, SimulatedBank, Switches, World, default_merchants
from bot.demo.bank.tokens import CHECK_SCOPE

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
SHOP, BAKERY = default_merchants(per_day=0)
TERMINAL = SHOP.terminals[0].tid


class Reply(NamedTuple):
    status: int
    text: str
    headers: Mapping[str, str]

    @property
    def json(self) -> Any:
        return json.loads(self.text)


class Visitor:
    """Asks the bank plainly: no retries, no interpretation."""

    def __init__(self, bank: SimulatedBank, url: str, session: aiohttp.ClientSession, clock: "Clock") -> None:
        self.bank, self.url, self.session, self.clock = bank, url, session, clock

    @property
    def world(self) -> World:
        return self.bank.world

    async def ask(self, method: str, path: str, **how: Any) -> Reply:
        async with self.session.request(method, self.url + path, allow_redirects=False, **how) as reply:
            return Reply(reply.status, await reply.text(), reply.headers)

    async def token(self, merchant: BankMerchant = SHOP, **changes: Any) -> Reply:
        return await self.ask("POST", TOKEN_PATH, data=list_form(merchant) | changes)

    async def bearer(self, merchant: BankMerchant = SHOP, form: dict[str, str] | None = None) -> dict[str, str]:
        reply = await self.ask("POST", TOKEN_PATH, data=form or list_form(merchant))
        return {"Authorization": f"Bearer {reply.json['access_token']}"}

    async def list(self, query: object = None, merchant: BankMerchant = SHOP) -> Reply:
        return await self.ask(
            "POST", LIST_PATH, json=search() if query is None else query, headers=await self.bearer(merchant)
        )

    async def check(self, order: str, kind: str = "p2p", merchant: BankMerchant = SHOP) -> Reply:
        headers = await self.bearer(form=check_form(merchant))
        return await self.ask("GET", f"/check-status/{kind}/transaction/{order}", headers=headers)


@asynccontextmanager
async def open_bank(switches: Switches | None = None, world: World | None = None) -> AsyncIterator[Visitor]:
    clock = Clock(NOW)
    world = world or World(5, merchants=(SHOP, BAKERY), start=NOW - timedelta(hours=1))
    bank = SimulatedBank(world, now=clock, switches=switches or Switches())
    url = await bank.start()
    try:
        async with aiohttp.ClientSession() as session:
            yield Visitor(bank, url, session, clock)
    finally:
        await bank.stop()


@pytest.fixture
async def visitor() -> AsyncIterator[Visitor]:
    async with open_bank() as visitor:
        yield visitor


def list_form(merchant: BankMerchant = SHOP) -> dict[str, str]:
    return {
        "grant_type": "password",
        "scope": "transfer",
        "username": merchant.username,
        "password": merchant.password,
        "client_id": merchant.client_id,
        "client_secret": merchant.client_secret,
    }


def check_form(merchant: BankMerchant = SHOP) -> dict[str, str]:
    return {
        "grant_type": "client_credentials",
        "scope": CHECK_SCOPE,
        "terminal": merchant.terminals[0].uuid,
        "client_id": merchant.client_id,
        "client_secret": merchant.client_secret,
    }


def search(
    *filters: tuple[str, str, list[str]], page: int = 0, size: int = 20, order: str = "", date: str = "created_at"
) -> dict[str, Any]:
    """A valid request over the two hours around NOW; `order` such as "created_at id" or "created_at-"."""
    period = (date, "between", ["2026-11-20T11:00:00Z", "2026-11-20T18:00:00+05:00"])
    return {
        "paging": {"page": page, "size": size},
        "searchParameters": [
            {"name": name, "method": method, "searchParameter": values} for name, method, values in (period, *filters)
        ],
        "orderParameters": [
            {"field": field.rstrip("-"), "typeOrder": "DESC" if field.endswith("-") else "ASC"}
            for field in order.split()
        ],
    }


def ids(reply: Reply) -> list[str]:
    return [record["id"] for record in reply.json["records"]]


async def test_a_record_has_the_33_documented_fields_and_types(visitor: Visitor) -> None:
    row = visitor.world.add("shop", TERMINAL, "12.22", created_at=NOW, reference="000000000042", description="Ө & <b>")
    record = (await visitor.list()).json["records"][0]
    assert len(record) == 33
    assert (record["id"], record["amount"], record["reference"]) == (row.id, 12.22, "000000000042")
    assert record["dateTime"] == "2026-11-20T17:00:00.000000+05:00"
    assert (record["status"], record["code"], record["reasonCode"]) == ("ok", "00", 0)
    assert record["description"] == "Ө & <b>"
    strings = {key for key, value in record.items() if isinstance(value, str)}
    assert record.keys() - strings == {"amount", "reasonCode", "ipLongitude", "ipLatitude"}


async def test_a_merchant_sees_only_its_own_rows_whatever_it_asks(visitor: Visitor) -> None:
    ours = visitor.world.add("shop", TERMINAL, 100, created_at=NOW, invoice_id="700001")
    theirs = visitor.world.add("bakery", BAKERY.terminals[0].tid, 100, created_at=NOW, invoice_id="700001")
    assert ids(await visitor.list()) == [ours.id]
    assert ids(await visitor.list(merchant=BAKERY)) == [theirs.id]
    foreign = search(("terminal_id", "=", [BAKERY.terminals[0].tid]))
    assert (await visitor.list(foreign)).json == {"totalCount": 0, "records": []}
    visitor.clock.at += timedelta(minutes=1)
    assert (await visitor.check("700001")).json["transaction"]["p2p"]["id"] == ours.id
    assert (await visitor.check("700001", merchant=BAKERY)).json["transaction"]["p2p"]["id"] == theirs.id


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/operation/0b0c1a52/refund"),
        ("POST", "/operation/0b0c1a52/charge"),
        ("POST", "/operation/0b0c1a52/cancel"),
        ("POST", "/p2p/transfer"),
        ("POST", "/chdebit/transfer"),
        ("GET", "/chpayment/transfer"),
        ("POST", "/invoice"),
    ],
)
async def test_a_call_that_would_move_money_is_refused_and_remembered(visitor: Visitor, method: str, path: str) -> None:
    assert (await visitor.ask(method, path)).status == 404
    assert [(call.at, call.method, call.path) for call in visitor.bank.money_calls] == [(NOW, method, path)]


async def test_reading_leaves_no_trace_among_the_money_calls(visitor: Visitor) -> None:
    await visitor.list()
    await visitor.check("1")
    assert visitor.bank.money_calls == []


async def test_an_unknown_path_is_404(visitor: Visitor) -> None:
    assert (await visitor.ask("GET", "/p2p/operations")).status == 404
    assert (await visitor.ask("POST", "/operations")).status == 404


async def test_every_request_is_logged(visitor: Visitor) -> None:
    await visitor.list()
    await visitor.ask("GET", "/nowhere")
    log = [(seen.method, seen.path, seen.status, seen.fault) for seen in visitor.bank.requests]
    assert log == [
        ("POST", TOKEN_PATH, 200, ""),
        ("POST", LIST_PATH, 200, ""),
        ("GET", "/nowhere", 404, ""),
    ]


async def test_the_date_header_follows_the_clock_of_the_bank(visitor: Visitor) -> None:
    visitor.bank.clock_offset = timedelta(minutes=-3)
    reply = await visitor.token()
    assert parsedate_to_datetime(reply.headers["Date"]) == NOW - timedelta(minutes=3)


async def test_the_bank_comes_back_on_the_same_port(visitor: Visitor) -> None:
    headers = await visitor.bearer()
    await visitor.bank.stop()
    with pytest.raises(aiohttp.ClientConnectionError):
        await visitor.token()
    await visitor.bank.start(port=visitor.bank.port)
    assert (await visitor.ask("POST", LIST_PATH, json=search(), headers=headers)).status == 200


async def test_a_row_can_slip_in_between_two_pages(visitor: Visitor) -> None:
    for minute in range(3):
        visitor.world.add("shop", TERMINAL, 100, created_at=NOW - timedelta(minutes=minute))
    first = ids(await visitor.list(search(page=0, size=2, order="created_at- id-")))

    def slip_in(endpoint: str, number: int) -> None:
        if endpoint == "list":
            visitor.world.add("shop", TERMINAL, 100, created_at=NOW)

    visitor.bank.before_request = slip_in
    second = ids(await visitor.list(search(page=2, size=2, order="created_at- id-")))
    assert first[1] == second[0]


async def test_a_check_knows_the_newest_attempt_of_the_order(visitor: Visitor) -> None:
    visitor.world.add("shop", TERMINAL, 500, outcome="failed", created_at=NOW - timedelta(minutes=5), invoice_id="42")
    paid = visitor.world.add("shop", TERMINAL, 500, created_at=NOW - timedelta(minutes=2), invoice_id="42")
    reply = (await visitor.check("42")).json
    assert reply["result"] == {"code": "100", "message": "SUCCESS"}
    transaction = reply["transaction"]["p2p"]
    assert (transaction["id"], transaction["statusName"], transaction["payoutAmount"]) == (paid.id, "CHARGE", 0)
    assert transaction["terminalID"] == SHOP.terminals[0].uuid


async def test_a_check_shows_a_refund_that_the_amount_hides(visitor: Visitor) -> None:
    row = visitor.world.add("shop", TERMINAL, "22.22", created_at=NOW - timedelta(minutes=2), invoice_id="43")
    visitor.world.change(row.id, "refunded", NOW)
    transaction = (await visitor.check("43", "payment")).json["transaction"]
    assert (transaction["statusName"], transaction["payoutAmount"], transaction["orgAmount"]) == (
        "REFUND",
        22.22,
        22.22,
    )
    assert transaction["cardMask"].count(".") == 3


async def test_a_check_of_an_order_just_made_is_in_progress(visitor: Visitor) -> None:
    visitor.world.add("shop", TERMINAL, 500, created_at=NOW, invoice_id="44")
    assert (await visitor.check("44")).json == {
        "result": {"code": "107", "message": "IN PROGRESS"},
        "transaction": None,
    }
    visitor.clock.at += timedelta(seconds=10)
    assert (await visitor.check("44", "payment")).json["resultCode"] == "100"
