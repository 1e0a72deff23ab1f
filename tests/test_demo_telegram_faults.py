"""The local Bot API when things go wrong: ordered faults, rate limits, webhooks that fail, a server that stops."""

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from aiohttp import web
from clocks import Clock
from telegram import Bot, InputMediaDocument
from telegram.error import BadRequest, Conflict, NetworkError, RetryAfter, TelegramError, TimedOut

from bot.demo.telegram import BotApi

TOKEN = "700100:local-token_1"
CHAT = 5


class Receiver:
    """A webhook that answers with the given statuses, then always 200."""

    def __init__(self, *statuses: int) -> None:
        self.statuses = list(statuses)
        self.got: list[tuple[str | None, int]] = []

    async def __call__(self, request: web.Request) -> web.Response:
        update = await request.json()
        self.got.append((request.headers.get("X-Telegram-Bot-Api-Secret-Token"), update["update_id"]))
        return web.Response(status=self.statuses.pop(0) if self.statuses else 200)


@pytest.fixture(autouse=True)
def _ptb_speaks_timedelta(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PTB_TIMEDELTA", "true")


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def api(clock: Clock, request: pytest.FixtureRequest) -> AsyncIterator[BotApi]:
    api = BotApi(TOKEN, now=clock, limits=getattr(request, "param", False))
    await api.start()
    api.private_chat(api.person(CHAT, "Aigerim"))
    yield api
    await api.stop()


@pytest.fixture
async def bot(api: BotApi) -> AsyncIterator[Bot]:
    async with Bot(TOKEN, base_url=f"{api.root}/bot") as bot:
        yield bot


with_limits = pytest.mark.parametrize("api", [True], indirect=True, ids=["limits"])


async def test_a_refusal_on_order_happens_as_often_as_ordered(api: BotApi, bot: Bot) -> None:
    fault = api.faults.add(method="sendMessage", times=2, status=500)
    for _ in range(2):
        with pytest.raises(NetworkError, match="Internal Server Error"):
            await bot.send_message(CHAT, "x")
    await bot.send_message(CHAT, "x")
    assert fault.hits == 2
    assert [call.status for call in api.calls if call.method == "sendMessage"] == [500, 500, 200]


async def test_a_fault_for_one_chat_leaves_the_others_alone(api: BotApi, bot: Bot) -> None:
    api.private_chat(api.person(6, "Daniyar"))
    flood = {"retry_after": 7}
    api.faults.add(chat_id=6, times=None, status=429, description="Too Many Requests: retry after 7", parameters=flood)
    await bot.send_message(CHAT, "x")
    with pytest.raises(RetryAfter) as caught:
        await bot.send_message(6, "x")
    assert caught.value.retry_after == timedelta(seconds=7)
    api.faults.clear()
    await bot.send_message(6, "x")


async def test_a_proxys_page_is_not_json(api: BotApi, bot: Bot) -> None:
    api.faults.add(method="sendMessage", html="<h1>Bad gateway</h1>")
    with pytest.raises(NetworkError, match="Bad gateway"):
        await bot.send_message(CHAT, "x")


async def test_a_hung_call_was_accepted_and_never_answers(api: BotApi, bot: Bot) -> None:
    api.faults.add(method="sendMessage", hang=True)
    with pytest.raises(TimedOut):
        await bot.send_message(CHAT, "x", read_timeout=0.1)
    assert [message.text for message in api.messages(CHAT)] == ["x"]
    await api.wait_for(lambda: api.calls[-1].method == "sendMessage")
    assert api.calls[-1].status is None


async def test_a_delay_answers_late(api: BotApi, bot: Bot) -> None:
    api.faults.add(method="sendMessage", delay=0.05)
    began = time.monotonic()
    await bot.send_message(CHAT, "x")
    assert time.monotonic() - began >= 0.05


@pytest.mark.parametrize(("drop", "delivered"), [("before", 0), ("after", 1)])
async def test_a_cut_socket_leaves_what_was_accepted(api: BotApi, bot: Bot, drop: str, delivered: int) -> None:
    api.faults.add(method="sendMessage", drop=drop)
    with pytest.raises(NetworkError, match="RemoteProtocolError"):
        await bot.send_message(CHAT, "x")
    assert len(api.deliveries) == len(api.messages(CHAT)) == delivered


@with_limits
async def test_a_private_chat_takes_three_at_once_and_one_a_second(api: BotApi, bot: Bot, clock: Clock) -> None:
    for _ in range(3):
        await bot.send_message(CHAT, "x")
    with pytest.raises(RetryAfter, match="0:00:01"):
        await bot.send_message(CHAT, "x")
    clock.at += timedelta(seconds=1)
    await bot.send_message(CHAT, "x")
    assert len(api.deliveries) == 4


@with_limits
async def test_a_group_takes_twenty_a_minute_edits_included(api: BotApi, bot: Bot, clock: Clock) -> None:
    api.group(-100, "Shop", [api.person(6, "Daniyar")])
    sent = await bot.send_message(-100, "0")
    for number in range(1, 20):
        await sent.edit_text(str(number))
    with pytest.raises(RetryAfter, match="0:00:03"):
        await sent.edit_text("20")
    clock.at += timedelta(seconds=3)
    await sent.edit_text("20")


@with_limits
async def test_all_chats_together_take_thirty_a_second(api: BotApi, bot: Bot) -> None:
    for user_id in range(100, 131):
        api.private_chat(api.person(user_id, "Person"))
    for user_id in range(100, 130):
        await bot.send_message(user_id, "x")
    with pytest.raises(RetryAfter):
        await bot.send_message(130, "x")


@with_limits
async def test_an_album_counts_each_of_its_files(api: BotApi, bot: Bot) -> None:
    await bot.send_media_group(CHAT, [InputMediaDocument(b"a"), InputMediaDocument(b"b"), InputMediaDocument(b"c")])
    with pytest.raises(RetryAfter):
        await bot.send_message(CHAT, "x")


async def test_a_webhook_gets_updates_in_order_until_it_says_yes(api: BotApi, bot: Bot) -> None:
    receiver = Receiver(500, 503)
    async with serving(receiver) as url:
        person = api.people[CHAT]
        await bot.set_webhook(url, secret_token="secret-1")
        await api.says(person, api.private_chat(person), "a")
        await api.says(person, api.private_chat(person), "b")
        await api.wait_for(lambda: not api.updates.pending)
        first = receiver.got[0][1]
        assert receiver.got == [("secret-1", first + late) for late in (0, 0, 0, 1)]
        assert (
            await bot.get_webhook_info()
        ).last_error_message == "Wrong response from the webhook: 503 Service Unavailable"
        await bot.delete_webhook()


async def test_polling_is_refused_while_a_webhook_is_set(api: BotApi, bot: Bot) -> None:
    await bot.set_webhook("http://127.0.0.1:9/telegram")
    with pytest.raises(Conflict, match="webhook is active"):
        await bot.get_updates()
    await bot.delete_webhook()
    assert await bot.get_updates() == ()


async def test_a_webhook_that_is_down_keeps_its_updates(api: BotApi, bot: Bot) -> None:
    await bot.set_webhook("http://127.0.0.1:9/telegram")
    await api.says(api.people[CHAT], api.private_chat(api.people[CHAT]), "a")
    await api.wait_for(lambda: api.updates.last_failure)
    info = await bot.get_webhook_info()
    assert (info.pending_update_count, info.last_error_message) == (1, "Connection failed: ClientConnectorError")
    await bot.delete_webhook(drop_pending_updates=True)
    assert await bot.get_updates() == ()


async def test_a_webhook_secret_is_of_plain_characters(api: BotApi, bot: Bot) -> None:
    with pytest.raises(BadRequest, match="Secret token contains unallowed characters"):
        await bot.set_webhook("http://127.0.0.1:9/", secret_token="не тот")


async def test_a_stopping_server_ends_long_polls_and_comes_back_with_its_state() -> None:
    api = BotApi(TOKEN, now=Clock())
    root = await api.start()
    api.private_chat(api.person(CHAT, "Aigerim"))
    async with Bot(TOKEN, base_url=f"{root}/bot") as bot:
        await bot.send_message(CHAT, "kept")
        poll = asyncio.create_task(bot.get_updates(timeout=30))
        await api.wait_for(lambda: api.updates.polling)
        await asyncio.wait_for(api.stop(), 2)
        assert await poll == ()
        with pytest.raises(TelegramError):
            await bot.send_message(CHAT, "lost")
        await api.start(port=int(root.rpartition(":")[2]))
        await bot.send_message(CHAT, "again")
    assert [message.text for message in api.messages(CHAT)] == ["kept", "again"]
    await api.stop()


async def test_waiting_in_vain_tells_the_last_calls(api: BotApi, bot: Bot) -> None:
    await bot.send_message(CHAT, "x")
    with pytest.raises(TimeoutError, match=r"sendMessage\(5\) 200"):
        await api.wait_for(lambda: len(api.messages(CHAT)) == 2, timeout=0.01)


async def test_an_unanswered_press_times_out(api: BotApi, bot: Bot) -> None:
    await bot.send_message(CHAT, "x")
    press = await api.presses(api.people[CHAT], api.messages(CHAT)[0], "ack")
    with pytest.raises(TimeoutError, match="no answer to 'ack'"):
        await press.answer(timeout=0.01)


class serving:
    """The receiver on a socket of its own; gives its address."""

    def __init__(self, receiver: Receiver) -> None:
        app = web.Application()
        app.router.add_post("/telegram", receiver.__call__)
        self.runner = web.AppRunner(app)

    async def __aenter__(self) -> str:
        await self.runner.setup()
        await web.TCPSite(self.runner, "127.0.0.1", 0).start()
        return f"http://127.0.0.1:{self.runner.addresses[0][1]}/telegram"

    async def __aexit__(self, *error: object) -> None:
        await self.runner.cleanup()
