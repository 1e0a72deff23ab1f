"""Incidents on their way to the chats that want them: loudness, quiet hours, who is called, who hears it instead."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import time, timedelta
from pathlib import Path
from typing import Any

import admitting
import pytest
from builders import DOSTYK, NOW, SAMAL, SHOP, an_incident
from delivering import GROUP, OTHER, OWNER, TOPIC
from test_chat_dispatch import GROUP as TEAM_OF_STAGE
from test_chat_dispatch import SHOP as AT_BANK
from test_chat_dispatch import open_stage
from troubles import EDIT, QUIET, SOUND, Troubles, troubles

from bot import telling
from bot.model import (
    EVERYTHING,
    ChatKind,
    Destination,
    DigestKind,
    DigestPlan,
    EventKind,
    Loudness,
    QuietHours,
    ReasonClass,
    Subscription,
)
from bot.store import chats, routes, subscriptions
from bot.store.driver import Connection
from bot.store.outbox import Place

HOUR = timedelta(hours=1)
MINUTES = timedelta(minutes=1)
HERE, TEAM, THEIR_TOPIC = Place(OWNER, None), Place(GROUP, None), Place(GROUP, TOPIC)
SAMAL_ONLY = Subscription(merchant_id=SHOP, terminal_id=SAMAL, kind=EventKind.FAILURES)
NO_FAILURES = [Subscription(kind=kind) for kind in (EventKind.SOURCE, EventKind.DIGEST)]
NINE = DigestPlan(DigestKind.DAILY, time(9))


@asynccontextmanager
async def team(folder: Path, *wishes: Subscription, **how: Any) -> AsyncIterator[Troubles]:
    """The owner's private chat, and a group with wishes of its own."""
    async with troubles(folder, **how) as stage:
        await stage.group()
        await stage.store.write(subscriptions.put, TEAM, wishes)
        yield stage


async def comes_back(stage: Troubles, chat_id: int) -> None:
    await stage.store.write(chats.set_chat_disabled, chat_id, None, stage.now())


async def lost(stage: Troubles, chat_id: int = GROUP) -> None:
    await stage.store.write(telling.switch_off, chat_id, "the bot was kicked", stage.now())


async def test_a_group_hears_of_the_terminal_it_asked_for_and_of_no_other(tmp_path: Path) -> None:
    async with team(tmp_path, SAMAL_ONLY) as stage:
        await stage.fail(1, DOSTYK)
        await stage.passes(MINUTES)
        assert stage.heard(GROUP) == []
        assert len(stage.heard(OWNER)) == 1
        await stage.fail(1, SAMAL)
        await stage.passes(MINUTES)
        assert any("Samal-2" in one for one in stage.heard(GROUP))


async def test_a_chat_that_wants_no_sound_gets_everything_without(tmp_path: Path) -> None:
    async with team(tmp_path, replace(SAMAL_ONLY, loudness=Loudness.SILENT)) as stage:
        await stage.fail(1)
        await stage.passes(HOUR * 2)
        assert {one[:1] for one in stage.heard(GROUP)} - {EDIT[:1]} == {QUIET}
        assert stage.heard(OWNER)[0][:1] == SOUND


async def test_in_quiet_hours_only_what_is_critical_makes_a_sound(tmp_path: Path) -> None:
    async with troubles(tmp_path) as stage:
        await stage.store.write(subscriptions.set_quiet, HERE, QuietHours(time(13), time(15)))
        await stage.fail(1, reason=ReasonClass.LIMIT)
        await stage.passes()
        await stage.fail(1, DOSTYK, reason=ReasonClass.SYSTEM)
        await stage.passes()
        assert [one[:1] for one in stage.heard()] == [QUIET, SOUND]


async def test_after_the_quiet_hours_everything_makes_a_sound_again(tmp_path: Path) -> None:
    async with troubles(tmp_path) as stage:
        await stage.store.write(subscriptions.set_quiet, HERE, QuietHours(time(13), time(14)))
        await stage.fail(3, reason=ReasonClass.LIMIT)
        await stage.passes()
        assert stage.heard()[0][:1] == SOUND


async def test_what_may_never_have_arrived_is_told_once(tmp_path: Path) -> None:
    async with troubles(tmp_path) as stage:
        lost = stage.api.faults.add(method="sendMessage", times=2, drop="after")
        await stage.fail(1)
        await stage.passes(HOUR)
        assert lost.hits == 2
        told = [one for one in stage.heard(lines=3) if "Telegram answered neither of two tries" in one]
        assert len(told) == 1


async def test_only_the_newest_word_on_an_incident_has_buttons_and_none_when_it_is_over(tmp_path: Path) -> None:
    async with troubles(tmp_path) as stage:
        for _ in range(26):
            await stage.fail(1)
            await stage.passes(MINUTES * 3)
        replies = [one for one in stage.api.messages(OWNER) if one.reply_to is not None]
        assert [bool(one.buttons) for one in replies] == [*[False] * (len(replies) - 1), True]
        assert len(replies) > 1
        for failed in stage.failed:
            await stage.pay(failed)
        await stage.passes(HOUR)
        assert not any(one.buttons for one in stage.api.messages(OWNER) if one.reply_to is not None)


async def test_who_left_hears_no_more_and_what_stands_there_is_kept_true(tmp_path: Path) -> None:
    async with team(tmp_path) as stage:
        await stage.fail(1)
        await stage.passes(MINUTES)
        await stage.store.write(subscriptions.leave, TEAM)
        await stage.fail(1)
        await stage.passes(HOUR * 2)
        assert [one[:1] for one in stage.heard(GROUP) if one[:1] != EDIT[:1]] == [SOUND]
        assert stage.living(GROUP).startswith("🟢 #1 · over")


CALLED = {"incidents": {"escalate_to": [OTHER, GROUP]}}


async def test_the_next_person_is_called_by_name_and_told_in_private(tmp_path: Path) -> None:
    async with troubles(tmp_path, rules=CALLED) as stage:
        await stage.private(OTHER)
        await stage.store.write(subscriptions.leave, Place(OTHER, None))
        await stage.store.write(chats.learn_name, OTHER, "Daniyar <b>")
        for _ in range(6):
            await stage.fail(1)
            await stage.passes(MINUTES * 3)
        (call,) = [one for one in stage.heard(lines=9) if "nobody has taken it" in one]
        assert "Daniyar <b>, please look" in call
        assert [one[:1] for one in stage.heard(OTHER) if one[:1] != EDIT[:1]] == [SOUND]
        await stage.passes(HOUR)
        assert stage.living(OTHER).startswith("🟢 #1 · over")


async def test_every_escalation_calls_the_next(tmp_path: Path) -> None:
    async with team(tmp_path, *NO_FAILURES, rules=CALLED) as stage:
        await stage.private(OTHER)
        for step in range(16):
            await stage.fail(1)
            await stage.passes(MINUTES * 3)
            if step == 6:
                await stage.ack()
                await stage.snooze(MINUTES)
        calls = [one for one in stage.heard(lines=9) if "please look" in one]
        assert [("2, please look" in one, "Shop, please look" in one) for one in calls] == [
            (True, False),
            (False, True),
        ]
        assert len([one for one in stage.heard(GROUP) if one[:1] == SOUND]) == 1


async def test_while_nobody_takes_it_everybody_on_the_list_is_called_once(tmp_path: Path) -> None:
    async with team(tmp_path, *NO_FAILURES, rules=CALLED) as stage:
        await stage.private(OTHER)
        called = []
        for _ in range(18):
            await stage.fail(1)
            await stage.passes(MINUTES * 3)
            called.append(["2, please" in one for one in stage.heard(lines=9) if "please look" in one])
        assert [len(called[step]) for step in (3, 5, 8, 10, 17)] == [0, 1, 1, 2, 2]
        assert called[17] == [True, False]


async def test_each_merchant_has_its_own_people_to_call(tmp_path: Path) -> None:
    async with troubles(tmp_path, rules={"incidents": {"escalate_to": {"bakery": [OTHER]}}}) as stage:
        for _ in range(6):
            await stage.fail(1)
            await stage.passes(MINUTES * 3)
        assert "escalated" in await stage.events()
        assert not [one for one in stage.heard(lines=9) if "please look" in one]


async def test_what_a_lost_group_should_hear_goes_to_its_owner_who_is_told_once(tmp_path: Path) -> None:
    async with team(tmp_path) as stage:
        await stage.store.write(
            subscriptions.put, HERE, [replace(one, loudness=Loudness.OFF) for one in EVERYTHING[:1]] + NO_FAILURES
        )
        await stage.fail(1)
        await lost(stage)
        await lost(stage)
        await stage.passes(MINUTES)
        heard = stage.heard(lines=20)
        assert len([one for one in heard if "takes no messages any more: the bot was kicked" in one]) == 1
        assert (
            len([one for one in heard if "#1 · failing" in one and "↪️ For Shop too, where I cannot write" in one]) == 1
        )
        assert stage.heard(GROUP) == []
        await stage.fail(1, DOSTYK)
        await stage.passes(MINUTES)
        assert any("Dostyk" in one and "↪️ For Shop" in one for one in stage.heard(lines=20))


async def test_a_chat_that_is_back_hears_what_is_still_true_and_one_line_of_the_rest(tmp_path: Path) -> None:
    async with team(tmp_path) as stage:
        await lost(stage)
        await stage.fail(1)
        await stage.passes(HOUR)
        await stage.fail(1, DOSTYK)
        await stage.passes(MINUTES)
        await comes_back(stage, GROUP)
        await stage.passes(MINUTES)
        now, rest = stage.heard(GROUP, lines=20)
        assert "#2 · failing" in now
        assert "I can write here again. Open now: #2. Over meanwhile: #1." in rest
        assert rest[:1] == QUIET
        await stage.passes(HOUR)
        assert not [one for one in stage.heard(GROUP) if "#1 ·" in one]


async def test_a_chat_that_missed_nothing_is_told_nothing(tmp_path: Path) -> None:
    async with team(tmp_path) as stage:
        await lost(stage)
        await comes_back(stage, GROUP)
        await stage.passes(MINUTES)
        assert stage.heard(GROUP) == []


async def test_what_stood_in_a_lost_chat_is_brought_up_to_date_when_it_is_back(tmp_path: Path) -> None:
    async with team(tmp_path) as stage:
        await stage.fail(1)
        await stage.passes(MINUTES)
        await lost(stage)
        await stage.passes(HOUR)
        await comes_back(stage, GROUP)
        await stage.passes(MINUTES)
        assert stage.living(GROUP).startswith("🟢 #1 · over")


async def test_an_owner_who_left_is_left_alone_after_a_restart_too(tmp_path: Path) -> None:
    async with open_stage(tmp_path, AT_BANK) as stage:
        chat = Destination(chat_id=stage.owner.user_id)
        await stage.store.write(admitting.subscribe, chat)
        assert await stage.store.read(routes.list_for, an_incident())
        await stage.hears(stage.owner, "/unsubscribe all")
        await stage.store.write(admitting.subscribe, chat)
        assert await stage.store.read(routes.list_for, an_incident()) == []
        await stage.hears(stage.owner, "/subscribe all everything")
        (route,) = await stage.store.read(routes.list_for, an_incident())
        assert (route.destination.chat_id, route.loudness) == (chat.chat_id, Loudness.ON)


async def test_a_group_the_bot_is_put_out_of_is_told_of_once(tmp_path: Path) -> None:
    async with open_stage(tmp_path, AT_BANK) as stage:
        for chat in (Destination(chat_id=stage.owner.user_id), Destination(chat_id=TEAM_OF_STAGE, title="Shop")):
            await stage.store.write(admitting.subscribe, chat)
        stage.api.removes_bot(stage.owner, stage.api.chats[TEAM_OF_STAGE])
        await stage.work()
        rows = await stage.store.read(lambda db: db.rows("SELECT chat_id, body FROM outbox"))
        assert [row["chat_id"] for row in rows] == [stage.owner.user_id]
        assert "takes no messages any more" in rows[0]["body"]


def test_a_subscribed_chat_that_chose_nothing_hears_everything(db: Connection) -> None:
    assert subscriptions.list_heard(db, HERE) == []
    admitting.subscribe(db, Destination(chat_id=OWNER))
    assert subscriptions.list_heard(db, HERE) == list(EVERYTHING)
    subscriptions.put(db, HERE, [SAMAL_ONLY])
    assert subscriptions.list_heard(db, HERE) == [SAMAL_ONLY]
    subscriptions.put(db, HERE, [replace(SAMAL_ONLY, loudness=Loudness.SILENT)])
    assert subscriptions.list_heard(db, HERE) == [replace(SAMAL_ONLY, loudness=Loudness.SILENT)]
    subscriptions.drop(db, HERE, SHOP, "")
    assert subscriptions.list_chosen(db, HERE) == []
    subscriptions.leave(db, HERE)
    assert subscriptions.list_heard(db, HERE) == []


def test_what_a_group_chose_moves_with_it(db: Connection) -> None:
    admitting.subscribe(db, Destination(chat_id=GROUP, kind=ChatKind.GROUP))
    subscriptions.put(db, TEAM, [SAMAL_ONLY])
    subscriptions.put_plan(db, TEAM, NINE, NOW)
    subscriptions.set_quiet(db, TEAM, QuietHours(time(23), time(8)))
    for _ in range(2):
        chats.move_chat(db, GROUP, -1000)
    moved = Place(-1000, None)
    assert subscriptions.list_heard(db, moved) == [SAMAL_ONLY]
    assert subscriptions.list_plans(db, moved) == [NINE]
    assert subscriptions.list_plans(db, TEAM) == []
    known = chats.find_destination(db, -1000, None)
    assert known
    assert known.quiet == QuietHours(time(23), time(8))


@pytest.mark.parametrize(
    ("general", "topic", "then"),
    [
        (None, [SAMAL_ONLY], [SAMAL_ONLY]),
        ([replace(SAMAL_ONLY, loudness=Loudness.OFF)], [SAMAL_ONLY], [replace(SAMAL_ONLY, loudness=Loudness.OFF)]),
        (
            [replace(SAMAL_ONLY, terminal_id=DOSTYK)],
            [SAMAL_ONLY],
            [SAMAL_ONLY, replace(SAMAL_ONLY, terminal_id=DOSTYK)],
        ),
    ],
)
def test_a_shut_topic_leaves_what_it_chose_to_its_chat(db: Connection, general, topic, then) -> None:
    there = Destination(chat_id=GROUP, thread_id=TOPIC, kind=ChatKind.SUPERGROUP)
    admitting.subscribe(db, there)
    subscriptions.put(db, THEIR_TOPIC, topic)
    subscriptions.put_plan(db, THEIR_TOPIC, NINE, NOW)
    if general:
        admitting.subscribe(db, replace(there, thread_id=None))
        subscriptions.put(db, TEAM, general)
    chats.leave_topic(db, there, "closed")
    assert subscriptions.list_heard(db, TEAM) == sorted(then, key=lambda wish: wish.terminal_id)
    assert subscriptions.list_plans(db, TEAM) == [NINE]
    assert subscriptions.list_heard(db, THEIR_TOPIC) == []
    assert subscriptions.list_plans(db, THEIR_TOPIC) == []


def test_the_bot_s_own_troubles_are_told_where_the_bank_s_are(db: Connection) -> None:
    for chat_id in (OWNER, OTHER):
        admitting.subscribe(db, Destination(chat_id=chat_id))
    subscriptions.put(db, HERE, [Subscription(kind=EventKind.FAILURES)])
    assert [to.chat_id for to in routes.list_for_notices(db)] == [OTHER]
    subscriptions.put(db, HERE, [Subscription(kind=EventKind.SOURCE)])
    assert [to.chat_id for to in routes.list_for_notices(db)] == [OWNER, OTHER]
