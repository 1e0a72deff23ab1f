"""Stored sums equal a recount of the rows, whatever the bank shows in whatever order."""

from collections import Counter, defaultdict
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from builders import BAKERY, DOSTYK, NOW, SAMAL, SHOP, an_operation, failed, hours, minutes, paid, refunded
from clocks import Clock
from databases import undone
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.model import Operation, Outcome, from_micros, to_micros
from bot.recounting import Recounting
from bot.store import operations, recount
from bot.store.driver import Connection, Store
from bot.store.rollups import HOUR
from bot.vitals import Vitals

Invoices = dict[tuple[str, str], tuple[object, ...]]


def apply(db: Connection, *shown: Operation) -> None:
    merchant_id = shown[0].merchant_id
    operations.apply(db, merchant_id, shown, history_before=NOW - timedelta(days=400), now=NOW)


def stored_invoices(db: Connection) -> Invoices:
    rows = db.rows("SELECT merchant_id, invoice_id, first_at, terminal_id, currency, outcome FROM invoice")
    return {(row["merchant_id"], row["invoice_id"]): tuple(dict(row).values())[2:] for row in rows}


def recounted_invoices(db: Connection) -> Invoices:
    """The first attempt's place and the furthest outcome of all attempts, from the operations alone."""
    attempts = defaultdict(list)
    for row in db.rows("SELECT * FROM operation WHERE invoice_id <> '' ORDER BY created_at, id"):
        attempts[row["merchant_id"], row["invoice_id"]].append(row)
    return {
        invoice: (
            rows[0]["created_at"],
            rows[0]["terminal_id"],
            rows[0]["currency"],
            max((Outcome(row["outcome"]) for row in rows), key=lambda outcome: outcome.rank),
        )
        for invoice, rows in attempts.items()
    }


def assert_sums_are_right(db: Connection) -> None:
    assert recount.list_differences(db) == []
    assert stored_invoices(db) == recounted_invoices(db)


def test_an_operation_counts_in_its_minute_its_hour_and_its_invoices_hour(db: Connection) -> None:
    at = NOW + timedelta(minutes=7, seconds=30, microseconds=1)
    apply(db, an_operation(outcome=Outcome.FAILED, created_at=at, amount=12_345))
    [minute], [hour], [invoice] = (
        [tuple(dict(row).values()) for row in db.rows(f"SELECT * FROM {table}")]
        for table in ("rollup_minute", "rollup_hour", "rollup_invoice")
    )
    whole_hour = to_micros(NOW)
    assert minute == ("shop", to_micros(NOW + minutes(7)), SAMAL, "KZT", "failed", 1, 12_345)
    assert hour == ("shop", whole_hour, SAMAL, "KZT", "failed", 484, 1, 12_345)
    assert invoice == ("shop", whole_hour, SAMAL, "KZT", "failed", 1)


def test_a_change_leaves_its_old_place(db: Connection) -> None:
    first = an_operation(outcome=Outcome.UNDECIDED)
    apply(db, first)
    apply(db, failed(first))
    apply(db, replace(failed(first, code=455), amount=100))
    kept = db.rows("SELECT outcome, reason_code, count, sum FROM rollup_hour WHERE count <> 0")
    assert [tuple(dict(row).values()) for row in kept] == [("failed", 455, 1, 100)]
    assert_sums_are_right(db)


def test_an_invoice_of_several_attempts_is_paid_when_one_of_them_is(db: Connection) -> None:
    first = an_operation("1", outcome=Outcome.FAILED, invoice_id="7")
    second = an_operation("2", invoice_id="7", created_at=NOW + minutes(2), terminal_id=DOSTYK)
    apply(db, first)
    apply(db, second)
    apply(db, an_operation("3", outcome=Outcome.FAILED, invoice_id="7", created_at=NOW + minutes(4)))
    assert stored_invoices(db) == {(SHOP, "7"): (to_micros(NOW), SAMAL, "KZT", "paid")}
    assert_sums_are_right(db)


def test_history_read_later_moves_the_first_attempt(db: Connection) -> None:
    apply(db, an_operation("late", outcome=Outcome.FAILED, invoice_id="7"))
    earlier = NOW - hours(3)
    apply(db, an_operation("early", invoice_id="7", created_at=earlier, terminal_id=DOSTYK))
    assert stored_invoices(db) == {(SHOP, "7"): (to_micros(earlier), DOSTYK, "KZT", "paid")}
    counted = db.rows("SELECT start_at, terminal_id, outcome, count FROM rollup_invoice WHERE count <> 0")
    assert [tuple(dict(row).values()) for row in counted] == [(to_micros(earlier), DOSTYK, "paid", 1)]


def test_operations_without_an_invoice_are_no_invoice(db: Connection) -> None:
    apply(db, an_operation("1", invoice_id=""), an_operation("2", invoice_id=""))
    assert stored_invoices(db) == {}
    assert_sums_are_right(db)


def test_an_operation_that_changes_its_invoice_leaves_none_behind(db: Connection) -> None:
    first, second = an_operation("1", invoice_id="7"), an_operation("2", invoice_id="7", created_at=NOW + hours(1))
    apply(db, first, second)
    apply(db, replace(first, invoice_id="8"))
    apply(db, replace(second, terminal_id=DOSTYK))
    assert_sums_are_right(db)
    apply(db, replace(second, invoice_id=""))
    assert stored_invoices(db) == {(SHOP, "8"): (to_micros(NOW), SAMAL, "KZT", "paid")}
    assert_sums_are_right(db)


def test_differences_are_named(db: Connection) -> None:
    apply(db, an_operation())
    assert recount.list_differences(db) == []
    db.run("UPDATE rollup_hour SET sum = sum + 1")
    db.run("UPDATE rollup_invoice SET count = 2")
    assert recount.list_differences(db) == ["rollup_hour", "rollup_invoice"]
    db.run("UPDATE rollup_minute SET count = 0")
    assert recount.list_differences(db) == ["rollup_minute", "rollup_hour", "rollup_invoice"]


def test_only_the_stretch_that_differs_is_made_anew(db: Connection) -> None:
    days = [an_operation(str(day), created_at=NOW - timedelta(days=day)) for day in range(0, 70, 7)]
    apply(db, *days, failed(an_operation("f", invoice_id="7")))
    apply(db, an_operation("other", merchant_id=BAKERY))
    stretches = recount.list_stretches(db, NOW)
    assert [one.merchant_id for one in stretches] == [BAKERY, SHOP, SHOP, SHOP]
    assert [recount.list_differences(db, one) for one in stretches] == [[], [], [], []]
    (oldest,) = db.rows("SELECT MIN(start_at) AS at FROM rollup_hour")
    for damage in ("UPDATE rollup_hour SET sum = sum + 1", "UPDATE rollup_minute SET count = 9"):
        db.run(f"{damage} WHERE start_at = :at", at=oldest["at"])
    db.run("DELETE FROM rollup_invoice WHERE start_at = :at", at=oldest["at"])
    damaged = ["rollup_minute", "rollup_hour", "rollup_invoice"]
    assert [recount.list_differences(db, one) for one in stretches] == [[], damaged, [], []]
    assert recount.rebuild(db, stretches[1]) == damaged
    assert_sums_are_right(db)


async def test_each_night_damaged_sums_are_found_repaired_logged_and_counted(
    store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    almaty, vitals, clock = ZoneInfo("Asia/Almaty"), Vitals(), Clock(datetime(2026, 11, 20, 22, 30, tzinfo=UTC))
    await store.write(apply, an_operation())
    recounting = Recounting(store, vitals, zone=almaty, now=clock)
    await store.write(lambda db: db.run("UPDATE rollup_total SET sum = 1"))
    await recounting.step()
    assert await store.read(recount.list_differences) == ["rollup_total"]
    clock.at += hours(1)
    await recounting.step()
    assert await store.read(recount.list_differences) == []
    assert [record.getMessage().partition(" in ")[0] for record in caplog.records] == [
        "shop: rollup_total did not equal a recount"
    ]
    assert b'epay_bot_sums_rebuilt_total{table="rollup_total"} 1.0' in vitals.exposition()
    await store.write(lambda db: db.run("UPDATE rollup_total SET sum = 1"))
    clock.at += hours(1)
    await recounting.step()
    assert await store.read(recount.list_differences) == ["rollup_total"]


_STATES = (lambda operation: operation, failed, paid, refunded, lambda operation: failed(operation, 455))
SHOWN = st.builds(
    lambda key, state, move, change: replace(
        _STATES[state](
            an_operation(
                f"op-{key}",
                merchant_id=BAKERY if move == 0 else SHOP,
                outcome=Outcome.UNDECIDED,
                # No two attempts at the same instant: which of them is the first would be anybody's guess.
                created_at=NOW + minutes(key * 17 % 180),
                invoice_id="" if key % 4 == 0 else str(move if move > 7 else key % 3),
                terminal_id=(SAMAL, DOSTYK)[(key + (move == 7)) % 2],
                currency="USD" if key == 5 else "KZT",
            )
        ),
        amount=100 + change,
    ),
    key=st.integers(0, 8),
    state=st.integers(0, len(_STATES) - 1),
    move=st.integers(0, 9),
    change=st.integers(0, 2),
)


@settings(max_examples=150, deadline=None)
@given(readings=st.lists(st.lists(SHOWN, max_size=6), max_size=8))
def test_sums_equal_a_recount_after_any_readings(shared: Connection, readings: list[list[Operation]]) -> None:
    with undone(shared):
        for reading in readings:
            for merchant_id in (SHOP, BAKERY):
                shown = [one for one in reading if one.merchant_id == merchant_id]
                operations.apply(shared, merchant_id, shown, history_before=NOW, now=NOW)
            assert_sums_are_right(shared)


@settings(max_examples=100, deadline=None)
@given(shown=st.lists(SHOWN, max_size=12), data=st.data())
def test_the_order_of_readings_and_their_repetition_change_nothing(
    shared: Connection, shown: list[Operation], data: st.DataObject
) -> None:
    """P9: every order ends in the highest rank with the same sums, if a rank always shows the same values."""
    home = {"merchant_id": SHOP, "terminal_id": SAMAL, "reason_code": 0}
    same = [
        replace(one, amount=100 + one.outcome.rank, invoice_id=one.id[-1] if "0" < one.id[-1] < "4" else "", **home)
        for one in shown
    ]
    orders = [same, data.draw(st.permutations(same)) + data.draw(st.permutations(same))]
    ends = []
    for order in orders:
        with undone(shared):
            for one in order:
                operations.apply(shared, SHOP, [one], history_before=NOW, now=NOW)
            tables = ("operation", "invoice", "rollup_minute", "rollup_hour", "rollup_invoice")
            ends.append([_contents(shared, table) for table in tables])
    assert ends[0] == ends[1]


def _contents(db: Connection, table: str) -> Counter[tuple[object, ...]]:
    kept = "WHERE count <> 0" if table.startswith("rollup") else ""
    return Counter(tuple(dict(row).values()) for row in db.rows(f"SELECT * FROM {table} {kept}"))


def test_a_micro_of_the_next_minute_is_the_next_minute(db: Connection) -> None:
    edge = from_micros(to_micros(NOW) // HOUR * HOUR)
    apply(db, an_operation("1", created_at=edge), an_operation("2", created_at=edge - timedelta(microseconds=1)))
    starts = [row["start_at"] for row in db.rows("SELECT start_at FROM rollup_minute ORDER BY 1")]
    assert starts == [to_micros(edge - minutes(1)), to_micros(edge)]
