"""Roles and levels in the store: what goes with a person, what earlier versions left, what moves with a chat."""

from datetime import time
from pathlib import Path

import admitting
import pytest
from builders import BAKERY, NOW, SHOP, SHOP_LLP, an_alert, an_incident, minutes
from sqlite_utils import Database

from bot.digests import Digests
from bot.model import (
    ALL_MERCHANTS,
    CEILINGS,
    RIGHTS,
    ChatKind,
    Colleague,
    Destination,
    DigestKind,
    EventKind,
    Level,
    Right,
    Role,
    Subscription,
)
from bot.store import chats, incidents, living, people, routes, sources, sqlite, subscriptions
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


ROLES = [None, *Role]
LEVELS = [None, *Level]


def heard_by(db: Connection, to: Destination) -> tuple[bool, bool]:
    """Whether a subscribed chat hears an incident of Shop, and whether its digest tells of Shop."""
    chats.subscribe(db, to)
    routed = {route.destination.chat_id for route in routes.list_for(db, an_incident())}
    compiled = Digests([SHOP_LLP], day_starts=time(), now=lambda: NOW).compile(db, to, DigestKind.DAILY, NOW)
    return to.chat_id in routed, bool(compiled.parts)


@pytest.mark.parametrize("role", ROLES)
def test_a_person_hears_unasked_what_the_role_may_see_and_nothing_of_others(db: Connection, role: Role | None) -> None:
    sources.begin(db, SHOP, NOW)
    give(db, BAKERY, Role.OWNER)
    if role:
        give(db, SHOP, role)
    rights = RIGHTS[role] if role else frozenset()
    assert heard_by(db, DANIYAR) == (Right.ALERTS in rights, Right.DIGEST in rights)


@pytest.mark.parametrize("level", LEVELS)
def test_a_group_hears_unasked_what_its_level_lets_appear(db: Connection, level: Level | None) -> None:
    sources.begin(db, SHOP, NOW)
    people.link(db, GROUP.chat_id, [BAKERY], Level.FIGURES)
    if level:
        people.link(db, GROUP.chat_id, [SHOP], level)
    rights = CEILINGS[level] if level else frozenset()
    assert heard_by(db, GROUP) == (Right.ALERTS in rights, Right.DIGEST in rights)


def test_what_stands_in_a_chat_that_may_not_know_any_more_is_not_kept_true(db: Connection) -> None:
    people.link(db, GROUP.chat_id, [SHOP], Level.ALERTS)
    chats.subscribe(db, GROUP)
    living.show(db, an_alert(), GROUP, NOW, minutes(1))
    assert len(routes.list_for(db, an_incident())) == 1
    people.link(db, GROUP.chat_id, [SHOP], Level.NOTHING)
    assert routes.list_for(db, an_incident()) == []


def test_the_bots_own_troubles_are_told_where_all_merchants_may_be_known(db: Connection) -> None:
    give(db, SHOP, Role.OWNER)
    people.link(db, GROUP.chat_id, [SHOP], Level.FIGURES)
    for to in (DANIYAR, GROUP):
        chats.subscribe(db, to)
    assert routes.list_for_notices(db) == []
    people.configure(db, [DANIYAR.chat_id], NOW)
    assert [to.chat_id for to in routes.list_for_notices(db)] == [DANIYAR.chat_id]
