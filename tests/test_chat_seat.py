"""Updates when several replicas could read them: one reads, another goes on where it ends, none answers twice."""

import json
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

import postgres
import pytest
from pydantic import SecretStr
from test_chat_intake import QUICK, Heard, aigerim, api, gateway, unhandled, write
from test_chat_intake import now as start_of_day

from bot.chat.intake import ABANDONED, Intake
from bot.chat.telegram import Gateway
from bot.config import Webhook
from bot.demo.telegram import BotApi, Person
from bot.errors import LeaseLost
from bot.store import chats, leases
from bot.store.driver import Store
from bot.store.fenced import Fenced
from bot.store.postgres import PostgresStore

__all__ = ["aigerim", "api", "gateway"]
pytestmark = pytest.mark.skipif(bool(postgres.missing()), reason=postgres.missing())
TTL = timedelta(seconds=40)
WEBHOOK = Webhook(url="http://127.0.0.1:9/telegram", secret=SecretStr("a-secret_of-Ours"))


class Clock:
    def __init__(self) -> None:
        self.at = start_of_day()

    def now(self) -> datetime:
        return self.at

    def passes(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


@pytest.fixture
async def store() -> AsyncIterator[Store]:
    store = PostgresStore(postgres.new_url())
    yield store
    await store.close()


def life(store: Store, name: str, clock: Clock) -> Fenced:
    return Fenced(store, leases.life_of(name), owner=name, now=clock.now, ttl=TTL)


async def posted(api: BotApi, person: Person) -> dict[str, Any]:
    """What Telegram posts of the word “one”."""
    await write(api, person, "one")
    (update,) = api.updates.pending
    return update


class Replicas:
    """Intakes on one store, each with a seat and a handler of its own."""

    def __init__(self, gateway: Gateway, store: Store, webhook: Webhook | None = None) -> None:
        self.clock = Clock()
        self.seats = [Fenced(store, "updates", owner=name, now=self.clock.now, ttl=TTL) for name in ("a", "b")]
        self.lives = [life(store, name, self.clock) for name in ("a", "b")]
        self.heard = [Heard() for _ in self.seats]
        self.intakes = [
            Intake(gateway, store, heard, now=self.clock.now, pace=QUICK, seat=seat, webhook=webhook)
            for heard, seat in zip(self.heard, self.seats, strict=True)
        ]


async def test_one_replica_reads_and_the_other_stands_by(
    api: BotApi, aigerim: Person, gateway: Gateway, store: Store
) -> None:
    replicas = Replicas(gateway, store)
    first, second = replicas.intakes
    await write(api, aigerim, "one")
    await first.step()
    polls = sum(call.method == "getUpdates" for call in api.calls)
    await second.step()
    assert sum(call.method == "getUpdates" for call in api.calls) == polls
    await replicas.heard[0].until("one")
    assert replicas.heard[1].texts == []
    assert second.last_ok_at == replicas.clock.at, "that Telegram answers is known all the same"


async def test_when_the_reader_is_gone_the_other_goes_on_and_loses_nothing(
    api: BotApi, aigerim: Person, gateway: Gateway, store: Store
) -> None:
    replicas = Replicas(gateway, store)
    first, second = replicas.intakes
    await first.step()
    await write(api, aigerim, "one")
    # The reader stores what came and is killed before it is handled.
    (update,) = await gateway.updates(None, wait=timedelta())
    await replicas.seats[0].write(chats.keep_updates, [(update["update_id"], json.dumps(update))], replicas.clock.at)
    await second.step()
    assert replicas.heard[1].texts == []
    replicas.clock.passes(41)
    await write(api, aigerim, "two")
    await second.step()
    await replicas.heard[1].until("one", "two")
    assert replicas.heard[0].texts == []


async def test_a_reader_that_comes_back_late_stores_and_confirms_nothing(
    api: BotApi, aigerim: Person, gateway: Gateway, store: Store
) -> None:
    replicas = Replicas(gateway, store)
    first, second = replicas.intakes
    await first.step()
    replicas.clock.passes(41)
    await second.step()
    await write(api, aigerim, "one")
    batch = await gateway.updates(None, wait=timedelta())
    with pytest.raises(LeaseLost):
        await first.receive(batch)
    assert await unhandled(store) == 0
    await second.step()
    await replicas.heard[1].until("one")


async def test_what_is_posted_to_both_is_handled_by_one(
    api: BotApi, aigerim: Person, gateway: Gateway, store: Store
) -> None:
    replicas = Replicas(gateway, store, WEBHOOK)
    for intake in replicas.intakes:
        await intake._begin()
    update = await posted(api, aigerim)
    for intake in (*replicas.intakes, *replicas.intakes):
        await intake.receive_one(update)
    await replicas.heard[0].until("one")
    assert [heard.texts for heard in replicas.heard] == [["one"], []]


async def test_what_a_replica_had_received_is_answered_by_another_once_it_is_gone(
    api: BotApi, aigerim: Person, gateway: Gateway, store: Store
) -> None:
    replicas = Replicas(gateway, store, WEBHOOK)
    first, second = replicas.intakes
    await replicas.lives[0].hold()
    await second._begin()
    update = await posted(api, aigerim)
    await first.receive_one(update)  # before it has begun: it is only stored
    await second.step()
    assert replicas.heard[1].texts == [], "the first one lives"
    replicas.clock.passes(TTL.total_seconds() + 1)
    await second.step()
    await replicas.heard[1].until("one")


async def test_what_came_before_a_replica_had_begun_it_answers_itself(
    api: BotApi, aigerim: Person, gateway: Gateway, store: Store
) -> None:
    replicas = Replicas(gateway, store, WEBHOOK)
    await replicas.lives[0].hold()
    update = await posted(api, aigerim)
    await replicas.intakes[0].receive_one(update)
    await replicas.intakes[0]._begin()
    await replicas.heard[0].until("one")


async def test_a_replica_in_good_order_leaves_what_it_has_not_answered_at_once(
    api: BotApi, aigerim: Person, gateway: Gateway, store: Store
) -> None:
    replicas = Replicas(gateway, store, WEBHOOK)
    first, second = replicas.intakes
    await replicas.lives[0].hold()
    update = await posted(api, aigerim)
    await first.receive_one(update)
    await replicas.lives[0].release()
    await second.step()
    await replicas.heard[1].until("one")


async def test_what_is_taken_over_belongs_to_who_took_it(store: Store) -> None:
    clock = Clock()
    for living in ("b", "c"):
        await life(store, living, clock).hold()
    await store.write(chats.keep_updates, [(1, "{}")], clock.at, "a")
    before = clock.at - ABANDONED
    assert await store.write(chats.take_over_updates, "b", clock.at, before) == {1}
    assert await store.write(chats.take_over_updates, "c", clock.at, before) == set()
    assert await store.write(chats.take_over_updates, "b", clock.at, before) == {1}


async def test_what_a_replica_of_an_older_version_received_is_left_to_it_for_a_while(
    api: BotApi, aigerim: Person, gateway: Gateway, store: Store
) -> None:
    replicas = Replicas(gateway, store, WEBHOOK)
    update = await posted(api, aigerim)
    await store.write(chats.keep_updates, [(update["update_id"], json.dumps(update))], replicas.clock.at)
    await replicas.intakes[1].step()
    assert replicas.heard[1].texts == []
    replicas.clock.passes(ABANDONED.total_seconds() + 1)
    await replicas.intakes[1].step()
    await replicas.heard[1].until("one")


async def test_lives_long_over_are_forgotten(store: Store) -> None:
    clock = Clock()
    await life(store, "a", clock).hold()
    await Fenced(store, "updates", owner="a", now=clock.now, ttl=TTL).hold()
    for passed, left in ((TTL, ["replica a", "updates"]), (TTL + timedelta(seconds=1), ["updates"])):
        await store.write(leases.forget_lives, clock.at + passed)
        rows = await store.read(lambda db: db.rows("SELECT name FROM lease ORDER BY name"))
        assert [row["name"] for row in rows] == left
