"""Who gets a token of the simulated bank and what it opens."""

from datetime import timedelta

import aiohttp
import pytest
from test_demo_bank import (
    BAKERY,
    LIST_PATH,
    SHOP,
    TOKEN_PATH,
    Visitor,
    check_form,
    list_form,
    open_bank,
    search,
    visitor,
)

from bot.demo.bank import Switches

__all__ = ["visitor"]


async def test_a_token_is_opaque_and_new_each_time(visitor: Visitor) -> None:
    first, second = (await visitor.token()).json, (await visitor.token()).json
    assert len(first["access_token"]) == 22
    assert first["access_token"] != second["access_token"]
    assert (first["refresh_token"], first["token_type"], first["expires_in"]) == ("", "Bearer", "7200")


async def test_multipart_is_as_good_as_urlencoded(visitor: Visitor) -> None:
    form = aiohttp.FormData(list_form(), default_to_multipart=True)
    assert (await visitor.ask("POST", TOKEN_PATH, data=form)).status == 200


async def test_json_is_no_form(visitor: Visitor) -> None:
    assert (await visitor.ask("POST", TOKEN_PATH, json=list_form())).status == 400


async def test_a_broken_form_is_400(visitor: Visitor) -> None:
    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    assert (await visitor.ask("POST", TOKEN_PATH, data=b"no parts here", headers=headers)).status == 400


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"grant_type": "authorization_code"}, 400),
        ({"client_id": "NOBODY"}, 401),
        ({"client_secret": "wrong"}, 401),
        ({"username": BAKERY.username}, 401),
        ({"password": BAKERY.password}, 401),
        ({"scope": "payment"}, 401),
        ({"scope": ""}, 401),
    ],
)
async def test_a_wrong_field_of_the_password_grant_is_refused(
    visitor: Visitor, change: dict[str, str], status: int
) -> None:
    assert (await visitor.token(**change)).status == status


@pytest.mark.parametrize(
    "change", [{"terminal": BAKERY.terminals[0].uuid}, {"scope": "transfer"}, {"client_secret": BAKERY.client_secret}]
)
async def test_a_wrong_field_of_the_client_grant_is_refused(visitor: Visitor, change: dict[str, str]) -> None:
    assert (await visitor.ask("POST", TOKEN_PATH, data=check_form() | change)).status == 401


async def test_refusals_come_in_several_shapes(visitor: Visitor) -> None:
    bodies = {(await visitor.token(password="wrong")).text[:8] for _ in range(40)}
    assert len(bodies) == 5


async def test_each_grant_opens_only_its_own_endpoint(visitor: Visitor) -> None:
    for_list, for_check = await visitor.bearer(), await visitor.bearer(form=check_form())
    check = "/check-status/p2p/transaction/1"
    assert (await visitor.ask("POST", LIST_PATH, json=search(), headers=for_list)).status == 200
    assert (await visitor.ask("POST", LIST_PATH, json=search(), headers=for_check)).status == 403
    assert (await visitor.ask("GET", check, headers=for_check)).status == 200
    assert (await visitor.ask("GET", check, headers=for_list)).status == 403


@pytest.mark.parametrize("header", [None, "Bearer nonsense", "bearer {}", "{}"])
async def test_a_missing_or_unknown_bearer_is_401(visitor: Visitor, header: str | None) -> None:
    token = (await visitor.token()).json["access_token"]
    headers = {} if header is None else {"Authorization": header.format(token)}
    assert (await visitor.ask("POST", LIST_PATH, json=search(), headers=headers)).status == 401


async def test_a_token_dies_on_the_clock_of_the_bank(visitor: Visitor) -> None:
    headers = await visitor.bearer()
    visitor.clock.at += timedelta(seconds=7199)
    assert (await visitor.ask("POST", LIST_PATH, json=search(), headers=headers)).status == 200
    visitor.bank.clock_offset = timedelta(seconds=1)
    assert (await visitor.ask("POST", LIST_PATH, json=search(), headers=headers)).status == 401


async def test_a_forgotten_token_is_401(visitor: Visitor) -> None:
    headers = await visitor.bearer()
    visitor.bank.forget_tokens()
    assert (await visitor.ask("POST", LIST_PATH, json=search(), headers=headers)).status == 401


async def test_the_newest_token_kills_only_those_of_its_merchant_and_grant() -> None:
    async with open_bank(Switches(grant_policy="newest_only")) as visitor:
        old, other = await visitor.bearer(SHOP), await visitor.bearer(BAKERY)
        await visitor.bearer(form=check_form(SHOP))
        assert (await visitor.ask("POST", LIST_PATH, json=search(), headers=old)).status == 200
        await visitor.bearer(SHOP)
        assert (await visitor.ask("POST", LIST_PATH, json=search(), headers=old)).status == 401
        assert (await visitor.ask("POST", LIST_PATH, json=search(), headers=other)).status == 200
