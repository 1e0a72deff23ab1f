"""Forged presses, deep links and updates: no data, no crash, no growth. `make fuzz` gives the bot 100,000 of them."""

import logging
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import ClassVar

import pytest
from builders import an_operation
from forging import LONG, Forger
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr
from test_chat_dispatch import BAKERY, GROUP, NOW, SHOP, TOKEN, Stage, merchant_of, open_stage

from bot.chat.commands import COMMANDS
from bot.chat.telegram import Gateway, read_update
from bot.demo.bank import Fault
from bot.demo.telegram import Delivery
from bot.model import Colleague, Level, Outcome, ReasonClass, Request, Role, Transition
from bot.store import operations, people, sources
from bot.store.driver import Connection

STRANGER, VIEWER, SUPPORT = 6, 51, 52
SHOP_ID, BAKERY_ID = merchant_of(SHOP).id, merchant_of(BAKERY).id
# None of these is among the forger's own words, which are answered with "I know no …".
FOREIGN = ("Turan", "97200102", "Nanova", "HIDDEN-B")
PAYER = ("Secretova", "5550000", "zs@mail")
PAYMENT = ("HIDDEN-A", "20 571 ₸", "Samal-2 (98151552)")
NEVER = {STRANGER: FOREIGN + PAYER + PAYMENT, VIEWER: FOREIGN + PAYER + ("HIDDEN-A",), SUPPORT: FOREIGN + PAYER}
OURS = ("person", "invitation", "operation", "incident")
BOUNDED = ("destination", "last_terminal", "wrong_key", "unlinked_chat", "chat_level", "subscription", "digest_plan")


class Overheard(Gateway):
    """The gateway, and what it said to pressed buttons that Telegram does not know."""

    toasts: ClassVar[list[str]] = []

    async def answer_press(self, press_id: str, text: str | None = None, *, alert: bool = False) -> None:
        self.toasts.append(text or "")
        await super().answer_press(press_id, text, alert=alert)


@pytest.fixture
async def stage(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    async with open_stage(tmp_path_factory.mktemp("fuzz"), SHOP, BAKERY) as stage:
        for user_id in (VIEWER, SUPPORT):
            stage.api.private_chat(stage.api.person(user_id, f"Person {user_id}", "en"))
        await stage.store.write(fill, stage)
        stage.bank.faults.always("list", Fault.server_error())
        stage.gateway = Overheard(SecretStr(TOKEN), stage.api.root)
        stage.use(COMMANDS)
        yield stage
        await stage.gateway.close()


def fill(db: Connection, stage: Stage) -> None:
    """A viewer and a support person of Shop, and a failure at each merchant with everything known of its payer."""
    for user_id, role in ((VIEWER, Role.VIEWER), (SUPPORT, Role.SUPPORT)):
        people.give(db, Colleague(user_id=user_id, name="P", merchant_id=SHOP_ID, role=role, given_at=NOW), by=5)
    people.link(db, GROUP, [SHOP_ID], Level.FIGURES)
    ours = {"payer_name": "Zhanna Secretova", "payer_phone": "+77015550000", "payer_email": "zs@mail.example"}
    theirs = {"payer_name": "Alua Nanova"}
    for merchant, name, payer in ((SHOP, "A", ours), (BAKERY, "B", theirs)):
        merchant_id, terminal = merchant_of(merchant).id, merchant.terminals[name == "B"].tid
        failed = an_operation(
            f"op-{name}",
            merchant_id=merchant_id,
            terminal_id=terminal,
            invoice_id=f"HIDDEN-{name}",
            amount=2_057_100,
            outcome=Outcome.FAILED,
            reason_code=458,
            reason_class=ReasonClass.SYSTEM,
            created_at=NOW - timedelta(minutes=30),
            **payer,
        )
        sources.begin(db, merchant_id, NOW - timedelta(hours=2))
        operations.apply(db, merchant_id, [failed], history_before=NOW - timedelta(hours=1), now=NOW)
        sources.advance(db, merchant_id, NOW)
        stage.desk.incidents.report(db, merchant_id, [Transition(None, failed, NOW)], bank_now=NOW)


def told_by(sent: Delivery) -> str:
    """Words, buttons and the content of a file."""
    media = sent.content.media
    file = media.data.decode("utf-8", "replace") if media and sent.method == "sendDocument" else ""
    return f"{sent.text} {sent.content.markup} {file}"


def counts(db: Connection, tables: tuple[str, ...]) -> dict[str, int]:
    return {table: db.rows(f"SELECT COUNT(*) AS count FROM {table}")[0]["count"] for table in tables}


async def test_forged_updates_bring_no_data_no_crash_and_no_growth(
    stage: Stage, pytestconfig: pytest.Config, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.ERROR)
    chats = [(GROUP, "supergroup"), (5, "private"), (-1, "group"), (-2, "channel"), (VIEWER, "private")]
    forger = Forger(20_261_124, [STRANGER, VIEWER, SUPPORT], chats, NOW)
    before, unreadable, answered = await stage.store.read(counts, OURS), 0, 0
    total: int = pytestconfig.getoption("--fuzz")
    for number in range(total):
        user_id, raw = forger.update()
        try:
            incoming = read_update(raw, username="epay_demo_bot", now=stage.clock())
        except Exception:  # the intake sets aside what is not an update at all
            unreadable += 1
            continue
        if incoming is None:
            continue
        stage.api.deliveries.clear()
        Overheard.toasts.clear()
        await stage.dispatch.handle(incoming)
        await stage.dispatch.errands.done()
        told = [*map(told_by, stage.api.deliveries), *Overheard.toasts]
        answered += user_id != STRANGER and "Shop" in "".join(told)
        assert not [secret for secret in NEVER[user_id] for one in told if secret in one.replace("\xa0", " ")], raw
        assert caplog.records == [], raw
        if number % 1_000 == 999:
            stage.clock.at += timedelta(minutes=1)
    assert await stage.store.read(counts, OURS) == before
    assert unreadable < total / 20
    assert answered > total / 200, "the forger must also hit what is allowed"
    assert all(count <= 200 for count in (await stage.store.read(counts, BOUNDED)).values())


@given(st.text(max_size=64), st.sampled_from(["", "v1:", "e1:", "v1::", "e1::", "e1:find:", "v1:start:"]))
def test_any_press_is_read(data: str, start: str) -> None:
    read = read_update(press(start + data), username="epay_demo_bot", now=NOW)
    assert isinstance(read, Request)
    assert read.press_id == "1"


@given(st.text(max_size=LONG))
def test_any_text_is_read(text: str) -> None:
    read = read_update({"update_id": 1, "message": shown() | {"text": text}}, username="epay_demo_bot", now=NOW)
    assert read is None if not text else isinstance(read, Request)


def shown() -> dict[str, object]:
    person = {"id": STRANGER, "is_bot": False, "first_name": "A"}
    return {"message_id": 1, "date": 1, "from": person, "chat": {"id": STRANGER, "type": "private", "first_name": "A"}}


def press(data: str) -> dict[str, object]:
    query = {"id": "1", "from": shown()["from"], "chat_instance": "1", "message": shown(), "data": data}
    return {"update_id": 1, "callback_query": query}
