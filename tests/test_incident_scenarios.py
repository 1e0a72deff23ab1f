"""Facts over time on the left, what a chat hears on the right; the same with a restart between any two moments."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from delivering import OWNER, SECOND
from troubles import DOSTYK, SAMAL, Troubles, troubles

from bot.model import ReasonClass

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
PAYER, ISSUER, LIMIT, MERCHANT, SYSTEM = (
    ReasonClass.PAYER,
    ReasonClass.ISSUER,
    ReasonClass.LIMIT,
    ReasonClass.MERCHANT,
    ReasonClass.SYSTEM,
)
Fact = Callable[[Troubles], Awaitable[object]]


@dataclass(frozen=True)
class Turn:
    """Something happens, then time passes; `hears` are the messages since, each by its beginning."""

    fact: Fact
    passes: timedelta
    hears: tuple[str, ...]


def turn(fact: Fact, passes: timedelta, *hears: str) -> Turn:
    return Turn(fact, passes, hears)


async def nothing(_: Troubles) -> None:
    """Only time passes."""


def fail(count: int = 1, terminal=SAMAL, reason=SYSTEM, ago=timedelta()) -> Fact:
    return lambda stage: stage.fail(count, terminal, reason, ago=ago)


def failing_on(span: timedelta, every: timedelta = 4 * MINUTE) -> Fact:
    async def fact(stage: Troubles) -> None:
        end = stage.now.at + span
        while stage.now.at < end:
            await stage.passes(min(every, end - stage.now.at))
            await stage.fail()

    return fact


def ack_of(name: str) -> Fact:
    return lambda stage: stage.ack(name)


ack = ack_of("Aigerim")


def snooze(span: timedelta, name: str = "Aigerim") -> Fact:
    return lambda stage: stage.snooze(span, name)


def silence(span: timedelta, **what: Any) -> Fact:
    return lambda stage: stage.silence(span, **what)


def unsilence(stage: Troubles) -> Awaitable[object]:
    return stage.unsilence()


def edits(count: int) -> tuple[str, ...]:
    return ("✏️",) * count


def sell(count: int) -> Fact:
    return lambda stage: stage.sell(count)


def pay(number: int) -> Fact:
    return lambda stage: stage.pay(stage.failed[number - 1])


SCENARIOS: dict[str, list[Turn]] = {
    "one failure, then calm": [
        turn(fail(), 4 * MINUTE, "🔊 🔴 #1 · failing · Samal-2"),
        turn(nothing, 2 * MINUTE, "✏️ 🟡 #1 · recovering · Samal-2"),
        turn(nothing, 5 * MINUTE, "🔈↩ 🟢 #1 · over after 10 mins · Samal-2", "✏️ 🟢 #1 · over · Samal-2"),
        turn(nothing, 24 * HOUR),
    ],
    "many at once are one message": [
        turn(fail(12), timedelta(), "🔊 🔴 #1 · failing · Samal-2"),
        turn(fail(5), MINUTE, "✏️ 🔴 #1 · failing · Samal-2"),
    ],
    "edits of one message are put together": [
        turn(fail(), timedelta(), "🔊 🔴 #1 · failing · Samal-2"),
        turn(fail(), timedelta()),
        turn(fail(), timedelta()),
        turn(fail(), 10 * SECOND, "✏️ 🔴 #1 · failing · Samal-2"),
    ],
    "it grows to other terminals and classes, said once in a while with all that joined": [
        turn(fail(), MINUTE, "🔊 🔴 #1 · failing · Samal-2"),
        turn(fail(terminal=DOSTYK), MINUTE, "✏️ 🔴 #1 · failing · Samal-2, Dostyk"),
        turn(fail(reason=MERCHANT), 30 * SECOND, "✏️ 🔴 #1 · failing · Samal-2, Dostyk"),
        turn(nothing, 3 * MINUTE, "🔊↩ 🔺 #1 · it has grown · Samal-2, Dostyk", "✏️ 🔴 #1 · failing · Samal-2, Dostyk"),
        turn(fail(terminal=DOSTYK), MINUTE, "✏️ 🔴 #1 · failing · Samal-2, Dostyk"),
    ],
    "troubles that share neither place nor cause are told apart": [
        turn(fail(3, reason=LIMIT), MINUTE, "🔊 🟠 #1 · failing · Samal-2"),
        turn(fail(terminal=DOSTYK), MINUTE, "🔊 🔴 #2 · failing · Dostyk"),
    ],
    "refusals on the payer's side make no sound, and their end is only an edit": [
        turn(fail(reason=PAYER), 4 * MINUTE, "🔈 🟠 #1 · failing · Samal-2"),
        turn(fail(3, reason=PAYER, terminal=DOSTYK), 4 * MINUTE, "✏️ 🟠 #1 · failing · Samal-2, Dostyk"),
        turn(nothing, 20 * MINUTE, "✏️ 🟡 #1 · recovering · Samal-2, Dostyk", "✏️ 🟢 #1 · over · Samal-2, Dostyk"),
    ],
    "payers and the bank are two troubles": [
        turn(fail(reason=PAYER), MINUTE, "🔈 🟠 #1 · failing · Samal-2"),
        turn(fail(2), MINUTE, "🔊 🔴 #2 · failing · Samal-2"),
    ],
    "few refusals of an issuer make no sound, and their end is only an edit": [
        turn(fail(reason=ISSUER), 4 * MINUTE, "🔈 🟠 #1 · failing · Samal-2"),
        turn(fail(3, reason=ISSUER, terminal=DOSTYK), 4 * MINUTE, "✏️ 🟠 #1 · failing · Samal-2, Dostyk"),
        turn(nothing, 20 * MINUTE, "✏️ 🟡 #1 · recovering · Samal-2, Dostyk", "✏️ 🟢 #1 · over · Samal-2, Dostyk"),
    ],
    "one refusal of an issuer is quiet, five in ten minutes are not": [
        turn(fail(reason=ISSUER), MINUTE, "🔈 🟠 #1 · failing · Samal-2"),
        turn(fail(3, reason=ISSUER), MINUTE, "✏️ 🟠 #1 · failing · Samal-2"),
        turn(fail(reason=ISSUER), MINUTE, "🔊↩ 🔺 #1 · it has grown · Samal-2", "✏️ 🟠 #1 · failing · Samal-2"),
    ],
    "one failure of the bank among payments that succeed is quiet, the second is not": [
        turn(sell(5), MINUTE),
        turn(fail(), MINUTE, "🔈 🔴 #1 · failing · Samal-2"),
        turn(fail(), MINUTE, "🔊↩ 🔺 #1 · it has grown · Samal-2", "✏️ 🔴 #1 · failing · Samal-2"),
    ],
    "refusals of issuers do not make a failure of the bank the second": [
        turn(sell(9), MINUTE),
        turn(fail(3, reason=ISSUER), MINUTE, "🔈 🟠 #1 · failing · Samal-2"),
        turn(fail(), MINUTE, "✏️ 🔴 #1 · failing · Samal-2"),
    ],
    "nobody takes it": [
        turn(fail(), timedelta(), "🔊 🔴 #1 · failing · Samal-2"),
        turn(
            failing_on(15 * MINUTE),
            MINUTE,
            "✏️ 🔴 #1 · failing · Samal-2",
            "✏️ 🔴 #1 · failing · Samal-2",
            "✏️ 🔴 #1 · failing · Samal-2",
            "🔊↩ ⏫ #1 · nobody has taken it for 15 mins · Samal-2",
            "✏️ 🔴 #1 · failing · Samal-2",
            "✏️ 🔴 #1 · failing · Samal-2",
        ),
        turn(
            failing_on(64 * MINUTE),
            timedelta(),
            *edits(15),
            "🔊↩ 🔔 #1 · it goes on · Samal-2",
            "✏️ 🔴 #1 · failing · Samal-2",
            "✏️ 🔴 #1 · failing · Samal-2",
            "✏️ 🔴 #1 · failing · Samal-2",
        ),
    ],
    "somebody takes it, and says nothing for too long": [
        turn(fail(), MINUTE, "🔊 🔴 #1 · failing · Samal-2"),
        turn(ack, MINUTE, "✏️ 🟠 #1 · Aigerim has it · Samal-2"),
        turn(ack_of("Daniyar"), MINUTE),
        turn(failing_on(112 * MINUTE), timedelta(), *edits(29)),
        turn(
            failing_on(8 * MINUTE),
            timedelta(),
            "✏️ 🟠 #1 · Aigerim has it · Samal-2",
            "🔊↩ 🔔 #1 · nobody has said anything about it for a while · Samal-2",
            "✏️ 🔴 #1 · failing · Samal-2",
            "✏️ 🔴 #1 · failing · Samal-2",
        ),
        turn(
            failing_on(12 * MINUTE),
            timedelta(),
            "✏️ 🔴 #1 · failing · Samal-2",
            "✏️ 🔴 #1 · failing · Samal-2",
            "✏️ 🔴 #1 · failing · Samal-2",
        ),
        turn(ack_of("Daniyar"), MINUTE, "✏️ 🟠 #1 · Daniyar has it · Samal-2"),
    ],
    "what people do is seen at once, however lately the message was rewritten": [
        turn(fail(), timedelta(), "🔊 🔴 #1 · failing · Samal-2"),
        turn(fail(), SECOND),
        turn(ack, SECOND, "✏️ 🟠 #1 · Aigerim has it · Samal-2"),
        turn(fail(), SECOND),
        turn(silence(HOUR), SECOND, "✏️ 🔕 #1 · silenced · Samal-2"),
    ],
    "put off for an hour": [
        turn(fail(), MINUTE, "🔊 🔴 #1 · failing · Samal-2"),
        turn(snooze(HOUR), MINUTE, "✏️ ⚪ #1 · put off until 15:01 · Samal-2"),
        turn(snooze(HOUR, "Daniyar"), MINUTE),
        turn(fail(terminal=DOSTYK), 4 * MINUTE, "✏️ ⚪ #1 · put off until 15:01 · Samal-2, Dostyk"),
        turn(failing_on(52 * MINUTE), timedelta(), *edits(14)),
        turn(
            failing_on(4 * MINUTE),
            timedelta(),
            "🔊↩ 🔔 #1 · the time it was put off is over · Samal-2, Dostyk",
            "✏️ 🔴 #1 · failing · Samal-2, Dostyk",
            "✏️ 🔴 #1 · failing · Samal-2, Dostyk",
        ),
        turn(
            failing_on(16 * MINUTE),
            timedelta(),
            "✏️ 🔴 #1 · failing · Samal-2, Dostyk",
            "✏️ 🔴 #1 · failing · Samal-2, Dostyk",
            "✏️ 🔴 #1 · failing · Samal-2, Dostyk",
            "🔊↩ ⏫ #1 · nobody has taken it for 15 mins · Samal-2, Dostyk",
            "✏️ 🔴 #1 · failing · Samal-2, Dostyk",
            "✏️ 🔴 #1 · failing · Samal-2, Dostyk",
        ),
    ],
    "put off, and over before that": [
        turn(fail(), MINUTE, "🔊 🔴 #1 · failing · Samal-2"),
        turn(snooze(HOUR), MINUTE, "✏️ ⚪ #1 · put off until 15:01 · Samal-2"),
        turn(
            nothing,
            10 * MINUTE,
            "✏️ 🟡 #1 · recovering · Samal-2",
            "🔈↩ 🟢 #1 · over after 10 mins · Samal-2",
            "✏️ 🟢 #1 · over · Samal-2",
        ),
        turn(nothing, 2 * HOUR),
    ],
    "it comes and goes": [
        turn(fail(), 6 * MINUTE, "🔊 🔴 #1 · failing · Samal-2", "✏️ 🟡 #1 · recovering · Samal-2"),
        turn(fail(), 6 * MINUTE, "✏️ 🔴 #1 · failing · Samal-2", "✏️ 🟡 #1 · recovering · Samal-2"),
        turn(
            fail(),
            6 * MINUTE,
            "✏️ 🔴 #1 · failing · Samal-2",
            "🔊↩ ⏫ #1 · nobody has taken it for 15 mins · Samal-2",
            "✏️ 🔴 #1 · failing · Samal-2",
            "✏️ 🟡 #1 · recovering · Samal-2",
        ),
        turn(fail(), 14 * MINUTE, "✏️ 🔴 #1 · failing · Samal-2"),
        turn(
            nothing,
            17 * MINUTE,
            "✏️ 🟡 #1 · recovering · Samal-2",
            "🔈↩ 🟢 #1 · over after 48 mins · Samal-2",
            "✏️ 🟢 #1 · over · Samal-2",
        ),
    ],
    "paid after all while it lasts, and when it is over": [
        turn(fail(2), MINUTE, "🔊 🔴 #1 · failing · Samal-2"),
        turn(pay(1), MINUTE, "✏️ 🔴 #1 · failing · Samal-2"),
        turn(
            nothing,
            10 * MINUTE,
            "✏️ 🟡 #1 · recovering · Samal-2",
            "🔈↩ 🟢 #1 · over after 10 mins · Samal-2",
            "✏️ 🟢 #1 · over · Samal-2",
        ),
        turn(pay(2), MINUTE, "✏️ 🟢 #1 · over · Samal-2"),
    ],
    "a silence over what has been told: true, but without a sound": [
        turn(fail(), MINUTE, "🔊 🔴 #1 · failing · Samal-2"),
        turn(silence(HOUR, terminals=(SAMAL,)), MINUTE, "✏️ 🔕 #1 · silenced · Samal-2"),
        turn(failing_on(40 * MINUTE), timedelta(), *edits(10)),
        turn(
            failing_on(20 * MINUTE),
            timedelta(),
            *edits(4),
            "🔊↩ 🔔 #1 · its silence is over · Samal-2",
            "✏️ 🔴 #1 · failing · Samal-2",
            "✏️ 🔴 #1 · failing · Samal-2",
        ),
    ],
    "a silence over what begins under it": [
        turn(silence(HOUR, classes=(SYSTEM,)), MINUTE),
        turn(fail(3), 20 * MINUTE),
        turn(
            nothing,
            50 * MINUTE,
            "🔈 ℹ️ A silence is over: Shop LLP. Payments failed under it: 3. What it covered is over: #1",
        ),
    ],
    "what goes on under a silence is told when somebody ends it": [
        turn(silence(HOUR), MINUTE),
        turn(fail(3), MINUTE),
        turn(unsilence, MINUTE, "🔊 🔴 #1 · failing · Samal-2"),
        turn(unsilence, MINUTE),
    ],
    "a silence until recovery": [
        turn(fail(), MINUTE, "🔊 🔴 #1 · failing · Samal-2"),
        turn(silence(24 * HOUR, until_recovery=True), MINUTE, "✏️ 🔕 #1 · silenced · Samal-2"),
        turn(fail(4), 4 * MINUTE, "✏️ 🔕 #1 · silenced · Samal-2"),
        turn(
            nothing,
            20 * MINUTE,
            "✏️ 🔕 #1 · silenced · Samal-2",
            "🔈 ℹ️ A silence is over: Shop LLP. Payments failed under it: 4. What it covered is over: #1",
            "✏️ 🟢 #1 · over · Samal-2",
        ),
        turn(fail(), MINUTE, "🔊 🔴 #2 · failing · Samal-2"),
    ],
    "what grows out of its silence is heard": [
        turn(silence(HOUR, terminals=(SAMAL,)), timedelta()),
        turn(fail(3), MINUTE),
        turn(fail(terminal=DOSTYK), 3 * MINUTE, "🔊 🔴 #1 · failing · Samal-2, Dostyk"),
    ],
    "what is read late": [
        turn(fail(40, ago=50 * MINUTE), MINUTE, "🔊 🔴 #1 · failing · Samal-2"),
        turn(fail(), MINUTE, "✏️ 🔴 #1 · failing · Samal-2"),
    ],
    "no calm is believed while the bank is away": [
        turn(fail(), MINUTE, "🔊 🔴 #1 · failing · Samal-2"),
        turn(lambda stage: stage.lose_bank(), 40 * MINUTE, "🔊↩ ⏫ #1 · nobody has taken it for 15 mins · Samal-2"),
        turn(
            lambda stage: stage.find_bank(),
            MINUTE,
            "🔈↩ 🟢 #1 · over after 41 mins · Samal-2",
            "✏️ 🟢 #1 · over · Samal-2",
        ),
    ],
    "a state that lasts": [
        turn(lambda stage: stage.symptom(), MINUTE, "🔊 ⛔ #1 · going on · Dostyk"),
        turn(lambda stage: stage.symptom(), MINUTE),
        turn(lambda stage: stage.symptom(text="It is odder"), MINUTE, "✏️ ⛔ #1 · going on · Dostyk"),
        turn(
            nothing, 15 * MINUTE, "🔊↩ ⏫ #1 · nobody has taken it for 15 mins · Dostyk", "✏️ ⛔ #1 · going on · Dostyk"
        ),
        turn(
            lambda stage: stage.symptom(holds=False, text="It is well"),
            MINUTE,
            "🔈↩ 🟢 #1 · over after 18 mins · Dostyk",
            "✏️ 🟢 #1 · over · Dostyk",
        ),
        turn(lambda stage: stage.symptom(holds=False, text="It is well"), MINUTE),
    ],
    "a state that has lasted for long before it is seen is not escalated at once": [
        turn(lambda stage: stage.symptom(since=stage.now.at - HOUR), 14 * MINUTE, "🔊 ⛔ #1 · going on · Dostyk"),
    ],
}


def check_buttons(stage: Troubles) -> None:
    """Every message of an incident offers what can be done about it now."""
    for message in stage.api.messages(OWNER):
        if message.reply_to is None and "#" in message.text.partition(" ")[2][:1]:
            buttons = {button["text"] for row in message.buttons for button in row}
            over, taken, silent = (sign in f"\n{message.text}" for sign in ("\n🟢 ", "\n✋ ", "\n🔕 until "))
            assert ("✋ I have it" in buttons) is not (over or taken), message.text
            assert ({"😴 1 h", "😴 till morning"} <= buttons) is not over, message.text
            assert ("🔕 Silence" in buttons) is not (over or silent), message.text


@pytest.mark.parametrize("restarts", [False, True], ids=["", "restarts"])
@pytest.mark.parametrize("turns", SCENARIOS.values(), ids=SCENARIOS)
async def test_a_chat_hears_what_the_table_says(tmp_path: Path, turns: list[Turn], restarts: bool) -> None:
    async with troubles(tmp_path) as stage:
        stage.restarts = restarts
        for number, one in enumerate(turns, 1):
            before = len(stage.heard())
            await one.fact(stage)
            await stage.passes(one.passes)
            heard = stage.heard()[before:]
            told = [line for line, expected in zip(heard, one.hears, strict=False) if line.startswith(expected)]
            assert len(told) == len(heard) == len(one.hears), f"turn {number}: {heard}"
            check_buttons(stage)
