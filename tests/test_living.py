"""An incident's message and the replies to it, whatever becomes of the chat, of Telegram and of the message."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from delivering import GROUP, OTHER, OWNER, REPEAT, SECOND
from troubles import DOSTYK, EDIT, QUIET, SOUND, Troubles, troubles

from bot.model import ChatKind, Destination, Loudness, MerchantId, ReasonClass
from bot.store import chats, incidents

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Troubles]:
    async with troubles(tmp_path) as stage:
        yield stage


KINDS = ("open", "reply", "say")
FAULTS: dict[str, tuple[dict[str, Any], bool]] = {
    "429 with a time": ({"status": 429, "parameters": {"retry_after": 3}}, False),
    "429 without a time": ({"status": 429}, False),
    "markup refused": ({"status": 400, "description": "Bad Request: can't parse entities"}, False),
    "dropped before": ({"drop": "before"}, True),
    "dropped after": ({"drop": "after"}, True),
    "500": ({"status": 500}, True),
    "a proxy's 502": ({"status": 502, "html": "<h1>Bad gateway</h1>"}, True),
    "a proxy's 403": ({"status": 403, "html": "<h1>Forbidden</h1>"}, False),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("fault", "unsure"), FAULTS.values(), ids=FAULTS)
async def test_a_passing_fault_loses_nothing_of_any_kind_and_marks_a_repeat(
    stage: Troubles, kind: str, fault: dict[str, Any], unsure: bool
) -> None:
    await stage.private(OTHER)
    if kind == "reply":
        await stage.fail()
        await stage.passes(4 * MINUTE)
    stage.api.faults.add(method="sendMessage", chat_id=OWNER, **fault)
    if kind == "say":
        await stage.notice("Hello there", OWNER)
    else:
        await stage.fail(terminal=DOSTYK)
    await stage.step()
    await stage.passes(20 * SECOND)
    told = {"open": "#1 · failing", "reply": "it has grown", "say": "Hello there"}[kind]
    sent = [one for one in stage.api.deliveries if one.chat_id == OWNER and one.method == "sendMessage"]
    copies = [one.text for one in sent if told in one.text]
    assert 1 <= len(copies) <= 1 + unsure
    assert [REPEAT in text for text in copies][-1] is unsure
    assert len([text for text in copies if REPEAT not in text]) <= 1
    assert await stage.states() == {"sent"}
    assert len([text for text in stage.sent(OTHER) if told in text]) == (kind != "say")


async def test_a_repeat_stays_marked_when_it_is_rewritten(stage: Troubles) -> None:
    stage.api.faults.add(method="sendMessage", drop="after")
    await stage.fail()
    await stage.passes(10 * SECOND)
    await stage.fail()
    await stage.passes(10 * SECOND)
    (first, again) = stage.api.messages(OWNER)
    assert "INV1" in first.text
    assert REPEAT not in first.text
    assert "2 payments failed" in again.text
    assert REPEAT in again.text


async def test_words_that_have_not_left_leave_as_they_are_true_by_then(stage: Troubles) -> None:
    stage.api.faults.add(method="sendMessage", status=429, parameters={"retry_after": 20})
    await stage.fail()
    await stage.step()
    await stage.fail(4)
    await stage.passes(30 * SECOND)
    (heard,) = stage.heard(lines=3)
    assert "5 payments failed" in heard


async def test_what_is_over_before_it_could_be_told_is_one_message(stage: Troubles) -> None:
    stage.api.faults.add(method="sendMessage", status=429, parameters={"retry_after": 1800})
    await stage.fail(3)
    await stage.passes(HOUR)
    (heard,) = stage.heard()
    assert heard.startswith(f"{SOUND} 🟢 #1 · over · Samal-2")


async def test_replies_that_could_not_leave_are_one_reply_with_the_newest_words(stage: Troubles) -> None:
    await stage.fail()
    await stage.passes(5 * SECOND)
    stage.api.faults.add(chat_id=OWNER, status=429, parameters={"retry_after": 2 * 3600})
    for _ in range(20):
        await stage.fail()
        await stage.passes(4 * MINUTE)
    assert {"escalated", "reminder"} < set(await stage.events())
    await stage.passes(9 * MINUTE)
    assert len(stage.heard()) == 1
    await stage.passes(HOUR)
    reply, edit = stage.heard()[1:]
    assert reply.startswith(f"{QUIET}↩ 🟢 #1 · over after 1 hr 26 mins")
    assert edit.startswith(f"{EDIT} 🟢 #1 · over")


async def test_nothing_is_called_over_that_nobody_saw(stage: Troubles) -> None:
    await stage.fail()
    await stage.passes(MINUTE)
    await stage.private(OTHER)
    await stage.fail()
    await stage.passes(20 * MINUTE)
    assert stage.heard(OTHER) == []


async def test_a_chat_that_comes_later_hears_of_the_next_news(stage: Troubles) -> None:
    await stage.fail()
    await stage.passes(MINUTE)
    await stage.private(OTHER)
    await stage.fail(terminal=DOSTYK)
    await stage.passes(3 * MINUTE)
    assert stage.heard(OTHER) == [f"{SOUND} 🔴 #1 · failing · Samal-2, Dostyk · Shop LLP"]


async def test_after_somebody_deletes_the_message_the_next_news_is_sent_anew(stage: Troubles) -> None:
    await stage.fail()
    await stage.passes(MINUTE)
    (shown,) = stage.api.messages(OWNER)
    shown.deleted_at = stage.now()
    await stage.fail()
    await stage.passes(MINUTE)
    assert stage.api.messages(OWNER) == []
    await stage.fail(terminal=DOSTYK)
    await stage.passes(3 * MINUTE)
    assert "3 payments failed" in stage.living()
    await stage.fail()
    await stage.passes(MINUTE)
    assert "4 payments failed" in stage.living()
    assert len(stage.api.messages(OWNER)) == 1


async def test_after_somebody_deletes_the_message_its_end_is_told_all_the_same(stage: Troubles) -> None:
    await stage.fail()
    await stage.passes(MINUTE)
    stage.api.messages(OWNER)[0].deleted_at = stage.now()
    await stage.passes(20 * MINUTE)
    assert [one.text.splitlines()[0] for one in stage.api.messages(OWNER)] == [
        "🟢 #1 · over after 10\u00a0mins · Samal-2 · Shop LLP"
    ]


async def test_an_edit_telegram_cannot_read_goes_as_plain_text(stage: Troubles) -> None:
    await stage.fail()
    await stage.passes(10 * SECOND)
    stage.api.faults.add(method="editMessageText", status=400, description="Bad Request: can't parse entities")
    await stage.fail()
    await stage.passes(10 * SECOND)
    assert "2 payments failed" in stage.living()
    assert not stage.api.deliveries[-1].content.entities
    await stage.fail()
    await stage.passes(10 * SECOND)
    assert stage.api.deliveries[-1].content.entities


async def test_an_edit_without_an_answer_is_repeated_until_it_is_shown(stage: Troubles) -> None:
    await stage.fail()
    await stage.passes(10 * SECOND)
    stage.api.faults.add(method="editMessageText", times=3, status=502)
    await stage.fail()
    await stage.passes(MINUTE)
    assert "2 payments failed" in stage.living()


async def test_an_edit_that_went_wrong_long_ago_is_not_told_as_telegram_away(stage: Troubles) -> None:
    await stage.fail()
    await stage.passes(10 * SECOND)
    stage.api.faults.add(method="editMessageText", status=502)
    await stage.fail()
    await stage.passes(HOUR)
    await stage.notice("Hello there", OWNER)
    await stage.passes(MINUTE)
    assert not [text for text in stage.sent() if "could not be reached" in text]


async def test_a_chat_found_shut_by_an_edit_is_switched_off_and_caught_up_with_when_it_is_back(stage: Troubles) -> None:
    await stage.private(OTHER)
    await stage.fail()
    await stage.passes(10 * SECOND)
    stage.api.blocks(stage.api.people[OWNER])
    await stage.fail()
    await stage.passes(MINUTE)
    assert [text for text in stage.sent(OTHER) if "takes no messages any more" in text]
    await stage.fail(3)
    await stage.passes(MINUTE)
    assert [call.chat_id for call in stage.api.calls if call.status == 403] == [OWNER]
    stage.api.unblocks(stage.api.people[OWNER])
    await stage.store.write(chats.set_chat_disabled, OWNER, None, stage.now())
    await stage.passes(10 * SECOND)
    assert "5 payments failed" in stage.living()


async def test_a_message_another_version_wrote_stops_no_other(stage: Troubles) -> None:
    await stage.group()
    await stage.fail()
    await stage.passes(10 * SECOND)
    await stage.fail()
    await stage.store.write(lambda db: db.run("UPDATE living SET body = 'telepathy {}' WHERE chat_id = :id", id=OWNER))
    await stage.passes(10 * SECOND)
    assert "2 payments failed" in stage.living(GROUP)
    await stage.fail()
    await stage.passes(10 * SECOND)
    assert "3 payments failed" in stage.living(OWNER)


async def test_a_group_that_moves_where_it_is_known_already_keeps_one_message(stage: Troubles) -> None:
    group = await stage.group()
    supergroup = stage.api.migrate(group)
    await stage.subscribe(Destination(chat_id=supergroup.chat_id, kind=ChatKind.SUPERGROUP, language="en"))
    await stage.fail()
    await stage.passes(MINUTE)
    await stage.fail(3)
    await stage.passes(MINUTE)
    living = [one for one in stage.api.messages(supergroup.chat_id) if "payment" in one.text]
    assert len(living) == 1
    assert "4 payments failed" in living[0].text


async def test_time_goes_on_for_others_when_a_merchant_is_no_longer_configured(stage: Troubles) -> None:
    await stage.fail()
    known = await stage.incident(1)
    forgotten = replace(known, number=99, merchant_id=MerchantId("gone"))
    await stage.store.write(incidents.save, forgotten, known.last_at + MINUTE)
    await stage.passes(20 * MINUTE)
    assert not (await stage.incident(1)).is_open
    assert "#99" not in " ".join(stage.sent())


@pytest.mark.parametrize("loudness", Loudness)
async def test_each_class_of_reasons_is_as_loud_as_the_settings_say(tmp_path: Path, loudness: Loudness) -> None:
    rules = {"failed_operation": {"payer": {"loudness": loudness}}}
    async with troubles(tmp_path, rules=rules) as stage:
        await stage.fail(reason=ReasonClass.PAYER)
        await stage.passes(20 * MINUTE)
        sounds = [line[0] for line in stage.heard() if not line.startswith(EDIT)]
        assert sounds == {"on": [SOUND, QUIET], "silent": [QUIET], "off": []}[loudness]


async def test_a_share_is_loud_only_with_enough_payments_to_count(tmp_path: Path) -> None:
    rules = {"failed_operation": {"system": {"min_share": 0.5, "min_sample": 5}}}
    async with troubles(tmp_path, rules=rules) as stage:
        await stage.fail(4)
        await stage.passes(MINUTE)
        assert [line[0] for line in stage.heard()] == [QUIET]
        await stage.fail()
        await stage.passes(MINUTE)
        assert f"{SOUND}↩ 🔺 #1 · it has grown · Samal-2 · Shop LLP" in stage.heard()


async def test_what_has_been_read_late_is_as_loud_as_if_it_had_been_read_at_once(tmp_path: Path) -> None:
    async with troubles(tmp_path) as stage:
        await stage.fail(5, reason=ReasonClass.ISSUER, ago=2 * HOUR)
        await stage.passes(MINUTE)
        (heard,) = stage.heard(lines=6)
        assert heard.startswith(f"{SOUND} 🟠 #1 · failing")
        assert "⏳ late, happened 12:00 – 12:00" in heard
