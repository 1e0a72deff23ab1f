"""Looking for a payment as people do: by any number, by an alert, in private and in a group, whatever the bank does."""

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from builders import an_alert, an_incident
from test_chat_dispatch import BAKERY, GROUP, NOW, SHOP, Stage, open_stage

from bot.chat.commands import COMMANDS
from bot.delivery import Delivery
from bot.demo.bank import Fault
from bot.demo.telegram import Message
from bot.model import ChatKind, Destination, Member, Operation, ReasonClass
from bot.store import chats, incidents, living, operations
from bot.store.driver import Connection

HOUR, MINUTE, SECOND = timedelta(hours=1), timedelta(minutes=1), timedelta(seconds=1)
SAMAL, DOSTYK = (terminal.tid for terminal in SHOP.terminals[:2])
WAITING, LIVE, DEAD = "I am asking the bank…", "🟢 Live from the bank", "⚠️ The bank does not answer; stored data"
PERSON = {"name": "AIGERIM KASYMOVA", "phone": "+77011234567", "email": "a.k@mail.kz"}


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    """A shop with a few payments of the last hours, all of them stored."""
    async with open_stage(tmp_path, SHOP) as stage:
        add = stage.world.add
        first = NOW - 2 * HOUR
        add(SHOP.id, SAMAL, 25_000, invoice_id="77001001", outcome="failed", created_at=first, **PERSON)
        add(SHOP.id, SAMAL, 25_000, invoice_id="77001001", created_at=first + 84 * SECOND, **PERSON)
        add(SHOP.id, SAMAL, 25_000, invoice_id="INV-5-A", created_at=NOW - HOUR, sender_card_mask="4003********9821")
        add(SHOP.id, DOSTYK, "400.50", invoice_id="77002002", created_at=NOW - HOUR, reference="000112233445")
        await stage.read_bank(NOW - timedelta(days=1))
        yield stage


def hurry(stage: Stage, patience: timedelta = timedelta(seconds=8)) -> None:
    """From now on no bank is quick enough, and one that hangs is given up after `patience`."""
    stage.desk = replace(stage.desk, prompt=timedelta(), patience=patience)
    stage.use(COMMANDS)


async def asks(stage: Stage, text: str, *, chat_id: int = 5, reply_to: Message | None = None) -> list[str]:
    """What the owner is told, in order; an edited message counts again."""
    before = len(stage.api.deliveries)
    await stage.api.says(stage.owner, stage.api.chats[chat_id], text, None, reply_to)
    return await told(stage, before)


async def presses(stage: Stage, label: str, chat_id: int = 5) -> list[str]:
    before = len(stage.api.deliveries)
    shown = stage.last(chat_id)
    await stage.api.presses(stage.owner, shown, shown.data(label))
    return await told(stage, before)


async def told(stage: Stage, before: int) -> list[str]:
    await stage.work()
    await stage.dispatch.errands.done()
    return [sent.text.replace("\N{NO-BREAK SPACE}", " ") for sent in list(stage.api.deliveries)[before:]]


async def test_a_slow_bank_is_not_waited_for_the_stored_answer_becomes_the_live_one(stage: Stage) -> None:
    hurry(stage)
    stored, live = await asks(stage, "77001001")
    assert WAITING in stored
    assert "✅ paid on attempt 2" in stored
    assert LIVE in live
    assert "✅ paid on attempt 2" in live
    assert [sent.method for sent in stage.api.deliveries] == ["sendMessage", "editMessageText"]


async def test_a_dead_bank_is_admitted_in_the_answer_already_given(stage: Stage) -> None:
    stage.bank.faults.always("list", Fault.slow_headers(delay=60))
    hurry(stage, patience=timedelta(milliseconds=50))
    stored, given_up = await asks(stage, "/find 77001001")
    assert WAITING in stored
    assert DEAD in given_up
    assert stage.last().text.replace("\N{NO-BREAK SPACE}", " ") == given_up


async def test_a_refresh_shows_the_stored_answer_and_the_live_one_in_the_same_message(stage: Stage) -> None:
    await asks(stage, "77001001")
    shown = stage.last()
    hurry(stage)
    stored, live = await presses(stage, "🔄 Refresh")
    assert (WAITING in stored, LIVE in live, stage.last()) == (True, True, shown)


async def test_a_quick_bank_and_an_empty_store_make_one_answer(stage: Stage) -> None:
    (only,) = await asks(stage, "77001001")
    assert LIVE in only
    hurry(stage)
    stage.world.add(SHOP.id, SAMAL, 1, invoice_id="NEW-1", created_at=NOW)
    (only,) = await asks(stage, "NEW-1")
    assert LIVE in only


async def test_while_one_answer_waits_for_the_bank_the_chat_is_served(stage: Stage) -> None:
    stage.bank.faults.always("list", Fault.slow_headers(delay=60))
    hurry(stage, patience=timedelta(minutes=1))
    for text in ("77001001", "/id"):
        await stage.api.says(stage.owner, stage.api.chats[5], text)
    working = asyncio.create_task(stage.work())
    await stage.api.wait_for(lambda: len(stage.api.deliveries) == 2)
    await stage.dispatch.errands.close(timedelta(seconds=5))
    await working
    stored, identity = (sent.text for sent in stage.api.deliveries)
    assert (WAITING in stored, "Your id" in identity) == (True, True)


@pytest.mark.parametrize(
    ("text", "invoice"),
    [
        ("2002", "77002002"),
        ("002002", "77002002"),
        ("INV-5", "INV-5-A"),
        ("inv-5-a", "INV-5-A"),
        ("*9821", "INV-5-A"),
        ("4003 00** **** 9821", "INV-5-A"),
        ("000112233445", "77002002"),
        ("400,50", "77002002"),
        ("400.50", "77002002"),
        ("400.5 ₸", "77002002"),
    ],
)
async def test_what_only_one_invoice_can_be_is_its_story_live(stage: Stage, text: str, invoice: str) -> None:
    (answer,) = await asks(stage, text)
    assert answer.startswith(f"🔎 {invoice} · ✅ paid")
    assert LIVE in answer


async def test_the_middle_of_an_invoice_is_found_by_the_bank(stage: Stage) -> None:
    (answer,) = await asks(stage, "70020")
    assert answer.startswith("🔎 77002002 · ✅ paid")
    stage.world.add(SHOP.id, SAMAL, 7, invoice_id="X700209", created_at=NOW - MINUTE)
    (answer,) = await asks(stage, "70020")
    assert "2 fit" in answer
    assert answer.index("X700209") < answer.index("77002002")


async def test_several_that_fit_are_a_list_to_choose_from(stage: Stage) -> None:
    (answer,) = await asks(stage, "25 000 ₸")
    first, second = [line for line in answer.splitlines() if line[:2] in {"1.", "2."}]
    assert "🔎 25 000 ₸ · 2 fit" in answer
    assert first == "1. ✅ 13:00 · INV-5-A · 25 000 ₸ · paid"
    assert second == "2. ✅ 12:01 · 77001001 · 25 000 ₸ · paid"
    assert "Bank data up to 14:00" in answer
    (story,) = await presses(stage, "2")
    assert story.startswith("🔎 77001001 · ❌ failed → ✅ paid on attempt 2")


async def test_a_list_leads_to_a_search_of_the_bank_for_the_same_anywhere(stage: Stage) -> None:
    stage.world.add(SHOP.id, SAMAL, 7, invoice_id="X7700Y", created_at=NOW - MINUTE)
    (answer,) = await asks(stage, "7700")
    assert "2 fit" in answer
    assert "X7700Y" not in answer
    (answer,) = await presses(stage, "🔎 Anywhere in an invoice, 30 days")
    assert all(invoice in answer for invoice in ("X7700Y", "77001001", "77002002"))
    assert LIVE in answer


async def test_a_long_list_shows_the_newest_and_says_how_many_there_are(stage: Stage) -> None:
    for number in range(30):
        stage.world.add(SHOP.id, SAMAL, 77, invoice_id=f"L{number:03}", created_at=NOW - HOUR - number * MINUTE)
    await stage.read_bank(NOW - timedelta(days=1))
    (answer,) = await asks(stage, "77 ₸")
    assert "30 fit" in answer
    assert answer.count("77 ₸ · paid") == 8
    assert "L007" in answer
    assert "L008" not in answer
    assert "With more digits I find fewer" in answer


async def test_an_invoice_that_is_also_something_else_says_so(stage: Stage) -> None:
    stage.world.add(SHOP.id, SAMAL, 9, invoice_id="9821", created_at=NOW - MINUTE)
    await stage.read_bank(NOW - timedelta(days=1))
    (answer,) = await asks(stage, "9821")
    assert answer.startswith("🔎 9821 · ✅ paid")
    (others,) = await presses(stage, "🔎 Also fits: 1")
    assert "1 fits" in others
    assert "INV-5-A" in others


async def test_how_an_attempt_became_paid_and_how_long_it_took_is_part_of_the_story(stage: Stage) -> None:
    row = stage.world.add(SHOP.id, SAMAL, 10, invoice_id="SLOW", outcome="undecided", created_at=NOW - 10 * MINUTE)
    await stage.read_bank(NOW - timedelta(days=1))
    stage.clock.at += 3 * MINUTE
    stage.world.change(row.id, "paid", stage.clock.at)
    await stage.read_bank(NOW - timedelta(days=1))
    (answer,) = await asks(stage, "/find SLOW")
    assert "⏳ undecided 13:50 → ✅ paid 14:03" in answer
    assert "⏱ From the first attempt to the payment: 13 min" in answer


async def test_what_is_undecided_is_asked_of_the_single_check_too(stage: Stage) -> None:
    stage.world.add(SHOP.id, SAMAL, 10, invoice_id="OPEN", outcome="undecided", created_at=NOW - MINUTE)
    (answer,) = await asks(stage, "/find OPEN")
    assert "🏦 The bank's newest word: undecided, bank status NEW" in answer
    stage.bank.faults.always("check", Fault.server_error())
    (answer,) = await asks(stage, "/find OPEN")
    assert "newest word" not in answer
    assert LIVE in answer


async def test_a_refund_shows_how_much_went_back(stage: Stage) -> None:
    row = stage.world.add(SHOP.id, SAMAL, 10_000, invoice_id="BACK", created_at=NOW - 2 * HOUR)
    stage.world.change(row.id, "refunded", NOW - HOUR)
    (answer,) = await asks(stage, "/find BACK")
    assert "✅ paid → ↩️ refunded" in answer
    assert "🏦 The bank's newest word: refunded · 10 000 ₸ returned" in answer


async def test_what_the_bank_no_longer_lists_is_still_told(stage: Stage) -> None:
    row = next(row for row in stage.world.rows(SHOP.id) if row.invoice_id == "77002002")
    stage.world.hide(row.id)
    (answer,) = await asks(stage, "77002002")
    assert "⚠️ The bank no longer lists this attempt" in answer
    assert LIVE in answer


async def test_a_group_sees_initials_and_only_who_may_sees_more(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    (answer,) = await asks(stage, "/find@epay_demo_bot 77001001", chat_id=GROUP)
    assert "Payer: A. K." in answer
    assert not any(secret.casefold() in answer.casefold() for secret in PERSON.values())
    shown, before = stage.last(GROUP), len(stage.api.deliveries)
    press = await stage.api.presses(stage.owner, shown, shown.data("👁 Show payer"))
    await stage.work()
    popup = await press.answer()
    assert (popup.text, popup.alert) == ("✅ AIGERIM KASYMOVA, +77011234567, a.k@mail.kz", True)
    assert "user 5 was shown who paid operation" in caplog.text
    assert not any(secret in caplog.text for secret in PERSON.values())
    press = await stage.api.presses(stage.stranger, shown, shown.data("👁 Show payer"))
    await stage.work()
    assert (await press.answer()).text == "These buttons are not for you"
    assert len(stage.api.deliveries) == before


async def test_an_owner_in_private_sees_the_payer_at_once_and_needs_no_button(stage: Stage) -> None:
    (answer,) = await asks(stage, "77001001")
    assert "Payer: AIGERIM KASYMOVA, +77011234567, a.k@mail.kz" in answer
    assert labels(stage.last()) == ["🔄 Refresh", "📎 Copy RRN", "📊 Terminal today"]


async def test_who_paid_what_is_not_stored_yet_comes_later(stage: Stage) -> None:
    stage.world.add(SHOP.id, SAMAL, 1, invoice_id="NEW-1", created_at=NOW, **PERSON)
    await asks(stage, "/find NEW-1", chat_id=GROUP)
    shown = stage.last(GROUP)
    press = await stage.api.presses(stage.owner, shown, shown.data("👁 Show payer"))
    await stage.work()
    assert "not stored yet" in (await press.answer()).text


def labels(message: Message) -> list[str]:
    return [button["text"] for row in message.buttons for button in row]


async def announced(stage: Stage, *invoices: str) -> Message:
    """These invoices' attempts as one message of alerts in the group."""
    found = [one for name in invoices for one in await stage.store.read(operations.list_by_invoice, "shop", name)]
    group = Destination(chat_id=GROUP, kind=ChatKind.SUPERGROUP, language="en")
    await stage.store.write(chats.subscribe, group)
    await stage.store.write(_open_incident, found, group)
    delivery = Delivery(stage.gateway, stage.store, stage.desk.voices, now=stage.clock)
    await delivery.step()
    await delivery.drain(timedelta(seconds=5))
    return stage.last(GROUP)


def _open_incident(db: Connection, found: Sequence[Operation], group: Destination) -> None:
    """As if these operations had failed when they were announced."""
    members = tuple(Member(one.terminal_id, ReasonClass.SYSTEM) for one in found)
    incident = an_incident(attempts=tuple(found), count=len(found), members=members)
    incidents.save(db, incident, None)
    incidents.note_operations(db, incident.number, [(one.merchant_id, one.id) for one in found])
    living.show(db, replace(an_alert(), incident=incident), group, NOW, MINUTE)


@pytest.mark.parametrize("text", ["?", "??", "/find@epay_demo_bot", "❓"])
async def test_a_reply_to_an_alert_tells_its_story(stage: Stage, text: str) -> None:
    alert = await announced(stage, "77002002")
    (answer,) = await asks(stage, text, chat_id=GROUP, reply_to=alert)
    assert answer.startswith("🔎 77002002 · ✅ paid")


async def test_a_reply_to_several_alerts_is_a_choice(stage: Stage) -> None:
    alert = await announced(stage, "77002002", "INV-5-A")
    (answer,) = await asks(stage, "?", chat_id=GROUP, reply_to=alert)
    assert "2 fit" in answer
    (story,) = await presses(stage, "2", GROUP)
    assert LIVE in story


async def test_a_reply_with_a_number_looks_for_the_number(stage: Stage) -> None:
    alert = await announced(stage, "77002002")
    (answer,) = await asks(stage, "77001001", chat_id=GROUP, reply_to=alert)
    assert answer.startswith("🔎 77001001")


async def test_talk_below_an_alert_and_a_strangers_question_stay_unanswered(stage: Stage) -> None:
    alert = await announced(stage, "77002002")
    assert await asks(stage, "thanks, looking", chat_id=GROUP, reply_to=alert) == []
    before = len(stage.api.deliveries)
    await stage.api.says(stage.stranger, stage.api.chats[GROUP], "?", None, alert)
    assert await told(stage, before) == []


async def test_a_question_about_a_message_without_a_payment_says_so(stage: Stage) -> None:
    await asks(stage, "/id", chat_id=GROUP)
    (answer,) = await asks(stage, "?", chat_id=GROUP, reply_to=stage.last(GROUP))
    assert "I see no payment in that message" in answer


async def test_the_buttons_of_an_alert_lead_on(stage: Stage) -> None:
    alert = await announced(stage, "77002002")
    assert {"📋 Copy invoice", "🔎 All attempts", "📊 Terminal today", "👁 Show payer"} < set(labels(alert))
    (figures,) = await presses(stage, "📊 Terminal today", GROUP)
    assert "Dostyk" in figures


async def test_a_list_over_two_merchants_leads_to_each(tmp_path: Path) -> None:
    async with open_stage(tmp_path, SHOP, BAKERY) as stage:
        stage.world.add(SHOP.id, SAMAL, 55, invoice_id="S-1", created_at=NOW - 2 * HOUR)
        stage.world.add(BAKERY.id, BAKERY.terminals[0].tid, 55, invoice_id="B-1", created_at=NOW - HOUR)
        await stage.read_bank(NOW - timedelta(days=1))
        (answer,) = await asks(stage, "55 ₸")
        assert answer.index("B-1") < answer.index("S-1")
        (story,) = await presses(stage, "1")
        assert "Bakery" in story
