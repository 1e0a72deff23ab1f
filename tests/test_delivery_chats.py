"""Chats that refuse, move or come back: their alerts are kept, the others are told, nobody else waits."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from delivering import GROUP, OTHER, OWNER, SECOND, TOPIC, Stage, named

from bot.model import ChatKind, Destination
from bot.store import chats

HOUR = timedelta(hours=1)
DISABLED = "takes no messages any more"


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    stage = await Stage(tmp_path).open()
    await stage.private(OWNER, OTHER)
    yield stage
    await stage.close()


async def comes_back(stage: Stage, chat_id: int) -> None:
    """What a /start of that chat does."""
    await stage.store.write(chats.set_chat_disabled, chat_id, None, stage.now())


def blocked(stage: Stage) -> None:
    stage.api.blocks(stage.api.people[OWNER])


def deactivated(stage: Stage) -> None:
    stage.api.deactivates(stage.api.people[OWNER])


def never_met(stage: Stage) -> None:
    del stage.api.chats[OWNER]


@pytest.mark.parametrize("refuse", [blocked, deactivated, never_met])
async def test_a_chat_that_refuses_is_switched_off_after_one_try_and_another_is_told(stage: Stage, refuse) -> None:
    refuse(stage)
    for _ in range(5):
        await stage.fail(1)
        await stage.step()
        stage.now.at += SECOND
    await stage.pass_by(timedelta(minutes=1))
    assert [call.chat_id for call in stage.api.calls].count(OWNER) == 1
    assert stage.invoices(OTHER) == [f"INV{number}" for number in range(1, 6)]
    told = [text for text in stage.sent(OTHER) if DISABLED in text]
    assert len(told) == 1
    assert str(OWNER) in told[0]


async def test_a_chat_that_comes_back_gets_what_it_missed_in_order(stage: Stage) -> None:
    blocked(stage)
    missed: list[str] = []
    for _ in range(3):
        missed += await stage.fail(2, OWNER)
        await stage.pass_by(timedelta(minutes=1))
    stage.api.unblocks(stage.api.people[OWNER])
    stage.now.at += HOUR
    await comes_back(stage, OWNER)
    later = await stage.fail(1, OWNER)
    await stage.pass_by()
    assert stage.invoices() == missed + later


async def test_alerts_of_more_than_a_day_ago_do_not_come_back(stage: Stage) -> None:
    blocked(stage)
    await stage.fail(1, OWNER)
    await stage.step()
    stage.now.at += 25 * HOUR
    late = await stage.fail(1, OWNER)
    stage.api.unblocks(stage.api.people[OWNER])
    await comes_back(stage, OWNER)
    await stage.pass_by()
    assert stage.invoices() == late


async def test_what_may_have_arrived_before_the_block_comes_back_marked(stage: Stage) -> None:
    await stage.fail(1, OWNER)
    stage.api.faults.add(method="sendMessage", drop="after")
    await stage.step()
    blocked(stage)
    await stage.pass_by(timedelta(minutes=1))
    assert (await stage.rows())[0]["state"] == "dead"
    stage.api.unblocks(stage.api.people[OWNER])
    await comes_back(stage, OWNER)
    await stage.pass_by()
    assert (len(stage.invoices()), len(stage.invoices(marked=True))) == (1, 1)


async def test_a_group_that_became_a_supergroup_loses_and_repeats_nothing(stage: Stage) -> None:
    group = await stage.group()
    before = await stage.fail(2, GROUP)
    supergroup = stage.api.migrate(group)
    await stage.step()
    after = await stage.fail(1, supergroup.chat_id)
    await stage.pass_by()
    assert stage.invoices(supergroup.chat_id) == before + after
    assert not stage.sent(GROUP)
    known = await stage.store.read(chats.find_destination, supergroup.chat_id, None)
    assert known is not None
    assert known.kind is ChatKind.SUPERGROUP


@pytest.mark.parametrize("shut", ["closed", "deleted"])
async def test_a_shut_topic_sends_its_alerts_to_the_general_one_and_tells_the_owners(stage: Stage, shut: str) -> None:
    chat = await stage.group(topic=TOPIC)
    stage.api.close_topic(chat, TOPIC) if shut == "closed" else stage.api.delete_topic(chat, TOPIC)
    first = await stage.fail(1, GROUP)
    await stage.pass_by()
    second = await stage.fail(1, GROUP)
    await stage.pass_by()
    assert stage.invoices(GROUP) == first + second
    assert {delivery.message.thread_id for delivery in stage.api.deliveries if delivery.chat_id == GROUP} == {None}
    for owner in (OWNER, OTHER):
        told = [text for text in stage.sent(owner) if "topic of chat Shop" in text]
        assert len(told) == 1


async def test_a_group_without_any_open_topic_is_switched_off(stage: Stage) -> None:
    chat = await stage.group(topic=TOPIC)
    for topic in (1, TOPIC):
        stage.api.close_topic(chat, topic)
    await stage.fail(1, GROUP)
    await stage.pass_by()
    assert any(DISABLED in text for text in stage.sent(OWNER))
    known = await stage.store.read(chats.find_destination, GROUP, None)
    assert known is not None
    assert known.disabled_reason is not None


@pytest.mark.parametrize("how", ["kicked", "muted"])
async def test_a_group_that_puts_the_bot_out_is_switched_off_and_the_owners_are_told_within_a_minute(
    stage: Stage, how: str
) -> None:
    group = await stage.group()
    stage.api.removes_bot(stage.api.people[9], group) if how == "kicked" else stage.api.mutes_bot(group)
    began_at = stage.now.at
    await stage.fail(1, GROUP)
    await stage.pass_by()
    for owner in (OWNER, OTHER):
        (told,) = [one for one in stage.api.deliveries if one.chat_id == owner]
        assert "Shop" in told.text
        assert told.at - began_at < timedelta(minutes=1)


async def test_two_topics_of_one_chat_keep_their_own_order(stage: Stage) -> None:
    chat = await stage.group(topic=TOPIC)
    chat.topics[8] = "Second"
    await stage.subscribe(Destination(chat_id=GROUP, thread_id=8, kind=ChatKind.SUPERGROUP, language="en"))
    invoices: list[str] = []
    for _ in range(5):
        invoices += await stage.fail(1, GROUP)
        await stage.pass_by()
    for topic in (TOPIC, 8):
        assert named(one.text for one in stage.api.deliveries if one.message.thread_id == topic) == invoices
