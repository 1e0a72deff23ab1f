"""Telegram back after hours, and a clock that goes back: what is still true is told, what is over is one line."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from builders import DOSTYK
from troubles import Troubles, troubles

MINUTE = timedelta(minutes=1)


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Troubles]:
    async with troubles(tmp_path) as stage:
        yield stage


async def away(stage: Troubles, span: timedelta) -> None:
    """Something fails and is over while Telegram is away, and something goes on."""
    port = int(stage.api.root.rpartition(":")[2])
    await stage.api.stop()
    for _ in range(2):
        await stage.fail(2)
        await stage.passes(span / 2)
    await stage.fail(3, terminal=DOSTYK)
    await stage.passes(MINUTE)
    await stage.api.start(port=port)
    stage.now.at += MINUTE
    await stage.pass_by()


async def test_after_hours_what_is_over_is_one_line(stage: Troubles) -> None:
    await away(stage, timedelta(hours=3))
    assert [text.partition(" ·")[0] for text in stage.sent()] == ["🟢 #1", "🔴 #3", stage.sent()[-1]]
    assert "Telegram could not be reached for 182 min." in stage.sent()[-1]
    assert "I can write here again. Open now: #3. Over meanwhile: #2." in stage.sent()[-1]
    assert await stage.states() == {"sent"}


async def test_after_minutes_everything_is_told_as_it_is(stage: Troubles) -> None:
    await away(stage, 8 * MINUTE)
    assert not any("I can write here again" in text for text in stage.sent())
    assert await stage.states() == {"sent"}


async def test_a_living_message_goes_on_being_rewritten_after_the_clock_was_set_back(stage: Troubles) -> None:
    stage.now.at += timedelta(hours=1)
    await stage.fail(2)
    await stage.step()
    stage.now.at -= timedelta(hours=1)
    await stage.step()
    await stage.fail(1)
    await stage.passes(MINUTE)
    assert "3 payments failed" in stage.living()
