"""Work that is one replica's at a time, and what a replica that comes back late must not do."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from datetime import datetime, timedelta

import postgres
import psycopg
import pytest
from builders import NOW, minutes

from bot.errors import LeaseLost
from bot.store import leases
from bot.store.driver import Connection, Store
from bot.store.fenced import Fenced
from bot.store.postgres import WRITERS, PostgresStore

TTL = timedelta(minutes=1)
pytestmark = pytest.mark.skipif(bool(postgres.missing()), reason=postgres.missing())


@pytest.fixture
async def store() -> AsyncIterator[Store]:
    store = PostgresStore(postgres.new_url())
    yield store
    await store.close()


async def epoch(store: Store, owner: str, at: datetime) -> int | None:
    return await store.write(leases.take, "poll shop", owner, at, TTL)


def mark(db: Connection) -> None:
    db.run("INSERT INTO turn (name, due_at) VALUES ('mark', 1)")


async def marks(store: Store) -> int:
    return len(await store.read(lambda db: db.rows("SELECT name FROM turn")))


async def test_a_lease_is_one_replicas_until_it_is_over(store: Store) -> None:
    assert await epoch(store, "a", NOW) == 1
    assert await epoch(store, "b", NOW + minutes(0.9)) is None
    assert await epoch(store, "b", NOW + minutes(1)) == 2
    assert await epoch(store, "a", NOW + minutes(1.5)) is None


async def test_a_released_lease_is_free_at_once(store: Store) -> None:
    first = await epoch(store, "a", NOW)
    assert first
    await store.write(leases.release, "poll shop", first)
    assert await epoch(store, "b", NOW) == 2


async def test_a_former_holder_cannot_release_the_lease_of_another(store: Store) -> None:
    first = await epoch(store, "a", NOW)
    assert first
    await epoch(store, "b", NOW + minutes(2))
    await store.write(leases.release, "poll shop", first)
    assert await epoch(store, "c", NOW + minutes(2)) is None


async def test_who_is_gone_loses_its_lease_without_waiting(store: Store) -> None:
    await epoch(store, "a", NOW)
    await store.write(leases.expire, ["poll shop"])
    assert await epoch(store, "b", NOW) == 2


def fenced(store: Store, owner: str, now: Callable[[], datetime]) -> Fenced:
    return Fenced(store, "poll shop", owner=owner, now=now, ttl=TTL)


async def test_what_a_zombie_writes_is_refused_whole(store: Store) -> None:
    at = [NOW]
    zombie, heir = fenced(store, "a", lambda: at[0]), fenced(store, "b", lambda: at[0])
    async with zombie.held() as ours:
        assert ours
        at[0] += minutes(2)
        assert await heir.hold()
        with pytest.raises(LeaseLost, match="poll shop is done by another replica"):
            await zombie.write(mark)
        assert await marks(store) == 0
        await heir.write(mark)
    assert await marks(store) == 1
    assert await heir.hold(), "the zombie's end takes nothing from its heir"


async def test_every_write_keeps_the_lease_for_longer(store: Store) -> None:
    at = [NOW]
    slow, other = fenced(store, "a", lambda: at[0]), fenced(store, "b", lambda: at[0])
    assert await slow.hold()
    for _ in range(3):
        at[0] += minutes(0.9)
        await slow.write(lambda db: db.rows("SELECT 1"))
        assert not await other.hold()


async def test_without_the_lease_nothing_is_written(store: Store) -> None:
    idle = fenced(store, "a", lambda: NOW)
    with pytest.raises(LeaseLost):
        await idle.write(mark)
    assert await marks(store) == 0


async def test_a_holder_that_lost_it_may_take_it_again_when_it_is_free(store: Store) -> None:
    at = [NOW]
    first, second = fenced(store, "a", lambda: at[0]), fenced(store, "b", lambda: at[0])
    assert await first.hold()
    at[0] += minutes(2)
    assert await second.hold()
    assert not await first.hold()
    assert not first.ours
    await second.release()
    assert await first.hold()


async def test_who_holds_everybodys_lock_in_silence_is_ended_and_the_others_go_on() -> None:
    url = postgres.new_url()
    store = PostgresStore(url)
    with suppress(psycopg.OperationalError), psycopg.connect(url, autocommit=True) as frozen, frozen.pipeline():
        # No end of this pipeline is ever sent: for the server a statement goes on.
        frozen.execute("SELECT pg_advisory_lock(%s)", (WRITERS,))
        frozen.pgconn.send_flush_request()
        frozen.pgconn.flush()
        while not await store.read(held):
            pass
        waiting = asyncio.create_task(store.write(mark))
        assert await store.read(leases.end_silent, WRITERS, timedelta(minutes=1)) == 0
        assert not waiting.done()
        while not await store.read(leases.end_silent, WRITERS, timedelta()):
            pass
        await asyncio.wait_for(waiting, 5)
    assert await marks(store) == 1
    await store.close()


def held(db: Connection) -> bool:
    return bool(db.rows("SELECT 1 AS held FROM pg_locks WHERE locktype = 'advisory' AND granted"))
