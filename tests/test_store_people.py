"""Roles and levels in the store: what goes with a person, what earlier versions left, what moves with a chat."""

from pathlib import Path

import admitting
from builders import BAKERY, NOW, SHOP, an_alert, minutes
from sqlite_utils import Database

from bot.model import ALL_MERCHANTS, ChatKind, Colleague, Destination, EventKind, Level, Right, Role, Subscription
from bot.store import incidents, living, people, sqlite, subscriptions
from bot.store.driver import Connection
from bot.store.outbox import Place
from bot.store.sqlite import open_for_writing

DANIYAR = Destination(chat_id=6)
(MIGRATION,) = (Path(__file__).parents[1] / "migrations").glob("*_people.sql")
GROUP = Destination(chat_id=-5, kind=ChatKind.GROUP)


def give(db: Connection, merchant_id: str, role: Role = Role.SUPPORT) -> None:
    colleague = Colleague(user_id=6, name="Daniyar", merchant_id=merchant_id, role=role, given_at=NOW)
    people.give(db, colleague, by=5)


def test_with_a_role_goes_what_its_merchant_had_to_say_and_nothing_else(db: Connection) -> None:
    for number, merchant_id in enumerate((SHOP, BAKERY), 1):
        give(db, merchant_id)
        alert = an_alert(number, merchant_id=merchant_id)
        incidents.save(db, alert.incident, None)
        living.show(db, alert, DANIYAR, NOW, minutes(1))
    subscriptions.put(db, Place(6, None), [Subscription(kind=EventKind.FAILURES)])
    people.remove(db, 6, SHOP)
    assert [row["incident"] for row in db.rows("SELECT incident FROM living WHERE chat_id = 6")] == [2]
    assert [row["incident"] for row in db.rows("SELECT incident FROM outbox WHERE chat_id = 6")] == [2]
    assert len(subscriptions.list_chosen(db, Place(6, None))) == 1
    people.remove(db, 6, BAKERY)
    assert db.rows("SELECT 1 FROM outbox WHERE chat_id = 6") == []
    assert subscriptions.list_chosen(db, Place(6, None)) == []


def test_a_change_brings_nobody_back(db: Connection) -> None:
    people.change(db, 6, SHOP, Role.OWNER, by=5)
    assert people.roles_of(db, 6) == {}


def test_owners_of_the_configuration_come_and_go_with_it(db: Connection) -> None:
    people.configure(db, [5, 7], NOW)
    give(db, SHOP)
    people.configure(db, [7], NOW)
    assert [people.roles_of(db, one) for one in (5, 6, 7)] == [
        {},
        {SHOP: Role.SUPPORT},
        {ALL_MERCHANTS: Role.OWNER},
    ]


def test_what_may_be_said_unasked_follows_the_role_or_the_level(db: Connection) -> None:
    give(db, SHOP)
    people.link(db, GROUP.chat_id, [SHOP], Level.ALERTS)
    for to in (DANIYAR, GROUP):
        assert people.may_hear(db, to, SHOP, Right.ALERTS)
        assert not people.may_hear(db, to, SHOP, Right.DIGEST)
        assert not people.may_hear(db, to, BAKERY, Right.ALERTS)
        assert not people.is_owners(db, to)
    admitting.admit(db, GROUP)
    assert people.may_hear(db, GROUP, BAKERY, Right.DIGEST)
    assert not people.may_hear(db, GROUP, SHOP, Right.DIGEST), "a level of its own goes before that of all"


def test_a_chat_takes_its_levels_along_once_and_again(db: Connection) -> None:
    people.welcome(db, GROUP, 6, NOW)
    people.move_chat(db, GROUP.chat_id, -1005)
    assert people.list_unlinked(db, NOW) == [-1005]
    people.link(db, -1005, [SHOP], Level.PAYMENTS)
    for _ in range(2):
        people.move_chat(db, -1005, -2005)
    assert (people.levels_of(db, -2005), people.list_unlinked(db, NOW)) == ({SHOP: Level.PAYMENTS}, [])


def test_a_group_that_received_alerts_before_there_were_roles_keeps_them(tmp_path: Path) -> None:
    path = tmp_path / "old.db"
    database = Database(path)
    sqlite.migrations().apply(database, stop_before=MIGRATION.stem)
    insert = "INSERT INTO destination (chat_id, thread_id, kind, title, language, timezone, subscribed) VALUES "
    database.execute(insert + "(-5, 0, 'group', '', 'ru', 'UTC', 1), (-6, 0, 'group', '', 'ru', 'UTC', 0)")
    database.execute(insert + "(6, 0, 'private', '', 'ru', 'UTC', 1), (-5, 7, 'group', '', 'ru', 'UTC', 1)")
    database.conn.commit()
    database.close()
    connection = open_for_writing(path).conn
    db = sqlite.SqliteConnection(connection)
    assert people.levels_of(db, -5) == {ALL_MERCHANTS: Level.FIGURES}
    assert people.levels_of(db, -6) == people.levels_of(db, 6) == {}
    connection.close()
