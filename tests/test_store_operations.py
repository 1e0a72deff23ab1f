"""What a reading of the bank makes of the stored operations."""

from dataclasses import replace
from datetime import timedelta

import pytest
from builders import BAKERY, NOW, SHOP, an_operation, failed, hours, minutes, paid, refunded
from databases import changed_rows

from bot.model import Operation, OperationId, Outcome, ReasonClass, Transition, Window, to_micros
from bot.store import operations
from bot.store.driver import Connection, Row
from bot.store.operations import Applied

LONG_AGO = NOW - timedelta(days=400)
FULL = an_operation(
    "whole",
    outcome=Outcome.FAILED,
    code="05",
    reason="Insufficient funds",
    reference="000000000042",
    account_id="client-7",
    description="Ө & <b> %",
    sender_card="9821",
    sender_brand="VISA",
    sender_issuer="Halyk",
    receiver_card="3957",
    receiver_brand="MasterCard",
    receiver_issuer="Kaspi",
    payer_name="ALMA",
    payer_phone="+7701",
    payer_email="a@example.kz",
)


def apply(db: Connection, *shown: Operation, at: timedelta = timedelta()) -> Applied:
    return operations.apply(db, SHOP, shown, history_before=LONG_AGO, now=NOW + at)


def row_of(db: Connection, operation_id: str) -> dict[str, object]:
    row = db.row("SELECT * FROM operation WHERE id = :id", id=operation_id)
    assert row is not None
    return dict(row)


def changes(db: Connection) -> list[Row]:
    return db.rows("SELECT * FROM operation_change ORDER BY at")


def test_a_new_operation_is_stored_whole(db: Connection) -> None:
    assert apply(db, FULL) == Applied((Transition(None, FULL),), ())
    assert operations.list_by_invoice(db, SHOP, FULL.invoice_id) == [FULL]
    row = row_of(db, "whole")
    assert (row["first_seen_at"], row["recheck_at"], row["missing_at"]) == (to_micros(NOW), None, None)
    assert changes(db) == []


def test_the_same_again_writes_nothing(db: Connection) -> None:
    apply(db, FULL, an_operation("other", outcome=Outcome.UNDECIDED))
    before = changed_rows(db)
    shown = (FULL, an_operation("other", outcome=Outcome.UNDECIDED))
    assert apply(db, *shown, at=minutes(5)) == Applied((), ())
    assert changed_rows(db) == before


def test_a_change_is_stored_with_what_was_before(db: Connection) -> None:
    first = an_operation(outcome=Outcome.UNDECIDED)
    apply(db, first)
    after = failed(first)
    assert apply(db, after, at=minutes(3)) == Applied((Transition(first, after),), ())
    assert operations.list_by_invoice(db, SHOP, first.invoice_id) == [after]
    assert row_of(db, "op-1")["first_seen_at"] == to_micros(NOW)
    assert [tuple(dict(row).values()) for row in changes(db)] == [
        ("shop", "op-1", to_micros(NOW + minutes(3)), "undecided", "failed", "NEW", "error", 15_000, 15_000, 484)
    ]


@pytest.mark.parametrize(
    ("stored", "shown"),
    [
        (Outcome.FAILED, Outcome.UNDECIDED),
        (Outcome.PAID, Outcome.UNDECIDED),
        (Outcome.PAID, Outcome.FAILED),
        (Outcome.REFUNDED, Outcome.PAID),
        (Outcome.REFUNDED, Outcome.UNDECIDED),
    ],
)
def test_an_answer_of_a_lower_rank_is_refused_as_stale(db: Connection, stored: Outcome, shown: Outcome) -> None:
    known = an_operation(outcome=stored)
    apply(db, known)
    stale = replace(an_operation(outcome=shown), amount=1)
    assert apply(db, stale) == Applied((), (OperationId("op-1"),))
    assert operations.list_by_invoice(db, SHOP, known.invoice_id) == [known]


def test_an_operation_told_twice_in_one_reading_is_one_operation_in_its_furthest_state(db: Connection) -> None:
    first = an_operation(outcome=Outcome.UNDECIDED)
    applied = operations.apply(db, SHOP, [first, failed(first), first], history_before=NOW + hours(1), now=NOW)
    assert applied == Applied((Transition(None, failed(first), history=True),), ())
    assert operations.list_by_invoice(db, SHOP, first.invoice_id) == [failed(first)]
    assert changes(db) == []


def test_the_time_of_creation_stays_the_first_one_told(db: Connection) -> None:
    apply(db, an_operation())
    moved = an_operation(created_at=NOW + minutes(1))
    assert apply(db, moved) == Applied((), ())
    apply(db, refunded(moved))
    assert operations.list_by_invoice(db, SHOP, "invoice of op-1") == [refunded(an_operation())]


def test_a_change_of_text_alone_is_kept(db: Connection) -> None:
    apply(db, an_operation())
    told = an_operation(description="a better description")
    assert apply(db, told).transitions == (Transition(an_operation(), told),)
    assert operations.list_by_invoice(db, SHOP, told.invoice_id) == [told]


def test_an_operation_never_seen_from_before_the_watch_is_history(db: Connection) -> None:
    old, new = an_operation("old", created_at=NOW - minutes(1)), an_operation("new")
    applied = operations.apply(db, SHOP, [old, new], history_before=NOW, now=NOW)
    assert [(t.after.id, t.history) for t in applied.transitions] == [("old", True), ("new", False)]


def test_merchants_may_have_the_same_ids(db: Connection) -> None:
    theirs = an_operation(merchant_id=BAKERY, amount=1)
    apply(db, an_operation())
    operations.apply(db, BAKERY, [theirs], history_before=LONG_AGO, now=NOW)
    assert operations.list_by_invoice(db, SHOP, "invoice of op-1") == [an_operation()]
    assert operations.list_by_invoice(db, BAKERY, "invoice of op-1") == [theirs]


def test_a_reading_of_thousands_is_compared_whole(db: Connection) -> None:
    many = [an_operation(f"op-{number}", created_at=NOW + timedelta(seconds=number)) for number in range(1203)]
    apply(db, *many)
    changed = refunded(many[1100])
    applied = apply(db, *many[:1100], changed, *many[1101:])
    assert applied.transitions == (Transition(many[1100], changed),)


def test_attempts_of_an_invoice_come_newest_first(db: Connection) -> None:
    attempts = [
        an_operation(f"attempt {number}", invoice_id="7", created_at=NOW + minutes(number)) for number in range(3)
    ]
    apply(db, attempts[1], attempts[0], attempts[2], an_operation("another"))
    assert operations.list_by_invoice(db, SHOP, "7") == attempts[::-1]


@pytest.mark.parametrize(
    ("age", "wait"),
    [
        (timedelta(), timedelta(seconds=30)),
        (timedelta(seconds=-90), timedelta(seconds=30)),
        (minutes(10), minutes(5)),
        (hours(1), minutes(30)),
        (timedelta(days=6, hours=23), minutes(30)),
        (timedelta(days=7, seconds=1), None),
    ],
)
def test_the_undecided_are_looked_at_again_ever_more_seldom_for_a_week(
    db: Connection, age: timedelta, wait: timedelta | None
) -> None:
    apply(db, an_operation(outcome=Outcome.UNDECIDED, created_at=NOW - age))
    assert row_of(db, "op-1")["recheck_at"] == (None if wait is None else to_micros(NOW + wait))


def test_what_is_due_comes_longest_waiting_first_and_no_more_than_asked(db: Connection) -> None:
    young = an_operation("young", outcome=Outcome.UNDECIDED)
    older = an_operation("older", outcome=Outcome.UNDECIDED, created_at=NOW - hours(5))
    apply(db, older, young, an_operation("decided"))
    assert operations.list_to_recheck(db, SHOP, NOW + timedelta(seconds=29), 50) == []
    assert operations.list_to_recheck(db, SHOP, NOW + timedelta(seconds=30), 50) == [young]
    assert operations.list_to_recheck(db, SHOP, NOW + hours(1), 50) == [young, older]
    assert operations.list_to_recheck(db, SHOP, NOW + hours(1), 1) == [young]
    assert operations.list_to_recheck(db, BAKERY, NOW + hours(1), 50) == []


def test_what_was_looked_at_is_put_off_unless_it_is_decided(db: Connection) -> None:
    one, two = (an_operation(key, outcome=Outcome.UNDECIDED) for key in ("one", "two"))
    apply(db, one, two)
    due = operations.list_to_recheck(db, SHOP, NOW + minutes(2), 50)
    apply(db, paid(one), at=minutes(2))
    operations.put_off_recheck(db, due, NOW + minutes(2))
    assert row_of(db, "one")["recheck_at"] is None
    assert row_of(db, "two")["recheck_at"] == to_micros(NOW + minutes(3))


def test_the_count_of_a_window_is_half_open_and_of_one_merchant(db: Connection) -> None:
    for number in range(4):
        apply(db, an_operation(f"op-{number}", created_at=NOW + minutes(number)))
    assert operations.count_in(db, SHOP, Window(NOW + minutes(1), NOW + minutes(3))) == 2
    assert operations.count_in(db, BAKERY, Window(NOW, NOW + hours(1))) == 0


def test_what_the_bank_no_longer_lists_is_missing_until_it_comes_back(db: Connection) -> None:
    window = Window(NOW, NOW + minutes(10))
    first, second = an_operation("first"), an_operation("second", created_at=NOW + minutes(1))
    outside = an_operation("outside", created_at=NOW + minutes(10))
    apply(db, first, second, outside)
    assert operations.mark_missing(db, SHOP, window, [first.id], NOW) == [second.id]
    assert operations.mark_missing(db, SHOP, window, [first.id], NOW + minutes(1)) == []
    assert row_of(db, "second")["missing_at"] == to_micros(NOW)
    assert operations.count_in(db, SHOP, window) == 1
    assert operations.mark_missing(db, SHOP, window, [first.id, second.id], NOW) == []
    assert operations.count_in(db, SHOP, window) == 2
    assert row_of(db, "outside")["missing_at"] is None


def test_a_changed_operation_is_not_missing_any_more(db: Connection) -> None:
    apply(db, an_operation())
    operations.mark_missing(db, SHOP, Window(NOW, NOW + minutes(1)), [], NOW)
    apply(db, refunded(an_operation()))
    assert row_of(db, "op-1")["missing_at"] is None


def test_a_reason_class_survives_the_store(db: Connection) -> None:
    shown = [
        an_operation(str(known), outcome=Outcome.FAILED, invoice_id=str(known), reason_class=known)
        for known in (None, *ReasonClass)
    ]
    apply(db, *shown)
    assert [operations.list_by_invoice(db, SHOP, one.invoice_id) for one in shown] == [[one] for one in shown]


def test_terminals_come_busiest_first_and_only_those_of_late(db: Connection) -> None:
    apply(
        db,
        an_operation("1", terminal_id="A"),
        an_operation("2", terminal_id="B"),
        an_operation("3", terminal_id="B"),
        an_operation("4", terminal_id="C", created_at=NOW - timedelta(days=60)),
    )
    assert operations.list_terminals(db, SHOP, NOW - timedelta(days=30)) == ["B", "A"]
    assert operations.list_terminals(db, BAKERY, NOW - timedelta(days=30)) == []


def test_an_operation_whose_time_the_bank_corrects_by_months_stays_one(db: Connection) -> None:
    def keep(*shown: Operation) -> tuple[Transition, ...]:
        return operations.apply(db, SHOP, shown, history_before=NOW - timedelta(days=999), now=NOW).transitions

    other, before = an_operation("y"), an_operation("x", created_at=NOW - timedelta(days=100))
    keep(before, other)
    (moved,) = keep(an_operation("x", created_at=NOW - timedelta(days=10), amount=7), other)
    assert (moved.before, moved.after) == (before, replace(before, amount=7))
    assert [(row["id"], row["amount"]) for row in db.rows("SELECT id, amount FROM operation ORDER BY id")] == [
        ("x", 7),
        ("y", other.amount),
    ]
