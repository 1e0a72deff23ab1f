"""A restart in every state an alert can be in: it goes on from what the store knows."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from random import Random

import pytest
from delivering import OTHER, OWNER, SECOND, Stage, named


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    stage = await Stage(tmp_path).open()
    await stage.private(OWNER, OTHER)
    yield stage
    await stage.close()


async def test_before_the_attempt_it_comes_unmarked(stage: Stage) -> None:
    invoices = await stage.fail(3, OWNER)
    await stage.crash()
    await stage.step()
    assert (stage.invoices(), stage.invoices(marked=True)) == (invoices, [])


async def test_between_sending_and_recording_it_comes_again_at_once_marked(stage: Stage) -> None:
    invoices = await stage.fail(3, OWNER)
    stage.api.faults.add(method="sendMessage", hang=True)
    await stage.delivery.step()
    await stage.api.wait_for(stage.sent)
    await stage.crash()
    more = await stage.fail(1, OWNER)
    await stage.step()
    assert (stage.invoices(), stage.invoices(marked=True)) == (invoices, invoices)
    await stage.step()
    assert stage.invoices() == invoices + more


async def test_after_recording_it_does_not_come_again(stage: Stage) -> None:
    invoices = await stage.fail(1, OWNER)
    await stage.step()
    await stage.crash()
    await stage.pass_by()
    assert named(stage.sent()) == invoices


async def test_while_it_waits_out_a_flood_it_goes_on_waiting_and_comes_unmarked(stage: Stage) -> None:
    invoices = await stage.fail(1, OWNER)
    stage.api.faults.add(method="sendMessage", status=429, parameters={"retry_after": 60})
    await stage.step()
    await stage.crash()
    await stage.step()
    assert not stage.sent()
    stage.now.at += 60 * SECOND
    await stage.step()
    assert (stage.invoices(), stage.invoices(marked=True)) == (invoices, [])


async def test_while_its_answer_is_lost_it_comes_marked_once(stage: Stage) -> None:
    invoices = await stage.fail(1, OWNER)
    stage.api.faults.add(method="sendMessage", drop="after")
    await stage.step()
    await stage.crash()
    await stage.pass_by()
    assert (stage.invoices(), stage.invoices(marked=True)) == (invoices, invoices)


async def test_after_a_second_lost_answer_it_stays_as_it_is(stage: Stage) -> None:
    await stage.fail(1, OWNER)
    stage.api.faults.add(method="sendMessage", times=2, drop="after")
    await stage.pass_by()
    await stage.crash()
    await stage.pass_by()
    assert len(stage.sent()) == 2
    assert await stage.states() == {"uncertain"}


async def test_a_claim_nobody_settles_comes_due_again_without_a_restart(stage: Stage) -> None:
    """As after a write that could not be recorded."""
    invoices = await stage.fail(1, OWNER)
    stage.api.faults.add(method="sendMessage", hang=True)
    await stage.delivery.step()
    await stage.api.wait_for(stage.sent)
    stage.in_flight()[0].cancel()
    await stage.settle()
    await stage.step()
    assert len(stage.sent()) == 1
    stage.now.at += timedelta(minutes=3)
    await stage.step()
    assert stage.invoices(marked=True) == invoices


async def test_crashes_at_random_lose_nothing_and_leave_one_unmarked_copy(stage: Stage) -> None:
    rng = Random(20)
    invoices: list[str] = []
    for _ in range(40):
        invoices += await stage.fail(rng.randint(0, 3))
        how = rng.choice(({"hang": True}, {"drop": "after"}, {"delay": 0.01}, {}))
        chat_id = rng.choice((OWNER, OTHER))
        stage.api.faults.clear()
        stage.api.faults.add(method="sendMessage", chat_id=chat_id, **how)
        await stage.delivery.step()
        if rng.random() < 0.5:
            await stage.api.wait_for(lambda: len(stage.in_flight()) < 2 or stage.sent())
        await stage.crash()
        stage.now.at += 2 * SECOND
    stage.api.faults.clear()
    await stage.pass_by()
    for chat_id in (OWNER, OTHER):
        unmarked = stage.invoices(chat_id)
        assert len(unmarked) == len(set(unmarked))
        assert list(dict.fromkeys(named(stage.sent(chat_id)))) == invoices
