"""What is due is handed to the queue once, in order, and no faster than Telegram takes it."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import postgres
import pytest
from builders import NOW, OWNER, an_alert

from bot.model import AlertReason, Destination, NoticeAlert
from bot.store import living, outbox, turns
from bot.store.driver import Connection, Store
from bot.store.outbox import Place
from bot.store.postgres import PostgresStore

pytestmark = pytest.mark.skipif(bool(postgres.missing()), reason=postgres.missing())


def seconds(count: float) -> timedelta:
    return timedelta(seconds=count)


EVERY = {"poll a": seconds(15), "poll b": seconds(15), "poll c": seconds(15), "time": seconds(1)}


@pytest.fixture
async def store() -> AsyncIterator[Store]:
    store = PostgresStore(postgres.new_url())
    yield store
    await store.close()


async def queued(store: Store) -> list[str]:
    rows = await store.read(lambda db: db.rows("SELECT lock FROM procrastinate_jobs WHERE status = 'todo' ORDER BY id"))
    return [row["lock"] for row in rows]


async def empty(store: Store) -> None:
    await store.write(lambda db: db.run("DELETE FROM procrastinate_jobs"))


async def hand_out(store: Store, at: datetime) -> list[str]:
    """What this round put into the queue, once the workers have taken all of it."""
    await store.write(turns.hand_out, EVERY, at)
    found = await queued(store)
    await empty(store)
    return found


async def say(store: Store, *chats: int) -> None:
    to = [Destination(chat_id=chat, language="en", timezone="Asia/Almaty") for chat in chats]
    await store.write(outbox.announce, [("key", NoticeAlert(text="a word", values={}, at=NOW))], to, NOW)


async def test_jobs_of_one_pace_are_spread_over_it(store: Store) -> None:
    await store.write(turns.begin, EVERY, NOW)
    assert await hand_out(store, NOW) == ["poll a", "time"]
    assert await hand_out(store, NOW + seconds(5)) == ["time", "poll b"]
    assert await hand_out(store, NOW + seconds(10)) == ["time", "poll c"]
    assert await hand_out(store, NOW + seconds(15)) == ["time", "poll a"]


async def test_a_second_replica_changes_no_turn_and_hands_out_nothing_twice(store: Store) -> None:
    await store.write(turns.begin, EVERY, NOW)
    await store.write(turns.hand_out, EVERY, NOW)
    await store.write(turns.begin, EVERY, NOW + seconds(3))
    await store.write(turns.hand_out, EVERY, NOW)
    assert await queued(store) == ["poll a", "time"]


async def test_what_still_waits_in_the_queue_is_not_put_there_again(store: Store) -> None:
    await store.write(turns.begin, EVERY, NOW)
    for late in range(0, 60, 15):
        await store.write(turns.hand_out, EVERY, NOW + seconds(late))
    assert sorted(await queued(store)) == ["poll a", "poll b", "poll c", "time"]


async def test_after_a_time_away_who_waited_longest_comes_first(store: Store) -> None:
    await store.write(turns.begin, EVERY, NOW)
    await store.write(turns.bring_forward, ["poll c"], NOW - seconds(1))
    assert await hand_out(store, NOW + seconds(3600)) == ["poll c", "poll a", "time", "poll b"]


async def test_what_was_late_together_is_spread_again(store: Store) -> None:
    await store.write(turns.begin, EVERY, NOW)
    assert len(await hand_out(store, NOW + seconds(3607))) == len(EVERY)
    assert await hand_out(store, NOW + seconds(3610)) == ["time", "poll c"]
    assert await hand_out(store, NOW + seconds(3615)) == ["time", "poll a"]
    assert await hand_out(store, NOW + seconds(3620)) == ["time", "poll b"]


async def test_a_job_of_another_version_is_left_to_its_replica(store: Store) -> None:
    await store.write(turns.begin, EVERY | {"poll new": seconds(15)}, NOW)
    assert "poll new" not in await hand_out(store, NOW + seconds(60))


async def test_a_chat_gets_one_message_a_second_and_a_group_one_in_three(store: Store) -> None:
    await say(store, 5, -100)
    assert await hand_out(store, NOW) == ["chat 5", "chat -100"]
    assert await hand_out(store, NOW + seconds(0.9)) == []
    assert await hand_out(store, NOW + seconds(1)) == ["chat 5"]
    assert await hand_out(store, NOW + seconds(3)) == ["chat 5", "chat -100"]


async def test_the_topics_of_a_group_take_turns(store: Store) -> None:
    topics = [Destination(chat_id=-100, thread_id=topic, language="en", timezone="Asia/Almaty") for topic in (7, 8)]
    await store.write(outbox.announce, [("key", NoticeAlert(text="a word", values={}, at=NOW))], topics, NOW)
    due = await store.write(turns.hand_out, EVERY, NOW)
    assert due.places == (Place(-100, 7),)
    assert await queued(store) == ["chat -100"]


async def test_a_group_with_more_topics_than_are_looked_at_keeps_nobody_waiting(store: Store) -> None:
    topics = range(1, turns.LOOKED_AT + 50)
    group = [Destination(chat_id=-100, thread_id=topic, language="en", timezone="Asia/Almaty") for topic in topics]
    await store.write(outbox.announce, [("key", NoticeAlert(text="a word", values={}, at=NOW))], group, NOW)
    await say(store, 5)
    assert await hand_out(store, NOW) == ["chat -100"]
    assert await hand_out(store, NOW + seconds(0.5)) == ["chat 5"]


async def test_what_is_to_be_rewritten_goes_behind_what_is_new(store: Store) -> None:
    await store.write(_shown_long_ago)
    await say(store, -100)
    assert await hand_out(store, NOW + seconds(60)) == ["chat -100", f"chat {OWNER.chat_id}"]


def _shown_long_ago(db: Connection) -> None:
    living.show(db, an_alert(), OWNER, NOW, timedelta())
    home = Place(OWNER.chat_id, None)
    outbox.record_sent(db, outbox.take(db, home, limit=1, now=NOW, lease=seconds(60)), 7, NOW)
    living.record_opened(db, 1, home, 7, NOW)
    living.show(db, an_alert(reason=AlertReason.UPDATE), OWNER, NOW, timedelta())


async def test_all_chats_together_get_no_more_than_telegram_takes(store: Store) -> None:
    await say(store, *range(1, 201))
    handed, at = 0, NOW
    for _ in range(20):
        handed += len(await hand_out(store, at))
        at += seconds(0.1)
    assert 25 * 1.9 <= handed <= 25 * 1.9 + turns.BURST + 1


async def test_a_pause_holds_everybody_and_ends(store: Store) -> None:
    await say(store, 5)
    await store.write(turns.pause, NOW + seconds(30))
    assert await hand_out(store, NOW + seconds(29)) == []
    assert await hand_out(store, NOW + seconds(30.1)) == ["chat 5"]


async def test_a_shorter_pause_does_not_end_a_longer_one(store: Store) -> None:
    await say(store, 5)
    await store.write(turns.pause, NOW + seconds(30))
    await store.write(turns.pause, NOW + seconds(3))
    assert await hand_out(store, NOW + seconds(29)) == []


async def test_turns_of_quiet_chats_are_forgotten(store: Store) -> None:
    await say(store, 5)
    await hand_out(store, NOW)
    await store.write(turns.forget_chats, NOW + timedelta(hours=2))
    assert await store.read(lambda db: db.rows("SELECT name FROM turn WHERE name LIKE 'chat %'")) == []
