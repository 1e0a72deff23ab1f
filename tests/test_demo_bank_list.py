"""What the simulated list refuses, finds and in which order."""

import json
from datetime import timedelta
from operator import attrgetter
from typing import Any

import pytest
from test_demo_bank import LIST_PATH, NOW, SHOP, TERMINAL, Visitor, ids, search, visitor

__all__ = ["visitor"]

OTHER = SHOP.terminals[1].tid
DATE = "created_at"
GOOD_PERIOD = ["2026-11-20T11:00:00Z", "2026-11-20T13:00:00Z"]


def period(method: str, *values: str) -> dict[str, Any]:
    return {"name": DATE, "method": method, "searchParameter": list(values)}


def without(key: str) -> dict[str, Any]:
    return {name: value for name, value in search().items() if name != key}


def paging(**values: Any) -> dict[str, Any]:
    return search() | {"paging": values}


def filters(*given: object) -> dict[str, Any]:
    return search() | {"searchParameters": list(given)}


def extra(name: object, method: object, *values: object) -> dict[str, Any]:
    return filters(period("between", *GOOD_PERIOD), {"name": name, "method": method, "searchParameter": list(values)})


def ordered(*given: object) -> dict[str, Any]:
    return search() | {"orderParameters": list(given)}


MISTAKES: dict[str, object] = {
    "not an object": [],
    "unknown key": search() | {"filter": []},
    "no paging": without("paging"),
    "no page": paging(size=20),
    "no size": paging(page=0),
    "page in quotes": paging(page="0", size=20),
    "size in quotes": paging(page=0, size="20"),
    "fractional page": paging(page=0.0, size=20),
    "page true": paging(page=True, size=20),
    "negative page": paging(page=-1, size=20),
    "negative size": paging(page=0, size=-1),
    "size 0": paging(page=0, size=0),
    "no filters": without("searchParameters"),
    "null filters": search() | {"searchParameters": None},
    "empty filters": filters(),
    "no date": filters({"name": "invoice_id", "method": "=", "searchParameter": ["1"]}),
    "filter no object": filters(period("between", *GOOD_PERIOD), "invoice_id"),
    "the other date": filters({"name": "created_date", "method": "between", "searchParameter": GOOD_PERIOD}),
    "both dates": extra("created_date", "between", *GOOD_PERIOD),
    "unknown filter": extra("card_mask", "=", "9821"),
    "unknown filter before unknown method": extra("card_mask", "near", "9821"),
    "between with one": filters(period("between", GOOD_PERIOD[0])),
    "between with three": filters(period("between", *GOOD_PERIOD, GOOD_PERIOD[1])),
    "like with two": extra("invoice_id", "like", "%1", "%2"),
    "like without percent": extra("invoice_id", "like", "1"),
    "in with none": extra("invoice_id", "in"),
    "equal with two": extra("invoice_id", "=", "1", "2"),
    "more than with none": extra("invoice_id", ">"),
    "number as value": extra("invoice_id", "=", 1),
    "value without a list": filters(period("between", *GOOD_PERIOD) | {"searchParameter": GOOD_PERIOD[0]}),
    "no date at all": filters(period("between", "yesterday", "today")),
    "date without time": filters(period("between", "2026-11-19", "2026-11-20")),
    "date without zone": filters(period("between", "2026-11-20T11:00:00", "2026-11-20T13:00:00")),
    "date that does not exist": filters(period("between", "2026-02-30T11:00:00Z", "2026-11-20T13:00:00Z")),
    "date with a blank": filters(period("between", "2026-11-20 11:00:00Z", "2026-11-20T13:00:00Z")),
    "from after to": filters(period("between", *reversed(GOOD_PERIOD))),
    "open end": filters(period(">=", GOOD_PERIOD[0])),
    "open beginning": filters(period("<", GOOD_PERIOD[1])),
    "date like": filters(period("between", *GOOD_PERIOD), period("like", "2026%")),
    "order no list": search() | {"orderParameters": {"field": "id", "typeOrder": "ASC"}},
    "lower-case order": ordered({"field": "id", "typeOrder": "asc"}),
    "no type of order": ordered({"field": "id"}),
    "unknown sort field": ordered({"field": "amount", "typeOrder": "ASC"}),
    "sort by the reply's word": ordered({"field": "dateTime", "typeOrder": "ASC"}),
}


@pytest.mark.parametrize("mistake", MISTAKES)
async def test_a_request_the_documents_do_not_allow_is_refused(visitor: Visitor, mistake: str) -> None:
    reply = await visitor.ask("POST", LIST_PATH, json=MISTAKES[mistake], headers=await visitor.bearer())
    assert (reply.status, reply.json) == (400, {"code": 100, "message": ""})


@pytest.mark.parametrize("method", [None, "", "near", "BETWEEN", ["in"]])
async def test_an_unknown_method_has_the_one_documented_number(visitor: Visitor, method: object) -> None:
    reply = await visitor.list(extra("invoice_id", method, "1"))
    assert (reply.status, reply.json) == (400, {"code": 232, "message": "There is no search method"})


@pytest.mark.parametrize(
    ("body", "content_type"),
    [("{", "application/json"), (json.dumps(search()), "text/plain"), ("", "application/json")],
)
async def test_anything_but_json_is_400(visitor: Visitor, body: str, content_type: str) -> None:
    headers = await visitor.bearer() | {"Content-Type": content_type}
    assert (await visitor.ask("POST", LIST_PATH, data=body, headers=headers)).status == 400


async def test_the_bearer_is_looked_at_before_the_body(visitor: Visitor) -> None:
    assert (await visitor.ask("POST", LIST_PATH, data="{")).status == 401


async def test_two_bounds_are_a_period(visitor: Visitor) -> None:
    row = visitor.world.add("shop", TERMINAL, 1, created_at=NOW)
    bounds = filters(period(">=", "2026-11-20T12:00:00Z"), period("<", "2026-11-20T12:00:00.000001Z"))
    assert ids(await visitor.list(bounds)) == [row.id]
    after = filters(period(">", "2026-11-20T12:00:00Z"), period("<=", "2026-11-20T13:00:00Z"))
    assert ids(await visitor.list(after)) == []


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        (("invoice_id", "=", ["000123"]), {"000123"}),
        (("invoice_id", "in", ["000123", "A_7%"]), {"000123", "A_7%"}),
        (("invoice_id", "like", ["%12%"]), {"000123", "512000"}),
        (("invoice_id", "like", ["A_7%"]), {"A_7%", "AB7x"}),
        (("invoice_id", "like", ["123%"]), set()),
        (("invoice_id", ">=", ["512000"]), {"512000", "A_7%", "AB7x"}),
        (("account_id", "=", ["ann"]), {"000123"}),
        (("terminal_id", "in", [OTHER]), {"512000"}),
    ],
)
async def test_a_filter_finds_what_it_says(
    visitor: Visitor, condition: tuple[str, str, list[str]], found: set[str]
) -> None:
    visitor.world.add("shop", TERMINAL, 1, created_at=NOW, invoice_id="000123", account_id="ann")
    visitor.world.add("shop", OTHER, 1, created_at=NOW, invoice_id="512000", account_id="bob")
    visitor.world.add("shop", TERMINAL, 1, created_at=NOW, invoice_id="A_7%", account_id="bob")
    visitor.world.add("shop", TERMINAL, 1, created_at=NOW, invoice_id="AB7x", account_id="bob")
    reply = await visitor.list(search(condition))
    assert {record["invoiceId"] for record in reply.json["records"]} == found
    assert reply.json["totalCount"] == len(found)


async def test_filters_narrow_each_other(visitor: Visitor) -> None:
    visitor.world.add("shop", TERMINAL, 1, created_at=NOW, invoice_id="1000")
    row = visitor.world.add("shop", OTHER, 1, created_at=NOW, invoice_id="1000")
    both = search(("invoice_id", "=", ["1000"]), ("terminal_id", "=", [OTHER]))
    assert ids(await visitor.list(both)) == [row.id]


async def test_the_total_counts_all_pages(visitor: Visitor) -> None:
    for second in range(5):
        visitor.world.add("shop", TERMINAL, 1, created_at=NOW - timedelta(seconds=second))
    reply = await visitor.list(search(page=3, size=3, order="created_at id"))
    assert (reply.json["totalCount"], len(reply.json["records"])) == (5, 2)


async def test_without_an_order_the_rows_come_shuffled(visitor: Visitor) -> None:
    for second in range(30):
        visitor.world.add("shop", TERMINAL, 1, created_at=NOW - timedelta(seconds=second))
    first, second = ids(await visitor.list(search(size=30))), ids(await visitor.list(search(size=30)))
    assert first != second
    assert sorted(first) == sorted(second)


async def test_rows_equal_under_the_order_come_in_any_order(visitor: Visitor) -> None:
    twins = {visitor.world.add("shop", TERMINAL, 1, created_at=NOW).id for _ in range(2)}
    later = visitor.world.add("shop", TERMINAL, 1, created_at=NOW + timedelta(microseconds=1))
    visitor.clock.at += timedelta(seconds=1)
    pages = [ids(await visitor.list(search(order="created_at"))) for _ in range(20)]
    assert {page[0] for page in pages} == twins
    assert {page[2] for page in pages} == {later.id}


@pytest.mark.parametrize("order", ["created_at id", "created_at- id-", "created_at- id", "invoice_id- created_at id"])
async def test_a_total_order_is_honoured(visitor: Visitor, order: str) -> None:
    rows = [
        visitor.world.add(
            "shop", TERMINAL, 1, created_at=NOW - timedelta(seconds=number % 3), invoice_id=str(number % 2)
        )
        for number in range(12)
    ]
    for field in reversed(order.split()):
        rows.sort(key=attrgetter(field.rstrip("-")), reverse=field.endswith("-"))
    assert ids(await visitor.list(search(order=order))) == [row.id for row in rows]


async def test_late_hidden_and_future_rows_are_not_listed(visitor: Visitor) -> None:
    late = visitor.world.add("shop", TERMINAL, 1, created_at=NOW, visible_at=NOW + timedelta(minutes=25))
    future = visitor.world.add("shop", TERMINAL, 1, created_at=NOW + timedelta(minutes=26))
    gone = visitor.world.add("shop", TERMINAL, 1, created_at=NOW)
    visitor.world.hide(gone.id, NOW + timedelta(minutes=5))
    assert ids(await visitor.list()) == [gone.id]
    visitor.clock.at = NOW + timedelta(minutes=25)
    assert ids(await visitor.list()) == [late.id]
    visitor.clock.at = NOW + timedelta(minutes=26)
    assert set(ids(await visitor.list())) == {late.id, future.id}


async def test_a_row_is_shown_in_its_state_of_the_moment(visitor: Visitor) -> None:
    row = visitor.world.add("shop", TERMINAL, 900, outcome="undecided", created_at=NOW)
    visitor.world.change(row.id, "paid", NOW + timedelta(minutes=1))
    visitor.world.change(row.id, "refunded", NOW + timedelta(minutes=2))
    seen = []
    for _ in range(3):
        seen.append((await visitor.list()).json["records"][0]["status"])
        visitor.clock.at += timedelta(minutes=1)
    assert seen == ["NEW", "ok", "REFUND"]
