"""A channel is steered by an owner who administers it, from the private chat with the bot."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from test_chat_dispatch import GROUP, Stage, open_stage

from bot.delivery import Delivery
from bot.guests import STAY, Guests
from bot.model import EventKind, Level, Loudness
from bot.store import people, subscriptions
from bot.store.outbox import Place
from bot.texts import Voices

CHANNEL = -1001234567890
HERE = Place(CHANNEL, None)
FAILURES = [EventKind.FAILURES, EventKind.SOURCE, EventKind.VOLUME]


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with open_stage(tmp_path) as stage:
        stage.api.group(CHANNEL, "Shop alerts", [stage.owner], "channel")
        yield stage


async def heard(stage: Stage) -> list[EventKind]:
    chosen = await stage.store.read(subscriptions.list_chosen, HERE)
    return [wish.kind for wish in chosen if wish.loudness is not Loudness.OFF]


async def deliver(stage: Stage) -> None:
    delivery = Delivery(stage.gateway, stage.store, Voices("en"), now=stage.clock)
    await delivery.step()
    await delivery.drain(timedelta(seconds=5))


async def first_words(stage: Stage) -> list[str]:
    rows = await stage.store.read(lambda db: db.rows("SELECT body FROM outbox WHERE chat_id = :id", id=CHANNEL))
    return [row["body"] for row in rows]


async def test_the_name_of_a_channel_is_enough(stage: Stage) -> None:
    await stage.hears(stage.owner, f"/subscribe {CHANNEL}")
    assert stage.last().text.startswith("✅ What I post in Shop alerts:")
    assert sorted(await heard(stage)) == sorted(FAILURES)
    assert set((await stage.store.read(people.levels_of, CHANNEL)).values()) == {Level.FIGURES}
    (word,) = await first_words(stage)
    assert "From now on alerts are posted here" in word


async def test_a_terminal_and_events_may_be_named(stage: Stage) -> None:
    await stage.hears(stage.owner, f"/subscribe {CHANNEL} Samal failures")
    assert await heard(stage) == [EventKind.FAILURES]


async def test_events_alone_are_of_all_terminals_and_ask_nothing_in_private(stage: Stage) -> None:
    await stage.hears(stage.owner, f"/subscribe {CHANNEL} failures")
    assert stage.last().text.startswith("✅ What I post in Shop alerts:\nAll terminals: 🔔 failed payments\n")
    assert stage.last().buttons == []
    assert await heard(stage) == [EventKind.FAILURES]
    assert await stage.store.read(subscriptions.list_chosen, Place(stage.owner.user_id, None)) == []


async def test_the_first_word_is_posted_once_however_often_the_choice_changes(stage: Stage) -> None:
    for words in ("", "Samal failures", "all critical"):
        await stage.hears(stage.owner, f"/subscribe {CHANNEL} {words}")
        stage.clock.at += timedelta(minutes=1)
    assert len(await first_words(stage)) == 1
    await deliver(stage)
    assert [one.text.partition(".")[0] for one in stage.api.messages(CHANNEL)] == [
        "ℹ️ From now on alerts are posted here"
    ]


async def test_a_linked_channel_is_not_left_after_the_hour(stage: Stage) -> None:
    channel = stage.api.chats[CHANNEL]
    channel.standing = "left"
    stage.api.adds_bot(stage.owner, channel, administrator=True)
    await stage.work()
    assert await stage.store.read(people.list_unlinked, stage.clock()) == [CHANNEL]
    await stage.hears(stage.owner, f"/subscribe {CHANNEL}")
    stage.clock.at += STAY
    await Guests(stage.store, stage.gateway.leave, now=stage.clock).step()
    assert channel.standing == "administrator"


async def test_it_ends_where_it_began(stage: Stage) -> None:
    await stage.hears(stage.owner, f"/subscribe {CHANNEL}")
    await stage.hears(stage.owner, f"/unsubscribe {CHANNEL}")
    assert "Nothing is posted here" in stage.last().text
    assert await heard(stage) == []


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        ("/subscribe @nobody_knows_it", "I see no channel @nobody_knows_it. Add me to it as an administrator"),
        ("/subscribe -1009999999999", "I see no channel -1009999999999. Add me to it as an administrator"),
        (f"/subscribe {GROUP}", f"{GROUP} is no channel. Say /subscribe in that group itself"),
    ],
)
async def test_what_is_no_channel_is_said_so(stage: Stage, said: str, answer: str) -> None:
    await stage.hears(stage.owner, said)
    assert answer in stage.last().text
    assert await first_words(stage) == []


async def test_the_bot_must_be_able_to_post_there(stage: Stage) -> None:
    stage.api.chats[CHANNEL].standing = "member"
    await stage.hears(stage.owner, f"/subscribe {CHANNEL}")
    assert f"I may not post in {CHANNEL}" in stage.last().text
    assert await heard(stage) == []


async def test_an_administrator_without_the_right_to_post_is_no_help(stage: Stage) -> None:
    stage.api.mutes_bot(stage.api.chats[CHANNEL])
    await stage.hears(stage.owner, f"/subscribe {CHANNEL}")
    assert f"I may not post in {CHANNEL}" in stage.last().text
    assert await heard(stage) == []


@pytest.mark.parametrize("method", ["getChat", "getChatMember"])
async def test_a_telegram_that_fails_is_not_taken_for_a_missing_channel(stage: Stage, method: str) -> None:
    stage.api.faults.add(method=method, status=502)
    await stage.hears(stage.owner, f"/subscribe {CHANNEL}")
    assert stage.last().text == f"⚠️ Telegram does not tell me about {CHANNEL} just now. Please say this again"
    assert await heard(stage) == []


async def test_an_owner_who_does_not_administer_the_channel_chooses_nothing(stage: Stage) -> None:
    stage.api.chats[CHANNEL].administrators.clear()
    await stage.hears(stage.owner, f"/subscribe {CHANNEL}")
    assert f"You do not administer {CHANNEL}" in stage.last().text
    assert await heard(stage) == []


async def test_a_stranger_learns_nothing_of_a_channel(stage: Stage) -> None:
    await stage.hears(stage.stranger, f"/subscribe {CHANNEL}")
    assert "Shop alerts" not in stage.last(stage.stranger.user_id).text
    assert await heard(stage) == []
