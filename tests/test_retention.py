"""What the store forgets, and what it does not."""

import asyncio
from datetime import UTC, datetime, timedelta

from builders import (
    BAKERY,
    DOSTYK,
    NOW,
    OWNER,
    SAMAL,
    SHOP,
    SHOP_LLP,
    an_alert,
    an_incident,
    an_operation,
    failed,
    paid,
)
from databases import undone
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.config import Retention
from bot.model import IncidentState, MerchantId, Operation, Outcome, TerminalId, Transition, Window
from bot.retention import Retained
from bot.store import figures, incidents, operations, outbox, recount, retention, sources
from bot.store.driver import Connection, Store
from bot.store.outbox import Place

PLACE = Place(OWNER.chat_id, None)
MONTH = timedelta(days=30)


def test_only_what_was_sent_or_given_up_long_ago_is_forgotten(db: Connection) -> None:
    for key, days in (("old", 31), ("young", 29)):
        at = NOW - timedelta(days=days)
        outbox.put(db, PLACE, key, an_alert(), at)
        outbox.record_sent(db, outbox.take(db, PLACE, limit=9, now=at, lease=MONTH), 7, at)
    for key in ("dead", "waiting"):
        outbox.put(db, PLACE, key, an_alert(), NOW - timedelta(days=99))
        if key == "dead":
            outbox.lay_aside(db, PLACE, "blocked")
    assert retention.forget_sent(db, NOW - MONTH) == 2
    left = [row["dedup"].rpartition("/")[2] for row in db.rows("SELECT dedup FROM outbox ORDER BY id")]
    assert left == ["young", "waiting"]


PAYER = {
    "payer_name": "Айгүл Серікова",
    "payer_phone": "77010000001",
    "payer_email": "Aigul@example.kz",
    "account_id": "client-7",
    "description": "Order of Айгүл",
    "sender_card": "1512",
}


def keep(db: Connection, *shown: Operation) -> tuple[Transition, ...]:
    return operations.apply(db, SHOP, shown, history_before=NOW - timedelta(days=999), now=NOW).transitions


def drop_all(db: Connection, before: datetime, *merchants: MerchantId) -> None:
    """Everything, but for the month of `before` where operations go by months."""
    for one in merchants or (SHOP,):
        while retention.drop_payers(db, one, before) or retention.drop_operations(db, one, before):
            pass
    while retention.drop_months(db, before):
        pass
    for one in merchants or (SHOP,):
        while retention.drop_left(db, one):
            pass


def count_due(db: Connection) -> int:
    """How many operations are still to be dropped: those of a month stay to be seen until all of it goes."""
    since = retention.get_horizon(db, SHOP).operations
    (row,) = db.rows("SELECT COUNT(*) AS count FROM operation WHERE created_at >= :since", since=since)
    return int(row["count"])


def stored(db: Connection) -> dict[str, Operation]:
    return {row["id"]: operations.operation_of(row) for row in db.rows(operations.SELECT)}


def test_payers_are_dropped_before_their_payments_and_the_bank_does_not_bring_them_back(db: Connection) -> None:
    old = an_operation("old", created_at=NOW - MONTH * 4, **PAYER)
    young = an_operation("young", **PAYER)
    keep(db, old, young)
    assert not retention.drop_payers(db, SHOP, NOW - MONTH * 3)
    assert stored(db) == {"old": old.without_payer(), "young": young}
    assert keep(db, old, young) == ()
    late = an_operation("late", created_at=NOW - MONTH * 5, **PAYER)
    assert [one.after for one in keep(db, late)] == [late.without_payer()]


def test_a_dropped_operation_is_not_news_when_the_bank_shows_it_again(db: Connection) -> None:
    old = an_operation("old", outcome=Outcome.FAILED, created_at=NOW - MONTH * 30)
    keep(db, old, an_operation("young"))
    drop_all(db, NOW - MONTH * 24)
    assert stored(db).keys() == {"young"}
    assert keep(db, paid(old)) == ()
    assert recount.list_differences(db) == []


def test_what_hangs_on_a_dropped_operation_goes_with_it_and_no_number_is_given_twice(db: Connection) -> None:
    old = an_operation("old", outcome=Outcome.UNDECIDED, created_at=NOW - MONTH * 30)
    keep(db, old)
    keep(db, failed(old))
    for number in (1, 2):
        over = {"state": IncidentState.RESOLVED, "last_at": NOW - MONTH * 30}
        incidents.save(db, an_incident(number, **over), None)
    incidents.note_operations(db, 1, [(SHOP, old.id)])
    drop_all(db, NOW - MONTH * 24)
    for table in ("operation_change", "incident_operation", "invoice"):
        assert db.rows(f"SELECT * FROM {table}") == []
    assert (incidents.find(db, 1), incidents.next_number(db)) == (None, 3)


def test_batches_are_small_whatever_there_is(db: Connection) -> None:
    together = [an_operation(f"t{n}", created_at=NOW - MONTH * 30) for n in range(retention.BATCH + 7)]
    apart = [an_operation(f"a{n}", created_at=NOW - MONTH * 29 + timedelta(seconds=n)) for n in range(1200)]
    keep(db, *together, *apart)
    left = []
    while retention.drop_operations(db, SHOP, NOW):
        left.append(count_due(db))
    assert list(filter(None, left)) == [1707, 1200, 700, 200]
    drop_all(db, NOW)
    assert stored(db) == {}
    assert recount.list_differences(db) == []


# On both sides of the end of a month.
AGES = st.integers(0, 3 * 24 * 60).map(
    lambda minutes: datetime(2026, 11, 2, 12, tzinfo=UTC) - timedelta(minutes=minutes)
)


@settings(max_examples=40, deadline=None)
@given(
    made=st.lists(st.tuples(AGES, st.sampled_from(list(Outcome)), st.integers(1, 4), st.sampled_from([SAMAL, DOSTYK]))),
    before=AGES,
    windows=st.lists(st.tuples(AGES, AGES), min_size=3, max_size=6),
    terminal=st.sampled_from(["", SAMAL]),
)
def test_no_figure_of_any_minutes_changes_when_operations_are_dropped(
    shared: Connection,
    made: list[tuple[datetime, Outcome, int, TerminalId]],
    before: datetime,
    windows: list[tuple[datetime, datetime]],
    terminal: str,
) -> None:
    db = shared
    with undone(db):
        shown = [
            an_operation(f"{n}", created_at=at, outcome=outcome, invoice_id=f"i{invoice}", terminal_id=where)
            for n, (at, outcome, invoice, where) in enumerate(made)
        ]
        keep(db, *shown)
        asked = [Window(min(ends), max(ends)) for ends in windows]

        def told() -> list[object]:
            return [
                (figures.of_window(db, SHOP, terminal, one, (one.start,)), figures.by_terminal(db, SHOP, one))
                for one in asked
            ]

        known = told()
        drop_all(db, before)
        assert told() == known
        assert recount.list_differences(db) == []
        assert [recount.rebuild(db, stretch) for stretch in recount.list_stretches(db, NOW)] == [[]] * bool(made)
        keep(db, *shown)
        assert told() == known


async def test_the_job_drops_between_the_writes_of_others(store: Store) -> None:
    made = [an_operation(f"{n}", created_at=NOW - MONTH * 30 + timedelta(seconds=n)) for n in range(2100)]
    await store.write(lambda db: keep(db, *made))
    retained = Retained([SHOP_LLP], Retention(), store, now=lambda: NOW)
    dropping = asyncio.create_task(retained.step())
    left = []
    while not dropping.done():
        left.append(await store.write(count_due))
    await dropping
    assert len({count for count in left if 0 < count < 2100}) >= 3
    assert await store.read(stored) == {}


async def test_who_is_in_no_configuration_any_more_is_not_kept_for_longer(store: Store) -> None:
    for merchant_id in (SHOP, BAKERY):
        await store.write(sources.begin, merchant_id, NOW)
        old = an_operation("old", merchant_id=merchant_id, created_at=NOW - MONTH * 30)
        await store.write(operations.apply, merchant_id, [old], history_before=NOW, now=NOW)
    await Retained([SHOP_LLP], Retention(), store, now=lambda: NOW).step()
    assert await store.read(stored) == {}
    for table in ("operation", "invoice"):
        assert await store.read(lambda db, table=table: db.rows(f"SELECT * FROM {table}")) == []
