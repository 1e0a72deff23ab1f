"""Invitations: one key, one use, by whoever is first; wrong, used, old and revoked ones in plain words."""

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from databases import dump, open_store
from test_chat_dispatch import BAKERY, GROUP, NOW, SHOP, TOPIC, Stage, open_stage

from bot.demo.telegram import Person
from bot.model import Destination, Invitation, Level, Redemption, Role
from bot.store import chats, invitations, people, subscriptions
from bot.store.outbox import Place

KEY = re.compile(r"start=([\w-]+)")
HOUR = timedelta(hours=1)


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with open_stage(tmp_path, SHOP, BAKERY) as stage:
        yield stage


async def a_key(stage: Stage, words: str = "support shop") -> str:
    """The owner invites somebody; the key of the link."""
    await stage.hears(stage.owner, f"/invite {words}")
    found = KEY.search(stage.last().text)
    assert found, stage.last().text
    return found[1]


async def redeems(stage: Stage, key: str, person: Person | None = None, chat_id: int | None = None) -> str:
    """What is answered to somebody who opens the link."""
    person = person or stage.stranger
    before = len(stage.api.deliveries)
    await stage.hears(person, f"/start {key}", chat_id)
    said = [sent.text for sent in stage.api.deliveries][before:]
    return said[0] if said else ""


async def test_a_key_gives_its_role_at_its_merchant_and_nothing_else(stage: Stage) -> None:
    key = await a_key(stage)
    assert "You are support at Shop now" in await redeems(stage, key)
    assert await stage.store.read(people.roles_of, stage.stranger.user_id) == {"shop": Role.SUPPORT}
    await stage.hears(stage.stranger, "/help")
    assert "/find" in stage.last(6).text
    assert "/today" not in stage.last(6).text
    assert "/invite" not in stage.last(6).text


async def test_the_menu_of_who_joins_holds_what_they_may_ask(stage: Stage) -> None:
    await redeems(stage, await a_key(stage, "viewer shop"))
    *_, shown = [menu for (scope, _), menu in stage.api.commands.items() if scope == "chat:6"]
    names = {command["command"] for command in shown}
    assert {"today", "help"} <= names
    assert not {"find", "people", "ack"} & names


async def test_only_the_hash_of_a_key_is_kept(stage: Stage) -> None:
    key = await a_key(stage)
    assert key not in await stage.store.read(dump)
    assert len(key) >= 22


async def test_a_key_works_once(stage: Stage) -> None:
    key = await a_key(stage)
    await redeems(stage, key)
    other = stage.api.person(8, "Dana", "en")
    stage.api.private_chat(other)
    assert "has been used already" in await redeems(stage, key, other)
    assert await stage.store.read(people.roles_of, 8) == {}


async def test_of_many_who_redeem_at_once_from_two_programs_one_has_it(tmp_path: Path) -> None:
    stores = [open_store(tmp_path / "bot.db"), open_store(tmp_path / "bot.db", exclusive=False)]
    try:
        await stores[0].write(people.configure, [5], NOW)
        await stores[0].write(invitations.add, "key", an_invitation())
        tries = [
            stores[user_id % 2].write(invitations.redeem, "key", user_id, NOW, for_chat=False)
            for user_id in range(100, 140)
        ]
        outcomes = await asyncio.gather(*tries)
    finally:
        for store in stores:
            await store.close()
    assert sorted(outcomes) == [Redemption.TAKEN, *[Redemption.USED] * 39]


def an_invitation() -> Invitation:
    return Invitation(
        merchant_id="shop",
        role=Role.VIEWER,
        author_id=5,
        author_name="Aigerim",
        created_at=NOW,
        ends_at=NOW + HOUR,
    )


async def test_an_old_key_says_so(stage: Stage) -> None:
    key = await a_key(stage, "support for 10 minutes shop")
    stage.clock.at += timedelta(minutes=10)
    assert "too old" in await redeems(stage, key)


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        ("support shop", "25 Nov, 14:00"),
        ("viewer for 2 hours shop", "16:00"),
        ("accountant 7d bakery", "1 Dec"),
        ("owner на 3 часа shop", "17:00"),
        ("support till 18:00 shop", "18:00"),
        ("support 9m shop", "⚠️ An invitation lasts from 10 minutes to 7 days"),
        ("support 8d shop", "⚠️ An invitation lasts from 10 minutes to 7 days"),
        ("support mars", "⚠️ I know no merchant “mars”"),
        ("support", "At which merchant?"),
        ("king", "Whom shall I invite?"),
        ("", "Whom shall I invite?"),
    ],
)
async def test_an_invitation_lasts_as_long_as_it_says(stage: Stage, words: str, answer: str) -> None:
    await stage.hears(stage.owner, f"/invite {words}")
    assert answer in stage.last().text.replace("\N{NO-BREAK SPACE}", " ")


async def test_a_revoked_key_says_so_at_once(stage: Stage) -> None:
    key = await a_key(stage)
    await stage.hears(stage.owner, "/revoke")
    shown = stage.last()
    assert "1. support · Shop" in shown.text
    await stage.api.presses(stage.owner, shown, shown.data("🗑 Revoke 1"))
    await stage.work()
    assert "No invitation is open" in shown.text
    assert "taken back" in await redeems(stage, key)


async def test_the_keys_of_somebody_who_is_no_owner_any_more_are_worth_nothing(stage: Stage) -> None:
    key = await a_key(stage)
    await stage.store.write(people.configure, [stage.owner.user_id + 100], NOW)
    assert "taken back" in await redeems(stage, key)


async def test_an_owner_who_opens_the_own_link_does_not_use_it_up(stage: Stage) -> None:
    key = await a_key(stage)
    assert "You have a role there already" in await redeems(stage, key, stage.owner)
    assert "You are support" in await redeems(stage, key)


async def test_whoever_guesses_is_stopped_and_the_owners_are_told_once(stage: Stage) -> None:
    await stage.store.write(chats.subscribe, Destination(chat_id=stage.owner.user_id))
    key = await a_key(stage)
    answers = [await redeems(stage, f"guess{number}") for number in range(invitations.TRIES + 20)]
    assert all("I do not know this invitation" in one for one in answers[: invitations.TRIES])
    assert set(answers[invitations.TRIES :]) == {""}
    assert await redeems(stage, key) == ""
    waiting = await stage.store.read(lambda db: db.rows("SELECT body FROM outbox WHERE dedup LIKE '%wrong-keys%'"))
    assert len(waiting) == 1
    stage.clock.at += HOUR
    assert "You are support" in await redeems(stage, key)


def _private(chat_id: int) -> "chats.Destination":
    return chats.Destination(chat_id=chat_id)


@pytest.mark.parametrize(
    "text", ["/start x y", "/start " + "z" * 4000, "/start 🎁", "/start ../../x", "/start \u202eabc"]
)
async def test_what_is_no_key_is_a_wrong_one(stage: Stage, text: str) -> None:
    await stage.hears(stage.stranger, text)
    assert "I do not know this invitation" in stage.last(6).text


async def test_a_key_brought_to_a_group_links_it_and_its_topic_hears_alerts(stage: Stage) -> None:
    key = await a_key(stage)
    await stage.hears(stage.stranger, f"/start@epay_demo_bot {key}", GROUP, TOPIC)
    assert "This chat is linked to Shop" in stage.last(GROUP).text
    assert await stage.store.read(people.levels_of, GROUP) == {"shop": Level.PAYMENTS}
    heard = await stage.store.read(subscriptions.list_heard, Place(GROUP, TOPIC))
    assert {wish.merchant_id for wish in heard} == {"shop"}


async def test_only_owners_invite_and_only_to_their_own(stage: Stage) -> None:
    await redeems(stage, await a_key(stage, "owner shop"))
    await stage.hears(stage.stranger, "/invite support bakery")
    assert "I know no merchant “bakery”" in stage.last(6).text
    await stage.hears(stage.stranger, "/invite support")
    assert "support at Shop" in stage.last(6).text
    await stage.hears(stage.stranger, "/people")
    assert "Bakery" not in stage.last(6).text


async def test_without_telegram_there_is_no_link_and_no_invitation(stage: Stage) -> None:
    stage.api.faults.add(method="getMe", status=502)
    await stage.hears(stage.owner, "/invite support shop")
    assert "Something went wrong" in stage.last().text
    assert await stage.store.read(invitations.list_open, ["shop"], NOW) == []
