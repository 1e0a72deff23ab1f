"""What the bot says to Telegram, over real sockets: shapes of calls, the meaning of refusals, no token anywhere."""

import asyncio
import logging
import re
import socket
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aiohttp import ClientSession
from markupsafe import Markup
from pydantic import SecretStr

from bot.chat.telegram import Conflict, Gateway, Menu, MessageGone
from bot.chat.telegram.floods import Floods
from bot.demo.telegram import BotApi
from bot.errors import (
    DeliveryError,
    Malformed,
    MaybeSent,
    Moved,
    NotSent,
    TokenRefused,
    TooLarge,
    TopicGone,
    Undeliverable,
)
from bot.model import Button, ChatKind, Destination, Message

TOKEN = "700200:local-token_for-the-gateway-0123456789"
AIGERIM = Destination(chat_id=5)
SHOP = Destination(chat_id=-100500, thread_id=7, kind=ChatKind.SUPERGROUP)
HELLO = Message(Markup("<b>Hello</b> &amp; welcome"))
NO_WAIT = timedelta()


def now() -> datetime:
    return datetime(2026, 11, 24, 9, 0, tzinfo=UTC)


@pytest.fixture
async def api() -> AsyncIterator[BotApi]:
    api = BotApi(TOKEN, now=now)
    await api.start()
    person = api.person(5, "Aigerim")
    api.private_chat(person)
    api.group(SHOP.chat_id, "Shop", [person], "supergroup", {7: "Alerts"})
    yield api
    await api.stop()


@pytest.fixture
async def gateway(api: BotApi) -> AsyncIterator[Gateway]:
    gateway = Gateway(SecretStr(TOKEN), api.root)
    yield gateway
    await gateway.close()


async def raised(gateway: Gateway, destination: Destination = AIGERIM) -> DeliveryError:
    with pytest.raises(DeliveryError) as caught:
        await gateway.send(destination, HELLO)
    return caught.value


async def test_the_bot_knows_who_it_is(gateway: Gateway) -> None:
    me = await gateway.me()
    assert (me.user_id, me.username, me.name) == (700200, "epay_demo_bot", "ePay")


async def test_a_message_goes_out_as_html_without_preview_and_its_id_comes_back(api: BotApi, gateway: Gateway) -> None:
    message_id = await gateway.send(AIGERIM, HELLO)
    sent = api.deliveries[-1]
    assert (sent.text, sent.message.message_id, sent.silent) == ("Hello & welcome", message_id, False)
    assert "is_disabled" in str(sent.parameters["link_preview_options"])


async def test_a_message_goes_to_its_topic_as_a_silent_reply(api: BotApi, gateway: Gateway) -> None:
    asked = await api.says(api.people[5], api.chats[SHOP.chat_id], "/health", 7)
    await gateway.send(SHOP, Message(HELLO.text, silent=True), reply_to=asked.message_id)
    sent = api.deliveries[-1].message
    assert (sent.thread_id, sent.reply_to, sent.silent) == (7, asked, True)


async def test_a_reply_to_a_deleted_message_still_arrives(api: BotApi, gateway: Gateway) -> None:
    await gateway.send(AIGERIM, HELLO, reply_to=999)
    assert api.deliveries[-1].message.reply_to is None


async def test_buttons_carry_data_or_something_to_copy(api: BotApi, gateway: Gateway) -> None:
    row = [Button("Again", data="v1:find:123"), Button("Copy", copy="123")]
    await gateway.send(AIGERIM, Message(HELLO.text, buttons=[row]))
    again, copied = api.deliveries[-1].message.buttons[0]
    assert again["callback_data"] == "v1:find:123"
    assert copied["copy_text"] == {"text": "123"}


async def test_a_button_telegram_would_refuse_costs_only_itself(api: BotApi, gateway: Gateway) -> None:
    rows = [[Button("Long", data=f"v1:find:{'ж' * 29}")], [Button("Just fits", data=f"v1:find:{'ж' * 28}")]]
    await gateway.send(AIGERIM, Message(HELLO.text, buttons=rows))
    assert [button["text"] for row in api.deliveries[-1].message.buttons for button in row] == ["Just fits"]


async def test_an_edit_rewrites_and_repeating_it_is_no_error(api: BotApi, gateway: Gateway) -> None:
    message_id = await gateway.send(AIGERIM, HELLO)
    for _ in range(2):
        await gateway.edit(AIGERIM, message_id, Message(Markup("Bye")))
    assert [message.text for message in api.messages(5)] == ["Bye"]


async def test_an_edit_of_a_message_that_is_gone_says_so(gateway: Gateway) -> None:
    with pytest.raises(MessageGone):
        await gateway.edit(AIGERIM, 999, HELLO)


async def test_a_press_is_answered_once_and_a_second_answer_is_no_error(api: BotApi, gateway: Gateway) -> None:
    await gateway.send(AIGERIM, Message(HELLO.text, buttons=[[Button("Go", data="v1:help")]]))
    press = await api.presses(api.people[5], api.messages(5)[-1], "v1:help")
    await gateway.answer_press(press.query_id, "x" * 300, alert=True)
    answer = await press.answer()
    assert (answer.text, answer.alert) == ("x" * 200, True)
    await gateway.answer_press("1", "too late")


async def test_typing_is_shown_in_the_topic(api: BotApi, gateway: Gateway) -> None:
    await gateway.typing(SHOP)
    shown = api.chats[SHOP.chat_id].typing
    assert shown is not None
    assert (shown.thread_id, shown.action) == (7, "typing")


async def test_updates_come_raw_and_stay_until_the_offset_passes_them(api: BotApi, gateway: Gateway) -> None:
    await api.says(api.people[5], api.chats[5], "/start")
    first = await gateway.updates(None, wait=NO_WAIT)
    assert [update["message"]["text"] for update in first] == ["/start"]
    assert await gateway.updates(first[0]["update_id"], wait=NO_WAIT) == first
    assert await gateway.updates(first[0]["update_id"] + 1, wait=NO_WAIT) == []


async def test_a_long_poll_wakes_for_a_new_update(api: BotApi, gateway: Gateway) -> None:
    polling = asyncio.create_task(gateway.updates(None, wait=timedelta(seconds=20)))
    await api.says(api.people[5], api.chats[5], "/help")
    assert len(await asyncio.wait_for(polling, 5)) == 1


async def test_the_bot_can_leave_a_group(api: BotApi, gateway: Gateway) -> None:
    await gateway.leave(SHOP.chat_id)
    assert api.chats[SHOP.chat_id].standing == "left"


async def test_menus_are_set_and_those_of_another_time_removed(api: BotApi, gateway: Gateway) -> None:
    await gateway.set_menu([Menu(scope="default", language="kk", commands=(("old", "Old"),))])
    await gateway.set_menu([Menu(scope="private", language="", commands=(("help", "Help"),))])
    scopes = [commands for commands in api.commands.values() if commands]
    assert scopes == [[{"command": "help", "description": "Help"}]]


async def test_polling_works_again_after_a_webhook(api: BotApi, gateway: Gateway, unused_port: int) -> None:
    async with ClientSession() as session:
        await session.post(
            f"{api.root}/bot{TOKEN}/setWebhook", data={"url": f"http://127.0.0.1:{unused_port}/telegram"}
        )
    with pytest.raises(Conflict):
        await gateway.updates(None, wait=NO_WAIT)
    await gateway.delete_webhook()
    assert await gateway.updates(None, wait=NO_WAIT) == []


REFUSALS: list[tuple[int, str, dict[str, Any], Destination, type[DeliveryError]]] = [
    (403, "Forbidden: bot was blocked by the user", {}, AIGERIM, Undeliverable),
    (403, "Forbidden: bot was kicked from the supergroup chat", {}, SHOP, Undeliverable),
    (403, "Forbidden: user is deactivated", {}, AIGERIM, Undeliverable),
    (403, "Forbidden: bot is not a member of the channel chat", {}, AIGERIM, Undeliverable),
    (403, "Forbidden: bot can't initiate conversation with a user", {}, AIGERIM, Undeliverable),
    (400, "Bad Request: chat not found", {}, AIGERIM, Undeliverable),
    (400, "Bad Request: PEER_ID_INVALID", {}, AIGERIM, Undeliverable),
    (400, "Bad Request: group chat was upgraded to a supergroup chat", {"migrate_to_chat_id": -1005}, AIGERIM, Moved),
    (400, "Bad Request: message thread not found", {}, SHOP, TopicGone),
    (400, "Bad Request: TOPIC_CLOSED", {}, SHOP, TopicGone),
    (400, "Bad Request: not enough rights to send text messages to the chat", {}, SHOP, TopicGone),
    (400, "Bad Request: not enough rights to send text messages to the chat", {}, AIGERIM, Undeliverable),
    (400, "Bad Request: CHAT_WRITE_FORBIDDEN", {}, AIGERIM, Undeliverable),
    (400, "Bad Request: can't parse entities: unexpected end tag", {}, AIGERIM, Malformed),
    (400, "Bad Request: message is too long", {}, AIGERIM, Malformed),
    (413, "Request Entity Too Large", {}, AIGERIM, TooLarge),
    (401, "Unauthorized", {}, AIGERIM, TokenRefused),
    (404, "Not Found", {}, AIGERIM, TokenRefused),
    (409, "Conflict: terminated by other getUpdates request", {}, AIGERIM, Conflict),
    (429, "Too Many Requests: retry after 7", {"retry_after": 7}, AIGERIM, NotSent),
    (429, "Too Many Requests", {}, AIGERIM, NotSent),
    (500, "Internal Server Error", {}, AIGERIM, MaybeSent),
    (502, "Bad Gateway", {}, AIGERIM, MaybeSent),
]


@pytest.mark.parametrize(
    ("status", "description", "parameters", "destination", "expected"),
    REFUSALS,
    ids=[f"{row[0]} {row[1]} {'in a topic' if row[3].thread_id else ''}" for row in REFUSALS],
)
async def test_every_refusal_has_its_meaning(  # noqa: PLR0917
    api: BotApi,
    gateway: Gateway,
    status: int,
    description: str,
    parameters: dict[str, Any],
    destination: Destination,
    expected: type[DeliveryError],
) -> None:
    api.faults.add(status=status, description=description, parameters=parameters)
    error = await raised(gateway, destination)
    assert type(error) is expected
    assert TOKEN not in str(error)


async def test_a_flooded_chat_pauses_alone_for_as_long_as_telegram_says(api: BotApi, gateway: Gateway) -> None:
    api.faults.add(status=429, description="Too Many Requests", parameters={"retry_after": 7})
    error = await raised(gateway)
    assert isinstance(error, NotSent)
    assert (error.delay, error.everybody) == (timedelta(seconds=7), False)


def test_three_flooded_chats_within_a_second_mean_the_whole_bot() -> None:
    floods = Floods()
    assert [floods.note(chat, at) for chat, at in [(1, 0.0), (1, 0.1), (2, 0.2), (3, 0.9)]] == [False] * 3 + [True]
    assert not floods.note(4, 2.5)
    assert floods.note(None, 3.0)


async def test_a_moved_group_tells_its_new_id(api: BotApi, gateway: Gateway) -> None:
    group = api.group(-42, "Old", [api.people[5]])
    supergroup = api.migrate(group)
    error = await raised(gateway, Destination(chat_id=-42))
    assert isinstance(error, Moved)
    assert error.new_chat_id == supergroup.chat_id


@pytest.mark.parametrize(
    ("how", "expected"),
    [
        ({"status": 502, "html": "<h1>Bad Gateway</h1>"}, MaybeSent),
        ({"status": 200, "html": "<h1>Log in to the free wireless</h1>"}, MaybeSent),
        ({"status": 403, "html": "<h1>Your proxy says no</h1>"}, NotSent),
        ({"status": 302, "html": "elsewhere"}, NotSent),
        ({"status": 413, "html": "<h1>Too large</h1>"}, TooLarge),
        ({"drop": "before"}, MaybeSent),
        ({"drop": "after"}, MaybeSent),
    ],
    ids=str,
)
async def test_what_is_not_telegrams_word_never_switches_a_chat_off(
    api: BotApi, gateway: Gateway, how: dict[str, Any], expected: type[DeliveryError]
) -> None:
    api.faults.add(**how)
    assert type(await raised(gateway)) is expected


async def test_an_answer_that_never_comes_may_have_been_delivered(api: BotApi) -> None:
    gateway = Gateway(SecretStr(TOKEN), api.root, patience=timedelta(milliseconds=50))
    api.faults.add(hang=True)
    assert isinstance(await raised(gateway), MaybeSent)
    assert len(api.deliveries) == 1
    await gateway.close()


@pytest.fixture
def unused_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


async def test_an_unreachable_telegram_got_nothing_and_everybody_waits(unused_port: int) -> None:
    gateway = Gateway(SecretStr(TOKEN), f"http://127.0.0.1:{unused_port}")
    error = await raised(gateway)
    assert isinstance(error, NotSent)
    assert error.everybody
    await gateway.close()
    assert isinstance(await raised(gateway), NotSent)


async def test_a_session_from_outside_stays_open(api: BotApi) -> None:
    async with ClientSession() as session:
        gateway = Gateway(SecretStr(TOKEN), api.root, session)
        await gateway.me()
        await gateway.close()
        assert not session.closed


async def test_the_token_is_in_no_log_and_no_error(
    api: BotApi, gateway: Gateway, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    logging.getLogger("aiohttp").setLevel(logging.DEBUG)
    for how in ({"status": 400}, {"status": 502, "html": "x"}, {"drop": "after"}):
        api.faults.add(**how)
        error = await raised(gateway)
        logging.getLogger("test").exception("failed", exc_info=error)
    assert len(caplog.records) >= 3
    assert not re.search(TOKEN.partition(":")[2], caplog.text)
