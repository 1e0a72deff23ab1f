"""What each of several replicas owes the others: it leaves to them what it cannot do itself."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import timedelta
from pathlib import Path
from time import monotonic
from typing import Concatenate, ParamSpec, TypeVar
from urllib.parse import urlsplit

import postgres
import psycopg
import pytest
from builders import NOW
from clocks import Clock
from delivering import OTHER, OWNER, Stage
from pydantic import SecretStr
from running import Outside
from wires import Wire

from bot.chat.intake import Intake, Pace
from bot.chat.telegram import Gateway, Incoming, Menu
from bot.delivery import Serving
from bot.delivery.serving import GONE_AFTER
from bot.demo.telegram import BotApi
from bot.errors import StoreError
from bot.model import Destination, NoticeAlert
from bot.queueing import queue_pool
from bot.store import outbox, turns
from bot.store.driver import Connection, Store
from bot.store.fenced import Fenced
from bot.store.outbox import Place
from bot.store.postgres import PostgresStore
from bot.texts import Voices
from bot.trouble import SOON, Trouble
from bot.vitals import Vitals

P = ParamSpec("P")
T = TypeVar("T")
TTL = timedelta(seconds=10)
_STATES = "SELECT state FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"


@pytest.fixture
def url() -> str:
    postgres.skip_unless_there()
    return postgres.new_url()


@pytest.fixture
async def store(url: str) -> AsyncIterator[Store]:
    store = PostgresStore(url)
    yield store
    await store.close()


class Nobody:
    """Hears nothing."""

    async def handle(self, incoming: Incoming) -> None: ...

    async def slow_down(self, request: object) -> None: ...

    def menus(self) -> Sequence[Menu]:
        return ()


class Seat(Fenced):
    """Knows when it was left."""

    def __init__(self, store: Store, owner: str) -> None:
        super().__init__(store, "updates", owner=owner, now=Clock(), ttl=TTL)
        self.left = asyncio.Event()

    async def release(self) -> None:
        await super().release()
        self.left.set()


async def test_who_cannot_reach_telegram_leaves_the_seat_to_another(store: Store) -> None:
    api = BotApi("700400:local-token", now=lambda: NOW)
    await api.start()
    gateway = Gateway(SecretStr(api.token), api.root)
    api.faults.add(method="getUpdates", times=None, drop="before")
    seat, other = Seat(store, "a"), Seat(store, "b")
    intake = Intake(gateway, store, Nobody(), now=lambda: NOW, pace=Pace(wait=timedelta()), seat=seat)
    running = asyncio.create_task(intake.run())
    await asyncio.wait_for(seat.left.wait(), 5)
    assert await other.hold()
    await intake.stop()
    await running
    await gateway.close()
    await api.stop()


async def test_who_cannot_reach_telegram_serves_no_chats_and_holds_up_nobody(store: Store, tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    await stage.open()
    serving = Serving(stage.gateway, store, Voices("en"), now=stage.now, vitals=Vitals())
    for chat in (OWNER, OTHER):
        notice = NoticeAlert(text="Look", at=stage.now())
        await store.write(outbox.announce, [("look", notice)], [Destination(chat_id=chat)], stage.now())
    port = urlsplit(stage.api.root).port
    await stage.api.stop()
    await serving.serve(Place(OWNER, None))
    assert not await serving.hears()
    assert Place(OTHER, None) in (await store.read(turns.look, {}, stage.now())).places
    await stage.api.start(port=port or 0)
    assert await serving.hears()
    await stage.close()


class Still(PostgresStore):
    """Its replica stands still after each change."""

    def __init__(self, url: str, clock: Clock) -> None:
        super().__init__(url)
        self._clock = clock

    async def write(self, change: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        result = await super().write(change, *args, **kwargs)
        self._clock.at += GONE_AFTER
        return result


async def test_what_others_may_have_sent_by_now_is_not_sent_late(store: Store, url: str, tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    await stage.open()
    await store.write(
        outbox.announce,
        [("look", NoticeAlert(text="Look", at=stage.now()))],
        [Destination(chat_id=OWNER)],
        stage.now(),
    )
    still = Still(url, stage.now)
    await Serving(stage.gateway, still, Voices("en"), now=stage.now, vitals=Vitals()).serve(Place(OWNER, None))
    row = await store.read(lambda db: db.row("SELECT state, unsure FROM outbox"))
    assert row == {"state": "waiting", "unsure": 0}
    assert not stage.api.deliveries
    await still.close()
    await stage.close()


async def test_a_connection_of_the_queue_that_the_server_has_ended_is_given_to_nobody(url: str) -> None:
    async with queue_pool(url) as pool:
        async with pool.connection() as connection:
            ended = connection.info.backend_pid
        with psycopg.connect(url, autocommit=True) as other:
            # With a time to wait, it returns when the session is over.
            other.execute("SELECT pg_terminate_backend(%s, 5000)", [ended])
        async with pool.connection() as connection:
            assert connection.info.backend_pid != ended
            await connection.execute("SELECT 1")


async def test_what_is_asked_of_the_queue_holds_nothing_longer_than_it_takes(store: Store, url: str) -> None:
    async with queue_pool(url) as pool, pool.connection() as connection:
        await connection.execute("SELECT 1")
        states = await store.read(lambda db: [row["state"] for row in db.rows(_STATES)])
    assert "idle" in states
    assert "idle in transaction" not in states


async def test_the_end_does_not_wait_for_a_server_that_is_away(url: str) -> None:
    address = urlsplit(url)
    wire = await Wire(address.hostname or "", address.port or 0).open()
    store = await asyncio.to_thread(PostgresStore, url.replace(f":{address.port}", f":{wire.port}"))
    wire.cut()
    waiting = [asyncio.create_task(store.write(_nothing)) for _ in range(5)]
    begun = monotonic()
    await store.close()
    assert monotonic() - begun < 5
    ends = await asyncio.gather(*waiting, return_exceptions=True)
    assert all(isinstance(end, StoreError) for end in ends)
    await wire.close()


def _nothing(db: Connection) -> None:
    db.run("DELETE FROM turn")


async def test_of_a_trouble_that_lasts_one_tells_and_the_same_one_of_its_end() -> None:
    said: list[tuple[str, str]] = []
    speaker, now = "a", Clock()

    def trouble(name: str) -> Trouble:
        async def say(notice: NoticeAlert, _: Sequence[Destination]) -> None:
            said.append((name, notice.text[:12]))

        return Trouble(say, (), now, shared=True, speaks=lambda: speaker == name)

    a, b = trouble("a"), trouble("b")
    for one in (b, a, a, b):
        await one.tell(StoreError("away"))
        assert said == []
    now.at += SOON
    for one in (b, a, a, b):
        await one.tell(StoreError("away"))
    speaker = "b"
    for one in (b, a, b, a):
        await one.tell(None)
    assert said == [("a", "A replica of"), ("a", "The database")]


async def test_a_replica_whose_word_once_failed_goes_on_saying_that_it_lives(tmp_path: Path, url: str) -> None:
    """Else the others would take for lost whatever it does, for as long as it runs."""
    outside = await Outside(tmp_path).open()
    await outside.begin(storage={"url": url})
    program = await outside.run()
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("ALTER FUNCTION procrastinate_update_heartbeat_v1 RENAME TO gone")
        await program.says("signs of life fails")
        connection.execute("ALTER FUNCTION gone RENAME TO procrastinate_update_heartbeat_v1")
        await program.says("signs of life is well again")
        oldest = "SELECT MIN(last_heartbeat) > now() - interval '1 second' FROM procrastinate_workers"
        assert connection.execute(oldest).fetchone() == (True,)
    assert await program.stop() == 0
    assert "replica that is gone" not in program.output
    await outside.close()
