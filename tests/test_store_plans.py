"""Every statement the program asks often finds its rows through an index, however many there are."""

from collections.abc import Callable, Iterator
from dataclasses import fields
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import admitting
import pytest
from builders import NOW, OWNER, SHOP, SHOP_LLP, an_alert, an_incident, an_operation, hours, minutes
from databases import POSTGRES, undone, writing
from explaining import Explained

from bot.model import (
    AlertReason,
    Calendar,
    Clues,
    Destination,
    DigestKind,
    NoticeAlert,
    Operation,
    OperationId,
    Outcome,
    TerminalId,
    Window,
    to_micros,
)
from bot.store import (
    chats,
    deliveries,
    digests,
    figures,
    incidents,
    living,
    lookups,
    operations,
    outbox,
    reports,
    retention,
    routes,
    silences,
    sources,
    subscriptions,
    volume,
)
from bot.store.driver import Connection
from bot.store.living import Rewrite
from bot.store.outbox import Place

DAY = Window(NOW - hours(12.5), NOW)
CHAT = Place(OWNER.chat_id, None)
ALERT = [("key", an_alert())]
REWRITE = Rewrite(incident=1, place=CHAT, message_id=7, alert=an_alert(), body="", repeated=False)
NOTICE = NoticeAlert(text="{chat}", values={}, at=NOW)
CLUES = Clues(shown="", invoice="7", parts=("12",), card="1187", reference="112233", amount=1)
WATCHED = volume.Watched(since=0, fed=to_micros(NOW) // 60_000_000, seen_at=to_micros(NOW - minutes(1)))
LEASE = timedelta(minutes=2)


# What PostgreSQL's tables hold besides, as expressions over n: done long ago, and not of what is asked for.
OPERATION = [*(field.name for field in fields(Operation)), "first_seen_at"]
# The oldest thirty rows or so: a batch is small beside what is kept.
OLD = NOW - timedelta(microseconds=29_970 * 126_000_000)
AGO = f"{to_micros(NOW)} - n * 126000000::bigint"
GROWN = {
    "operation": dict.fromkeys(OPERATION, "''")
    | {
        "merchant_id": f"'{SHOP}'",
        "id": "'old-' || n",
        "invoice_id": "'i' || n",
        "created_at": AGO,
        "first_seen_at": AGO,
        "amount": "n",
        "outcome": "'paid'",
        "reason_code": "0",
        "reason_class": "NULL",
    },
    "invoice": {
        "merchant_id": f"'{SHOP}'",
        "invoice_id": "'i' || n",
        "first_at": AGO,
        "terminal_id": "''",
        "currency": "'KZT'",
        "outcome": "'paid'",
    },
    "operation_change": {
        "merchant_id": f"'{SHOP}'",
        "operation_id": "'old-' || n",
        "at": AGO,
        "outcome_before": "'undecided'",
        "outcome_after": "'paid'",
        "status_before": "''",
        "status_after": "''",
        "amount_before": "1",
        "amount_after": "1",
        "reason_code_after": "0",
    },
    "outbox": {
        "dedup": "'old' || n",
        "chat_id": "n % 50",
        "thread_id": "0",
        "body": "''",
        "state": "'sent'",
        "created_at": AGO,
        "due_at": AGO,
        "sent_at": AGO,
        "message_id": "n",
        "incident": "n",
    },
    "inbox": {"update_id": "n", "body": "''", "received_at": AGO, "handled_at": AGO},
    "incident": {
        "number": "n",
        "merchant_id": f"'{SHOP}'",
        "rule": "'failed_operation'",
        "state": "'resolved'",
        "last_at": AGO,
        "body": "''",
    },
    "incident_operation": {"merchant_id": f"'{SHOP}'", "operation_id": "'old-' || n", "number": "n"},
    "incident_event": {"number": "n", "at": AGO, "what": "'first'", "who": "''"},
    "living": {
        "incident": "n",
        "chat_id": "n % 50",
        "thread_id": "0",
        "body": "''",
        "due_at": AGO,
        "message_id": "n",
    },
}


HOT: dict[str, Callable[[Connection], Any]] = {
    "apply": lambda db: operations.apply(
        db,
        SHOP,
        [an_operation("op-1", amount=7), an_operation("new", outcome=Outcome.FAILED)],
        history_before=NOW,
        now=NOW,
    ),
    "apply a move": lambda db: operations.apply(
        db, SHOP, [an_operation("op-1", invoice_id="8")], history_before=NOW, now=NOW
    ),
    "list_to_recheck": lambda db: operations.list_to_recheck(db, SHOP, NOW + hours(1), 50),
    "put_off_recheck": lambda db: operations.put_off_recheck(db, [an_operation()], NOW),
    "list_by_invoice": lambda db: operations.list_by_invoice(db, SHOP, "7"),
    "list_page": lambda db: operations.list_page(db, SHOP, "", DAY, after=an_operation(), limit=9),
    "list_matches": lambda db: lookups.list_matches(db, SHOP, CLUES, limit=9),
    "list_by_ids": lambda db: lookups.list_by_ids(db, SHOP, [OperationId("op-1")]),
    "past_of": lambda db: lookups.past_of(db, SHOP, [OperationId("op-1")]),
    "first_minute": lambda db: volume.first_minute(db, SHOP),
    "newest_sight": lambda db: volume.newest_sight(db, SHOP),
    "list_made": lambda db: volume.list_made(db, SHOP, WATCHED.fed - 60, WATCHED.fed),
    "list_late": lambda db: volume.list_late(db, SHOP, WATCHED),
    "list_failed_later": lambda db: volume.list_failed_later(db, SHOP, WATCHED),
    "drop_payers": lambda db: retention.drop_payers(db, SHOP, OLD),
    "drop_operations": lambda db: retention.drop_operations(db, SHOP, OLD),
    "forget_sent": lambda db: retention.forget_sent(db, OLD),
    "count_in": lambda db: operations.count_in(db, SHOP, DAY),
    "mark_missing": lambda db: operations.mark_missing(db, SHOP, DAY, [], NOW),
    "list_terminals": lambda db: operations.list_terminals(db, SHOP, NOW - hours(24)),
    "figures": lambda db: figures.of_window(db, SHOP, "", DAY),
    "figures of a terminal": lambda db: figures.of_window(db, SHOP, "98151552", DAY, [DAY.start, DAY.start + hours(1)]),
    "by_terminal": lambda db: figures.by_terminal(db, SHOP, DAY),
    "find source": lambda db: sources.find(db, SHOP),
    "list_tiers": lambda db: sources.list_tiers(db, SHOP),
    "set_aside": lambda db: sources.set_aside(db, SHOP, {"digest": "what"}, NOW),
    "note_whole": lambda db: sources.note_whole(db, SHOP, NOW, 7),
    "record_answer": lambda db: sources.record_answer(db, SHOP, dialect="{}", through_at=NOW, now=NOW),
    "list_open": lambda db: incidents.list_open(db, SHOP),
    "list_due": lambda db: incidents.list_due(db, NOW),
    "list_recent": lambda db: incidents.list_recent(db, SHOP, NOW),
    "next_number": incidents.next_number,
    "save": lambda db: incidents.save(db, an_incident(), NOW),
    "note_operations": lambda db: incidents.note_operations(db, 1, [(SHOP, "op-1")]),
    "numbers_of": lambda db: incidents.numbers_of(db, SHOP, ["op-1"]),
    "list_operations": lambda db: incidents.list_operations(db, 1, limit=9),
    "list_operations unpaid": lambda db: incidents.list_operations(db, 1, limit=9, unpaid=True),
    "count_failed_since": lambda db: incidents.count_failed_since(db, 1, NOW),
    "list_events": lambda db: incidents.list_events(db, 1),
    "aftermath": lambda db: incidents.aftermath(db, an_incident()),
    "rates": lambda db: incidents.rates(db, an_incident()),
    "traffic": lambda db: incidents.traffic(db, SHOP, NOW),
    "list_active": lambda db: silences.list_active(db, SHOP),
    "list_over": lambda db: silences.list_over(db, NOW),
    "routes": lambda db: routes.list_for(db, an_incident()),
    "list_due_plans": lambda db: subscriptions.list_due_plans(db, NOW),
    "digest": lambda db: digests.digest(
        db, [(SHOP_LLP, None)], DigestKind.DAILY, due_at=NOW, calendar=Calendar(ZoneInfo("Asia/Almaty")), now=NOW
    ),
    "list_unsent_openings": lambda db: living.list_unsent_openings(db, OWNER.chat_id),
    "list_places": lambda db: living.list_places(db, 1),
    "show": lambda db: living.show(db, an_alert(), OWNER, NOW, LEASE),
    "reply": lambda db: living.reply(db, an_alert(reason=AlertReason.RESOLVED), OWNER, NOW),
    "list_rewrites": lambda db: living.list_rewrites(db, NOW + hours(1)),
    "find_rewrite": lambda db: living.find_rewrite(db, CHAT, NOW + hours(1)),
    "record_opened": lambda db: living.record_opened(db, 1, CHAT, 7, NOW),
    "record_shown": lambda db: living.record_shown(db, REWRITE, NOW),
    "find_incident": lambda db: outbox.find_incident(db, OWNER.chat_id, 7),
    "announce": lambda db: outbox.announce(db, ALERT, [OWNER], NOW),
    "list_due_places": lambda db: outbox.list_due_places(db, NOW),
    "take": lambda db: outbox.take(db, CHAT, limit=5, now=NOW, lease=LEASE),
    "lay_aside": lambda db: outbox.lay_aside(db, CHAT, "off"),
    "record_sent": lambda db: outbox.record_sent(db, outbox.take(db, CHAT, limit=5, now=NOW, lease=LEASE), 1, NOW),
    "release_claims": lambda db: outbox.release_claims(db, NOW),
    "revive": lambda db: outbox.revive(db, OWNER.chat_id, NOW),
    "keep_updates": lambda db: chats.keep_updates(db, [(1, "")], NOW),
    "list_unhandled_updates": chats.list_unhandled_updates,
    "mark_update": lambda db: chats.mark_update(db, 1, NOW),
    "find_destination": lambda db: chats.find_destination(db, OWNER.chat_id, None),
    "move_chat": lambda db: chats.move_chat(db, OWNER.chat_id, -1),
    "leave_topic": lambda db: chats.leave_topic(db, Destination(chat_id=-5, thread_id=7), "closed"),
    "deliveries": lambda db: deliveries.report(db, NOW),
    "health": lambda db: reports.health(db, [SHOP_LLP], version="1", started_at=NOW, now=NOW),
}


@pytest.fixture(scope="module")
def big(engine: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connection]:
    """On PostgreSQL, which plans by what there is, with much in it."""
    with writing(tmp_path_factory.mktemp("big") / "bot.db", engine) as db:
        sources.begin(db, SHOP, NOW)
        shown = [an_operation("op-1", invoice_id="7"), an_operation("op-2", outcome=Outcome.UNDECIDED)]
        operations.apply(db, SHOP, shown, history_before=NOW, now=NOW)
        outbox.announce(db, [*ALERT, ("notice", NOTICE)], [OWNER], NOW)
        admitting.subscribe(db, OWNER)
        living.show(db, an_alert(), OWNER, NOW, LEASE)
        if engine == POSTGRES:
            grow(db)
        yield db


def grow(db: Connection) -> None:
    """Two months of payments and of talk about them."""
    made = [
        an_operation(
            f"old-{n}", invoice_id=f"i{n}", created_at=NOW - minutes(n * 10), terminal_id=TerminalId(f"9815155{n % 10}")
        )
        for n in range(6_000)
    ]
    operations.apply(db, SHOP, made, history_before=NOW, now=NOW - hours(1))
    for table, columns in GROWN.items():
        db.run(
            f"INSERT INTO {table} ({', '.join(columns)}) SELECT {', '.join(columns.values())} "
            "FROM generate_series(10000, 30000) AS n"
        )
    db.run("ANALYZE")


@pytest.mark.parametrize("name", HOT)
def test_a_frequent_question_reads_no_big_table_whole(big: Connection, name: str) -> None:
    with undone(big):
        explained = Explained(big)
        HOT[name](explained)
        assert explained.scans == []


def test_a_whole_reading_of_a_big_table_would_be_noticed(big: Connection) -> None:
    with undone(big):
        explained = Explained(big)
        explained.rows("SELECT * FROM operation WHERE description = :text", text="x")
        explained.row("SELECT MAX(attempts) AS most FROM outbox")
        explained.many("UPDATE outbox SET problem = '' WHERE message_id + 0 = ?", [(1,)])
        assert len(explained.scans) == 3
