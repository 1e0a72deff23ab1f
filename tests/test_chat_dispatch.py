"""From a person's words to the bot's, over real sockets and a real database. Also the stage of the conversations."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import aiohttp
import pytest
from clocks import Clock
from databases import open_store
from markupsafe import Markup
from pydantic import SecretStr

from bot.charts import Charts
from bot.chat.commands import COMMANDS, Command, list_commands
from bot.chat.desk import Desk
from bot.chat.dispatch import Dispatch
from bot.chat.telegram import Gateway, read_update
from bot.config import Epay
from bot.demo.bank import LIST_PATH, TOKEN_PATH, BankMerchant, SimulatedBank, World, default_merchants
from bot.demo.telegram import BotApi, Message, Person
from bot.epay import EpayClient, Retries
from bot.errors import UsageError
from bot.incidents import Incidents
from bot.model import Button, ChatKind, Destination, Merchant, MerchantId, Request, Terminal, TerminalId, Window
from bot.model import Message as Answer
from bot.rules import Rulebook
from bot.store import chats, operations, people, sources
from bot.store.driver import Connection, Store
from bot.texts import Voices

TOKEN = "700500:local-token"
NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
SHOP, BAKERY = default_merchants(per_day=0)
GROUP, TOPIC = -100500, 7


class Stage:
    """A bank and a Telegram that listen, the bot's chat room between them, and people to speak with it."""

    def __init__(self, bank: SimulatedBank, api: BotApi, store: Store, clock: Clock) -> None:
        self.bank, self.api, self.store, self.clock = bank, api, store, clock
        self.world = bank.world
        self.owner = api.person(5, "Aigerim", "en")
        self.stranger = api.person(6, "Daniyar", "en")
        api.private_chat(self.owner)
        api.private_chat(self.stranger)
        api.group(GROUP, "Shop", [self.owner, self.stranger], "supergroup", {TOPIC: "Alerts"})
        self.gateway = Gateway(SecretStr(TOKEN), api.root)
        self.desk = Desk(
            store=store,
            clients={},
            merchants=(merchant_of(SHOP),),
            voices=Voices("en"),
            now=clock,
            version="1.2.3",
            started_at=NOW - timedelta(hours=3),
            zone=ZoneInfo("Asia/Almaty"),
            listed=list_commands,
            incidents=Incidents((merchant_of(SHOP),), Rulebook.from_settings({}), now=clock),
            show_menu=self.gateway.set_chat_menu,
            me=self.gateway.me,
            find_channel=self.gateway.find_channel,
            charts=Charts(),
        )
        self._offset: int | None = None
        self.use(COMMANDS)

    def use(self, commands: Sequence[Command], *, moment: timedelta = timedelta(seconds=5)) -> None:
        """Answer by these commands from now on."""
        self.dispatch = Dispatch(self.desk, self.gateway, commands, moment=moment, pause=timedelta())

    def serve(self, url: str, http: aiohttp.ClientSession, *merchants: BankMerchant) -> None:
        """Look after these merchants, who bank at `url`."""
        clients = {MerchantId(one.id): client_of(one, url, http, self.clock) for one in merchants}
        known = tuple(merchant_of(one) for one in merchants)
        incidents = Incidents(known, Rulebook.from_settings({}), now=self.clock)
        self.desk = replace(self.desk, clients=clients, merchants=known, incidents=incidents)
        self.use(COMMANDS)

    async def work(self) -> None:
        """Handle every update there is, as the intake would, and wait for what goes on behind the answers."""
        await self.answer()
        await self.dispatch.errands.done()

    async def answer(self) -> None:
        """Handle every update there is; what goes on behind the answers goes on."""
        for raw in await self.gateway.updates(self._offset, wait=timedelta()):
            self._offset = raw["update_id"] + 1
            if incoming := read_update(raw, username=self.api.me.username or "", now=self.clock()):
                await self.dispatch.handle(incoming)

    async def hears(
        self, person: Person, text: str, chat_id: int | None = None, thread_id: int | None = None
    ) -> Message:
        """A person writes, by default in private, and the bot does what it does."""
        said = await self.api.says(person, self.api.chats[chat_id or person.user_id], text, thread_id)
        await self.work()
        return said

    async def read_bank(self, since: datetime) -> None:
        """What the bank has shown since then comes into the store, as ingestion would do it."""
        for merchant_id, client in self.desk.clients.items():
            reading = await client.read(Window(since, self.clock()))
            await self.store.write(_keep, merchant_id, reading.operations, self.clock())

    def last(self, chat_id: int = 5) -> Message:
        """The newest message of a chat."""
        return self.api.messages(chat_id)[-1]


def _keep(db: Connection, merchant_id: MerchantId, found: Sequence[Any], now: datetime) -> None:
    sources.begin(db, merchant_id, now)
    operations.apply(db, merchant_id, found, history_before=now, now=now)
    sources.advance(db, merchant_id, now)


def merchant_of(bank: BankMerchant) -> Merchant:
    terminals = tuple(Terminal(TerminalId(one.tid), one.name, one.uuid) for one in bank.terminals)
    return Merchant(MerchantId(bank.id), bank.id.title(), terminals)


def client_of(merchant: BankMerchant, url: str, http: aiohttp.ClientSession, clock: Clock) -> EpayClient:
    settings = Epay(
        username=merchant.username,
        password=SecretStr(merchant.password),
        client_id=merchant.client_id,
        client_secret=SecretStr(merchant.client_secret),
        oauth_url=url + TOKEN_PATH,
        p2p_url=url + LIST_PATH,
        api_url=url,
    )
    at_once = Retries(wait_initial=0, wait_max=0)
    return EpayClient(MerchantId(merchant.id), settings, http=http, now=clock, retries=at_once)


@asynccontextmanager
async def open_stage(folder: Path, *merchants: BankMerchant) -> AsyncIterator[Stage]:
    """Everything started and, at the end, stopped."""
    clock = Clock(NOW)
    bank, api = SimulatedBank(World(seed=1, merchants=[SHOP, BAKERY], start=NOW), now=clock), BotApi(TOKEN, now=clock)
    async with AsyncExitStack() as stack:
        url = await bank.start()
        stack.push_async_callback(bank.stop)
        await api.start()
        stack.push_async_callback(api.stop)
        store = open_store(folder / "bot.db")
        stack.push_async_callback(store.close)
        stage = Stage(bank, api, store, clock)
        stack.push_async_callback(stage.gateway.close)
        stack.push_async_callback(stage.desk.charts.close)
        await store.write(people.configure, [stage.owner.user_id], NOW)
        stage.serve(url, await stack.enter_async_context(aiohttp.ClientSession()), *(merchants or (SHOP,)))
        yield stage


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with open_stage(tmp_path) as stage:
        yield stage


def saying(text: str, *buttons: Button) -> Command:
    """A command that always answers this."""

    async def answer(_: Request, __: Desk) -> Answer:
        return Answer(Markup(text), [buttons] if buttons else ())  # noqa: S704

    return Command(name="say", answer=answer, description="Says it")


async def test_an_answer_comes_in_the_topic_of_the_question_as_a_reply(stage: Stage) -> None:
    asked = await stage.hears(stage.owner, "/id@epay_demo_bot", GROUP, TOPIC)
    answer = stage.last(GROUP)
    assert (answer.thread_id, answer.reply_to) == (TOPIC, asked)
    assert f"Topic id: {TOPIC}" in answer.text


async def test_a_private_answer_quotes_nothing(stage: Stage) -> None:
    await stage.hears(stage.owner, "/help")
    assert stage.last().reply_to is None


async def test_a_refresh_rewrites_its_message_and_the_press_is_answered(stage: Stage) -> None:
    stage.use([saying("first", Button("🔄 Refresh", data="e1:say:"))])
    await stage.hears(stage.owner, "/say")
    shown = stage.last()
    stage.use([saying("second")])
    press = await stage.api.presses(stage.owner, shown, "e1:say:")
    await stage.work()
    assert (shown.text, stage.last()) == ("second", shown)
    assert (await press.answer()).text == ""


async def test_a_button_under_an_alert_is_answered_below_and_leaves_the_alert_alone(stage: Stage) -> None:
    alert = Answer(Markup("Payment failed"), [[Button("🔎 All attempts", data="v1:say:1")]])
    await stage.gateway.send(Destination(chat_id=5), alert)
    shown = stage.last()
    stage.use([saying("All of them")])
    press = await stage.api.presses(stage.owner, shown, "v1:say:1")
    await stage.work()
    assert (shown.text, stage.last().text, stage.last().reply_to) == ("Payment failed", "All of them", shown)
    await press.answer()


async def test_a_refresh_of_a_message_that_is_gone_comes_anew(stage: Stage) -> None:
    stage.use([saying("here", Button("🔄 Refresh", data="e1:say:"))])
    await stage.hears(stage.owner, "/say")
    shown = stage.last()
    press = await stage.api.presses(stage.owner, shown, "e1:say:")
    shown.deleted_at = NOW
    await stage.work()
    assert (stage.last().text, stage.last() is shown) == ("here", False)
    await press.answer()


async def test_a_button_of_another_time_says_so_and_changes_nothing(stage: Stage) -> None:
    await stage.hears(stage.owner, "/help")
    shown = stage.last()
    press = await stage.api.presses(stage.owner, shown, "v0:gone:1")
    await stage.work()
    answer = await press.answer()
    assert ("another time" in answer.text, answer.alert, stage.last()) == (True, True, shown)


async def test_a_stranger_who_presses_is_told_and_gets_nothing(stage: Stage) -> None:
    stage.use([saying("figures", Button("🔄 Refresh", data="e1:say:"))])
    await stage.hears(stage.owner, "/say", GROUP)
    before = len(stage.api.deliveries)
    press = await stage.api.presses(stage.stranger, stage.last(GROUP), "e1:say:")
    await stage.work()
    assert (await press.answer()).alert
    assert len(stage.api.deliveries) == before


async def test_a_stranger_is_refused_once_a_day_however_much_they_write(stage: Stage) -> None:
    for text in ("/start", "hello", "/find 1", "/help"):
        await stage.hears(stage.stranger, text)
    assert len(stage.api.deliveries) == 1
    stage.clock.at += timedelta(days=1)
    await stage.hears(stage.stranger, "/start")
    assert [sent.text for sent in stage.api.deliveries] == [stage.last(6).text] * 2


async def test_typing_is_shown_while_an_answer_takes_its_time(stage: Stage) -> None:
    async def slow(_: Request, __: Desk) -> Answer:
        await stage.api.wait_for(lambda: stage.api.chats[GROUP].typing)
        return Answer(Markup("done"))

    stage.use([Command(name="slow", answer=slow, description="Slow")], moment=timedelta())
    await stage.hears(stage.owner, "/slow", GROUP, TOPIC)
    assert stage.last(GROUP).text == "done"


async def test_a_quick_answer_shows_no_typing(stage: Stage) -> None:
    await stage.hears(stage.owner, "/health")
    assert "sendChatAction" not in {call.method for call in stage.api.calls}


async def test_a_mistake_of_ours_is_a_plain_sentence_with_a_code_that_is_in_the_log(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    async def breaks(_: Request, __: Desk) -> Answer:
        raise ZeroDivisionError("secret inner life")

    stage.use([Command(name="break", answer=breaks, description="Breaks")])
    await stage.hears(stage.owner, "/break")
    told = stage.last().text
    (record,) = [record for record in caplog.records if record.name == "bot.chat.dispatch"]
    assert "secret" not in told
    assert told.split()[-1] in record.message
    assert record.exc_info


async def test_what_a_person_can_mend_is_told_with_their_words_escaped(stage: Stage) -> None:
    async def refuses(request: Request, _: Desk) -> Answer:
        raise UsageError("I know no terminal “{terminal}”", terminal=request.arguments[0])

    stage.use([Command(name="t", answer=refuses, description="Refuses")])
    await stage.hears(stage.owner, "/t <b>&")
    assert "“<b>&”" in stage.last().text


@pytest.mark.parametrize(
    ("how", "copies"),
    [
        ({"status": 429, "description": "Too Many Requests", "parameters": {"retry_after": 0}}, 1),
        ({"status": 400, "description": "Bad Request: can't parse entities: byte 3"}, 1),
        ({"drop": "after"}, 1),
        ({"status": 502}, 0),
    ],
    ids=str,
)
async def test_an_answer_is_tried_again_only_where_it_cannot_come_twice(
    tmp_path: Path, how: dict[str, Any], copies: int
) -> None:
    async with open_stage(tmp_path) as stage:
        stage.api.faults.add(method="sendMessage", **how)
        await stage.hears(stage.owner, "/help")
        assert len(stage.api.deliveries) == copies


async def test_a_question_in_a_closed_topic_is_answered_in_the_general_one(stage: Stage) -> None:
    chat = stage.api.chats[GROUP]
    await stage.api.says(stage.owner, chat, "/id", TOPIC)
    stage.api.close_topic(chat, TOPIC)
    await stage.work()
    assert stage.api.deliveries[-1].message.thread_id is None


async def test_a_chat_that_takes_no_messages_is_switched_off_and_a_word_there_switches_it_on(stage: Stage) -> None:
    group = Destination(chat_id=GROUP, kind=ChatKind.SUPERGROUP)
    await stage.store.write(chats.subscribe, group)
    stage.api.mutes_bot(stage.api.chats[GROUP])
    await stage.hears(stage.owner, "/id", GROUP)
    assert "not enough rights" in str(await disabled(stage, GROUP))
    stage.api.mutes_bot(stage.api.chats[GROUP], muted=False)
    await stage.hears(stage.owner, "/id", GROUP)
    assert await disabled(stage, GROUP) is None


async def disabled(stage: Stage, chat_id: int) -> str | None:
    known = await stage.store.read(chats.find_destination, chat_id, None)
    assert known is not None
    return known.disabled_reason


async def test_blocking_switches_a_chat_off_and_unblocking_on(stage: Stage) -> None:
    await stage.store.write(chats.subscribe, Destination(chat_id=5))
    stage.api.blocks(stage.owner)
    await stage.work()
    assert await disabled(stage, 5)
    stage.api.unblocks(stage.owner)
    await stage.work()
    assert await disabled(stage, 5) is None


@pytest.mark.parametrize("by_refusal", [True, False])
async def test_a_group_that_moves_is_followed(stage: Stage, *, by_refusal: bool) -> None:
    group = stage.api.group(-42, "Old", [stage.owner])
    await stage.store.write(chats.subscribe, Destination(chat_id=-42, kind=ChatKind.GROUP))
    await stage.api.says(stage.owner, group, "/id")
    supergroup = stage.api.migrate(group)
    if by_refusal:
        while stage.api.updates.pending[-1]["message"].get("text") != "/id":
            stage.api.updates.pending.pop()
    await stage.work()
    assert stage.api.deliveries[-1].chat_id == supergroup.chat_id
    assert await stage.store.read(chats.find_destination, supergroup.chat_id, None)
    assert await stage.store.read(chats.find_destination, -42, None) is None


@pytest.mark.parametrize(
    ("own", "stored", "expected"),
    [("kk", None, "Сіздің"), ("en-GB", None, "Your id"), ("de", None, "Your id"), ("en", "ru", "Ваш")],
)
async def test_a_chat_is_spoken_to_in_its_language_and_a_new_one_in_the_persons(
    stage: Stage, own: str, stored: str | None, expected: str
) -> None:
    person = stage.api.person(5, "Aigerim", own)
    if stored:
        await stage.store.write(chats.choose_language, Destination(chat_id=5, language=stored))
    await stage.hears(person, "/id")
    assert stage.last().text.startswith(expected)


async def test_a_group_is_not_spoken_to_in_one_persons_language(stage: Stage) -> None:
    person = stage.api.person(5, "Aigerim", "kk")
    stage.api.chats[GROUP].members[5] = person
    await stage.hears(person, "/id", GROUP)
    assert stage.last(GROUP).text.startswith("Your id")


async def test_a_topic_reads_like_its_chat(stage: Stage) -> None:
    await stage.store.write(chats.subscribe, Destination(chat_id=GROUP, language="ru"))
    await stage.hears(stage.owner, "/id", GROUP, TOPIC)
    assert stage.last(GROUP).text.startswith("Ваш")


def test_the_menu_lists_every_command_once_in_each_language(stage: Stage) -> None:
    menus = stage.dispatch.menus()
    assert len({(menu.scope, menu.language) for menu in menus}) == len(menus) == 8
    kinds = {"private": ChatKind.PRIVATE, "groups": ChatKind.GROUP}
    for menu in menus:
        names = [name for name, _ in menu.commands]
        assert names == [one.name for one in COMMANDS if one.listed and kinds[menu.scope] in one.where]
        assert all(0 < len(text) <= 256 for _, text in menu.commands)


async def test_two_chats_are_answered_side_by_side(stage: Stage) -> None:
    gate = asyncio.Event()

    async def waits(request: Request, _: Desk) -> Answer:
        if request.chat.kind is ChatKind.PRIVATE:
            await gate.wait()
        gate.set()
        return Answer(Markup("done"))

    stage.use([Command(name="wait", answer=waits, description="Waits")])
    await stage.api.says(stage.owner, stage.api.chats[5], "/wait")
    await stage.api.says(stage.owner, stage.api.chats[GROUP], "/wait")
    batch = await stage.gateway.updates(None, wait=timedelta())
    read = [read_update(raw, username="epay_demo_bot", now=NOW) for raw in batch]
    await asyncio.gather(*(stage.dispatch.handle(incoming) for incoming in read if incoming))
    assert len(stage.api.deliveries) == 2
