"""Incidents in the store: numbers people call them by, what they are about, their history, and what muted them."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from builders import BAKERY, DOSTYK, NOW, SAMAL, SHOP, an_incident, an_operation, failed, hours, minutes, paid

from bot.model import (
    EPOCH,
    Aftermath,
    Event,
    IncidentState,
    Mark,
    Member,
    Operation,
    Outcome,
    Rates,
    ReasonClass,
    Severity,
    Silence,
)
from bot.store import incidents, operations, silences
from bot.store.driver import Connection

AIGERIM = Mark(5, "Aigerim", NOW)


def stored(db: Connection, *shown: Operation) -> None:
    operations.apply(db, SHOP, shown, history_before=EPOCH, now=NOW)


def test_an_incident_comes_back_as_it_was_kept(db: Connection) -> None:
    incident = an_incident(severity=Severity.CRITICAL, count=3, acknowledged=AIGERIM, values={"error": "ә <b>", "n": 3})
    incidents.save(db, incident, NOW)
    assert incidents.list_open(db, SHOP) == [incident] == incidents.list_due(db, NOW)
    assert incidents.list_open(db, BAKERY) == []


def test_an_incident_of_an_older_version_can_be_read(db: Connection) -> None:
    """What it did not know yet has its default; what nobody knows any more is left out."""
    incidents.save(db, an_incident(), None)
    (row,) = db.rows("SELECT body FROM incident")
    body = json.loads(row["body"])
    for gone in ("flaps", "began_at", "free_since", "late"):
        del body[gone]
    db.run("UPDATE incident SET body = :body", body=json.dumps(body | {"forgotten": 1}))
    assert incidents.get(db, 1) == an_incident()


def test_a_new_state_replaces_the_old_one(db: Connection) -> None:
    incidents.save(db, an_incident(), NOW)
    later = an_incident(severity=Severity.CRITICAL, count=2, last_at=NOW + minutes(5))
    incidents.save(db, later, NOW + hours(1))
    assert incidents.list_open(db, SHOP) == [later]
    assert incidents.list_due(db, NOW + minutes(59)) == []


def test_numbers_go_on_over_merchants_and_after_the_end(db: Connection) -> None:
    assert incidents.next_number(db) == 1
    incidents.save(db, an_incident(1), None)
    incidents.save(db, an_incident(2, merchant_id=BAKERY, state=IncidentState.RESOLVED), None)
    assert incidents.next_number(db) == 3
    with pytest.raises(LookupError):
        incidents.get(db, 3)


def test_the_day_lists_what_is_open_and_what_failed_since(db: Connection) -> None:
    over = {"state": IncidentState.RESOLVED, "resolved_at": NOW}
    incidents.save(db, an_incident(1, last_at=NOW - hours(99)), None)
    incidents.save(db, an_incident(2, last_at=NOW - hours(25), **over), None)
    incidents.save(db, an_incident(3, last_at=NOW - hours(23), **over), None)
    assert [one.number for one in incidents.list_recent(db, SHOP, NOW - hours(24))] == [3, 1]


def test_its_operations_are_listed_by_pages_with_what_became_of_the_invoices(db: Connection) -> None:
    made = [
        failed(an_operation(f"op{number}", invoice_id=f"INV{number % 4}", created_at=NOW - minutes(number)))
        for number in range(6)
    ]
    stored(db, *made)
    incidents.note_operations(db, 1, [(SHOP, one.id) for one in made])
    stored(db, paid(an_operation("again", invoice_id="INV1")))
    assert [one.id for one, _ in incidents.list_operations(db, 1, limit=2, offset=2)] == ["op2", "op3"]
    fates = {one.id: fate for one, fate in incidents.list_operations(db, 1, limit=9)}
    assert [one for one, fate in fates.items() if fate is Outcome.PAID] == ["op1", "op5"]
    unpaid = incidents.list_operations(db, 1, limit=9, unpaid=True)
    assert [one.id for one, _ in unpaid] == ["op0", "op2", "op3", "op4"]
    assert (incidents.count_operations(db, 1), incidents.count_operations(db, 1, unpaid=True)) == (6, 4)
    assert incidents.aftermath(db, an_incident()) == Aftermath(recovered=1, unpaid=3)
    assert incidents.count_failed_since(db, 1, NOW - minutes(2)) == 3
    assert incidents.numbers_of(db, SHOP, ["op3", "again"]) == {"op3": 1}


def test_rates_count_from_the_minute_of_the_first_failure(db: Connection) -> None:
    at = NOW + timedelta(seconds=30)
    shown = [failed(an_operation("first", created_at=at)), an_operation("second", created_at=at + minutes(1))]
    elsewhere = an_operation("elsewhere", created_at=at, terminal_id=DOSTYK)
    before = [an_operation(f"before{number}", created_at=NOW - hours(30)) for number in range(50)]
    stored(db, *shown, elsewhere, *before)
    incident = an_incident(opened_at=at + minutes(1), began_at=at)
    assert incidents.rates(db, incident) == Rates(failed=1, decided=2, usual=1.0)
    assert incidents.rates(db, an_incident(members=())) is None


def test_history_is_told_in_order(db: Connection) -> None:
    lines = [Event(NOW, "first", ""), Event(NOW + minutes(1), "acknowledged", "Aigerim"), Event(NOW, "widened", "")]
    for line in lines:
        incidents.record_event(db, 1, line)
    assert incidents.list_events(db, 1) == [lines[0], lines[2], lines[1]]


def a_silence(**parts: object) -> Silence:
    return replace(Silence(merchant_id=SHOP, until_at=NOW + hours(1), author=AIGERIM), **parts)  # type: ignore[arg-type]


def test_a_silence_comes_back_as_it_was_kept_and_ends_once(db: Connection) -> None:
    wished = a_silence(
        terminals=(SAMAL, DOSTYK), classes=(ReasonClass.SYSTEM,), rule="odd", until_recovery=True, comment="ә <b>"
    )
    kept = silences.add(db, wished)
    assert kept == replace(wished, id=1)
    assert silences.list_active(db, SHOP) == [kept]
    assert silences.list_active(db, BAKERY) == []
    assert silences.list_over(db, NOW + minutes(59)) == []
    assert silences.list_over(db, NOW + hours(1)) == [kept]
    assert (silences.end(db, 1, NOW), silences.end(db, 1, NOW), silences.find(db, 1)) == (True, False, None)


BOTH = (Member(SAMAL, ReasonClass.SYSTEM), Member(DOSTYK, ReasonClass.SYSTEM))


@pytest.mark.parametrize(
    ("matcher", "matches"),
    [
        ({}, True),
        ({"terminals": (SAMAL,)}, False),
        ({"terminals": (SAMAL, DOSTYK)}, True),
        ({"classes": (ReasonClass.SYSTEM, ReasonClass.LIMIT)}, True),
        ({"classes": (ReasonClass.LIMIT,)}, False),
        ({"rule": "odd"}, False),
        ({"merchant_id": BAKERY}, False),
    ],
)
def test_a_silence_mutes_only_what_lies_inside_it(matcher: dict[str, object], matches: bool) -> None:
    assert a_silence(**matcher).matches(an_incident(members=BOTH)) is matches


def test_a_silence_over_a_terminal_or_a_class_does_not_mute_the_whole_merchants_trouble() -> None:
    lost = an_incident(rule="source", key="lost", members=())
    assert not a_silence(terminals=(SAMAL,)).matches(lost)
    assert not a_silence(classes=(ReasonClass.SYSTEM,)).matches(lost)
    assert a_silence().matches(lost)
