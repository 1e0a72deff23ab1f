"""Ten thousand failures in a minute, and everything that may go wrong with Telegram in the middle of a storm."""

import os
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from builders import DOSTYK, SAMAL, an_operation
from delivering import GROUP, OTHER, OWNER, REPEAT, SECOND, TOPIC
from troubles import Troubles, troubles

from bot.demo.telegram import Chat
from bot.model import ChatKind, Destination, Operation, Outcome, ReasonClass
from bot.store import chats

MINUTE = timedelta(minutes=1)
NOTICE = "ℹ️"
QUARTER = timedelta(seconds=0.25)
STATM = Path("/proc/self/statm")


def failures(first: int, count: int, at: datetime) -> list[Operation]:
    """Failures of the bank's systems at two terminals, 1000.00 tenge each."""
    return [
        an_operation(
            f"op{number}",
            invoice_id=f"INV{number}",
            terminal_id=(SAMAL, DOSTYK)[number % 2],
            amount=100_000,
            outcome=Outcome.FAILED,
            reason_code=458,
            reason_class=ReasonClass.SYSTEM,
            created_at=at,
        )
        for number in range(first, first + count)
    ]


async def storm(stage: Troubles, seconds: int, each: int, at: dict[int, Callable[[], Awaitable[object]]]) -> None:
    """So many failures every second, and what happens at the beginning of some of them; four steps a second."""
    for second in range(seconds):
        if second in at:
            await at[second]()
        await stage.happen(*failures(second * each, each, stage.now()))
        await goes_on(stage, SECOND)


async def goes_on(stage: Troubles, span: timedelta) -> None:
    end = stage.now.at + span
    while stage.now.at < end:
        await stage.store.write(stage.incidents.tick)
        await stage.step()
        stage.now.at += QUARTER


def in_a_minute(moments: list[datetime]) -> int:
    """The most of these moments in any minute."""
    return max((sum(timedelta() <= at - first < MINUTE for at in moments) for first in moments), default=0)


def memory() -> int:
    """Bytes of this process that are in memory; 0 where that cannot be known."""
    return int(STATM.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") if STATM.exists() else 0


def text_of(stage: Troubles, chat_id: int) -> str:
    """What the newest living message of a chat says."""
    texts = [one.text.replace("\N{NO-BREAK SPACE}", " ") for one in stage.api.messages(chat_id)]
    return next((text for text in reversed(texts) if "as of " in text), "")


async def test_ten_thousand_failures_in_a_minute(tmp_path: Path) -> None:
    async with troubles(tmp_path, limits=True) as stage:
        await stage.group()
        stage.api.private_chat(stage.api.person(OTHER, "Other"))

        async def tell_other() -> None:
            await stage.notice("This is told", OTHER)

        began_at, before = stage.now.at, memory()
        await storm(stage, 60, 167, dict.fromkeys(range(0, 60, 5), tell_other))
        await goes_on(stage, MINUTE)
        for chat_id in (OWNER, GROUP):
            heard = [one for one in stage.api.deliveries if one.chat_id == chat_id]
            assert heard[0].at - began_at < 5 * SECOND
            assert "10 020 payments failed · 10 020 000 ₸" in text_of(stage, chat_id)
            assert [one.method for one in heard].count("sendMessage") == 1
            assert not heard[0].silent
        assert in_a_minute([one.at for one in stage.api.deliveries if one.chat_id == GROUP]) <= 20
        others = [one for one in stage.api.deliveries if one.chat_id == OTHER]
        assert len(others) == 12
        assert all(one.at - began_at - number * 5 * SECOND < SECOND for number, one in enumerate(others))
        assert {call.status for call in stage.api.calls} == {200}
        assert memory() - before < 50_000_000
        assert (await stage.incident()).count == 10_020


FAULTS: dict[str, dict[str, Any]] = {
    "429": {"times": 2, "status": 429, "parameters": {"retry_after": 3}},
    "429 without a time": {"times": 2, "status": 429},
    "bad HTML": {"status": 400, "description": "Bad Request: can't parse entities: unsupported start tag"},
    "500": {"times": 3, "status": 500},
    "a proxy's page": {"times": 3, "status": 502, "html": "<h1>Bad gateway</h1>"},
    "no connection": {"times": 3, "drop": "before"},
    "a dropped answer": {"drop": "after"},
}


@pytest.mark.parametrize("second", [0, 10], ids=["at its beginning", "in its middle"])
@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
async def test_a_fault_in_a_storm_loses_nothing(tmp_path: Path, fault: dict[str, Any], second: int) -> None:
    async with troubles(tmp_path, limits=True) as stage:
        await stage.group()

        async def go_wrong() -> None:
            stage.api.faults.add(chat_id=GROUP, **fault)

        await storm(stage, 20, 20, {second: go_wrong})
        await goes_on(stage, MINUTE)
        check(stage, GROUP)
        check(stage, OWNER, repeats=0)
        assert "Telegram" not in " ".join(stage.sent(OWNER) + stage.sent(GROUP))


def check(stage: Troubles, chat_id: int, *, repeats: int = 1) -> None:
    """The chat knows everything, from one message and at most so many that are marked as a repeat."""
    assert "400 payments failed · 400 000 ₸" in text_of(stage, chat_id)
    first = [one.text for one in stage.api.deliveries if one.chat_id == chat_id and one.method == "sendMessage"]
    assert len([text for text in first if REPEAT in text]) <= repeats
    assert len([text for text in first if REPEAT not in text and NOTICE not in text]) <= 1


@pytest.mark.parametrize("second", [0, 10], ids=["at its beginning", "in its middle"])
async def test_a_group_that_moves_in_a_storm_goes_on_in_its_new_place(tmp_path: Path, second: int) -> None:
    async with troubles(tmp_path, limits=True) as stage:
        group = await stage.group()
        moved: list[Chat] = []

        async def move() -> None:
            moved.append(stage.api.migrate(group))

        await storm(stage, 20, 20, {second: move})
        await goes_on(stage, MINUTE)
        check(stage, moved[0].chat_id, repeats=0)


@pytest.mark.parametrize("second", [0, 10], ids=["at its beginning", "in its middle"])
@pytest.mark.parametrize("shut", ["closed", "deleted"])
async def test_a_topic_that_is_shut_in_a_storm_does_not_hide_how_it_ends(
    tmp_path: Path, second: int, shut: str
) -> None:
    async with troubles(tmp_path, limits=True) as stage:
        chat = await stage.group(topic=TOPIC)

        async def close() -> None:
            stage.api.close_topic(chat, TOPIC) if shut == "closed" else stage.api.delete_topic(chat, TOPIC)

        await storm(stage, 20, 20, {second: close})
        await goes_on(stage, MINUTE)
        await stage.passes(12 * MINUTE)
        told = [one for one in stage.api.messages(GROUP) if one.thread_id is None and "400 payments failed" in one.text]
        assert told
        assert any("over" in one.text for one in told)


async def test_a_group_that_throws_the_bot_out_and_takes_it_back_in_a_storm(tmp_path: Path) -> None:
    async with troubles(tmp_path, limits=True) as stage:
        group, head = await stage.group(), stage.api.people[9]

        async def out() -> None:
            stage.api.removes_bot(head, group)

        async def back() -> None:
            stage.api.adds_bot(head, group)
            await stage.store.write(chats.set_chat_disabled, GROUP, None, stage.now())

        await storm(stage, 20, 20, {6: out, 15: back})
        await goes_on(stage, MINUTE)
        check(stage, GROUP, repeats=0)
        told = [text for text in stage.sent(OWNER) if "takes no messages any more" in text]
        assert len(told) == 1


async def test_a_chat_that_is_off_from_the_beginning_gets_one_message_when_it_is_back(tmp_path: Path) -> None:
    async with troubles(tmp_path, limits=True) as stage:
        group, head = await stage.group(), stage.api.people[9]
        stage.api.removes_bot(head, group)
        await storm(stage, 20, 20, {})
        stage.api.adds_bot(head, group)
        await stage.passes(5 * MINUTE)
        await stage.store.write(chats.set_chat_disabled, GROUP, None, stage.now())
        await stage.passes(SECOND)
        check(stage, GROUP, repeats=0)


async def test_storms_at_many_chats_are_told_to_each_in_time(tmp_path: Path) -> None:
    async with troubles(tmp_path, limits=True) as stage:
        people = range(100, 140)
        await stage.private(*people)
        for number in range(5):
            stage.api.group(-900 - number, "Team", [stage.api.person(9, "Head")])
            await stage.subscribe(Destination(chat_id=-900 - number, kind=ChatKind.GROUP, language="en"))
        began_at = stage.now.at
        await storm(stage, 20, 20, {})
        await goes_on(stage, MINUTE)
        for chat_id in (*people, *range(-904, -899)):
            check(stage, chat_id, repeats=0)
            assert next(one.at for one in stage.api.deliveries if one.chat_id == chat_id) - began_at < 5 * SECOND
