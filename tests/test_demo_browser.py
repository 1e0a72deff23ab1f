"""The chat page in a real browser, and the whole story of an incident on a phone. A console error fails a test."""

import asyncio
import json
import os
import re
from collections.abc import AsyncIterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from browser import Browser, Tab, find_chromium, open_browser
from clocks import Clock
from PIL import Image
from telegram import Bot, BotCommand, InlineKeyboardButton, InlineKeyboardMarkup

from bot.demo.bank import CALM, SimulatedBank, World, default_merchants
from bot.demo.clock import DemoClock
from bot.demo.panel import DemoPanel
from bot.demo.telegram import BotApi, Page
from bot.showcase import Showcase

ROOT = Path(__file__).parents[1]
TOKEN = "700100:local-token_1"
PHONE, SMALL_PHONE, DESK = (390, 844), (360, 640), (1440, 900)
LAST = "[...document.querySelectorAll('#log > li[data-id]')].at(-1)"
# Where the words of the page are too faint for WCAG's 4.5 to 1; half transparent grounds are laid over what is below.
FAINT = """(() => {
  const rgba = (colour) => { const [r, g, b, a = 1] = colour.match(/[\\d.]+/g).map(Number); return [r, g, b, a]; };
  const over = ([r, g, b, a], under) => [r, g, b].map((one, at) => one * a + under[at] * (1 - a));
  const ground = (node) => {
    if (!node) return [255, 255, 255];
    const own = rgba(getComputedStyle(node).backgroundColor);
    return own[3] === 1 ? own.slice(0, 3) : over(own, ground(node.parentElement));
  };
  const light = (colour) => {
    const linear = (one) => (one <= .04 ? one / 12.92 : ((one + .055) / 1.055) ** 2.4);
    const [r, g, b] = colour.map((one) => linear(one / 255));
    return .2126 * r + .7152 * g + .0722 * b;
  };
  const words = (node) => [...node.childNodes].some((child) => child.nodeType === 3 && child.data.trim());
  const shown = [...document.querySelectorAll("body *")].filter((node) => words(node) && node.checkVisibility());
  return shown.map((node) => {
    const under = ground(node);
    const [one, other] = [light(over(rgba(getComputedStyle(node).color), under)), light(under)];
    const ratio = (Math.max(one, other) + .05) / (Math.min(one, other) + .05);
    return [`${node.tagName}.${node.className} ${node.textContent.slice(0, 30)}`, ratio];
  }).filter(([, ratio]) => ratio < 4.5);
})()"""
NAMELESS = """[...document.querySelectorAll("button, a, select, textarea")].filter((node) => node.checkVisibility()
  && !(node.innerText.trim() || node.ariaLabel || node.labels?.length)).map((node) => node.outerHTML)"""
TOO_WIDE = """[document.documentElement, ...document.querySelectorAll("#log, #panel, #places, .text, .key, .panel")]
  .filter((node) => node.checkVisibility() && node.scrollWidth > node.clientWidth + 1)
  .map((node) => `${node.tagName} ${node.id}.${node.className} ${node.scrollWidth} > ${node.clientWidth}`)"""


@pytest.fixture(scope="session")
async def browser(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Browser]:
    program = find_chromium()
    if program is None and os.environ.get("EPAY_BOT_REQUIRE_BROWSER"):
        pytest.fail("no Chromium here, and EPAY_BOT_REQUIRE_BROWSER is set")
    if program is None:
        pytest.skip("no Chromium on this machine")
    async with open_browser(program, tmp_path_factory.mktemp("chromium")) as browser:
        yield browser


@pytest.fixture
async def tab(browser: Browser) -> AsyncIterator[Tab]:
    async with browser.tab() as tab:
        await tab.screen(*PHONE)
        yield tab
        assert tab.errors == []


@pytest.fixture
async def api() -> AsyncIterator[BotApi]:
    """A bot's Telegram without a bot: an owner, a stranger and a group with a topic."""
    clock = Clock()
    world = World(merchants=default_merchants(per_day=0), habits=CALM, start=clock())
    api = BotApi(TOKEN, now=clock)
    Page(api, DemoPanel(DemoClock(real=clock), world, SimulatedBank(world, now=clock), api))
    owner = api.person(5, "Aigerim", "en")
    api.person(6, "Alex", "en")
    api.private_chat(owner)
    api.group(-1001, "Shop", [owner], "supergroup", {7: "Alerts"})
    await api.start()
    yield api
    await api.stop()


@pytest.fixture
async def bot(api: BotApi) -> AsyncIterator[Bot]:
    async with Bot(TOKEN, base_url=f"{api.root}/bot") as bot:
        yield bot


def picture(width: int, height: int) -> bytes:
    made = BytesIO()
    Image.new("RGB", (width, height), "teal").save(made, "PNG")
    return made.getvalue()


def keyboard(*rows: tuple[InlineKeyboardButton, ...]) -> InlineKeyboardMarkup:
    return InlineKeyboardMarkup(rows)


async def answer_press(api: BotApi, bot: Bot, text: str, *, alert: bool = False) -> None:
    await api.wait_for(lambda: [update for update in api.updates.pending if "callback_query" in update])
    update = (await bot.get_updates())[-1]
    await update.callback_query.answer(text, show_alert=alert)
    await bot.get_updates(offset=update.update_id + 1, timeout=0)


async def test_whatever_the_console_complains_of_is_heard(api: BotApi, tab: Tab) -> None:
    await tab.open(api.root)
    await tab.evaluate("console.error('by hand'); setTimeout(() => { throw new Error('thrown'); }); fetch('/nothing')")
    await tab.until("performance.getEntriesByName(location.origin + '/nothing').length")
    heard, tab.errors = " ".join(tab.errors), []
    assert all(complaint in heard for complaint in ("by hand", "thrown", "404")), heard


async def test_a_word_is_typed_sent_and_shown(api: BotApi, bot: Bot, tab: Tab) -> None:
    await tab.open(api.root)
    await tab.click("#text")
    await tab.type("one")
    await tab.key("Enter", shift=True)
    await tab.type("two")
    await tab.key("Enter")
    await tab.until(f"{LAST}?.innerText.includes('two')")
    (update,) = await bot.get_updates()
    assert update.message.text == "one\ntwo"
    assert await tab.evaluate("document.activeElement.id === 'text' && document.activeElement.value === ''")
    await bot.send_chat_action(5, "typing")
    await tab.until("document.getElementById('status').innerText === 'typing'")


async def test_the_menu_is_chosen_from_by_keys(api: BotApi, bot: Bot, tab: Tab) -> None:
    await bot.set_my_commands(
        [BotCommand("today", "Figures"), BotCommand("terminals", "List"), BotCommand("id", "Ids")]
    )
    await tab.open(api.root)
    await tab.click("#text")
    await tab.type("/t")
    await tab.until("document.querySelectorAll('#menu li').length === 2")
    await tab.key("ArrowDown")
    await tab.key("ArrowDown")
    await tab.photograph("phone-menu")
    await tab.key("Enter")
    await api.wait_for(lambda: [message.text for message in api.messages(5)] == ["/terminals"])
    await tab.click("#open-menu")
    await tab.until("!document.getElementById('menu').hidden")
    await tab.key("Escape")
    await tab.until("document.getElementById('menu').hidden")


async def test_a_press_is_answered_by_a_line_or_an_alert_that_escape_closes(api: BotApi, bot: Bot, tab: Tab) -> None:
    yes, no = (InlineKeyboardButton(text, callback_data=text) for text in ("Yes", "No"))
    await bot.send_message(5, "Really?", reply_markup=keyboard((yes, no)))
    await tab.open(api.root)
    await tab.click(".key", "Yes")
    await answer_press(api, bot, "Noted")
    await tab.until("document.querySelector('#toasts').innerText === 'Noted'")
    await tab.click(".key", "No")
    await answer_press(api, bot, "You may not", alert=True)
    await tab.until("document.querySelector('#alert').open && document.querySelector('#alert p').innerText")
    await tab.key("Escape")
    await tab.until("!document.querySelector('#alert').open")


async def test_an_edit_changes_the_words_marks_them_and_leaves_the_focus_alone(api: BotApi, bot: Bot, tab: Tab) -> None:
    buttons = keyboard(
        (InlineKeyboardButton("Take", callback_data="a"), InlineKeyboardButton("Later", callback_data="b"))
    )
    await bot.send_message(5, "1 failed", reply_markup=buttons)
    await tab.open(api.root)
    await tab.until(f"{LAST}?.innerText.includes('1 failed')")
    await tab.evaluate(f"{LAST}.querySelectorAll('.key')[1].focus()")
    await bot.edit_message_text("<b>7</b> failed", 5, 1, parse_mode="HTML", reply_markup=buttons)
    await tab.until(f"{LAST}.querySelector('strong')?.innerText === '7' && {LAST}.innerText.includes('edited')")
    assert await tab.evaluate("document.activeElement.innerText") == "Later"
    assert await tab.evaluate("document.querySelectorAll('#log > li[data-id]').length") == 1


async def test_pictures_are_seen_and_files_can_be_saved(api: BotApi, bot: Bot, tab: Tab) -> None:
    await bot.send_photo(5, picture(640, 360), caption="Today")
    await bot.send_document(5, b"a;b", filename="отчёт.csv", caption="The file")
    await tab.open(api.root)
    await tab.until("document.querySelector('.picture img')?.naturalWidth > 100")
    assert await tab.evaluate("document.querySelector('.picture img').alt") == "Today"
    assert await tab.evaluate("document.querySelector('.file').download") == "отчёт.csv"


async def test_what_people_and_banks_write_stays_text(api: BotApi, bot: Bot, tab: Tab) -> None:
    text = '<img src=x onerror="alert(1)"><script>alert(1)</script> &amp; =1+1'
    await bot.send_message(5, text, reply_markup=keyboard((InlineKeyboardButton(text, callback_data="x"),)))
    await tab.open(api.root)
    shown = await tab.until(f"{LAST}?.querySelector('.text').innerText")
    assert shown.startswith(text)
    assert await tab.evaluate("document.querySelectorAll('#log :is(img, script)').length") == 0


async def test_loud_ones_ring_silent_ones_do_not_and_each_chat_counts_what_is_unread(
    api: BotApi, bot: Bot, tab: Tab
) -> None:
    await tab.open(api.root)
    await tab.until("!document.querySelector('#status').innerText.includes('connection')")
    await bot.send_message(5, "quietly", disable_notification=True)
    await tab.until(f"{LAST}?.innerText.includes('quietly')")
    await bot.send_message(5, "aloud")
    await tab.until(f"{LAST}.innerText.includes('aloud')")
    rings = "[...document.querySelectorAll('#log > li[data-id]')].map((one) => one.classList.contains('rings'))"
    assert await tab.evaluate(rings) == [False, True]
    await bot.send_message(-1001, "hush", message_thread_id=7, disable_notification=True)
    await tab.until("document.getElementById('elsewhere').innerText === '1'")
    assert await tab.evaluate("document.getElementById('banner').hidden")
    await bot.send_message(-1001, "over here", message_thread_id=7)
    await tab.until("!document.getElementById('banner').hidden && document.title === '(2) epay-bot'")
    await tab.photograph("phone-banner")
    await tab.click("#banner")
    await tab.until("document.getElementById('title').innerText === 'Shop › Alerts' && document.title === 'epay-bot'")


async def test_a_reply_quotes_what_it_answers(api: BotApi, bot: Bot, tab: Tab) -> None:
    await bot.send_message(-1001, "#1 fails", message_thread_id=7)
    await tab.open(api.root)
    await tab.click("#to-list")
    await tab.click('[data-place="-1001/7"]')
    await tab.click("#log .reply")
    await tab.type("/ack 1")
    await tab.key("Enter")
    await tab.until(f"{LAST}.querySelector('.quoted')?.innerText.includes('#1 fails')")
    (update,) = await bot.get_updates()
    assert (update.message.reply_to_message.message_id, update.message.message_thread_id) == (8, 7)


async def test_a_link_to_the_bot_is_opened_by_whom_one_chooses(api: BotApi, bot: Bot, tab: Tab) -> None:
    await bot.send_message(5, "Invite: https://t.me/epay_demo_bot?start=ABC-1 or t.me/epay_demo_bot?startgroup=G-2")
    await tab.open(api.root)
    await tab.click("#log a", "start=ABC-1")
    await tab.until("document.getElementById('link').open")
    await tab.photograph("phone-link")
    await tab.click(".choice", "Alex")
    await api.wait_for(lambda: [message.text for message in api.messages(6)] == ["/start ABC-1"])
    await tab.until(f"{LAST}?.innerText.includes('/start ABC-1')")
    await tab.click("#to-list")
    await tab.click("#people button", "Aigerim")
    await tab.click('[data-place="5/0"]')
    await tab.click("#log a", "startgroup=G-2")
    await tab.click(".choice", "Shop")
    await api.wait_for(lambda: [message.text for message in api.messages(-1001)] == ["/start@epay_demo_bot G-2"])


async def test_nothing_is_too_wide_for_a_small_phone_in_any_language(api: BotApi, bot: Bot, tab: Tab) -> None:
    row = tuple(InlineKeyboardButton("Показать плательщика", callback_data=str(number)) for number in range(3))
    await bot.send_message(
        5, "9" * 200 + " <pre>" + "wide " * 30 + "</pre>", parse_mode="HTML", reply_markup=keyboard(row)
    )
    await tab.screen(*SMALL_PHONE)
    await tab.open(api.root)
    await tab.until(f"{LAST}?.querySelector('pre')")
    for language in ("ru", "kk", "en"):
        await tab.evaluate(f"""(() => {{ const node = document.getElementById("language"); node.value = "{language}";
          node.dispatchEvent(new Event("change")); }})()""")
        for view in ("list", "talk", "panel"):
            await tab.evaluate(f"document.body.dataset.view = '{view}'")
            assert await tab.evaluate(TOO_WIDE) == [], (language, view)
            await tab.photograph(f"small-{view}-{language}")


@pytest.mark.parametrize("dark", [False, True], ids=["day", "night"])
async def test_every_word_can_be_read_and_every_control_has_a_name(api: BotApi, bot: Bot, tab: Tab, dark: bool) -> None:
    person = api.people[5]
    await api.says(person, api.chats[5], "/start")
    buttons = (
        InlineKeyboardButton("Take", callback_data="a"),
        InlineKeyboardButton("Copy", api_kwargs={"copy_text": {"text": "1"}}),
    )
    html = "<b>#1</b> <code>123</code> <a href='https://t.me/x'>x</a> /ack <blockquote>q</blockquote>"
    await bot.send_message(5, html, parse_mode="HTML", reply_markup=keyboard(buttons), disable_notification=True)
    await bot.send_document(5, b"a", filename="a.csv", reply_to_message_id=2)
    await bot.send_message(-1001, "other", message_thread_id=7)
    await tab.screen(*DESK, dark=dark)
    await tab.open(api.root)
    await tab.until(f"{LAST}?.querySelector('.quoted')")
    await tab.photograph(f"desk-{'night' if dark else 'day'}")
    assert await tab.evaluate(FAINT) == []
    assert await tab.evaluate(NAMELESS) == []


async def test_the_keyboard_reaches_everything_in_sight_and_is_nowhere_caught(api: BotApi, bot: Bot, tab: Tab) -> None:
    await bot.send_message(5, "x", reply_markup=keyboard((InlineKeyboardButton("Take", callback_data="a"),)))
    await tab.screen(*DESK)
    await tab.open(api.root)
    await tab.until(f"{LAST}?.querySelector('.key')")
    controls = "[...document.querySelectorAll('button, a, select, textarea')].filter((one) => one.checkVisibility())"
    wanted = await tab.evaluate(f"{controls}.length")
    reached: set[Any] = set()
    for _ in range(wanted + 4):
        await tab.key("Tab")
        about = await tab.evaluate(f"""(() => {{ const node = document.activeElement;
          return [{controls}.indexOf(node), getComputedStyle(node).outlineStyle]; }})()""")
        if about[0] >= 0:
            assert about[1] != "none", await tab.evaluate("document.activeElement.outerHTML")
            reached.add(about[0])
    assert reached == set(range(wanted))


async def test_the_keyboard_goes_on_in_what_comes_into_sight_and_escape_goes_back(api: BotApi, tab: Tab) -> None:
    await tab.open(api.root)
    focused = "document.activeElement.id || document.activeElement.dataset.place"
    for opener, head, back in (("#to-list", "5/0", "log"), ("#to-panel", "from-panel", "to-panel")):
        await tab.evaluate(f"document.querySelector('{opener}').focus()")
        await tab.key("Enter")
        assert await tab.evaluate(focused) == head
        await tab.key("Escape")
        assert await tab.evaluate(focused) == back


def test_the_readme_begins_with_a_picture_light_enough_for_a_phone() -> None:
    first = re.search(r'<img src="([^"]+)"', (ROOT / "README.md").read_text("utf-8").partition("##")[0])
    assert first
    assert 50_000 < (ROOT / first[1]).stat().st_size < 1_500_000


async def test_the_story_of_an_incident_on_a_phone(browser: Browser) -> None:
    """From the first alert, taken by a press, to its end: the whole program, at phone width."""
    stop, addresses = asyncio.Event(), asyncio.get_running_loop().create_future()
    showcase = Showcase(port=0, headless=False, speed=1)
    running = asyncio.create_task(showcase.run(stop, addresses.set_result))
    page = json.loads(await addresses)["page"]
    async with browser.tab("ru-RU") as tab:
        await tab.screen(*PHONE)
        await tab.open(page)
        await tab.until(f"{LAST}?.innerText.includes('#1 · сбой')")
        assert await tab.evaluate(f"{LAST}.querySelector('.i-bell') !== null")
        await tab.photograph("story-1-alert")
        await tab.click(".key", "Беру на себя")
        await tab.until(f"{LAST}.innerText.includes('Айгерим') && !{LAST}.innerText.includes('Беру на себя')")
        await tab.photograph("story-2-taken")
        await tab.click("#to-panel")
        await tab.click("[data-act=speed]", "×60")
        await tab.key("Escape")
        await tab.until("document.querySelector('#log').innerText.includes('#1 · завершён')")
        await tab.photograph("story-3-over")
        await tab.click("#text")
        await tab.type("/chart")
        await tab.key("Enter")
        await tab.until("document.querySelector('.picture img')?.naturalWidth > 100")
        await tab.photograph("story-4-chart")
        assert tab.errors == []
    stop.set()
    await running
