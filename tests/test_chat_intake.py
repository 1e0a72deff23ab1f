"""Updates over a real socket and a real database: none lost or done twice, order kept inside a chat."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import SecretStr

from bot.chat.intake import Intake, Pace
from bot.chat.leftovers import MOST_TRIES
from bot.chat.telegram import Conflict, Gateway, Incoming, Menu
from bot.chat.throttle import BURST
from bot.demo.telegram import BotApi, Person
from bot.errors import MaybeSent, StoreError, TokenRefused
from bot.model import Request
from bot.store import chats
from bot.store.driver import Connection, Store
from bot.vitals import TELEGRAM, Vitals

TOKEN = "700400:local-token"
QUICK = Pace(wait=timedelta(), pauses=(timedelta(milliseconds=1),), limit=timedelta(seconds=5))


def now() -> datetime:
    return datetime(2026, 11, 24, 9, 0, tzinfo=UTC)


class Heard:
    """A handler that notes what it is given and then does `what`."""

    def __init__(self, what: Callable[[Request], Awaitable[None]] | None = None) -> None:
        self.texts: list[str] = []
        self.slowed: list[int] = []
        self.changed = asyncio.Condition()
        self._what = what

    async def handle(self, incoming: Incoming) -> None:
        assert isinstance(incoming, Request)
        async with self.changed:
            self.texts.append(incoming.text)
            self.changed.notify_all()
        if self._what:
            await self._what(incoming)

    async def slow_down(self, request: Request) -> None:
        self.slowed.append(request.user_id)

    def menus(self) -> Sequence[Menu]:
        return [Menu(scope="private", language="", commands=(("help", "Help"),))]

    async def until(self, *texts: str) -> None:
        async with self.changed, asyncio.timeout(5):
            await self.changed.wait_for(lambda: set(texts) <= set(self.texts))


@pytest.fixture
async def api() -> AsyncIterator[BotApi]:
    api = BotApi(TOKEN, now=now)
    await api.start()
    yield api
    await api.stop()


@pytest.fixture
def aigerim(api: BotApi) -> Person:
    return api.person(5, "Aigerim")


@pytest.fixture
def daniyar(api: BotApi) -> Person:
    return api.person(6, "Daniyar")


@pytest.fixture
async def gateway(api: BotApi) -> AsyncIterator[Gateway]:
    gateway = Gateway(SecretStr(TOKEN), api.root)
    yield gateway
    await gateway.close()


@pytest.fixture
def start(gateway: Gateway, store: Store) -> Callable[..., Intake]:
    def start(handler: Heard, pace: Pace = QUICK) -> Intake:
        return Intake(gateway, store, handler, now=now, pace=pace)

    return start


@asynccontextmanager
async def running(intake: Intake) -> AsyncIterator[asyncio.Task[None]]:
    task = asyncio.create_task(intake.run())
    yield task
    await intake.stop()
    if not task.done():
        await task


async def write(api: BotApi, person: Person, *texts: str) -> None:
    for text in texts:
        await api.says(person, api.private_chat(person), text)


async def unhandled(store: Store) -> int:
    return len(await store.read(chats.list_unhandled_updates))


def problems(db: Connection) -> list[str | None]:
    return [row["problem"] for row in db.rows("SELECT problem FROM inbox ORDER BY update_id")]


async def test_what_is_written_is_handled_once_and_confirmed(
    api: BotApi, aigerim: Person, store: Store, start: Callable[..., Intake]
) -> None:
    heard = Heard()
    async with running(start(heard, Pace(wait=timedelta(seconds=20)))):
        await write(api, aigerim, "one", "two")
        await heard.until("one", "two")
        await api.wait_for(lambda: not api.updates.pending)
    assert heard.texts == ["one", "two"]
    assert await unhandled(store) == 0


async def test_the_first_poll_sets_the_menu_and_takes_a_webhook_away(api: BotApi, start: Callable[..., Intake]) -> None:
    intake = start(Heard())
    await intake.step()
    assert [call.method for call in api.calls][:2] == ["getMe", "deleteWebhook"]
    assert [{"command": "help", "description": "Help"}] in api.commands.values()
    assert intake.last_ok_at == now()


async def test_a_menu_that_fails_does_not_stop_the_polling(api: BotApi, start: Callable[..., Intake]) -> None:
    api.faults.add(method="setMyCommands", status=400, description="Bad Request: no")
    await start(Heard()).step()
    assert api.calls[-1].method == "getUpdates"


async def test_an_update_in_hand_at_a_kill_is_handled_after_the_restart(
    api: BotApi, aigerim: Person, store: Store, start: Callable[..., Intake]
) -> None:
    forever = asyncio.Event()

    async def hangs(_: Request) -> None:
        await forever.wait()

    killed = start(Heard(hangs))
    await write(api, aigerim, "first", "second")
    await killed.step()
    await killed.step()
    assert not api.updates.pending
    await killed.stop(timedelta())

    heard = Heard()
    restarted = start(heard)
    await restarted.step()
    await heard.until("first", "second")
    await restarted.stop()
    assert heard.texts == ["first", "second"]
    assert await unhandled(store) == 0


async def test_an_update_telegram_repeats_is_not_handled_again(
    api: BotApi, aigerim: Person, gateway: Gateway, start: Callable[..., Intake]
) -> None:
    heard = Heard()
    intake = start(heard)
    await write(api, aigerim, "once")
    batch = await gateway.updates(None, wait=timedelta())
    await intake.receive(batch)
    await heard.until("once")
    await intake.step()
    await intake.stop()
    await intake.receive(batch)
    assert heard.texts == ["once"]


async def test_nothing_is_confirmed_that_could_not_be_stored(
    api: BotApi, aigerim: Person, store: Store, start: Callable[..., Intake]
) -> None:
    def break_store(db: Connection) -> None:
        db.run("ALTER TABLE inbox RENAME TO lost_inbox")

    intake = start(Heard())
    await intake.step()
    await store.write(break_store)
    async with running(intake):
        await write(api, aigerim, "kept")
        await api.wait_for(lambda: [call.method for call in api.calls].count("getUpdates") > 3)
    assert len(api.updates.pending) == 1


async def test_a_broken_update_is_set_aside_once_and_the_rest_is_handled(
    api: BotApi, aigerim: Person, store: Store, start: Callable[..., Intake], caplog: pytest.LogCaptureFixture
) -> None:
    heard = Heard()
    await write(api, aigerim, "before")
    api.updates.put("callback_query", {"id": "no more than this"})
    await write(api, aigerim, "half a \ud83d letter")
    intake = start(heard)
    await intake.step()
    await intake.step()
    await heard.until("before", "half a \ud83d letter")
    await intake.stop()
    assert await store.read(problems) == [None, "unreadable: TypeError", None]
    assert [record.message for record in caplog.records if "set aside" in record.message] == [
        f"update {700_000_002} cannot be read and is set aside"
    ]


async def test_a_handler_that_fails_or_never_ends_stops_nobody(
    api: BotApi, aigerim: Person, store: Store, start: Callable[..., Intake]
) -> None:
    async def fails(request: Request) -> None:
        if request.text == "boom":
            raise ZeroDivisionError
        if request.text == "hang":
            await asyncio.Event().wait()

    heard = Heard(fails)
    intake = start(heard, Pace(wait=timedelta(), limit=timedelta(milliseconds=20)))
    await write(api, aigerim, "boom", "hang", "fine")
    await intake.step()
    await heard.until("fine")
    await intake.stop()
    assert await store.read(problems) == ["ZeroDivisionError", "TimeoutError", None]


async def test_order_is_kept_inside_a_chat_while_another_chat_overtakes(
    api: BotApi, aigerim: Person, daniyar: Person, start: Callable[..., Intake]
) -> None:
    gate = asyncio.Event()

    async def waits_for_the_other(request: Request) -> None:
        if request.text == "a1":
            await gate.wait()

    heard = Heard(waits_for_the_other)
    intake = start(heard)
    await write(api, aigerim, "a1", "a2")
    await write(api, daniyar, "d1", "d2")
    await intake.step()
    await heard.until("d1", "d2")
    assert "a2" not in heard.texts
    gate.set()
    await heard.until("a2")
    await intake.stop()
    assert [text for text in heard.texts if text.startswith("a")] == ["a1", "a2"]
    assert [text for text in heard.texts if text.startswith("d")] == ["d1", "d2"]


async def test_a_chat_that_asks_too_much_is_capped_and_others_are_not(
    api: BotApi, aigerim: Person, daniyar: Person, store: Store, start: Callable[..., Intake]
) -> None:
    gate = asyncio.Event()

    async def waits(request: Request) -> None:
        if request.user_id == aigerim.user_id:
            await gate.wait()

    heard = Heard(waits)
    intake = start(heard, Pace(wait=timedelta(), backlog=3))
    await write(api, aigerim, "1", "2", "3", "4", "5")
    await write(api, daniyar, "hello")
    await intake.step()
    await heard.until("hello")
    gate.set()
    await heard.until("1", "2", "3")
    await intake.stop()
    assert sorted(heard.texts) == ["1", "2", "3", "hello"]
    assert (await store.read(problems)).count("too many at once") == 2


async def test_a_stop_ends_the_long_poll_and_lets_the_answer_in_hand_finish(
    api: BotApi, aigerim: Person, store: Store, start: Callable[..., Intake]
) -> None:
    gate = asyncio.Event()

    async def waits(_: Request) -> None:
        await gate.wait()

    heard = Heard(waits)
    intake = start(heard, Pace(wait=timedelta(seconds=50)))
    task = asyncio.create_task(intake.run())
    await write(api, aigerim, "in hand", "not begun")
    await heard.until("in hand")
    stopping = asyncio.create_task(intake.stop(timedelta(seconds=5)))
    await asyncio.wait_for(task, 5)
    assert not stopping.done()
    gate.set()
    await stopping
    assert heard.texts == ["in hand"]
    assert await unhandled(store) == 1


async def test_loss_and_recovery_are_logged_once_each(
    api: BotApi, start: Callable[..., Intake], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    fault = api.faults.add(method="getUpdates", times=4, status=502, html="<h1>Bad Gateway</h1>")
    intake = start(Heard())
    async with running(intake):
        await api.wait_for(lambda: fault.hits == 4)
        assert intake.lost_since == now()
        await api.wait_for(lambda: intake.lost_since is None)
    told = [record.message for record in caplog.records if record.name == "bot.chat.intake"]
    assert told == [
        "no updates from Telegram: HTTP 502 from something in front of Telegram",
        "updates from Telegram come again after 0:00:00",
    ]


async def test_a_telegram_that_is_away_at_the_start_is_waited_for(api: BotApi, start: Callable[..., Intake]) -> None:
    api.faults.add(method="getMe", times=2, status=500)
    intake = start(Heard())
    with pytest.raises(MaybeSent):
        await intake.step()
    async with running(intake):
        await api.wait_for(lambda: intake.last_ok_at is not None)


async def test_a_second_reader_that_stays_is_fatal(api: BotApi, start: Callable[..., Intake]) -> None:
    fault = api.faults.add(method="getUpdates", times=None, status=409, description="Conflict: another getUpdates")
    with pytest.raises(Conflict):
        await asyncio.wait_for(start(Heard(), Pace(pauses=QUICK.pauses, conflicts=3)).run(), 5)
    assert fault.hits == 3


async def test_a_second_reader_that_goes_away_is_forgiven(api: BotApi, start: Callable[..., Intake]) -> None:
    for _ in range(2):
        api.faults.add(method="getUpdates", times=2, status=409, description="Conflict: another getUpdates")
        api.faults.add(method="getUpdates", times=1)
    async with running(start(Heard(), Pace(wait=timedelta(), pauses=QUICK.pauses, conflicts=3))) as task:
        await api.wait_for(lambda: [call.status for call in api.calls if call.method == "getUpdates"].count(200) > 2)
        assert not task.done()


async def test_a_revoked_token_is_fatal_at_once(api: BotApi, store: Store) -> None:
    gateway = Gateway(SecretStr("700400:another"), api.root)
    with pytest.raises(TokenRefused):
        await asyncio.wait_for(Intake(gateway, store, Heard(), now=now, pace=QUICK).run(), 5)
    await gateway.close()


async def test_a_flood_is_told_once_and_left_out_and_nobody_else_waits_for_it(
    api: BotApi, aigerim: Person, daniyar: Person, store: Store, start: Callable[..., Intake]
) -> None:
    heard = Heard()
    group = api.group(-9, "Shop", [aigerim, daniyar])
    for number in range(300):
        await api.says(aigerim, group, f"/flood {number}")
    await api.says(daniyar, group, "/find 1")
    async with running(start(heard, Pace(wait=timedelta(seconds=20), backlog=1000))):
        await heard.until("/find 1")
        await api.wait_for(lambda: not api.updates.pending)
    assert len(heard.texts) == BURST + 1
    assert heard.slowed == [aigerim.user_id]
    assert (await store.read(problems)).count("too fast") == 300 - BURST - 1
    assert await unhandled(store) == 0


async def test_a_poll_that_hangs_can_be_begun_anew(
    api: BotApi, gateway: Gateway, store: Store, aigerim: Person
) -> None:
    heard, vitals = Heard(), Vitals()
    hung = api.faults.add(method="getUpdates", hang=True)
    intake = Intake(gateway, store, heard, now=now, vitals=vitals, pace=QUICK)
    async with running(intake):
        await api.wait_for(lambda: hung.hits)
        await write(api, aigerim, "/find 1")
        assert (heard.texts, vitals.rounds(TELEGRAM)) == ([], 0)
        intake.restart()
        await heard.until("/find 1")
    assert vitals.rounds(TELEGRAM) >= 1


async def test_a_telegram_that_is_down_is_no_poll_that_hangs(api: BotApi, gateway: Gateway, store: Store) -> None:
    vitals = Vitals()
    down = api.faults.add(method="getUpdates", times=None, status=502, html="Bad gateway")
    async with running(Intake(gateway, store, Heard(), now=now, vitals=vitals, pace=QUICK)):
        await api.wait_for(lambda: down.hits > 3)
        assert vitals.rounds(TELEGRAM) >= 3


async def test_a_question_that_met_no_store_is_answered_once_there_is_one(
    api: BotApi, aigerim: Person, store: Store, start: Callable[..., Intake]
) -> None:
    tries = 0

    async def stumble(_: Request) -> None:
        nonlocal tries
        tries += 1
        if tries == 1:
            raise StoreError("away")

    handler = Heard(stumble)
    await write(api, aigerim, "/today")
    async with running(start(handler)), handler.changed, asyncio.timeout(5):
        await handler.changed.wait_for(lambda: handler.texts == ["/today", "/today"])
    assert await unhandled(store) == 0
    assert await store.read(problems) == [None]


async def test_a_question_that_the_store_never_answers_comes_to_an_end(
    api: BotApi, aigerim: Person, store: Store, start: Callable[..., Intake]
) -> None:
    async def stumble(_: Request) -> None:
        raise StoreError("this question is too much for it")

    handler = Heard(stumble)
    await write(api, aigerim, "/today")
    async with running(start(handler)), handler.changed, asyncio.timeout(5):
        await handler.changed.wait_for(lambda: len(handler.texts) == MOST_TRIES)
    assert await store.read(problems) == ["StoreError"]
