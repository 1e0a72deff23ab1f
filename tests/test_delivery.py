"""The outbox against the local Bot API: nothing lost, order kept, one unmarked copy at most, no chat delays another."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
from databases import only_sqlite
from delivering import OTHER, OWNER, SECOND, Stage, named

from bot.delivery.taking import LEASE
from bot.demo.telegram.faults import Fault
from bot.errors import StoreError
from bot.model import Destination, NoticeAlert


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    stage = await Stage(tmp_path).open()
    await stage.private(OWNER, OTHER)
    yield stage
    await stage.close()


async def test_an_alert_is_recorded_after_success(stage: Stage) -> None:
    (invoice,) = await stage.fail(1, OWNER)
    await stage.step()
    (row,) = await stage.rows()
    assert stage.invoices() == [invoice]
    message_id = stage.api.deliveries[0].message.message_id
    assert (row["state"], row["message_id"], row["unsure"], row["attempts"]) == ("sent", message_id, 0, 1)


async def test_an_attempt_is_noted_before_it_leaves(stage: Stage) -> None:
    await stage.fail(1, OWNER)
    stage.api.faults.add(method="sendMessage", hang=True)
    await stage.delivery.step()
    await stage.api.wait_for(stage.sent)
    (row,) = await stage.rows()
    assert (row["state"], row["unsure"], row["attempts"], row["sent_at"]) == ("waiting", 1, 1, None)
    await stage.end_hanging()


async def test_what_is_due_together_goes_as_one_message_in_order(stage: Stage) -> None:
    invoices = await stage.fail(30, OWNER)
    await stage.step()
    assert len(stage.sent()) == 1
    assert stage.invoices() == invoices


async def test_every_invoice_is_named_when_more_fail_than_one_message_holds(stage: Stage) -> None:
    invoices = await stage.fail(110, OWNER)
    await stage.pass_by()
    assert stage.invoices() == invoices
    assert len(stage.sent()) == 3


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param({"status": 429, "parameters": {"retry_after": 3}}, id="429 with a time"),
        pytest.param({"status": 429}, id="429 without a time"),
        pytest.param({"status": 400, "description": "Bad Request: can't parse entities"}, id="markup refused"),
        pytest.param({"drop": "before"}, id="dropped before"),
        pytest.param({"drop": "after"}, id="dropped after"),
        pytest.param({"status": 500}, id="500"),
        pytest.param({"status": 502, "html": "<h1>Bad gateway</h1>"}, id="a proxy's 502"),
        pytest.param({"status": 403, "html": "<h1>Forbidden</h1>"}, id="a proxy's 403"),
    ],
)
async def test_a_passing_fault_loses_nothing_and_keeps_the_order(stage: Stage, fault: dict[str, Any]) -> None:
    first, other = await stage.fail(1, OWNER), await stage.fail(1, OTHER)
    stage.api.faults.add(method="sendMessage", chat_id=OWNER, **fault)
    await stage.step()
    second = await stage.fail(1, OWNER)
    assert stage.invoices(OTHER) == other
    await stage.pass_by()
    assert list(dict.fromkeys(named(stage.sent()))) == first + second
    assert len(stage.invoices()) == len(set(stage.invoices())), "two unmarked copies"
    assert len(stage.invoices(marked=True)) <= 1
    assert await stage.states() == {"sent"}


async def test_what_nobody_answers_in_time_is_repeated_marked(tmp_path: Path) -> None:
    stage = await Stage(tmp_path, patience=timedelta(milliseconds=50)).open()
    await stage.private(OWNER)
    await stage.fail(1, OWNER)
    stage.api.faults.add(method="sendMessage", hang=True)
    await stage.step()
    stage.now.at += timedelta(minutes=1)
    await stage.step()
    assert "a repeat" in stage.sent()[1]
    await stage.close()


async def test_a_flooded_chat_waits_as_long_as_it_is_told_and_no_other_does(stage: Stage) -> None:
    await stage.fail(1, OWNER)
    stage.api.faults.add(method="sendMessage", chat_id=OWNER, status=429, parameters={"retry_after": 30})
    await stage.step()
    for _ in range(10):
        await stage.fail(1)
        stage.now.at += 2 * SECOND
        await stage.step()
    assert (len(stage.sent(OWNER)), len(stage.sent(OTHER))) == (0, 10)
    assert [call.chat_id for call in stage.api.calls].count(OWNER) == 1
    stage.now.at += 10 * SECOND
    await stage.step()
    assert len(stage.invoices(OWNER)) == 11


async def test_three_flooded_chats_pause_the_whole_bot(stage: Stage) -> None:
    await stage.private(3, 4)
    for chat_id in (OWNER, OTHER, 3):
        stage.api.faults.add(method="sendMessage", chat_id=chat_id, status=429, parameters={"retry_after": 5})
    await stage.fail(1, OWNER, OTHER, 3)
    await stage.step()
    await stage.fail(1, 4)
    stage.now.at += 4 * SECOND
    await stage.step()
    assert not stage.api.deliveries
    stage.now.at += SECOND
    await stage.step()
    assert {delivery.chat_id for delivery in stage.api.deliveries} == {OWNER, OTHER, 3, 4}


async def test_a_refused_markup_goes_as_plain_text_with_its_lines(stage: Stage) -> None:
    await stage.fail(1, OWNER)
    stage.api.faults.add(method="sendMessage", status=400, description="Bad Request: can't parse entities")
    await stage.step()
    (sent,) = stage.api.deliveries
    assert len(sent.text.splitlines()) == 2
    assert "INV1" in sent.text
    assert not sent.content.entities
    assert not sent.content.markup


async def test_what_telegram_refuses_also_as_plain_text_does_not_block_the_chat(stage: Stage) -> None:
    await stage.fail(1, OWNER)
    stage.api.faults.add(method="sendMessage", times=2, status=400, description="Bad Request: message is too odd")
    await stage.step()
    second = await stage.fail(1, OWNER)
    await stage.step()
    assert stage.invoices() == second
    assert [row["state"] for row in await stage.rows()] == ["dead", "sent"]


async def test_what_may_have_arrived_is_repeated_once_marked_and_alone(stage: Stage) -> None:
    first = await stage.fail(1, OWNER)
    stage.api.faults.add(method="sendMessage", drop="after")
    await stage.step()
    second = await stage.fail(1, OWNER)
    await stage.pass_by()
    assert stage.invoices(marked=True) == first
    assert stage.invoices() == first + second
    assert len(stage.sent()) == 3


async def test_a_repeat_waits_until_telegram_answers(stage: Stage) -> None:
    await stage.fail(1, OWNER)
    stage.api.faults.add(method="sendMessage", drop="after")
    asked = stage.api.faults.add(method="sendChatAction", times=5, status=502)
    await stage.step()
    await stage.pass_by()
    assert asked.hits == 5
    assert len(stage.invoices(marked=True)) == 1
    assert [call.method for call in stage.api.calls].count("sendMessage") == 2


async def test_a_repeat_that_nobody_answers_either_is_the_last(stage: Stage) -> None:
    await stage.fail(1, OWNER)
    lost = stage.api.faults.add(method="sendMessage", times=None, drop="after")
    await stage.step()
    await stage.pass_by()
    stage.api.faults.clear()
    await stage.pass_by()
    assert lost.hits == 2
    assert await stage.states() == {"uncertain"}


async def test_a_refusal_of_the_repeat_does_not_make_it_sure(stage: Stage) -> None:
    """A 429 on the repeat once made people see two unmarked copies."""
    await stage.fail(1, OWNER)
    stage.api.faults.add(method="sendMessage", drop="after")
    stage.api.faults.add(method="sendMessage", times=2, status=429, parameters={"retry_after": 2})
    await stage.step()
    await stage.pass_by()
    assert (len(stage.invoices()), len(stage.invoices(marked=True))) == (1, 1)


async def test_telegram_away_and_back_is_told_once(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", logger="bot.delivery")
    invoices = await stage.fail(2, OWNER)
    port = int(stage.api.root.rpartition(":")[2])
    await stage.api.stop()
    for _ in range(120):
        await stage.step()
        stage.now.at += 5 * SECOND
    await stage.api.start(port=port)
    await stage.pass_by()
    assert stage.invoices() == invoices
    assert [text for text in stage.sent() + stage.sent(OTHER) if "could not be reached for 10 min" in text] == [
        stage.sent()[-1],
        stage.sent(OTHER)[-1],
    ]
    told = [record.getMessage() for record in caplog.records if "answer" in record.getMessage()]
    assert ["does not answer" in line for line in told] == [True, False]


async def test_alerts_go_on_within_seconds_after_hours_without_telegram(stage: Stage) -> None:
    await stage.fail(1, OWNER)
    port = int(stage.api.root.rpartition(":")[2])
    await stage.api.stop()
    for _ in range(100):
        await stage.step()
        stage.now.at += timedelta(minutes=3)
    await stage.api.start(port=port)
    back_at = stage.now.at
    await stage.pass_by()
    assert stage.api.deliveries[0].at - back_at <= 15 * SECOND


async def test_a_lost_answer_of_one_chat_is_not_told_as_telegram_away(stage: Stage) -> None:
    await stage.fail(1, OWNER)
    stage.api.faults.add(method="sendMessage", times=None, chat_id=OWNER, drop="after")
    await stage.step()
    await stage.pass_by()
    stage.now.at += timedelta(hours=2)
    await stage.fail(1, OTHER)
    await stage.pass_by()
    assert not [text for text in stage.sent(OTHER) if "could not be reached" in text]


async def test_an_alert_that_cannot_be_written_does_not_hold_up_the_others(stage: Stage) -> None:
    before = await stage.fail(1, OWNER)
    await stage.notice("this text has a place {nobody} fills", OWNER)
    after = await stage.fail(1, OWNER)
    await stage.pass_by(timedelta(seconds=30))
    assert stage.invoices() == before + after
    assert [row["state"] for row in await stage.rows()] == ["sent", "dead", "sent"]
    await stage.fail(2, OWNER)
    await stage.pass_by()
    assert stage.sent()[-1].count("INV") == 2


async def test_a_row_another_version_wrote_does_not_hold_up_the_others(stage: Stage) -> None:
    await stage.fail(2, OWNER)
    await stage.store.write(lambda db: db.run("UPDATE outbox SET body = 'telepathy {}' WHERE id = 1"))
    await stage.step()
    assert stage.invoices() == ["INV2"]
    assert [row["state"] for row in await stage.rows()] == ["dead", "sent"]


async def test_what_could_not_be_sent_for_a_day_is_given_up(stage: Stage) -> None:
    await stage.fail(1, OWNER)
    stage.api.faults.add(method="sendMessage", times=None, status=429, parameters={"retry_after": 3600})
    await stage.pass_by(timedelta(hours=30), every=timedelta(minutes=30))
    assert await stage.states() == {"dead"}


async def test_a_refused_token_stops_sending_and_loses_nothing(stage: Stage) -> None:
    invoices = await stage.fail(1)
    refused = stage.api.faults.add(method="sendMessage", times=None, status=401, description="Unauthorized")
    for _ in range(10):
        await stage.step()
        stage.now.at += SECOND
    assert refused.hits <= 2
    stage.api.faults.clear()
    await stage.pass_by()
    assert (stage.invoices(), stage.invoices(OTHER)) == (invoices, invoices)


async def test_slow_chats_delay_no_other(stage: Stage) -> None:
    await stage.fail(1, OWNER)
    stage.api.faults.add(method="sendMessage", chat_id=OWNER, hang=True)
    await stage.delivery.step()
    await stage.api.wait_for(stage.sent)
    await stage.fail(1, OTHER)
    await stage.delivery.step()
    await stage.api.wait_for(lambda: stage.sent(OTHER))
    assert next(row["state"] for row in await stage.rows()) == "waiting"
    await stage.end_hanging()


async def test_a_stop_waits_for_what_is_in_flight_and_begins_nothing(stage: Stage) -> None:
    await stage.fail(1, OWNER)
    stage.api.faults.add(method="sendMessage", delay=0.05)
    await stage.delivery.step()
    await stage.fail(1, OTHER)
    await asyncio.gather(stage.delivery.drain(SECOND), stage.delivery.step())
    assert [row["state"] for row in await stage.rows()] == ["sent", "waiting"]
    await stage.step()
    assert not stage.sent(OTHER)


async def test_a_stop_does_not_wait_for_ever(stage: Stage) -> None:
    await stage.fail(1, OWNER)
    stage.api.faults.add(method="sendMessage", hang=True)
    await stage.delivery.step()
    await stage.delivery.drain(timedelta(milliseconds=10))
    assert not stage.in_flight()


async def test_the_owner_is_told_past_the_outbox(stage: Stage) -> None:
    stage.api.blocks(stage.api.people[OWNER])
    alert = NoticeAlert(text="The database works again; what was missed is being read.", at=stage.now())
    places = [Destination(chat_id=user_id, language="en") for user_id in (OWNER, OTHER)]
    await stage.delivery.tell(alert, places)
    assert "The database works again" in stage.sent(OTHER)[0]
    assert not await stage.rows()


# A bot on a server never lets anything leave that is noted nowhere: another replica would say it again.
noted_nowhere = only_sqlite("replicas say nothing that they cannot note")
FULL = "CREATE TRIGGER full BEFORE UPDATE ON outbox BEGIN SELECT RAISE(FAIL, 'full'); END"


@noted_nowhere
async def test_a_store_that_cannot_write_is_reported_by_every_step(stage: Stage) -> None:
    """So that the schedule tells of it once, instead of each chat every second; also while a message is on its way."""
    await stage.fail(1, OWNER)
    await stage.store.write(lambda db: db.run(FULL))
    stage.api.faults.add(method="sendMessage", hang=True)
    for _ in range(3):
        with pytest.raises(StoreError, match="cannot be used: full"):
            await stage.delivery.step()
        stage.now.at += 5 * SECOND
    await stage.api.wait_for(stage.sent)
    await stage.end_hanging()
    with pytest.raises(StoreError, match="cannot be used: full"):
        await stage.delivery.step()


@noted_nowhere
async def test_what_is_known_leaves_once_though_nothing_can_be_noted(stage: Stage) -> None:
    invoices = await stage.fail(3)
    await stage.store.write(lambda db: db.run(FULL))
    stage.api.faults.add(method="sendMessage", chat_id=OTHER, status=429, parameters={"retry_after": 3})
    for _ in range(20):
        with pytest.raises(StoreError):
            await stage.delivery.step()
        await stage.settle()
        stage.now.at += SECOND
    assert stage.invoices(OWNER) == stage.invoices(OTHER) == invoices
    assert {row["state"] for row in await stage.rows()} == {"waiting"}
    await stage.store.write(lambda db: db.run("DROP TRIGGER full"))
    more = await stage.fail(1)
    await stage.pass_by()
    assert stage.invoices(OWNER) == stage.invoices(OTHER) == invoices + more
    assert not stage.invoices(marked=True)
    assert {row["state"] for row in await stage.rows()} == {"sent"}


@noted_nowhere
async def test_a_lost_answer_that_cannot_be_noted_is_repeated_marked_once_it_can(stage: Stage) -> None:
    invoices = await stage.fail(1, OWNER)
    await stage.store.write(lambda db: db.run(FULL))
    stage.api.faults.add(method="sendMessage", drop="after")
    for _ in range(10):
        with pytest.raises(StoreError):
            await stage.delivery.step()
        await stage.settle()
        stage.now.at += SECOND
    assert len(stage.sent()) == 1
    await stage.store.write(lambda db: db.run("DROP TRIGGER full"))
    await stage.pass_by()
    assert (stage.invoices(), stage.invoices(marked=True)) == (invoices, invoices)


@noted_nowhere
async def test_a_success_that_could_not_be_recorded_is_recorded_later_and_not_repeated(stage: Stage) -> None:
    """The disk fills up between the attempt and its success."""
    invoices = await stage.fail(1, OWNER)
    stage.api.faults.add(method="sendMessage", hang=True)
    await stage.delivery.step()
    await stage.api.wait_for(stage.sent)
    await stage.store.write(lambda db: db.run(FULL))
    await stage.end_hanging()
    with pytest.raises(StoreError):
        await stage.delivery.step()
    await stage.store.write(lambda db: db.run("DROP TRIGGER full"))
    stage.now.at += timedelta(minutes=5)
    await stage.step()
    assert (stage.invoices(), stage.sent()) == (invoices, stage.unmarked())
    assert await stage.states() == {"sent"}


REFUSALS: dict[str, dict[str, Any]] = {
    "flood": {"times": 2, "status": 429, "parameters": {"retry_after": 5}},
    "token": {"status": 401, "description": "Unauthorized"},
}


@noted_nowhere
@pytest.mark.parametrize("refusal", REFUSALS)
async def test_what_did_not_leave_is_tried_again_though_that_cannot_be_noted(stage: Stage, refusal: str) -> None:
    """The disk fills up between the attempt and its refusal: neither the lease is waited for nor the disk."""
    invoices = await stage.fail(3, OWNER)
    stage.api.faults.add(method="sendMessage", **REFUSALS[refusal])
    began = stage.now()
    await stage.delivery.step()
    await stage.store.write(lambda db: db.run(FULL))
    await stage.settle()
    while not stage.sent() and stage.now() - began < LEASE:
        stage.now.at += SECOND
        with suppress(StoreError):
            await stage.delivery.step()
        await stage.settle()
    assert stage.invoices() == invoices
    await stage.store.write(lambda db: db.run("DROP TRIGGER full"))
    more = await stage.fail(1, OWNER)
    await stage.pass_by()
    assert (stage.invoices(), stage.invoices(marked=True)) == (invoices + more, [])
    assert await stage.states() == {"sent"}


async def test_mixed_faults_lose_nothing_and_mark_every_repeat(stage: Stage) -> None:
    """Facts F13: 5 % refused, 6 % with the answer lost, over several chats."""
    rng = Random(13)
    await stage.private(*range(3, 7))
    chat_ids = (OWNER, OTHER, *range(3, 7))
    faults = {chat_id: Fault(times=0) for chat_id in chat_ids}
    unanswered = Counter[int]()
    invoices: list[str] = []
    for _ in range(100):
        invoices += await stage.fail(rng.choice((0, 1, 1, 4)))
        for chat_id in chat_ids:
            if faults[chat_id].times == 0 and (draw := rng.random()) < 0.11:
                how: dict[str, Any] = {"status": 429, "parameters": {"retry_after": rng.randint(1, 5)}}
                if draw > 0.05:
                    how = {"drop": "after"}
                    unanswered[chat_id] += 1
                faults[chat_id] = stage.api.faults.add(method="sendMessage", chat_id=chat_id, **how)
        await stage.step()
        stage.now.at += SECOND
    await stage.pass_by()
    assert await stage.states() <= {"sent", "uncertain"}
    for chat_id in chat_ids:
        assert list(dict.fromkeys(named(stage.sent(chat_id)))) == invoices
        assert len(stage.invoices(chat_id)) == len(invoices), "an unmarked copy"
        assert len(stage.sent(chat_id)) - len(stage.unmarked(chat_id)) <= unanswered[chat_id]


@pytest.mark.parametrize("back", [timedelta(hours=1), timedelta(days=1)], ids=str)
async def test_a_clock_that_is_set_back_keeps_nothing_waiting(stage: Stage, back: timedelta) -> None:
    invoices = []
    for _ in range(3):
        invoices += await stage.fail(1)
        await stage.step()
    stage.api.faults.add(method="sendMessage", chat_id=OTHER, drop="before")
    invoices += await stage.fail(1)
    await stage.step()
    stage.now.at -= back
    invoices += await stage.fail(1)
    await stage.pass_by(30 * SECOND)
    assert named(stage.sent(OWNER)) == invoices
    assert sorted(named(stage.sent(OTHER))) == sorted(invoices)
    assert await stage.states() == {"sent"}
