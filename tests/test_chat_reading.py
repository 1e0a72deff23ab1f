"""One raw update in, one value out: what people do in the local Telegram is read by the bot's own words."""

from datetime import UTC, datetime
from typing import Any

import pytest

from bot.chat.telegram import BotMembership, ChatMoved, chat_of, read_update
from bot.demo.telegram import BotApi, Chat, Content, Message, Person
from bot.model import ChatKind, Request

SENT_AT = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
READ_AT = datetime(2026, 11, 24, 9, 5, tzinfo=UTC)


@pytest.fixture
def api() -> BotApi:
    return BotApi("700300:token", now=lambda: SENT_AT, username="epay_demo_bot")


@pytest.fixture
def aigerim(api: BotApi) -> Person:
    return api.person(5, "Aigerim", "kk")


@pytest.fixture
async def shop(api: BotApi, aigerim: Person) -> Chat:
    return api.group(-100500, "Shop", [aigerim], "supergroup", {7: "Alerts"})


def read(api: BotApi) -> object:
    """What the newest update says."""
    return read_update(api.updates.pending[-1], username="epay_demo_bot", now=READ_AT)


async def said(api: BotApi, person: Person, text: str) -> Request:
    await api.says(person, api.private_chat(person), text)
    request = read(api)
    assert isinstance(request, Request)
    return request


async def test_a_command_is_read_with_who_where_and_when(api: BotApi, aigerim: Person, shop: Chat) -> None:
    asked = await api.says(aigerim, shop, "/find  00123 ", 7)
    request = read(api)
    assert isinstance(request, Request)
    assert (request.user_id, request.user_name, request.user_language) == (5, "Aigerim", "kk")
    assert (request.chat.chat_id, request.chat.thread_id, request.chat.kind) == (-100500, 7, ChatKind.SUPERGROUP)
    assert (request.chat.title, request.at, request.answer_to) == ("Shop", SENT_AT, asked.message_id)
    assert (request.command, request.arguments, request.pressed) == ("find", ("00123",), None)


@pytest.mark.parametrize(
    ("text", "command", "arguments"),
    [
        ("/start", "start", ()),
        ("/Start 1a2b", "start", ("1a2b",)),
        ("/find@EPAY_demo_bot 1 2", "find", ("1", "2")),
        ("/today\nSamal", "today", ("Samal",)),
        ("hello", "", ()),
        ("/usr/bin", "", ()),
        ("тест /find 1", "", ()),
    ],
)
async def test_words_become_command_and_arguments(
    api: BotApi, aigerim: Person, text: str, command: str, arguments: tuple[str, ...]
) -> None:
    request = await said(api, aigerim, text)
    assert (request.command, request.arguments, request.text) == (command, arguments, text)


async def test_a_command_for_another_bot_is_not_ours(api: BotApi, aigerim: Person, shop: Chat) -> None:
    shop.standing = "administrator"
    await api.says(aigerim, shop, "/find@another_bot 1")
    assert read(api) is None


async def test_a_thread_outside_a_forum_is_no_topic(api: BotApi, aigerim: Person, shop: Chat) -> None:
    await api.says(aigerim, shop, "/find 1")
    update: dict[str, Any] = api.updates.pending[-1]
    update["message"]["message_thread_id"] = 4
    request = read(api)
    assert isinstance(request, Request)
    assert request.chat.thread_id is None


def shown(api: BotApi, chat: Chat, label: str, data: str, thread_id: int | None = None) -> Message:
    """A message of the bot with one button."""
    buttons = {"inline_keyboard": [[{"text": label, "callback_data": data}]]}
    return api.post(chat, api.me, Content("Found", markup=buttons), thread_id=thread_id)


async def pressed(api: BotApi, person: Person, message: Message, data: str) -> Request:
    await api.presses(person, message, data)
    request = read(api)
    assert isinstance(request, Request)
    return request


async def test_a_refresh_is_the_command_its_button_carries(api: BotApi, aigerim: Person, shop: Chat) -> None:
    message = shown(api, shop, "🔄 Refresh", "e1:find:00123", 7)
    request = await pressed(api, aigerim, message, "e1:find:00123")
    assert (request.command, request.arguments) == ("find", ("00123",))
    assert (request.pressed, request.answer_to, request.at) == (message.message_id, None, READ_AT)
    assert (request.chat.thread_id, request.press_id in api.pressed) == (7, True)


async def test_any_other_button_is_answered_below_its_message(api: BotApi, aigerim: Person, shop: Chat) -> None:
    message = shown(api, shop, "🔎 All attempts", "v1:find:00123")
    request = await pressed(api, aigerim, message, "v1:find:00123")
    assert (request.command, request.pressed, request.answer_to) == ("find", None, message.message_id)


@pytest.mark.parametrize(
    ("data", "command", "arguments"),
    [
        ("v1:health:", "health", ()),
        ("v1:health", "health", ()),
        ("v1:find:a:b", "find", ("a:b",)),
        ("e1:find: a  b", "find", ("a", "b")),
        ("v0:find:00123", "", ()),
        ("e1::AbC-7", "", ()),
        ("e1", "", ()),
        ("nonsense", "", ()),
        ("", "", ()),
    ],
)
async def test_what_a_button_carries_is_read_and_a_button_of_another_time_has_no_command(
    api: BotApi, aigerim: Person, data: str, command: str, arguments: tuple[str, ...]
) -> None:
    request = await pressed(api, aigerim, shown(api, api.private_chat(aigerim), "🔄 Refresh", data), data)
    assert (request.command, request.arguments) == (command, arguments)


async def test_a_press_on_a_message_too_old_to_be_shown_is_answered_below(api: BotApi, aigerim: Person) -> None:
    message = shown(api, api.private_chat(aigerim), "🔄 Refresh", "e1:find:1")
    await api.presses(aigerim, message, "e1:find:1")
    query: dict[str, Any] = api.updates.pending[-1]["callback_query"]
    query["message"] = {"chat": query["message"]["chat"], "message_id": message.message_id, "date": 0}
    request = read(api)
    assert isinstance(request, Request)
    assert (request.command, request.pressed, request.answer_to) == ("find", None, message.message_id)


async def test_a_group_that_became_a_supergroup_is_followed_from_both_sides(api: BotApi, aigerim: Person) -> None:
    supergroup = api.migrate(api.group(-42, "Old", [aigerim]))
    new = read(api)
    api.updates.pending.pop()
    assert new == read(api) == ChatMoved(-42, supergroup.chat_id)
    assert isinstance(new, ChatMoved)
    assert chat_of(new) == -42


async def test_blocking_and_unblocking_are_membership(api: BotApi, aigerim: Person) -> None:
    api.blocks(aigerim)
    blocked = read(api)
    api.unblocks(aigerim)
    unblocked = read(api)
    assert isinstance(blocked, BotMembership)
    assert isinstance(unblocked, BotMembership)
    assert (blocked.allowed, unblocked.allowed) == (False, True)
    assert (blocked.user_id, chat_of(blocked), blocked.chat.kind) == (5, 5, ChatKind.PRIVATE)


@pytest.mark.parametrize(
    ("is_member", "can_send", "allowed"), [(True, True, True), (True, False, False), (False, True, False)]
)
async def test_a_restricted_bot_is_allowed_only_if_it_may_write(
    api: BotApi, aigerim: Person, shop: Chat, *, is_member: bool, can_send: bool, allowed: bool
) -> None:
    api.adds_bot(aigerim, shop)
    member: dict[str, Any] = api.updates.pending[-1]["my_chat_member"]["new_chat_member"]
    member |= {"status": "restricted", "until_date": 0, "is_member": is_member, "can_send_messages": can_send}
    change = read(api)
    assert isinstance(change, BotMembership)
    assert change.allowed is allowed


async def test_service_messages_bots_and_foreign_updates_are_ignored(api: BotApi, aigerim: Person, shop: Chat) -> None:
    api.close_topic(shop, 7)
    assert read(api) is None
    await api.says(api.me, shop, "/find 1")
    assert read(api) is None
    assert read_update({"update_id": 1, "purchased_something": {}}, username="epay_demo_bot", now=READ_AT) is None


@pytest.mark.parametrize("broken", [{"message": {"text": "no id"}}, {"callback_query": {"id": "1"}}, {"message": "?"}])
async def test_an_update_that_is_not_what_telegram_promises_raises(broken: dict[str, Any]) -> None:
    with pytest.raises((KeyError, TypeError, ValueError, AttributeError)):
        read_update({"update_id": 1, **broken}, username="epay_demo_bot", now=READ_AT)
