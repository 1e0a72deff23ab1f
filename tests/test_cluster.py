"""What each of several replicas owes the others: it leaves to them what it cannot do itself."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from pathlib import Path
from time import monotonic
from urllib.parse import urlsplit

import postgres
import pytest
from builders import NOW
from clocks import Clock
from delivering import OTHER, OWNER, Stage
from pydantic import SecretStr
from wires import Wire

from bot.chat.intake import Intake, Pace
from bot.chat.telegram import Gateway, Incoming, Menu
from bot.delivery import Serving
from bot.demo.telegram import BotApi
from bot.errors import StoreError
from bot.model import Destination, NoticeAlert
from bot.store import outbox, turns
from bot.store.driver import Connection, Store
from bot.store.fenced import Fenced
from bot.store.outbox import Place
from bot.store.postgres import PostgresStore
from bot.texts import Voices
from bot.trouble import SOON, Trouble
from bot.vitals import Vitals

TTL = timedelta(seconds=10)


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
