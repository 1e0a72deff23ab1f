"""Every statement the program asks often finds its rows through an index, however many there are."""

import re
from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import admitting
import pytest
from builders import NOW, OWNER, SHOP, SHOP_LLP, an_alert, an_incident, an_operation, hours

from bot.model import AlertReason, Calendar, Destination, DigestKind, NoticeAlert, Outcome, Window
from bot.store import (
    chats,
    deliveries,
    digests,
    figures,
    incidents,
    living,
    operations,
    outbox,
    reports,
    routes,
    silences,
    sources,
    subscriptions,
)
from bot.store.driver import Connection, Row
from bot.store.living import Rewrite
from bot.store.outbox import Place

BIG = ("operation", "operation_change", "invoice", "outbox", "inbox", "rollup_minute", "rollup_hour")
BIG += ("incident", "incident_operation", "incident_event", "living")
SMALL = ("outbox_waiting", "outbox_undelivered", "inbox_unhandled", "operation_to_recheck")
SMALL += ("incident_open", "incident_due", "living_dirty")
DAY = Window(NOW - hours(12.5), NOW)
CHAT = Place(OWNER.chat_id, None)
ALERT = [("key", an_alert())]
REWRITE = Rewrite(incident=1, place=CHAT, message_id=7, alert=an_alert(), body="", repeated=False)
NOTICE = NoticeAlert(text="{chat}", values={}, at=NOW)
LEASE = timedelta(minutes=2)


class Explained:
    """A connection that asks for the plan of every statement before it runs it."""

    def __init__(self, db: Connection) -> None:
        self._db = db
        self.version = db.version
        self.parted = db.parted
        self.scans: list[str] = []

    def _explain(self, sql: str, values: dict[str, object] | Sequence[object]) -> None:
        places = values if isinstance(values, dict) else {}
        asked = sql if isinstance(values, dict) else _with_values(sql)
        for row in self._db.rows(f"EXPLAIN QUERY PLAN {asked}", **places):
            step = row["detail"]
            if _reads_all(step):
                self.scans.append(f"{step}: {sql}")

    def rows(self, sql: str, /, **values: object) -> list[Row]:
        self._explain(sql, values)
        return self._db.rows(sql, **values)

    def row(self, sql: str, /, **values: object) -> Row | None:
        self._explain(sql, values)
        return self._db.row(sql, **values)

    def run(self, sql: str, /, **values: object) -> int:
        self._explain(sql, values)
        return self._db.run(sql, **values)

    def many(self, sql: str, rows: Iterable[Sequence[object]], /) -> None:
        self._explain(sql, ())
        self._db.many(sql, rows)


def _with_values(sql: str) -> str:
    return sql.replace("?", "1")


def _reads_all(step: str) -> bool:
    """A whole partial index may be read: it holds only what is still to be done or was never done."""
    table = re.match(rf"(SCAN|SEARCH) ({'|'.join(BIG)})\b(.*)", step)
    if table is None or any(step.endswith(f"INDEX {name}") for name in SMALL):
        return False
    # SQLite calls the look for a largest value a search even where there is nothing to search in but the rows.
    return table[1] == "SCAN" or ("USING" not in table[3] and table[2] != "incident")


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
    "count_in": lambda db: operations.count_in(db, SHOP, DAY),
    "mark_missing": lambda db: operations.mark_missing(db, SHOP, DAY, [], NOW),
    "list_terminals": lambda db: operations.list_terminals(db, SHOP, NOW - hours(24)),
    "figures": lambda db: figures.of_window(db, SHOP, "", DAY),
    "figures of a terminal": lambda db: figures.of_window(db, SHOP, "98151552", DAY, [DAY.start, DAY.start + hours(1)]),
    "by_terminal": lambda db: figures.by_terminal(db, SHOP, DAY),
    "find source": lambda db: sources.find(db, SHOP),
    "list_tiers": lambda db: sources.list_tiers(db, SHOP),
    "set_aside": lambda db: sources.set_aside(db, SHOP, {"digest": "what"}, NOW),
    "record_answer": lambda db: sources.record_answer(db, SHOP, dialect="{}", now=NOW),
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


@pytest.mark.parametrize("name", HOT)
def test_a_frequent_question_reads_no_big_table_whole(db: Connection, name: str) -> None:
    sources.begin(db, SHOP, NOW)
    shown = [an_operation("op-1", invoice_id="7"), an_operation("op-2", outcome=Outcome.UNDECIDED)]
    operations.apply(db, SHOP, shown, history_before=NOW, now=NOW)
    outbox.announce(db, [*ALERT, ("notice", NOTICE)], [OWNER], NOW)
    admitting.subscribe(db, OWNER)
    living.show(db, an_alert(), OWNER, NOW, LEASE)
    explained = Explained(db)
    HOT[name](explained)
    assert explained.scans == []


def test_a_whole_reading_of_a_big_table_would_be_noticed(db: Connection) -> None:
    explained = Explained(db)
    explained.rows("SELECT * FROM operation WHERE description = :text", text="x")
    explained.row("SELECT MAX(attempts) AS most FROM outbox")
    explained.many("UPDATE outbox SET problem = '' WHERE message_id + 0 = ?", [(1,)])
    assert len(explained.scans) == 3
