"""The local Bot API as python-telegram-bot sees it: messages, buttons, updates, chats, files."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import timedelta

import aiohttp
import pytest
from clocks import Clock
from telegram import (
    Bot,
    BotCommand,
    BotCommandScopeChat,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InputMediaPhoto,
    ReplyParameters,
    Update,
)
from telegram.error import BadRequest, ChatMigrated, Conflict, Forbidden, InvalidToken

from bot.demo.telegram import BotApi

TOKEN = "700100:local-token_1"
PNG = (
    b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x02\0\0\0\x01\x08\x02\0\0\0\x7b\x40\xe8\xdd"
    b"\0\0\0\x0fIDATx\x9cc\xf8\xcf\xc0\xf0\x1f\x8c\x01\x05\xf9\x01\xff\x9d\xa8\x1c\x50\0\0\0\0IEND\xaeB`\x82"
)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def api(clock: Clock) -> AsyncIterator[BotApi]:
    api = BotApi(TOKEN, now=clock)
    await api.start()
    yield api
    await api.stop()


@pytest.fixture
async def bot(api: BotApi) -> AsyncIterator[Bot]:
    root = api.root
    async with Bot(TOKEN, base_url=f"{root}/bot", base_file_url=f"{root}/file/bot") as bot:
        yield bot


def keyboard(*labels: str) -> InlineKeyboardMarkup:
    return InlineKeyboardMarkup([[InlineKeyboardButton(label, callback_data=label.lower()) for label in labels]])


async def test_the_bot_learns_who_it_is(api: BotApi, bot: Bot) -> None:
    assert bot.id == 700100
    assert bot.username == "epay_demo_bot"


async def test_a_message_is_shown_with_its_formatting_and_sound(api: BotApi, bot: Bot) -> None:
    api.private_chat(api.person(5, "Aigerim"))
    await bot.send_message(5, "<b>Сбой 🔴</b> &lt;x&gt;", parse_mode="HTML", disable_notification=True)
    (message,) = api.messages(5)
    assert message.text == "Сбой 🔴 <x>"
    assert message.content.entities == ({"type": "bold", "offset": 0, "length": 7},)
    assert message.silent


async def test_an_edit_keeps_the_history_and_the_times(api: BotApi, bot: Bot, clock: Clock) -> None:
    api.private_chat(api.person(5, "Aigerim"))
    sent = await bot.send_message(5, "one", reply_markup=keyboard("Ack"))
    clock.at += timedelta(minutes=3)
    edited = await sent.edit_text("two")
    (message,) = api.messages(5)
    assert [version.content.text for version in message.versions] == ["one", "two"]
    assert message.edited_at - message.sent_at == timedelta(minutes=3)
    assert message.buttons == []
    assert edited.edit_date == clock.at
    assert [(delivery.method, delivery.text, delivery.silent) for delivery in api.deliveries] == [
        ("sendMessage", "one", False),
        ("editMessageText", "two", True),
    ]


async def test_an_edit_that_changes_nothing_is_refused(api: BotApi, bot: Bot) -> None:
    api.private_chat(api.person(5, "Aigerim"))
    sent = await bot.send_message(5, "<b>one</b>", parse_mode="HTML")
    with pytest.raises(BadRequest, match="Message is not modified: specified new"):
        await sent.edit_text("<strong>one</strong>", parse_mode="HTML")
    assert len(api.deliveries) == 1


async def test_a_persons_words_arrive_as_an_update(api: BotApi, bot: Bot) -> None:
    person = api.person(5, "Aigerim", "kk", "aigerim")
    await api.says(person, api.private_chat(person), "/find 88213")
    (update,) = await bot.get_updates()
    assert update.message.text == "/find 88213"
    assert update.message.parse_entities() == {update.message.entities[0]: "/find"}
    assert (update.effective_user.language_code, update.effective_chat.type) == ("kk", "private")


async def test_updates_stay_until_they_are_confirmed(api: BotApi, bot: Bot) -> None:
    person = api.person(5, "Aigerim")
    for text in ("a", "b", "c"):
        await api.says(person, api.private_chat(person), text)
    first = await bot.get_updates(limit=2)
    assert [update.message.text for update in first] == ["a", "b"]
    again = await bot.get_updates(offset=first[-1].update_id)
    assert [update.message.text for update in again] == ["b", "c"]
    assert await bot.get_updates(offset=again[-1].update_id + 1) == ()
    assert not api.updates.pending


async def test_a_long_poll_is_woken_by_an_update(api: BotApi, bot: Bot) -> None:
    person = api.person(5, "Aigerim")
    poll = asyncio.create_task(bot.get_updates(timeout=30))
    await api.wait_for(lambda: api.updates.polling)
    await api.says(person, api.private_chat(person), "hello")
    (update,) = await asyncio.wait_for(poll, 3)
    assert update.message.text == "hello"


async def test_a_newer_poll_ends_the_older_with_a_conflict(api: BotApi, bot: Bot) -> None:
    older = asyncio.create_task(bot.get_updates(timeout=30))
    await api.wait_for(lambda: api.updates.polling)
    async with Bot(TOKEN, base_url=f"{api.root}/bot") as second:
        assert await second.get_updates() == ()
    with pytest.raises(Conflict, match="terminated by other getUpdates"):
        await older


async def test_rare_updates_come_only_when_asked_for(api: BotApi, bot: Bot) -> None:
    person = api.person(5, "Aigerim")
    await bot.get_updates(allowed_updates=["callback_query"])
    await api.says(person, api.private_chat(person), "lost")
    message = await bot.send_message(5, "?", reply_markup=keyboard("Ack"))
    await api.presses(person, api.messages(5)[-1], "ack")
    (update,) = await bot.get_updates()
    assert update.callback_query.message.message_id == message.message_id


async def test_a_pressed_button_is_answered_once(api: BotApi, bot: Bot) -> None:
    person = api.person(5, "Aigerim")
    api.private_chat(person)
    await bot.send_message(5, "?", reply_markup=keyboard("Ack", "Snooze"))
    message = api.messages(5)[-1]
    press = await api.presses(person, message, message.data("Sno"))
    (update,) = await bot.get_updates()
    assert update.callback_query.data == "snooze"
    await update.callback_query.answer("Not yours", show_alert=True)
    answer = await press.answer()
    assert (answer.text, answer.alert) == ("Not yours", True)
    with pytest.raises(BadRequest, match="Query is too old"):
        await update.callback_query.answer("again")


async def test_a_button_may_carry_64_bytes_and_no_more(api: BotApi, bot: Bot) -> None:
    api.private_chat(api.person(5, "Aigerim"))
    fits = InlineKeyboardMarkup([[InlineKeyboardButton("x", callback_data="ж" * 32)]])
    await bot.send_message(5, "?", reply_markup=fits)
    too_long = InlineKeyboardMarkup([[InlineKeyboardButton("x", callback_data="ж" * 33)]])
    with pytest.raises(BadRequest, match=r"(?i)button_data_invalid"):
        await bot.send_message(5, "?", reply_markup=too_long)


@pytest.mark.parametrize(
    ("text", "refusal"),
    [
        ("<b>x", "Can't parse entities: can't find end tag corresponding to start tag \"b\""),
        ("a<br>b", 'unsupported start tag "br" at byte offset 1'),
        ("<b>x</i>", 'unmatched end tag at byte offset 4, expected "</b>", found "</i>"'),
        ("ж</b>", "unexpected end tag at byte offset 2"),
        ("1 < 2", 'unsupported start tag "" at byte offset 2'),
        ('<a href="x', "unclosed start tag at byte offset 0"),
        ('<span class="big">x</span>', 'tag "span" must have class "tg-spoiler" at byte offset 0'),
        ("<b> </b>", "Message text is empty"),
        ("<b>" + "😀" * 2049 + "</b>", "Message is too long"),
    ],
)
async def test_text_that_telegram_refuses_is_refused(api: BotApi, bot: Bot, text: str, refusal: str) -> None:
    api.private_chat(api.person(5, "Aigerim"))
    with pytest.raises(BadRequest) as caught:
        await bot.send_message(5, text, parse_mode="HTML")
    assert refusal.lower() in caught.value.message.lower()
    assert not api.deliveries


async def test_the_length_counts_what_the_reader_sees(api: BotApi, bot: Bot) -> None:
    api.private_chat(api.person(5, "Aigerim"))
    await bot.send_message(5, "<b>" + "&amp;" * 4096 + "</b>", parse_mode="HTML")
    assert api.messages(5)[0].text == "&" * 4096


async def test_a_chat_nobody_opened_is_not_found(api: BotApi, bot: Bot) -> None:
    with pytest.raises(BadRequest, match="Chat not found"):
        await bot.send_message(404, "x")


async def test_a_blocked_bot_is_forbidden_until_it_is_unblocked(api: BotApi, bot: Bot) -> None:
    person = api.person(5, "Aigerim")
    api.private_chat(person)
    api.blocks(person)
    with pytest.raises(Forbidden, match="bot was blocked by the user"):
        await bot.send_message(5, "x")
    api.unblocks(person)
    await bot.send_message(5, "x")
    changes = [update.my_chat_member for update in await bot.get_updates()]
    assert [(c.old_chat_member.status, c.new_chat_member.status) for c in changes] == [
        ("member", "kicked"),
        ("kicked", "member"),
    ]


async def test_a_removed_bot_is_forbidden(api: BotApi, bot: Bot) -> None:
    owner = api.person(5, "Aigerim")
    chat = api.group(-100, "Shop", [owner])
    api.removes_bot(owner, chat)
    with pytest.raises(Forbidden, match="bot was kicked from the group chat"):
        await bot.send_message(-100, "x")


async def test_a_group_that_became_a_supergroup_names_its_new_id(api: BotApi, bot: Bot) -> None:
    owner = api.person(5, "Aigerim")
    supergroup = api.migrate(api.group(-100, "Shop", [owner]))
    with pytest.raises(ChatMigrated) as caught:
        await bot.send_message(-100, "x")
    assert caught.value.new_chat_id == supergroup.chat_id
    await bot.send_message(supergroup.chat_id, "x")
    old, new = [update.message for update in await bot.get_updates()]
    assert (old.migrate_to_chat_id, new.migrate_from_chat_id) == (supergroup.chat_id, -100)


async def test_topics_take_messages_until_they_are_closed_or_gone(api: BotApi, bot: Bot) -> None:
    owner = api.person(5, "Aigerim")
    chat = api.group(-1001, "Shop", [owner], "supergroup", {7: "Alerts", 9: "Talk"})
    sent = await bot.send_message(-1001, "x", message_thread_id=7)
    assert sent.is_topic_message
    assert [message.text for message in api.messages(-1001, 7)] == ["x"]
    api.close_topic(chat, 7)
    with pytest.raises(BadRequest, match=r"(?i)topic_closed"):
        await bot.send_message(-1001, "x", message_thread_id=7)
    api.delete_topic(chat, 9)
    with pytest.raises(BadRequest, match="Message thread not found"):
        await bot.send_message(-1001, "x", message_thread_id=9)


async def test_in_a_group_the_bot_hears_only_what_is_meant_for_it(api: BotApi, bot: Bot) -> None:
    owner = api.person(5, "Aigerim")
    chat = api.group(-100, "Shop", [owner])
    await bot.send_message(-100, "alert")
    alert = api.messages(-100)[0]
    await api.says(owner, chat, "just talking")
    await api.says(owner, chat, "/today@another_bot")
    await api.says(owner, chat, "/today@epay_demo_bot")
    await api.says(owner, chat, "thanks", reply_to=alert)
    heard = [update.message for update in await bot.get_updates()]
    assert [message.text for message in heard] == ["/today@epay_demo_bot", "thanks"]
    assert heard[1].reply_to_message.text == "alert"


async def test_a_reply_needs_its_message_unless_told_otherwise(api: BotApi, bot: Bot) -> None:
    api.private_chat(api.person(5, "Aigerim"))
    first = await bot.send_message(5, "first")
    await bot.send_message(5, "second", reply_parameters=ReplyParameters(first.message_id))
    assert api.messages(5)[1].reply_to is api.messages(5)[0]
    await first.delete()
    with pytest.raises(BadRequest, match="Message to be replied not found"):
        await bot.send_message(5, "x", reply_parameters=ReplyParameters(first.message_id))
    await bot.send_message(5, "x", reply_parameters=ReplyParameters(first.message_id, allow_sending_without_reply=True))
    assert [message.text for message in api.messages(5)] == ["second", "x"]


async def test_pictures_and_files_come_back_as_they_went(api: BotApi, bot: Bot) -> None:
    api.private_chat(api.person(5, "Aigerim"))
    photo = await bot.send_photo(5, PNG, caption="<i>chart</i>", parse_mode="HTML", filename="chart.png")
    assert (photo.photo[-1].width, photo.photo[-1].height) == (2, 1)
    sent = await bot.send_document(5, "сумма;1\n".encode(), filename="отчёт.csv")
    assert sent.document.file_name == "отчёт.csv"
    assert await (await sent.document.get_file()).download_as_bytearray() == "сумма;1\n".encode()
    again = await bot.send_document(5, sent.document.file_id)
    assert again.document.file_id == sent.document.file_id
    await photo.edit_caption("new")
    assert [message.text for message in api.messages(5)] == ["new", "", ""]


async def test_a_picture_must_be_a_picture(api: BotApi, bot: Bot) -> None:
    api.private_chat(api.person(5, "Aigerim"))
    with pytest.raises(BadRequest, match=r"(?i)image_process_failed"):
        await bot.send_photo(5, b"not a picture")


async def test_an_album_arrives_together_and_its_picture_can_be_changed(api: BotApi, bot: Bot) -> None:
    api.private_chat(api.person(5, "Aigerim"))
    sent = await bot.send_media_group(5, [InputMediaPhoto(PNG, caption="a"), InputMediaPhoto(PNG)])
    assert len({message.media_group_id for message in sent}) == 1
    await sent[1].edit_media(InputMediaPhoto(PNG, caption="b"))
    assert [message.text for message in api.messages(5)] == ["a", "b"]


async def test_commands_are_kept_by_scope_and_language(api: BotApi, bot: Bot) -> None:
    await bot.set_my_commands([BotCommand("today", "Сегодня")], language_code="ru")
    await bot.set_my_commands([BotCommand("ack", "Acknowledge")], scope=BotCommandScopeChat(-100))
    assert api.commands["default", "ru"] == [{"command": "today", "description": "Сегодня"}]
    assert api.commands["chat:-100", ""][0]["command"] == "ack"
    assert (await bot.get_my_commands(language_code="ru"))[0].description == "Сегодня"
    with pytest.raises(BadRequest, match=r"(?i)bot_command_invalid"):
        await bot.set_my_commands([BotCommand("Today", "x")])


async def test_profile_menu_members_and_pins_answer(api: BotApi, bot: Bot) -> None:
    owner, clerk = api.person(5, "Aigerim"), api.person(6, "Daniyar")
    chat = api.group(-1001, "Shop", [owner, clerk], "supergroup")
    await bot.set_my_description("О боте", language_code="ru")
    assert (await bot.get_my_description("ru")).description == "О боте"
    await bot.set_chat_menu_button(5)
    assert (await bot.get_chat(-1001)).title == "Shop"
    assert [(await bot.get_chat_member(-1001, user)).status for user in (5, 6, bot.id)] == [
        "creator",
        "member",
        "member",
    ]
    assert await bot.get_chat_member_count(-1001) == 3
    sent = await bot.send_message(-1001, "x")
    with pytest.raises(BadRequest, match="Not enough rights to manage pinned"):
        await sent.pin()
    api.adds_bot(owner, chat, administrator=True)
    assert await sent.pin()
    assert [member.user.id for member in await bot.get_chat_administrators(-1001)] == [5, bot.id]
    await bot.set_message_reaction(-1001, sent.message_id, "👍")
    assert (api.messages(-1001)[0].reactions, api.messages(-1001)[0].pinned) == (("👍",), True)
    await bot.leave_chat(-1001)
    with pytest.raises(Forbidden, match="bot is not a member of the supergroup chat"):
        await bot.send_chat_action(-1001, "typing")


async def test_json_and_query_calls_are_understood_too(api: BotApi, bot: Bot) -> None:
    api.private_chat(api.person(5, "Aigerim"))
    root = f"{api.root}/bot{TOKEN}"
    body = {"chat_id": 5, "text": "hi", "reply_markup": {"inline_keyboard": [[{"text": "A", "callback_data": "a"}]]}}
    async with aiohttp.ClientSession() as session:
        async with session.post(f"{root}/sendmessage", json=body) as answer:
            assert (await answer.json())["result"]["reply_markup"]["inline_keyboard"][0][0]["text"] == "A"
        async with session.get(f"{root}/getChat", params={"chat_id": "5"}) as answer:
            assert (await answer.json())["result"]["first_name"] == "Aigerim"
        async with session.post(
            f"{root}/sendMessage", data="{", headers={"Content-Type": "application/json"}
        ) as answer:
            assert json.loads(await answer.text())["error_code"] == answer.status == 400


async def test_a_wrong_token_or_method_is_refused_as_telegram_does(api: BotApi) -> None:
    root = api.root
    async with aiohttp.ClientSession() as session:
        for path, status in (("700100:other", 401), ("nonsense", 404), (TOKEN, 404)):
            async with session.get(f"{root}/bot{path}/noSuchMethod") as answer:
                assert answer.status == status
    stranger = Bot("700100:other", base_url=f"{root}/bot")
    with pytest.raises(InvalidToken):
        await stranger.initialize()
    await stranger.shutdown()


async def test_every_kind_of_update_parses(api: BotApi, bot: Bot) -> None:
    owner = api.person(5, "Aigerim")
    channel = api.group(-1002, "News", [owner], "channel")
    forum = api.group(-1003, "Shop", [owner], "supergroup", {7: "Alerts"})
    await api.says(owner, channel, "post")
    await api.says(owner, forum, "/today", thread_id=7)
    api.adds_bot(owner, forum)
    api.close_topic(forum, 7)
    api.reopen_topic(forum, 7)
    updates = await bot.get_updates(allowed_updates=Update.ALL_TYPES)
    assert [next(key for key in update.to_dict() if key != "update_id") for update in updates] == [
        "channel_post",
        "message",
        "message",
        "my_chat_member",
        "message",
        "message",
    ]
    assert updates[1].message.is_topic_message
