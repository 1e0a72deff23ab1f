"""Operations found by what a person knows of them, each look-up by an index."""

from datetime import timedelta

import pytest
from builders import BAKERY, NOW, SHOP, an_operation, minutes, paid, refunded
from databases import SQLITE
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.model import Change, Clues, Operation, OperationId, Outcome, Window
from bot.store import lookups, operations
from bot.store.driver import Connection

LONG_AGO = NOW - timedelta(days=400)


def keep(db: Connection, *shown: Operation, at: timedelta = timedelta()) -> None:
    for merchant_id in {one.merchant_id for one in shown}:
        theirs = [one for one in shown if one.merchant_id == merchant_id]
        operations.apply(db, merchant_id, theirs, history_before=LONG_AGO, now=NOW + at)


def found(db: Connection, limit: int = 8, **clues: object) -> list[str]:
    matches = lookups.list_matches(db, SHOP, Clues(shown="", **clues), limit=limit)  # type: ignore[arg-type]
    return [operation.id for operation in matches.operations]


ROW = {
    "invoice_id": "SHOP-000123456",
    "reference": "112233447719",
    "sender_card": "9821",
    "receiver_card": "1187",
    "amount": 2_500_050,
}


@pytest.mark.parametrize(
    ("clues", "fits"),
    [
        ({"parts": ("SHOP-0001",)}, True),
        ({"parts": ("3456",)}, True),
        ({"parts": ("123456",)}, True),
        ({"parts": ("-000123456",)}, True),
        ({"parts": ("SHOP-000123456",)}, True),
        ({"parts": ("shop", "SHOP")}, True),
        ({"parts": ("1-000123456",)}, False),
        ({"parts": ("xSHOP-000123456",)}, False),
        ({"parts": ("0123",)}, False),
        ({"parts": ("%",)}, False),
        ({"parts": ("___",)}, False),
        ({"card": "9821"}, True),
        ({"card": "1187"}, True),
        ({"card": "8211"}, False),
        ({"reference": "112233447719"}, True),
        ({"reference": "11223344771"}, False),
        ({"amount": 2_500_050}, True),
        ({"amount": 2_500_000}, False),
        ({}, False),
    ],
    ids=str,
)
def test_an_operation_is_found_by_any_one_clue(db: Connection, clues: dict[str, object], fits: bool) -> None:
    keep(db, an_operation("it", **ROW), an_operation("other", sender_card="0000", reference="1"))
    keep(db, an_operation("theirs", merchant_id=BAKERY, **ROW))
    assert found(db, **clues) == (["it"] if fits else [])


def test_an_invoice_comes_once_as_its_newest_attempt_that_fits_and_the_asked_one_not_at_all(db: Connection) -> None:
    keep(db, *(an_operation(f"{n}", invoice_id="A", created_at=NOW - minutes(n)) for n in range(3)))
    keep(
        db, an_operation("asked", invoice_id="15000"), an_operation("bare", invoice_id="", created_at=NOW - minutes(9))
    )
    assert found(db, amount=15_000, invoice="15000", parts=("15000",)) == ["0", "bare"]


def test_all_are_counted_and_the_newest_are_shown(db: Connection) -> None:
    many = [an_operation(f"{n:03}", created_at=NOW - minutes(n)) for n in range(lookups.COUNTED)]
    keep(db, *many[1:])
    matches = lookups.list_matches(db, SHOP, Clues(shown="", amount=15_000), limit=3)
    assert [operation.id for operation in matches.operations] == ["001", "002", "003"]
    assert (matches.total, matches.uncounted) == (lookups.COUNTED - 1, False)
    keep(db, many[0])
    assert lookups.list_matches(db, SHOP, Clues(shown="", amount=15_000), limit=3).uncounted


invoices = st.text(st.sampled_from("0123-aЯ"), min_size=1, max_size=12)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sets(invoices, max_size=12), invoices)
def test_the_ends_of_an_invoice_are_found_like_a_reader_would(db: Connection, known: set[str], part: str) -> None:
    db.run("DELETE FROM operation")
    db.run("DELETE FROM invoice")
    keep(db, *(an_operation(one, invoice_id=one) for one in known))
    expected = {one for one in known if one.startswith(part) or one.endswith(part)}
    assert set(found(db, parts=(part,), limit=99)) == expected


@pytest.mark.parametrize("engine", [SQLITE], indirect=True)
def test_every_look_up_goes_by_an_index(db: Connection) -> None:
    clues = Clues(shown="", parts=("12",), card="1187", reference="112233", amount=1)
    plans = [
        row["detail"]
        for condition, values in lookups.conditions(clues)
        for row in db.rows(f"EXPLAIN QUERY PLAN {lookups.KEYS}{condition}", merchant_id=SHOP, limit=9, **values)
    ]
    used = [plan.split("USING INDEX ")[1].split(" ")[0] for plan in plans if "USING INDEX" in plan]
    assert used == [
        "operation_by_invoice",
        "operation_by_invoice_tail",
        "operation_by_sender_card",
        "operation_by_receiver_card",
        "operation_by_reference",
        "operation_by_amount",
    ]
    assert len(plans) == len(used), "something is sorted or scanned"


def test_the_past_of_an_operation_is_its_changes_and_whether_the_bank_still_lists_it(db: Connection) -> None:
    first = an_operation("a", outcome=Outcome.UNDECIDED)
    keep(db, first, an_operation("b"))
    keep(db, paid(first), at=minutes(3))
    keep(db, refunded(first), at=minutes(5))
    operations.mark_missing(db, SHOP, Window(NOW, NOW + minutes(1)), ["a"], NOW)
    past = lookups.past_of(db, SHOP, [OperationId("a"), OperationId("b")])
    assert past.missing == {"b"}
    assert past.changes == {
        "a": (
            Change(NOW + minutes(3), Outcome.UNDECIDED, Outcome.PAID, 15_000, 15_000),
            Change(NOW + minutes(5), Outcome.PAID, Outcome.REFUNDED, 15_000, 15_000),
        )
    }
