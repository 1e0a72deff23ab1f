"""Every value of every switch of the simulated bank can be told from outside."""

import itertools
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from test_demo_bank import LIST_PATH, NOW, SHOP, TERMINAL, Visitor, check_form, ids, list_form, open_bank, search

from bot.demo.bank import Switches

Observer = Callable[[Visitor], Awaitable[Any]]
BLANK = {"description": "", "reference": ""}


async def first_record(visitor: Visitor, **details: Any) -> dict[str, Any]:
    visitor.world.add("shop", TERMINAL, 1, **({"created_at": NOW} | details))
    record: dict[str, Any] = (await visitor.list()).json["records"][0]
    return record


async def status_of(visitor: Visitor, body: object) -> int:
    return (await visitor.list(body)).status


def months(days: int) -> dict[str, Any]:
    body = search()
    first = NOW - timedelta(days=days)
    body["searchParameters"][0]["searchParameter"] = [f"{first:%Y-%m-%dT%H:%M:%SZ}", f"{NOW:%Y-%m-%dT%H:%M:%SZ}"]
    return body


async def page_mode(visitor: Visitor) -> str:
    rows = [visitor.world.add("shop", TERMINAL, 1, created_at=NOW - timedelta(minutes=age)).id for age in (4, 3, 2, 1)]
    pages = [ids(await visitor.list(search(page=page, size=2, order="created_at id"))) for page in (0, 1, 2)]
    expected = {
        "offset": [rows[:2], rows[1:3], rows[2:]],
        "index0": [rows[:2], rows[2:], []],
        "index1": [rows[:2], rows[:2], rows[2:]],
    }
    return next(mode for mode, answer in expected.items() if answer == pages)


async def date_field(visitor: Visitor) -> str:
    works = [name for name in ("created_at", "created_date") if await status_of(visitor, search(date=name)) == 200]
    sorts = [name for name in works if await status_of(visitor, search(date=name, order=f"{name} id")) == 200]
    assert len(works) == 1
    assert sorts == works
    return works[0]


async def err_http(visitor: Visitor) -> int:
    return await status_of(visitor, {})


async def expires_type(visitor: Visitor) -> str:
    return "string" if isinstance((await visitor.token()).json["expires_in"], str) else "number"


async def expires(visitor: Visitor) -> int:
    headers = await visitor.bearer()
    promised = int((await visitor.token()).json["expires_in"])
    visitor.clock.at += timedelta(seconds=promised - 1)
    before = await visitor.ask("POST", LIST_PATH, json=search(), headers=headers)
    visitor.clock.at += timedelta(seconds=1)
    after = await visitor.ask("POST", LIST_PATH, json=search(), headers=headers)
    assert (before.status, after.status) == (200, 401)
    return promised


async def token_case(visitor: Visitor) -> str:
    return str((await visitor.token()).json["token_type"])


async def grant_policy(visitor: Visitor) -> str:
    headers = await visitor.bearer()
    uses = [(await visitor.ask("POST", LIST_PATH, json=search(), headers=headers)).status for _ in range(2)]
    first, _ = await visitor.bearer(), await visitor.bearer()
    older = (await visitor.ask("POST", LIST_PATH, json=search(), headers=first)).status
    policies = {"200 200 200": "shared", "200 200 401": "newest_only", "200 401 200": "single_use"}
    return policies[" ".join(str(status) for status in (*uses, older))]


async def scope_echo(visitor: Visitor) -> str:
    scope = (await visitor.token()).json.get("scope", "")
    other = (await visitor.ask("POST", "/oauth2/token", data=check_form())).json.get("scope", "")
    asked = (list_form()["scope"], check_form()["scope"])
    return {asked: "yes", ("", ""): "no"}.get((scope, other), "other")


async def end_inclusive(visitor: Visitor) -> bool:
    row = visitor.world.add("shop", TERMINAL, 1, created_at=NOW + timedelta(hours=1))
    first = visitor.world.add("shop", TERMINAL, 1, created_at=NOW - timedelta(hours=1))
    visitor.clock.at += timedelta(hours=2)
    found = ids(await visitor.list())
    assert first.id in found
    return row.id in found


async def reversed_period(visitor: Visitor) -> str:
    return "empty" if await status_of(visitor, months(-1)) == 200 else "error"


async def like_escape(visitor: Visitor) -> str:
    visitor.world.add("shop", TERMINAL, 1, created_at=NOW, invoice_id="A_7")
    visitor.world.add("shop", TERMINAL, 1, created_at=NOW, invoice_id="A\\_7")
    found = (await visitor.list(search(("invoice_id", "like", ["%A\\_%"])))).json["records"]
    return {("A_7",): "backslash", ("A\\_7",): "none"}[tuple(record["invoiceId"] for record in found)]


async def tz_out(visitor: Visitor) -> str:
    """Forty rows of today and forty of the day before Almaty moved from +06:00 to +05:00."""
    zones = []
    for at in (datetime(2024, 2, 29, 18, 59, tzinfo=UTC) - timedelta(hours=1), NOW):
        for _ in range(40):
            visitor.world.add("shop", TERMINAL, 1, created_at=at)
        around = ("created_at", "between", [f"{at:%Y-%m-%dT%H:%M:%SZ}"] * 2)
        body = search(around, size=40) | {"searchParameters": search(around)["searchParameters"][1:]}
        stamps = [record["dateTime"] for record in (await visitor.list(body)).json["records"]]
        assert [datetime.fromisoformat(stamp) for stamp in stamps] == [at] * 40
        zones.append({stamp[26:] for stamp in stamps})
    if len(zones[0]) == 3:
        return "mixed"
    before, today = (zone.pop() for zone in zones)
    return today if before == today else "almaty"


async def fraction(visitor: Visitor) -> str:
    at = NOW + timedelta(microseconds=120_000)
    visitor.clock.at += timedelta(seconds=1)
    stamp = str((await first_record(visitor, created_at=at))["dateTime"])
    return {".120000": "6", ".12": "trimmed", "": "none"}[stamp[19:].replace("+05:00", "")]


async def reason_code_type(visitor: Visitor) -> str:
    code = (await first_record(visitor, outcome="failed", reason_code=484))["reasonCode"]
    return {484: "int", "484": "string"}[code]


async def empty_as(visitor: Visitor) -> str:
    record = await first_record(visitor, **BLANK)
    assert record["ipLatitude"] == 0
    return {"": "empty", None: "null", "absent": "missing"}[record.get("description", "absent")]


async def fail_status(visitor: Visitor) -> str:
    record = await first_record(visitor, outcome="failed")
    assert (record["code"], record["reasonCode"]) == ("05", 484)
    return str(record["status"])


async def pending_status(visitor: Visitor) -> str:
    return str((await first_record(visitor, outcome="undecided"))["status"])


async def refund_status(visitor: Visitor) -> str:
    return str((await first_record(visitor, outcome="refunded"))["status"])


async def terminal_filter(visitor: Visitor) -> str:
    visitor.world.add("shop", TERMINAL, 1, created_at=NOW)
    names = {"tid": TERMINAL, "uuid": SHOP.terminals[0].uuid}
    found = [kind for kind, name in names.items() if ids(await visitor.list(search(("terminal_id", "=", [name]))))]
    assert len(found) == 1
    return found[0]


async def max_size(visitor: Visitor) -> str:
    for _ in range(102):
        visitor.world.add("shop", TERMINAL, 1, created_at=NOW)
    assert len(ids(await visitor.list(search(size=100)))) == 100
    reply = await visitor.list(search(size=101))
    if reply.status != 200:
        return "reject100"
    return {100: "clamp100", 101: "none"}[len(ids(reply))]


async def max_period(visitor: Visitor) -> str:
    assert await status_of(visitor, months(31)) == 200
    return "none" if await status_of(visitor, months(32)) == 200 else "31d"


async def unknown_order(visitor: Visitor) -> int:
    p2p, payment = await visitor.check("404404"), await visitor.check("404404", "payment")
    assert (p2p.json["result"]["code"], p2p.json["transaction"]) == ("102", None)
    assert (payment.json["resultCode"], payment.json["transaction"]) == ("102", None)
    return p2p.status


OBSERVERS: dict[str, Observer] = {
    observer.__name__: observer
    for observer in (
        page_mode, date_field, err_http, expires_type, expires, token_case, grant_policy, scope_echo, end_inclusive,
        reversed_period, like_escape, tz_out, fraction, reason_code_type, empty_as, fail_status, pending_status,
        refund_status, terminal_filter, max_size, max_period, unknown_order,
    )
}  # fmt: skip
VALUES = [(name, value) for name, values in Switches.values().items() for value in values]


@pytest.mark.parametrize(("name", "value"), VALUES, ids=str)
async def test_a_switch_can_be_seen_from_outside(name: str, value: Any) -> None:
    async with open_bank(Switches(**{name: value})) as visitor:
        assert await OBSERVERS[name](visitor) == value


def test_the_matrix_holds_every_value_once() -> None:
    labels = [label for label, _ in Switches.one_at_a_time()]
    others = sum(len(values) - 1 for values in Switches.values().values())
    assert len(set(labels)) == len(labels) == 1 + others
    assert all(switches != Switches() for label, switches in Switches.one_at_a_time() if label != "default")


def test_mixed_combinations_repeat_with_their_seed_and_reach_every_value() -> None:
    drawn = [Switches.mixed(seed) for seed in range(200)]
    assert drawn == [Switches.mixed(seed) for seed in range(200)]
    for name, values in Switches.values().items():
        assert {getattr(switches, name) for switches in drawn} == set(values)


async def test_switches_may_turn_while_the_bank_runs() -> None:
    async with open_bank() as visitor:
        visitor.world.add("shop", TERMINAL, 1, created_at=NOW, outcome="failed")
        seen = []
        for status in ("fail", "REJECT"):
            visitor.bank.switches = Switches(fail_status=status)  # type: ignore[arg-type]
            seen.append((await visitor.list()).json["records"][0]["status"])
        assert seen == ["fail", "REJECT"]


async def test_a_clamped_page_is_counted_in_the_clamped_size() -> None:
    async with open_bank(Switches(max_size="clamp100", page_mode="index0")) as visitor:
        for age in range(250):
            visitor.world.add("shop", TERMINAL, 1, created_at=NOW - timedelta(seconds=age))
        pages = [ids(await visitor.list(search(page=page, size=200, order="created_at id"))) for page in range(3)]
        assert [len(page) for page in pages] == [100, 100, 50]
        assert len(set(itertools.chain(*pages))) == 250
