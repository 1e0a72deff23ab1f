"""The matrix of tests/access.txt: role x chat x every command, decided, written down, and what the running bot does.

A: allowed; M: allowed, of payers at most initials; R: refused; ·: no answer, or no such command there.
`pytest --update-messages` writes the table anew: read the difference.
"""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from builders import an_operation
from markupsafe import Markup
from test_chat_dispatch import BAKERY, NOW, SHOP, Stage, merchant_of, open_stage

from bot.chat.access import Verdict, decide
from bot.chat.commands import COMMANDS, Command
from bot.demo.bank import Fault
from bot.demo.telegram import Delivery, Person
from bot.demo.telegram import Message as Shown
from bot.model import (
    ChatKind,
    Colleague,
    Destination,
    Level,
    Message,
    Outcome,
    ReasonClass,
    Role,
    Standing,
    Transition,
)
from bot.store import operations, people, sources
from bot.store.driver import Connection

TABLE = Path(__file__).with_name("access.txt")
HOUR = timedelta(hours=1)
SHOP_ID, BAKERY_ID = merchant_of(SHOP).id, merchant_of(BAKERY).id
PEOPLE: dict[str, Role | None] = {"stranger": None, **{role.value: role for role in (*Role,)[::-1]}}
PAYER = ("Secretova", "5550000", "zs@mail")
FOREIGN = ("Bakery", "bakery", "Abay", "Turan", "97200101", "97200102", "BUN", "Nanova")
REFUSALS = ("Your role, or this chat", "Only administrators of this group", "This bot is private", "not for you")
NO_SUCH = ("I do not understand that", "another time")
SLOW = {"chart", "export"}
WORDS = {
    "join": "nobody-gave-this-out",
    "find": "1001",
    "matches": "op",
    "payer": "op1",
    "search": "invoice=1001",
    "summary": "7d",
    "by": "today",
    "export": "today csv",
    "incident": "1",
    "ack": "1",
    "snooze": "1 1h",
    "rules": "Samal-2",
    "planned": "1",
    "falsealarm": "1",
    "silence": "Samal-2 1h",
    "unsilence": "1",
    "subscribe": "Samal-2 failures digest",
    "unsubscribe": "Samal-2",
    "digest": "09:00",
    "quiet": "23:00-08:00",
    "language": "en",
    "person": "5 shop",
    "invite": "viewer 1h",
}


@dataclass(frozen=True, slots=True)
class Place:
    """A private chat, or a group of this id, with the level of Shop there; None: nobody linked it."""

    chat_id: int = 0
    level: Level | None = None
    administrator: bool = False

    @property
    def kind(self) -> ChatKind:
        return ChatKind.SUPERGROUP if self.chat_id else ChatKind.PRIVATE

    def standing(self, role: Role | None) -> Standing:
        return Standing(
            roles={SHOP_ID: role} if role else {},
            levels={SHOP_ID: self.level} if self.level else {},
            administrator=self.administrator,
        )


PLACES = {
    "private": Place(),
    "unlinked": Place(-101),
    "alerts": Place(-102, Level.ALERTS),
    "payments": Place(-103, Level.PAYMENTS),
    "figures": Place(-104, Level.FIGURES),
    "administers": Place(-105, Level.FIGURES, administrator=True),
}


def cell(command: Command, role: Role | None, place: Place) -> str:
    if place.kind not in command.where:
        return "·"
    decision = decide(command.right, place.standing(role), place.kind, [SHOP_ID, BAKERY_ID])
    if decision.verdict is Verdict.REFUSED:
        return "R" if decision.circle or place.kind is ChatKind.PRIVATE else "·"
    return "M" if decision.verdict is Verdict.MASKED else "A"


def lines() -> Iterator[str]:
    """A block a place, a line a command, a column a role."""
    for name, place in PLACES.items():
        yield f"{name:<12} " + " ".join(f"{one:>10}" for one in PEOPLE)
        for command in COMMANDS:
            yield f"/{command.name:<11} " + " ".join(f"{cell(command, role, place):>10}" for role in PEOPLE.values())
        yield ""


def test_the_table_says_what_is_decided(update_messages: bool) -> None:
    if update_messages:
        TABLE.write_text("\n".join(lines()), encoding="utf-8")
    assert TABLE.read_text(encoding="utf-8").splitlines() == "\n".join(lines()).splitlines()


@pytest.fixture(scope="module")
async def stage(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    async with open_stage(tmp_path_factory.mktemp("matrix"), SHOP, BAKERY) as stage:
        everybody = {name: stage.api.person(50 + place, name.title(), "en") for place, name in enumerate(PEOPLE)}
        for person in everybody.values():
            stage.api.private_chat(person)
        for place in PLACES.values():
            if place.chat_id:
                group = stage.api.group(place.chat_id, "Group", [stage.owner, *everybody.values()], "supergroup")
                group.administrators = (
                    {person.user_id for person in everybody.values()} if place.administrator else set()
                )
        await stage.store.write(fill, stage, everybody)
        stage.bank.faults.always("list", Fault.server_error())
        yield stage


def fill(db: Connection, stage: Stage, everybody: dict[str, Person]) -> None:
    """A failure at each merchant, its incident, and people with roles at one of them."""
    people.configure(db, [], NOW)
    for name, role in PEOPLE.items():
        if role:
            user_id = everybody[name].user_id
            people.give(db, Colleague(user_id=user_id, name=name, merchant_id=SHOP_ID, role=role, given_at=NOW), by=0)
    ours = {"payer_name": "Zhanna Secretova", "payer_phone": "+77015550000", "payer_email": "zs@mail.example"}
    for merchant, invoice, payer in ((SHOP, "1001", ours), (BAKERY, "BUN", {"payer_name": "Alua Nanova"})):
        merchant_id = merchant_of(merchant).id
        failed = an_operation(
            "op1" if merchant is SHOP else "op2",
            merchant_id=merchant_id,
            terminal_id=merchant.terminals[0].tid,
            invoice_id=invoice,
            outcome=Outcome.FAILED,
            reason_code=458,
            reason_class=ReasonClass.SYSTEM,
            created_at=NOW - HOUR / 2,
            **payer,
        )
        sources.begin(db, merchant_id, NOW - 2 * HOUR)
        operations.apply(db, merchant_id, [failed], history_before=NOW - HOUR, now=NOW)
        sources.advance(db, merchant_id, NOW)
        stage.desk.incidents.report(db, merchant_id, [Transition(None, failed, NOW)], bank_now=NOW)


def settle(db: Connection, place: Place) -> None:
    """The chat is as the table says, whatever the last command has done; nobody is stopped for guessing."""
    db.run("DELETE FROM chat_level")
    db.run("DELETE FROM wrong_key")
    if place.level:
        people.link(db, place.chat_id, [SHOP_ID], place.level)


def outcome(said: str) -> str:
    if not said or any(one in said for one in NO_SUCH):
        return "·"
    return "R" if any(one in said for one in REFUSALS) else "answered"


def told(sent: Delivery) -> str:
    """Everything somebody can read of a message: words, buttons, and what is in a file."""
    file = sent.content.media.data.decode("utf-8-sig") if sent.method == "sendDocument" and sent.content.media else ""
    buttons = [button["text"] for row in sent.message.buttons for button in row]
    return "\n".join([sent.text, *buttons, file])


@pytest.mark.parametrize("where", PLACES)
@pytest.mark.parametrize("who", PEOPLE)
async def test_the_running_bot_agrees_with_the_table_word_for_word_and_press_for_press(
    stage: Stage, who: str, where: str
) -> None:
    role, place = PEOPLE[who], PLACES[where]
    person = next(one for one in stage.api.people.values() if one.first_name == who.title())
    chat_id = place.chat_id or person.user_id
    shown_id = await stage.gateway.send(Destination(chat_id=chat_id), Message(Markup("Anything")))
    (shown,) = [one for one in stage.api.messages(chat_id) if one.message_id == shown_id]
    for command in COMMANDS:
        expected = cell(command, role, place)
        words = WORDS.get(command.name, "")
        for press in (False, True) if command.name not in SLOW else (False,):
            await stage.store.write(settle, place)
            before = len(stage.api.deliveries)
            toast = await asks(stage, person, shown, f"{command.name} {words}".strip(), press=press)
            sent = [one for one in list(stage.api.deliveries)[before:] if one.chat_id == chat_id]
            said = "\n".join([toast, *map(told, sent)])
            case = f"/{command.name} {'pressed' if press else 'typed'}: {said}"
            got = outcome(said.strip())
            if expected in {"R", "·"} and (press or role is None):
                assert got in {"R", "·"}, case
            else:
                assert got == ("answered" if expected in {"A", "M"} else expected), case
            assert not [secret for secret in FOREIGN if secret in said], case
            if expected != "A":
                assert not [secret for secret in PAYER if secret in "\n".join(map(told, sent))], case
            if expected == "A" and command.name in {"find", "export"}:
                assert "Secretova" in said, case


async def asks(stage: Stage, person: Person, shown: Shown, words: str, *, press: bool) -> str:
    """Types a command, or presses a button that says it; the toast."""
    if not press:
        chat = shown.chat
        await stage.hears(person, f"/{words}", chat.chat_id)
        return ""
    command, _, arguments = words.partition(" ")
    pressed = await stage.api.presses(person, shown, f"v1:{command}:{arguments}")
    await stage.work()
    return (await pressed.answer()).text
