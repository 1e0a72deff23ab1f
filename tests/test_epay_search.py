"""The search language: what may be asked, what is sent, and what a person's own signs may not do."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_epay_client import HOUR, OTHER_TERMINAL, SHOP, TERMINAL, open_stage

from bot.demo.bank import Fault, Switches
from bot.epay import Dialect, Filter, contains, starts_with, terminal_in
from bot.epay.search import Query, written
from bot.errors import UsageError
from bot.model import MICROSECOND, Terminal, TerminalId, Window

SAMAL = Terminal(TerminalId(TERMINAL.tid), TERMINAL.name, TERMINAL.uuid)
DOSTYK = Terminal(TerminalId(OTHER_TERMINAL.tid), OTHER_TERMINAL.name, OTHER_TERMINAL.uuid)
NUMBER_ONLY = Terminal(TerminalId(TERMINAL.tid), TERMINAL.name)


@pytest.mark.parametrize(
    ("method", "values"),
    [
        ("between", ("1",)),
        ("between", ("1", "2", "3")),
        ("like", ("77",)),
        ("like", ("%7", "%8")),
        ("like", ()),
        ("in", ()),
        ("=", ()),
        ("=", ("1", "2")),
        ("<", ("1", "2")),
        (">", ()),
        ("<=", ("1", "2")),
        (">=", ()),
    ],
)
def test_a_wrong_number_of_values_never_leaves(method: str, values: tuple[str, ...]) -> None:
    with pytest.raises(UsageError):
        Filter("account", method, values)


@pytest.mark.parametrize(("name", "method"), [("amount", "="), ("account", "is"), ("", "=")])
def test_the_bank_knows_no_other_searches(name: str, method: str) -> None:
    with pytest.raises(ValueError, match="no such search"):
        Filter(name, method, ("1",))


def test_a_search_always_has_a_period_and_a_total_order() -> None:
    body = Query(HOUR, (Filter("invoice", "in", ("1", "2")),)).body(Dialect(date_field="created_date"), 500)
    assert body == {
        "paging": {"page": 0, "size": 500},
        "searchParameters": [
            {
                "name": "created_date",
                "method": "between",
                "searchParameter": ["2026-11-20T11:00:00Z", "2026-11-20T12:00:00Z"],
            },
            {"name": "invoice_id", "method": "in", "searchParameter": ["1", "2"]},
        ],
        "orderParameters": [
            {"field": "created_date", "typeOrder": "ASC"},
            {"field": "id", "typeOrder": "ASC"},
        ],
    }


def test_an_instant_is_written_in_utc_with_a_fraction_only_where_there_is_one() -> None:
    almaty = timezone(timedelta(hours=5))
    assert written(datetime(2026, 11, 20, 17, 0, tzinfo=almaty)) == "2026-11-20T12:00:00Z"
    assert written(datetime(2026, 11, 20, 12, 0, 0, 5, tzinfo=UTC)) == "2026-11-20T12:00:00.000005Z"


async def test_every_method_finds_what_it_says() -> None:
    async with open_stage() as stage:
        for account in ("100", "177", "205", "277"):
            stage.world.add(
                SHOP.id, TERMINAL.tid, 1, created_at=HOUR.start, account_id=account, invoice_id=f"9{account}"
            )

        async def found(*filters: Filter) -> set[str]:
            return {row.account_id for row in (await stage.client.read(HOUR, *filters)).operations}

        assert await found(Filter("account", "=", ("177",))) == {"177"}
        assert await found(Filter("account", "in", ("100", "277"))) == {"100", "277"}
        assert await found(Filter("account", "like", ("%77",))) == {"177", "277"}
        assert await found(Filter("account", "between", ("177", "205"))) == {"177", "205"}
        assert await found(Filter("account", ">", ("177",))) == {"205", "277"}
        assert await found(Filter("account", ">=", ("177",)), Filter("account", "<", ("277",))) == {"177", "205"}
        assert await found(Filter("account", "<=", ("100",))) == {"100"}
        assert await found(Filter("invoice", "=", ("9205",))) == {"205"}
        assert await found(Filter("created", ">", (written(HOUR.start),))) == set()
        assert await found(contains("account", "77"), Filter("invoice", "like", ("92%",))) == {"277"}


@pytest.mark.parametrize("escape", ["none", "backslash"])
async def test_a_persons_own_signs_do_not_widen_a_search(escape: str) -> None:
    names = ("50%_x", "50aax", "5_0", "595_", "510", "a\\b", "a\\\\b", "ab", "A\\B", "%", "Жібек")
    async with open_stage(Switches(like_escape=escape)) as stage:
        for name in names:
            stage.world.add(SHOP.id, TERMINAL.tid, 1, created_at=HOUR.start, account_id=name)

        async def found(one: Filter) -> set[str]:
            reading = await stage.client.read(HOUR, one)
            assert await stage.client.count(HOUR, one) == reading.total
            return {row.account_id for row in reading.operations}

        assert await found(contains("account", "%_")) == {"50%_x"}
        assert await found(contains("account", "_0")) == {"5_0"}
        assert await found(contains("account", "%")) == {"50%_x", "%"}
        assert await found(starts_with("account", "5_")) == {"5_0"}
        assert await found(starts_with("account", "50")) == {"50%_x", "50aax"}
        assert await found(contains("account", "\\b")) >= {"a\\b", "a\\\\b"}
        assert await found(contains("account", "ібек")) == {"Жібек"}
        assert await found(contains("account", "")) == set(names)


@given(st.text(max_size=12))
def test_what_is_looked_for_is_always_admitted(text: str) -> None:
    for one in (contains("invoice", text), starts_with("invoice", text)):
        assert "_" not in one.values[0]
        assert "\\" not in one.values[0]
        assert one.values[0].endswith("%")


@pytest.mark.parametrize("wanted", ["tid", "uuid"])
async def test_terminals_are_found_by_whichever_id_the_bank_means(wanted: str) -> None:
    async with open_stage(Switches(terminal_filter=wanted)) as stage:
        stage.add(3)
        stage.world.add(SHOP.id, DOSTYK.id, 50, created_at=HOUR.start)
        reading = await stage.client.read(HOUR, terminal_in(SAMAL))
        assert {row.terminal_id for row in reading.operations} == {SAMAL.id}
        assert (reading.total, stage.client.dialect.terminal_filter) == (3, wanted)
        before = stage.searches
        assert await stage.client.count(HOUR, terminal_in(SAMAL, DOSTYK)) == 4
        assert stage.searches == before + 1


@pytest.mark.parametrize("wanted", ["tid", "uuid"])
async def test_a_terminal_known_by_number_only_is_never_just_empty(wanted: str) -> None:
    async with open_stage(Switches(terminal_filter=wanted)) as stage:
        stage.add(3)
        stage.world.add(SHOP.id, DOSTYK.id, 50, created_at=HOUR.start)
        for _ in range(2):
            assert (await stage.client.read(HOUR, terminal_in(NUMBER_ONLY))).total == 3
            assert await stage.client.count(HOUR, terminal_in(NUMBER_ONLY)) == 3
        assert stage.client.dialect.terminal_filter == wanted


async def test_a_terminal_without_operations_settles_nothing() -> None:
    async with open_stage() as stage:
        assert (await stage.client.read(HOUR, terminal_in(SAMAL))).total == 0
        assert stage.client.dialect.terminal_filter is None


async def test_a_terminal_number_the_bank_refuses_is_asked_by_the_other_id() -> None:
    async with open_stage(Switches(terminal_filter="uuid")) as stage:
        stage.add(3)
        await stage.client.verify()
        stage.bank.faults.next("list", *[Fault.error_in_200()] * 5)
        reading = await stage.client.read(Window(HOUR.start, HOUR.start + HOUR.span / 2), terminal_in(SAMAL))
        assert (reading.total, stage.client.dialect.terminal_filter) == (3, "uuid")


async def test_a_bank_that_ignores_a_filter_is_seen_through() -> None:
    async with open_stage(Switches(terminal_filter="uuid")) as stage:
        stage.add(2)
        stage.world.add(SHOP.id, DOSTYK.id, 50, created_at=HOUR.start + MICROSECOND)
        client = stage.new_client(terminal_filter="uuid")
        reading = await client.read(HOUR, terminal_in(NUMBER_ONLY))
        assert [row.terminal_id for row in reading.operations] == [SAMAL.id] * 2
        assert (await client.read(Window(HOUR.start, HOUR.start + MICROSECOND), terminal_in(DOSTYK))).total == 0
