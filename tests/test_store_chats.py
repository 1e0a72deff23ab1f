"""Chats that get messages, and Telegram's updates until they are handled."""

from dataclasses import replace
from datetime import timedelta

from builders import NOW, OWNER, an_alert, hours

from bot.model import ChatKind, Destination
from bot.store import chats, outbox, people
from bot.store.driver import Connection
from bot.store.outbox import Place

GROUP = Destination(
    chat_id=-500, thread_id=7, kind=ChatKind.SUPERGROUP, title="Team <1>", language="kk", timezone="Asia/Qyzylorda"
)


def test_a_destination_comes_back_as_it_was_met(db: Connection) -> None:
    chats.meet(db, GROUP)
    off = replace(OWNER, disabled_reason="blocked")
    chats.meet(db, OWNER)
    chats.set_chat_disabled(db, OWNER.chat_id, "blocked", NOW)
    assert chats.find_destination(db, -500, 7) == GROUP
    assert chats.find_destination(db, OWNER.chat_id, None) == off
    assert chats.find_destination(db, -500, None) is None
    assert chats.list_subscribed(db) == []


def test_learning_a_language_changes_how_people_read_and_not_what_they_get(db: Connection) -> None:
    chats.subscribe(db, OWNER)
    chats.learn_language(db, OWNER.chat_id, "kk")
    assert chats.list_subscribed(db) == [replace(OWNER, language="kk")]


def test_subscribing_a_known_chat_keeps_its_language_and_zone(db: Connection) -> None:
    chats.meet(db, GROUP)
    chats.subscribe(db, replace(GROUP, language="en", timezone="UTC", title=""))
    assert chats.list_subscribed(db) == [GROUP]


def test_a_former_owner_gets_no_alerts_and_groups_are_left_alone(db: Connection) -> None:
    for destination in (OWNER, Destination(chat_id=102), GROUP):
        chats.subscribe(db, destination)
    people.configure(db, [OWNER.chat_id], NOW)
    assert chats.list_subscribed(db) == [GROUP, OWNER]
    people.configure(db, [], NOW)
    assert chats.list_subscribed(db) == [GROUP]


def test_a_blocked_chat_is_switched_off_once_and_keeps_its_place(db: Connection) -> None:
    chats.subscribe(db, OWNER)
    assert chats.set_chat_disabled(db, OWNER.chat_id, "blocked", NOW)
    assert not chats.set_chat_disabled(db, OWNER.chat_id, "blocked again", NOW)
    assert chats.list_subscribed(db) == [replace(OWNER, disabled_reason="blocked")]
    assert not chats.set_chat_disabled(db, 999, "blocked", NOW)


def test_a_chat_that_is_back_gets_what_it_refused_within_a_day(db: Connection) -> None:
    chats.subscribe(db, OWNER)
    outbox.announce(db, [("a", an_alert())], [OWNER], NOW)
    place = Place(OWNER.chat_id, None)
    outbox.record_dead(db, outbox.take(db, place, limit=9, now=NOW, lease=hours(1)), "blocked")
    chats.set_chat_disabled(db, OWNER.chat_id, "blocked", NOW)
    assert chats.set_chat_disabled(db, OWNER.chat_id, None, NOW + hours(23))
    assert outbox.list_due_places(db, NOW + hours(23)) == [place]
    assert not chats.set_chat_disabled(db, OWNER.chat_id, None, NOW + hours(23))


def test_a_moved_group_replaces_what_was_known_of_its_new_id(db: Connection) -> None:
    old = replace(GROUP, thread_id=None, kind=ChatKind.GROUP)
    chats.subscribe(db, old)
    chats.meet(db, Destination(chat_id=-1000, kind=ChatKind.SUPERGROUP, title="new"))
    chats.move_chat(db, -500, -1000)
    assert chats.list_subscribed(db) == [replace(old, chat_id=-1000, kind=ChatKind.SUPERGROUP)]
    assert chats.find_destination(db, -500, None) is None


def test_an_update_is_kept_once_and_handed_out_in_order_until_it_is_finished(db: Connection) -> None:
    chats.keep_updates(db, [(11, "eleven"), (10, "ten")], NOW)
    chats.keep_updates(db, [(11, "another"), (12, "twelve")], NOW)
    assert chats.list_unhandled_updates(db) == [(10, "ten"), (11, "eleven"), (12, "twelve")]
    chats.mark_update(db, 11, NOW)
    chats.keep_updates(db, [(11, "again")], NOW)
    assert chats.list_unhandled_updates(db) == [(10, "ten"), (12, "twelve")]


def test_a_finished_update_keeps_its_problem_and_not_its_text(db: Connection) -> None:
    chats.keep_updates(db, [(10, "private words")], NOW)
    chats.mark_update(db, 10, NOW, "KeyError")
    row = db.row("SELECT body, problem FROM inbox")
    assert row is not None
    assert tuple(dict(row).values()) == ("", "KeyError")


def test_only_old_finished_updates_are_forgotten(db: Connection) -> None:
    chats.keep_updates(db, [(1, "old"), (2, "new"), (3, "open")], NOW)
    chats.mark_update(db, 1, NOW - timedelta(days=3))
    chats.mark_update(db, 2, NOW)
    assert chats.forget_updates(db, NOW - timedelta(days=2)) == 1
    assert [row["update_id"] for row in db.rows("SELECT update_id FROM inbox ORDER BY 1")] == [2, 3]
