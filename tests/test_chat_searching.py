"""A search asked at the bank and the same search on the store: one answer, whichever of them gives it."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from builders import an_operation
from test_chat_dispatch import BAKERY, GROUP, NOW, SHOP, Stage, open_stage

from bot.chat.commands import COMMANDS
from bot.chat.query.parsing import Reader
from bot.chat.searching import MOST, ROWS, Plan, bank_filter, search_live, search_stored
from bot.demo.bank import Fault
from bot.epay import Filter
from bot.model import (
    Calendar,
    Condition,
    Field,
    Merchant,
    MerchantId,
    Method,
    Operation,
    SearchReport,
    Terminal,
    TerminalId,
)
from bot.store import operations, sources
from bot.store.driver import Connection

HOUR = timedelta(hours=1)
SAMAL, DOSTYK = (terminal.tid for terminal in SHOP.terminals[:2])
PEOPLE = [
    {"name": "AIGERIM KASYMOVA", "account_id": "77", "sender_card_mask": "4003********9821"},
    {"name": "Данияр Ахметов", "account_id": "9977", "sender_card_mask": "400303...1187"},
    {"name": "", "account_id": "7%7", "sender_card_mask": "5169********0001"},
    {"name": "Әлия", "account_id": "7a7_", "receiver_card_mask": "4400********9821"},
]
OUTCOMES = [{"outcome": "failed", "reason_code": 484}, {"outcome": "failed", "reason_code": 455}, {}, {}, {}]
AMOUNTS = [100, "100.50", 5_000, 100_000, 184_500]


@pytest.fixture(scope="module")
async def stage(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    """Two shops with payments of eight days, all of them stored."""
    async with open_stage(tmp_path_factory.mktemp("searching"), SHOP, BAKERY) as stage:
        for number in range(48):
            stage.world.add(
                SHOP.id,
                (SAMAL, DOSTYK)[number % 3 == 0],
                AMOUNTS[number % 5],
                invoice_id=f"{1000 + number}",
                reference=f"{112233440000 + number}",
                created_at=NOW - (number + 1) * 4 * HOUR,
                **PEOPLE[number % 4],
                **OUTCOMES[number % 5],
            )
        stage.world.add(BAKERY.id, BAKERY.terminals[0].tid, 300, invoice_id="1001", created_at=NOW - HOUR)
        await stage.read_bank(NOW - timedelta(days=30))
        yield stage


def plan_of(stage: Stage, text: str) -> Plan:
    calendar = Calendar(ZoneInfo("Asia/Almaty"))
    search = Reader(stage.desk.merchants, calendar, NOW).read(text)
    return Plan.of(search, stage.desk.merchants, calendar, NOW)


SEARCHES = [
    "",
    "invoice=1001",
    "invoice in 1001,1002,1040",
    "invoice like 10_1%",
    "invoice like %4%",
    "invoice~02",
    "invoice~%5",
    "invoice~100%",
    "invoice<1010",
    "invoice<=1010",
    "invoice>1010",
    "invoice>=1010",
    "invoice between 1005 and 10105",
    "account=77",
    "account~77",
    "account~7%7",
    "account~%7_",
    "account like 7%",
    "account in 77,9977",
    "account>77",
    f"terminal={DOSTYK}",
    "terminal=Samal",
    "terminal in Samal,Dostyk",
    "terminal~9815",
    "terminal~Dos",
    "terminal like %5_",
    f"terminal>{SAMAL}",
    f"terminal<={SAMAL}",
    f"terminal between {SAMAL} and 99",
    "amount=100",
    "amount=100.50",
    "amount in 100,5000",
    "amount>=100 000",
    "amount<100.5",
    "amount>100.5 amount<=5000",
    "amount between 500 and 100",
    "status=failed",
    "status=paid|refunded",
    "reason=484",
    "reason in 455,payer",
    "reason=issuer",
    "card=9821",
    "card in 1187,0001",
    "rrn=112233440003",
    "rrn~%440003",
    "payer=aigerim",
    "payer~ахмет",
    "payer like Ә%",
    "today",
    "yesterday failed",
    "12h",
    "created in 2026-11-20,2026-11-22",
    "created like 2026-11-%",
    "created between 2026-11-20 08:00 and 2026-11-21 16:00",
    "from=2026-11-20 to=2026-11-21",
    "created<2026-11-20",
    "created>2026-11-22",
    "created=2027-01-01",
    "sort=amount,-created",
    "failed sort=-amount,invoice page=2",
    "sort=terminal,status,-account page=3",
]
MATCHES_NOTHING = {"created=2027-01-01"}


@pytest.mark.parametrize("text", SEARCHES)
async def test_the_bank_and_the_store_give_the_same_answer(stage: Stage, text: str) -> None:
    plan = plan_of(stage, text)
    live, stored = await search_live(stage.desk, plan), await search_stored(stage.desk, plan)
    assert (live.live, stored.live) == (True, False)
    assert shown(live) == shown(stored)
    assert bool(live.operations) is (text not in MATCHES_NOTHING)


def shown(report: SearchReport) -> tuple[object, ...]:
    return report.operations, report.currencies, report.page, report.pages, report.merchants


@pytest.mark.parametrize("method", Method)
@pytest.mark.parametrize("field", [Field.INVOICE, Field.ACCOUNT])
def test_every_filter_of_the_bank_can_be_asked_by_every_method(field: Field, method: Method) -> None:
    merchant = Merchant(MerchantId("shop"), "Shop", (Terminal(TerminalId("98151552"), "Samal-2"),))
    values = ("5%",) if method is Method.LIKE else ("5", "6")[: 1 + (method in {Method.BETWEEN, Method.IN})]
    asked = bank_filter(Condition(field, method, values), merchant)
    assert (asked.name, asked.method) == (field.value, _documented(method))


def _documented(method: Method) -> str:
    return "like" if method in {Method.CONTAINS, Method.STARTS, Method.ENDS} else method.value


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (Condition(Field.TERMINAL, Method.CONTAINS, ("9815",)), Filter("terminal", "in", ("98151552", "98151553"))),
        (Condition(Field.TERMINAL, Method.MORE, ("98151552",)), Filter("terminal", "in", ("98151553",))),
        (Condition(Field.TERMINAL, Method.LIKE, ("77%",)), Filter("terminal", "like", ("77%",))),
        (
            Condition(Field.INVOICE, Method.ENDS, ("7_%",)),
            Filter("invoice", "like", ("%7%%",), text="7_%", anchored="end"),
        ),
    ],
)
def test_terminals_are_picked_here_and_signs_of_a_person_widen_nothing(condition: Condition, expected: Filter) -> None:
    terminals = tuple(Terminal(TerminalId(number), number) for number in ("98151552", "98151553"))
    assert bank_filter(condition, Merchant(MerchantId("shop"), "Shop", terminals)) == expected


async def test_a_terminal_leaves_out_the_merchants_that_do_not_have_it(stage: Stage) -> None:
    assert [merchant.id for merchant in plan_of(stage, "terminal=Dostyk").merchants] == [SHOP.id]
    assert [merchant.id for merchant in plan_of(stage, "invoice=1001").merchants] == [SHOP.id, BAKERY.id]
    assert plan_of(stage, "terminal=Dostyk terminal=Abay").merchants == ()


async def test_a_page_behind_the_last_is_the_last(stage: Stage) -> None:
    report = await search_stored(stage.desk, plan_of(stage, "terminal=Samal page=400"))
    assert report.page == report.pages > 1
    assert 0 < len(report.operations) <= ROWS


async def test_what_is_too_much_to_read_comes_from_the_store_and_says_so(tmp_path: Path) -> None:
    async with open_stage(tmp_path, SHOP) as stage:
        rows = [
            an_operation(f"{number}", merchant_id=MerchantId(SHOP.id), created_at=NOW - HOUR, invoice_id=str(number))
            for number in range(MOST + 1)
        ]
        await stage.store.write(_keep, rows)
        await stage.hears(stage.owner, "/search 7d")
        assert "📦 Too much to ask the bank for" in stage.last().text
        assert "Found: 5\u00a0001 operations" in stage.last().text
        await stage.hears(stage.owner, "/search 7d invoice<400")
        assert "🟢 Live" in stage.last().text


def _keep(db: Connection, rows: list[Operation]) -> None:
    sources.begin(db, MerchantId(SHOP.id), NOW)
    operations.apply(db, MerchantId(SHOP.id), rows, history_before=NOW, now=NOW)
    sources.advance(db, MerchantId(SHOP.id), NOW)


@pytest.fixture
async def fresh(tmp_path: Path) -> AsyncIterator[Stage]:
    """A shop with 25 payments, a minute apart."""
    async with open_stage(tmp_path, SHOP) as stage:
        for number in range(25):
            at = NOW - (number + 1) * timedelta(minutes=1)
            stage.world.add(SHOP.id, SAMAL, 100 + number, invoice_id=f"N-{number:02}", created_at=at)
        await stage.read_bank(NOW - timedelta(days=1))
        yield stage


async def press(stage: Stage, label: str, chat_id: int = 5) -> str:
    shown = stage.last(chat_id)
    await stage.api.presses(stage.owner, shown, shown.data(label))
    await stage.work()
    await stage.dispatch.errands.done()
    assert stage.last(chat_id) is shown
    return shown.text


LONG_WORDS = "терминал=Samal сумма>=1 сумма<=100000 статус=оплачен created between yesterday and today"


@pytest.mark.parametrize("text", ["today", LONG_WORDS])
@pytest.mark.parametrize("chat_id", [5, GROUP])
async def test_pages_turn_in_place_and_keep_the_question(fresh: Stage, text: str, chat_id: int) -> None:
    await fresh.hears(fresh.owner, f"/search {text}", chat_id)
    first = fresh.last(chat_id).text
    assert "N-00" in first
    assert "N-09" in first
    assert "N-10" in await press(fresh, "▶", chat_id)
    assert "N-24" in await press(fresh, "▶", chat_id)
    assert [button["text"] for button in fresh.last(chat_id).buttons[0]] == ["◀", "3/3"]
    assert "N-19" in await press(fresh, "◀", chat_id)
    fresh.clock.at += timedelta(minutes=1)
    again = await press(fresh, "2/3", chat_id)
    assert ("N-10" in again, "14:01:00" in again) == (True, True)
    largest = await press(fresh, "💰 Largest first", chat_id)
    assert largest.index("N-24") < largest.index("N-15")
    assert all(len(button["callback_data"].encode()) <= 64 for row in fresh.last(chat_id).buttons for button in row)


async def test_a_slow_bank_is_not_waited_for(fresh: Stage) -> None:
    fresh.desk = replace(fresh.desk, prompt=timedelta())
    fresh.use(COMMANDS)
    await fresh.hears(fresh.owner, "/search invoice=N-01")
    await fresh.dispatch.errands.done()
    stored, live = [sent.text for sent in fresh.api.deliveries]
    assert ("I am asking the bank…" in stored, "🟢 Live from the bank" in live) == (True, True)
    assert ("N-01" in stored, "N-01" in live) == (True, True)


async def test_one_silent_bank_of_two_means_that_the_store_answers(tmp_path: Path) -> None:
    async with open_stage(tmp_path, SHOP, BAKERY) as stage:
        stage.bank.faults.always("list", Fault.server_error())
        await stage.hears(stage.owner, "/search invoice=1")
        assert "The bank does not answer, and nothing is stored yet" in stage.last().text


async def test_a_whole_card_number_is_not_said_again(fresh: Stage) -> None:
    await fresh.hears(fresh.owner, "/search card=4003 0300 1234 5678 today", GROUP)
    assert "4003" not in fresh.last(GROUP).text
