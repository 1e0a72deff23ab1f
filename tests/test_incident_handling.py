"""Incidents in people's hands: by buttons and by words, in every chat at once, by whoever may."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import admitting
import pytest
from builders import an_operation
from test_chat_dispatch import GROUP, NOW, SHOP, Stage, merchant_of, open_stage

from bot.delivery import Delivery
from bot.demo.telegram import Message, Person
from bot.model import EPOCH, ChatKind, Destination, Operation, Outcome, ReasonClass, TerminalId
from bot.store import incidents, operations, people, silences, sources
from bot.store.driver import Connection

SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
SAMAL, DOSTYK = (TerminalId(one.tid) for one in SHOP.terminals[:2])
OWNER = 5
SHOP_ID = merchant_of(SHOP).id


class Room:
    """The stage of the chat, and failures told in the owner's private chat and in the group."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.restart()
        self.member = stage.api.person(7, "Daniyar", "en")
        stage.api.private_chat(self.member)
        stage.api.chats[GROUP].members[7] = self.member
        self.made = 0

    def restart(self) -> None:
        self.delivery = Delivery(self.stage.gateway, self.stage.store, self.stage.desk.voices, now=self.stage.clock)

    async def open(self) -> None:
        private = Destination(chat_id=OWNER, language="en")
        for place in (private, Destination(chat_id=GROUP, kind=ChatKind.SUPERGROUP, title="Shop", language="en")):
            await self.stage.store.write(admitting.subscribe, place)
        await self.allow(self.stage.owner, self.member)

    async def allow(self, *owners: Person) -> None:
        """These may use the bot."""
        await self.stage.store.write(people.configure, [person.user_id for person in owners], self.stage.clock())

    async def fail(self, count: int = 1, terminal: TerminalId = SAMAL) -> None:
        """So many payments of 1000.00 tenge fail for a reason of the bank's, and the alert is out."""
        made = [
            an_operation(
                f"op{number}",
                invoice_id=f"INV{number}",
                terminal_id=terminal,
                amount=100_000,
                outcome=Outcome.FAILED,
                reason_code=458,
                reason_class=ReasonClass.SYSTEM,
                created_at=self.stage.clock() - SECOND * (count - place),
            )
            for place, number in enumerate(range(self.made + 1, self.made + count + 1))
        ]
        self.made += count
        await self.happen(*made)

    async def happen(self, *shown: Operation) -> None:
        await self.stage.store.write(_keep, self.stage, shown)
        await self.passes()

    async def passes(self, span: timedelta = 10 * SECOND) -> None:
        """Time passes, everything due is told."""
        end = self.stage.clock.at + span
        while True:
            await self.stage.store.write(self.stage.desk.incidents.tick)
            for _ in range(2):
                await self.delivery.step()
                await self.delivery.drain(5 * SECOND)
                self.restart()
            if self.stage.clock.at >= end:
                return
            self.stage.clock.at += min(5 * SECOND if span < MINUTE else span / 4, end - self.stage.clock.at)

    def alert(self, chat_id: int = GROUP) -> Message:
        """The first message of a chat: the incident's."""
        return self.stage.api.messages(chat_id)[0]

    def title(self, chat_id: int = GROUP) -> str:
        return self.alert(chat_id).text.splitlines()[0].replace("\N{NO-BREAK SPACE}", " ")

    async def press(self, person: Person, message: Message, label: str) -> tuple[str, bool]:
        """Presses and goes on; the words of the answer, and whether they must be closed."""
        press = await self.stage.api.presses(person, message, message.data(label))
        await self.stage.work()
        await self.passes()
        answer = await press.answer()
        return answer.text.replace("\N{NO-BREAK SPACE}", " "), answer.alert

    async def says(
        self, text: str, chat_id: int = OWNER, *, person: Person | None = None, to: Message | None = None
    ) -> str:
        """What is answered to a text, perhaps to a reply."""
        chat = self.stage.api.chats[chat_id]
        before = len(self.stage.api.deliveries)
        await self.stage.api.says(person or self.stage.owner, chat, text, None, to)
        await self.stage.work()
        answers = [one.text for one in list(self.stage.api.deliveries)[before:] if one.chat_id == chat_id]
        assert len(answers) <= 1
        await self.passes()
        return answers[0].replace("\N{NO-BREAK SPACE}", " ") if answers else ""


def _keep(db: Connection, stage: Stage, shown: tuple[Operation, ...]) -> None:
    now = stage.clock()
    sources.begin(db, SHOP_ID, now)
    applied = operations.apply(db, SHOP_ID, shown, history_before=EPOCH, now=now)
    stage.desk.incidents.report(db, SHOP_ID, applied.transitions, bank_now=now)
    sources.advance(db, SHOP_ID, now)


def labels(message: Message) -> list[str]:
    return [button["text"] for row in message.buttons for button in row]


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Room]:
    async with open_stage(tmp_path, SHOP) as stage:
        room = Room(stage)
        await room.open()
        yield room


async def test_who_takes_it_is_seen_in_every_chat(room: Room) -> None:
    await room.fail(3)
    assert room.title() == "🔴 #1 · failing · Samal-2 · Shop"
    assert await room.press(room.stage.owner, room.alert(), "✋ I have it") == ("✋ Aigerim has #1 now", False)
    for chat_id in (GROUP, OWNER):
        assert room.title(chat_id) == "🟠 #1 · Aigerim has it · Samal-2 · Shop"
        assert "✋ Aigerim, 14:00" in room.alert(chat_id).text
        assert "✋ I have it" not in labels(room.alert(chat_id))
        assert len(room.stage.api.messages(chat_id)) == 1


async def test_of_two_who_press_at_the_same_time_the_first_has_it_and_the_other_is_told(room: Room) -> None:
    await room.fail()
    shown = room.alert()
    presses = [
        await room.stage.api.presses(person, shown, shown.data("✋ I have it"))
        for person in (room.stage.owner, room.member)
    ]
    await room.stage.work()
    first, second = [await press.answer() for press in presses]
    assert (first.text, first.alert) == ("✋ Aigerim has #1 now", False)
    assert (second.text, second.alert) == ("Aigerim has had #1 since 14:00", True)


async def test_a_second_press_changes_nothing(room: Room) -> None:
    await room.fail()
    shown = room.alert()
    data = shown.data("😴 1 h")
    await room.press(room.stage.owner, shown, "😴 1 h")
    before = await room.stage.store.read(incidents.get, 1)
    press = await room.stage.api.presses(room.member, shown, data)
    await room.stage.work()
    assert "Aigerim has put #1 off until 15:00 already" in (await press.answer()).text.replace(
        "\N{NO-BREAK SPACE}", " "
    )
    assert await room.stage.store.read(incidents.get, 1) == before
    assert [event.what for event in await room.stage.store.read(incidents.list_events, 1)] == ["first", "snoozed"]


async def test_a_stranger_who_presses_is_told_and_changes_nothing(room: Room) -> None:
    await room.fail()
    assert await room.press(room.stage.stranger, room.alert(), "✋ I have it") == (
        "These buttons are not for you",
        True,
    )
    assert room.title() == "🔴 #1 · failing · Samal-2 · Shop"
    assert await room.says("/ack 1", GROUP, person=room.stage.stranger) == ""
    assert (await room.stage.store.read(incidents.get, 1)).acknowledged is None


async def test_a_late_press_on_what_is_over_is_answered_and_the_buttons_are_gone(room: Room) -> None:
    await room.fail(2)
    take = room.alert().data("✋ I have it")
    await room.passes(12 * MINUTE)
    assert room.title() == "🟢 #1 · over · Samal-2 · Shop"
    assert labels(room.alert()) == ["📋 All 2", "📊 Terminal today"]
    press = await room.stage.api.presses(room.stage.owner, room.alert(), take)
    await room.stage.work()
    answer = await press.answer()
    assert answer.text.startswith("#1 is over since 14:1")
    assert answer.alert
    assert (await room.stage.store.read(incidents.get, 1)).acknowledged is None


async def test_a_reply_to_an_alert_needs_no_number(room: Room) -> None:
    await room.fail()
    await room.fail(terminal=DOSTYK)
    answer = await room.says("/snooze 4h", GROUP, to=room.alert())
    assert answer == "😴 #1 is put off until 18:00"
    assert await room.says("/ack", GROUP, to=room.alert()) == "✋ Aigerim has #1 now"
    assert await room.says("/ack", GROUP, to=room.alert(), person=room.member) == "Aigerim has had #1 since 14:00"
    assert (await room.says("/incident", GROUP, to=room.alert())).startswith("🟠 #1 · Aigerim has it")
    assert await room.says("/silence 1h repairs", GROUP, to=room.alert()) != ""
    assert room.title() == "🔕 #1 · silenced · Samal-2, Dostyk · Shop"
    assert "🔕 until 15:01, by Aigerim · repairs" in room.alert(OWNER).text.replace("\N{NO-BREAK SPACE}", " ")


@pytest.mark.parametrize(
    ("said", "until"),
    [
        ("/snooze 1 1h", "15:00"),
        ("/snooze #1 30m", "14:30"),
        ("/snooze 1 morning", "25 Nov, 09:00"),
        ("/snooze 1 до утра", "25 Nov, 09:00"),
        ("/snooze 1 till 09:00", "25 Nov, 09:00"),
        ("/snooze 1 до 16:30", "16:30"),
        ("/snooze 1 2д", "26 Nov, 14:00"),
    ],
)
async def test_people_write_until_when_as_they_like(room: Room, said: str, until: str) -> None:
    await room.fail()
    room.stage.clock.at = NOW
    assert await room.says(said) == f"😴 #1 is put off until {until}"


async def test_what_is_missing_is_asked_by_buttons(room: Room) -> None:
    assert await room.says("/ack") == "Nothing is failing now."
    await room.fail()
    assert await room.says("/snooze") == "Which incident?"
    assert labels(room.stage.last(OWNER)) == ["#1 · Samal-2"]
    await room.press(room.stage.owner, room.stage.last(OWNER), "#1 · Samal-2")
    assert room.stage.last(OWNER).text == "😴 Put #1 off until when?"
    text, _ = await room.press(room.stage.owner, room.stage.last(OWNER), "4 h")
    assert text == "😴 #1 is put off until 18:00"
    assert room.title().startswith("⚪ #1 · put off until 18:00")


async def test_a_silence_is_asked_for_step_by_step(room: Room) -> None:
    await room.fail()
    assert "What shall be silent?" in await room.says("/silence")
    await room.press(room.stage.owner, room.stage.last(OWNER), "Samal-2")
    assert room.stage.last(OWNER).text == "🔕 Silent until when?"
    await room.press(room.stage.owner, room.stage.last(OWNER), "until it is over")
    assert room.stage.last(OWNER).text.startswith("Samal-2 · 🔕 until it is over, by Aigerim")
    assert room.title() == "🔕 #1 · silenced · Samal-2 · Shop"
    await room.press(room.stage.owner, room.stage.last(OWNER), "🔔 End it")
    messages = [one.text for one in room.stage.api.messages(OWNER)]
    assert "Nothing is silenced." in messages
    assert messages[-1].startswith("🔔 #1 · its silence is over")
    assert room.title() == "🔴 #1 · failing · Samal-2 · Shop"


async def test_the_silence_button_mutes_what_the_incident_is_about(room: Room) -> None:
    await room.fail()
    await room.press(room.stage.owner, room.alert(), "🔕 Silence")
    assert room.stage.last(GROUP).reply_to is room.alert()
    asked = room.stage.last(GROUP)
    hour = asked.data("1 h")
    for _ in range(2):
        press = await room.stage.api.presses(room.stage.owner, asked, hour)
        await room.stage.work()
        await press.answer()
    (kept,) = await room.stage.store.read(silences.list_active, SHOP_ID)
    assert (kept.terminals, kept.classes, kept.rule) == ((SAMAL,), (ReasonClass.SYSTEM,), "failed_operation")


@pytest.mark.parametrize(
    ("said", "terminals", "classes", "comment"),
    [
        ("/silence Samal-2 2h", (SAMAL,), (), ""),
        ("/silence samal system 2h the bank repairs it", (SAMAL,), (ReasonClass.SYSTEM,), "the bank repairs it"),
        ("/silence shop 2h", (), (), ""),
        ("/silence #1 issuer 2h", (SAMAL,), (ReasonClass.ISSUER,), ""),
    ],
)
async def test_a_silence_is_said_in_one_line(
    room: Room, said: str, terminals: object, classes: object, comment: str
) -> None:
    await room.fail()
    assert "🔕 until 16:00, by Aigerim" in await room.says(said)
    (kept,) = await room.stage.store.read(silences.list_active, SHOP_ID)
    assert (kept.terminals, kept.classes, kept.comment) == (terminals, classes, comment)


async def test_silences_are_listed_and_ended_each(room: Room) -> None:
    assert await room.says("/silences") == "Nothing is silenced."
    await room.says("/silence Samal-2 2h")
    await room.says("/silence Dostyk system morning repairs")
    listed = await room.says("/silences")
    assert "1. Samal-2 · 🔕 until 16:00, by Aigerim" in listed
    assert "2. Dostyk · the bank's systems · 🔕 until 25 Nov, 09:00, by Aigerim · repairs" in listed
    await room.press(room.stage.owner, room.stage.last(OWNER), "🔔 End 1")
    assert "Samal-2" not in room.stage.last(OWNER).text
    assert labels(room.stage.last(OWNER)) == ["🔔 End it"]


async def test_alerts_lists_what_is_open_and_what_was_over_the_last_day(room: Room) -> None:
    assert "Nothing is failing now." in await room.says("/alerts")
    await room.fail(3)
    await room.passes(12 * MINUTE)
    await room.fail(2, DOSTYK)
    await room.press(room.stage.owner, room.stage.api.messages(OWNER)[-1], "✋ I have it")
    told = await room.says("/alerts")
    lines = told.splitlines()
    assert "🟠 #2 · Aigerim has it · Dostyk · Shop · 2 payments failed · 2 000 ₸" in lines[2]
    assert lines[4] == "Over in the last 24 hours"
    assert "🟢 #1 · over · Samal-2 · Shop · 3 payments failed · 3 000 ₸" in lines[5]
    assert labels(room.stage.last(OWNER)) == ["😴 #2 1 h", "📋 #2", "📋 #1", "🔄 Refresh"]
    room.stage.clock.at += 25 * HOUR
    assert "#1" not in await room.says("/alerts")


async def test_an_incident_tells_all_its_payments_by_pages_and_its_history(room: Room) -> None:
    await room.fail(30)
    await room.press(room.stage.owner, room.alert(), "✋ I have it")
    await room.happen(an_operation("again", invoice_id="INV30", amount=100_000, created_at=room.stage.clock()))
    told = await room.says("/incident 1")
    assert "Invoices paid by another try: 1 · still unpaid: 29" in told
    assert "INV30 · server not responding → ✅" in told
    assert "14:00 · 🔴 it began\n14:00 · ✋ taken · Aigerim" in told
    assert labels(room.stage.last(OWNER)) == ["1/3", "▶", "Unpaid only", "🔄 Refresh"]
    await room.press(room.stage.owner, room.stage.last(OWNER), "▶")
    assert "INV18" in room.stage.last(OWNER).text
    await room.press(room.stage.owner, room.stage.last(OWNER), "Unpaid only")
    assert "INV30" not in room.stage.last(OWNER).text
    assert "INV29" in room.stage.last(OWNER).text
    assert "There is no incident #9" in await room.says("/incident 9")


async def test_the_list_of_the_alert_answers_below_it(room: Room) -> None:
    await room.fail(2)
    await room.press(room.stage.owner, room.alert(), "📋 All 2")
    assert room.stage.last(GROUP).reply_to is room.alert()
    assert "INV2" in room.stage.last(GROUP).text
