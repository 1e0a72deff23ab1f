"""The chat page's endpoints: files, the stream of one person's view, posts, and who may use them."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from datetime import timedelta
from importlib.resources import files
from typing import Any

import aiohttp
import pytest
from clocks import Clock
from telegram import Bot, BotCommand, BotCommandScopeAllPrivateChats, InlineKeyboardButton, InlineKeyboardMarkup

from bot.demo.bank import CALM, SimulatedBank, World, default_merchants
from bot.demo.clock import DemoClock
from bot.demo.panel import DemoPanel
from bot.demo.telegram import BotApi, Page

TOKEN = "700100:local-token_1"
PLURALS = {"outage": "outages", "hostile": "hostile", "reason": "reasons"}


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def world(clock: Clock) -> World:
    return World(merchants=default_merchants(per_day=0), habits=CALM, start=clock())


@pytest.fixture
async def api(clock: Clock, world: World) -> AsyncIterator[BotApi]:
    api = BotApi(TOKEN, now=clock)
    Page(api, DemoPanel(DemoClock(real=clock), world, SimulatedBank(world, now=clock), api))
    owner, clerk = api.person(5, "Aigerim", "kk"), api.person(6, "Daniyar")
    api.private_chat(owner)
    api.group(-1001, "Shop", [owner, clerk], "supergroup", {7: "Alerts"})
    await api.start()
    yield api
    await api.stop()


@pytest.fixture
async def bot(api: BotApi) -> AsyncIterator[Bot]:
    async with Bot(TOKEN, base_url=f"{api.root}/bot") as bot:
        yield bot


@pytest.fixture
async def browser(api: BotApi) -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(api.root, headers={"Origin": api.root}) as session:
        yield session


class Stream:
    """One open page: reads the events of one person as they come."""

    def __init__(self, answer: aiohttp.ClientResponse) -> None:
        self.answer = answer

    async def next(self) -> Any:
        async with asyncio.timeout(3):
            async for line in self.answer.content:
                if line.startswith(b"data: "):
                    return json.loads(line[6:])
        raise EOFError("the stream ended")


async def press_ok(browser: aiohttp.ClientSession, path: str, **body: Any) -> Any:
    async with browser.post(f"/demo/{path}", json=body) as answer:
        assert answer.status == 200, await answer.text()
        return await answer.json()


async def test_the_page_and_all_it_names_are_served_from_here(browser: aiohttp.ClientSession) -> None:
    async with browser.get("/") as answer:
        page = await answer.text()
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    modules = [f"/demo/page/{file.name}" for file in (files("bot.demo.telegram") / "page").iterdir()]
    named = re.findall(r'(?:src|href)="([^#"][^"]*)"', page)
    assert set(named) <= set(modules)
    for address in modules:
        async with browser.get(address) as answer:
            source = await answer.text()
            assert answer.status == 200
        assert len(source.splitlines()) < 300
        assert set(re.findall(r"https?://[\w.]+", source)) <= {"http://www.w3.org"}
        assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(", source), address
        for module in re.findall(r'from "\./([^"]+)"', source):
            assert f"/demo/page/{module}" in modules, address


async def test_the_page_speaks_every_word_in_three_languages() -> None:
    folder = files("bot.demo.telegram") / "page"
    ru, kk, en = (set(re.findall(r"(\w+): \"", (folder / f"{code}.js").read_text())) for code in ("ru", "kk", "en"))
    assert ru == kk == en
    used: set[str] = set()
    for file in folder.iterdir():
        for names in re.findall(r'word\("(\w+)"|data-(?:word|name)="(\w+)"', file.read_text()):
            used |= {name for name in names if name}
    assert used <= ru


async def test_the_page_has_words_for_all_that_stands_on_the_panel(api: BotApi, browser: aiohttp.ClientSession) -> None:
    source = (files("bot.demo.telegram") / "page" / "en.js").read_text()
    async with browser.get("/demo/events", params={"person": "5"}) as answer:
        panel = (await Stream(answer).next())["panel"]
    keys = {f"{kind}_{one}" for kind in ("outage", "hostile", "reason") for one in panel[PLURALS[kind]]}
    assert {key for key in keys if f"{key}: " not in source} == set()


async def test_the_stream_begins_with_everything_and_goes_on_with_changes(
    api: BotApi, bot: Bot, browser: aiohttp.ClientSession, clock: Clock
) -> None:
    await bot.send_message(5, "<b>one</b>", parse_mode="HTML", disable_notification=True)
    async with browser.get("/demo/events", params={"person": "5"}) as answer:
        stream = Stream(answer)
        first = await stream.next()
        assert first["full"]
        assert [chat["id"] for chat in first["chats"]] == [5, -1001]
        assert first["messages"][0]["entities"] == [{"type": "bold", "offset": 0, "length": 3}]
        assert first["messages"][0]["silent"]
        assert [terminal["name"] for terminal in first["panel"]["terminals"]] == ["Samal-2", "Dostyk"]
        clock.at += timedelta(minutes=1)
        await bot.edit_message_text("two", 5, 1)
        second = await stream.next()
        assert not second["full"]
        assert [(message["text"], message["edited_at"]) for message in second["messages"]] == [
            ("two", int(clock.at.timestamp() * 1000))
        ]


async def test_a_stream_opened_again_starts_with_everything_again(
    api: BotApi, bot: Bot, browser: aiohttp.ClientSession
) -> None:
    await bot.send_message(5, "one")
    for _ in range(2):
        async with browser.get("/demo/events", params={"person": "5"}) as answer:
            state = await Stream(answer).next()
            assert (state["full"], [message["text"] for message in state["messages"]]) == (True, ["one"])


async def test_nobody_sees_the_chats_of_others(api: BotApi, bot: Bot, browser: aiohttp.ClientSession) -> None:
    await bot.send_message(5, "for Aigerim")
    await bot.send_message(-1001, "for both", message_thread_id=7)
    async with browser.get("/demo/events", params={"person": "6"}) as answer:
        state = await Stream(answer).next()
    assert [message["text"] for message in state["messages"]] == ["for both"]
    assert [(chat["id"], chat["standing"]) for chat in state["chats"]] == [(6, "left"), (-1001, "member")]
    async with browser.post("/demo/say", json={"person": 6, "chat": 5, "text": "x"}) as refused:
        assert refused.status == 400


async def test_saying_something_opens_the_chat_and_reaches_the_bot(
    api: BotApi, bot: Bot, browser: aiohttp.ClientSession
) -> None:
    await press_ok(browser, "say", person=6, chat=6, text="/start")
    (update,) = await bot.get_updates()
    assert (update.effective_user.id, update.message.text) == (6, "/start")
    await press_ok(browser, "say", person=5, chat=-1001, thread=7, text="/today")
    assert [message.text for message in api.messages(-1001, 7)] == ["/today"]


async def test_a_press_brings_back_the_bots_answer(api: BotApi, bot: Bot, browser: aiohttp.ClientSession) -> None:
    keyboard = InlineKeyboardMarkup([[InlineKeyboardButton("Ack", callback_data="ack")]])
    await bot.send_message(5, "?", reply_markup=keyboard)
    pressing = asyncio.create_task(press_ok(browser, "press", person=5, chat=5, message=1, data="ack"))
    await api.wait_for(lambda: api.updates.pending)
    (update,) = await bot.get_updates()
    await update.callback_query.answer("Done", show_alert=True)
    assert await pressing == {"text": "Done", "alert": True, "url": ""}


async def test_typing_and_the_menu_are_shown_in_the_persons_language(
    api: BotApi, bot: Bot, browser: aiohttp.ClientSession
) -> None:
    private = BotCommandScopeAllPrivateChats()
    await bot.set_my_commands([BotCommand("help", "Everywhere")])
    await bot.set_my_commands([BotCommand("today", "Private")], scope=private)
    await bot.set_my_commands([BotCommand("today", "Бүгін")], scope=private, language_code="kk")
    await bot.send_chat_action(5, "typing")
    async with browser.get("/demo/events", params={"person": "5"}) as answer:
        own, group = (await Stream(answer).next())["chats"]
    assert [command["description"] for command in own["commands"] + group["commands"]] == ["Бүгін", "Everywhere"]
    assert own["typing"]["action"] == "typing"
    await bot.send_message(5, "done")
    assert api.chats[5].typing is None


async def test_the_panel_acts_at_the_bank_and_shows_what_changed(
    api: BotApi, world: World, browser: aiohttp.ClientSession
) -> None:
    async with browser.get("/demo/events", params={"person": "5"}) as answer:
        stream = Stream(answer)
        assert (await stream.next())["panel"]["facts"] == {"hour": 0, "failed": 0}
        said = await press_ok(browser, "act", action="fail_one", terminal="98151553", reason="484")
        assert said == {"said": "fail_one", "values": {"terminal": "Dostyk", "value": ""}}
        assert (await stream.next())["panel"]["facts"] == {"hour": 1, "failed": 1}
    (row,) = world.rows("shop")
    assert (row.terminal, row.reason_code) == ("98151553", 484)
    for nonsense in ({"action": "charge"}, {"action": "fail_one", "terminal": "1"}, {"action": "speed", "value": "-1"}):
        async with browser.post("/demo/act", json=nonsense) as refused:
            assert refused.status == 400


async def test_the_bot_can_be_taken_into_a_group_and_out_again(
    api: BotApi, bot: Bot, browser: aiohttp.ClientSession
) -> None:
    await press_ok(browser, "member", person=5, chat=-1001, inside=False)
    assert api.chats[-1001].standing == "kicked"
    await press_ok(browser, "member", person=6, chat=-1001, inside=True)
    out, _, back = [update for update in await bot.get_updates() if update.my_chat_member or update.message]
    assert out.my_chat_member.new_chat_member.status == "kicked"
    assert back.my_chat_member.new_chat_member.status == "member"
    async with browser.post("/demo/member", json={"person": 5, "chat": 5, "inside": True}) as refused:
        assert refused.status == 400


async def test_others_see_that_something_came_to_a_phone(api: BotApi, bot: Bot, browser: aiohttp.ClientSession) -> None:
    async with browser.get("/demo/events", params={"person": "6"}) as answer:
        stream = Stream(answer)
        before = {one["id"]: one["heard"] for one in (await stream.next())["people"]}
        await bot.send_message(5, "for Aigerim")
        after = {one["id"]: one["heard"] for one in (await stream.next())["people"]}
    assert (after[5], after[6]) == (before[5] + 1, before[6])


async def test_blocking_from_the_page_blocks(api: BotApi, browser: aiohttp.ClientSession) -> None:
    await press_ok(browser, "block", person=5, blocked=True)
    assert api.chats[5].standing == "kicked"
    await press_ok(browser, "block", person=5, blocked=False)
    assert api.chats[5].standing == "member"


async def test_files_come_as_downloads_that_no_browser_opens(
    api: BotApi, bot: Bot, browser: aiohttp.ClientSession
) -> None:
    await bot.send_document(5, b"<script>alert(1)</script>", filename="отчёт.html")
    media = api.messages(5)[0].content.media
    async with browser.get(f"/demo/file/{media.file_id}") as answer:
        assert answer.headers["Content-Disposition"].startswith("attachment; filename*=UTF-8''%D0%BE")
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert await answer.read() == b"<script>alert(1)</script>"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Host": "evil.example"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Content-Type": "text/plain"}, 415),
    ],
)
async def test_other_pages_can_neither_post_nor_read(
    api: BotApi, browser: aiohttp.ClientSession, headers: dict[str, str], status: int
) -> None:
    body = json.dumps({"person": 5, "chat": 5, "text": "x"})
    async with browser.post("/demo/say", data=body, headers={"Content-Type": "application/json"} | headers) as answer:
        assert answer.status == status
    assert not api.messages(5)
    if "Host" in headers:
        async with browser.get("/demo/people", headers=headers) as answer:
            assert answer.status == 403


async def test_a_post_without_an_origin_is_refused(api: BotApi) -> None:
    said = {"person": 5, "chat": 5, "text": "x"}
    async with aiohttp.ClientSession(api.root) as stranger, stranger.post("/demo/say", json=said) as answer:
        assert answer.status == 403


async def test_an_open_page_does_not_hold_the_server_back(api: BotApi, browser: aiohttp.ClientSession) -> None:
    async with browser.get("/demo/events", params={"person": "5"}) as answer:
        stream = Stream(answer)
        await stream.next()
        await asyncio.wait_for(api.stop(), 2)
        with pytest.raises(EOFError):
            await stream.next()
