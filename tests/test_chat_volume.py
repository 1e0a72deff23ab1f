"""A person's word on unusual volume: by button or typed, kept for the detector, told to whoever comes second."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from test_chat_dispatch import NOW, Stage, open_stage
from volumes import DAY, DAYS, START, history, keep_history

from bot.model import MerchantId, Symptom, TerminalId
from bot.store import incidents, volume

HOUR = timedelta(hours=1)
SHOP, SAMAL = MerchantId("shop"), TerminalId("98151552")
SEEN = {"kind": "silence", "since": int(NOW.timestamp()), "seen": 0, "of": 0, "low": 39, "high": 86, "reason": 0}


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with open_stage(tmp_path) as stage:
        yield stage


async def alarm(stage: Stage, rule: str = "volume", **changes: Any) -> None:
    given = {"key": f"{SAMAL}/silence", "holds": True, "terminals": (SAMAL,), "text": "odd", "values": SEEN} | changes
    await stage.store.write(stage.desk.incidents.settle, SHOP, [Symptom(rule=rule, merchant_id=SHOP, **given)])


@pytest.mark.parametrize(
    ("command", "verdict", "answer"),
    [
        ("planned", "planned", "✅ #1 was planned, so it is over"),
        ("falsealarm", "false_alarm", "👎 #1 is over; the next must be clearer before I speak up"),
    ],
)
async def test_a_word_ends_it_and_waits_for_the_detector(stage: Stage, command: str, verdict: str, answer: str) -> None:
    await alarm(stage)
    await stage.hears(stage.owner, f"/{command} 1")
    assert stage.last().text == answer
    incident = await stage.store.read(incidents.get, 1)
    assert not incident.is_open
    assert incident.values["by"] == "Aigerim"
    assert [event.what for event in await stage.store.read(incidents.list_events, 1)] == ["first", verdict]
    waiting = await stage.store.write(volume.take_verdicts, SHOP)
    assert waiting == [(SAMAL, "silence", verdict, int(NOW.timestamp()))]
    stage.clock.at += timedelta(minutes=1)
    await stage.hears(stage.owner, f"/{command} 1")
    assert "nothing is left to do" in stage.last().text
    assert await stage.store.write(volume.take_verdicts, SHOP) == []


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        ("/planned", "Which incident?"),
        ("/planned all", "Which incident?"),
        ("/planned 99", "There is no incident #99"),
        ("/falsealarm 1", "#1 is not about unusual volume"),
    ],
)
async def test_what_cannot_be_meant_is_said(stage: Stage, said: str, answer: str) -> None:
    await alarm(stage, rule="odd", key="odd", values={})
    await stage.hears(stage.owner, said)
    assert answer in stage.last().text
    assert (await stage.store.read(incidents.get, 1)).is_open


async def test_rules_say_what_each_preset_would_have_told_of_a_terminal(stage: Stage) -> None:
    now = START + DAYS * DAY
    made = [one for one in history(now, [SAMAL]) if not now - 11 * HOUR <= one.created_at < now - 8 * HOUR]
    await stage.store.write(keep_history, made, now)
    stage.clock.at = now
    await stage.hears(stage.owner, "/rules")
    assert stage.last().text == "📏 The past of which terminal shall I replay?"
    await stage.hears(stage.owner, f"/rules {SAMAL}")
    await stage.api.wait_for(lambda: any("would have told" in one.text for one in stage.api.deliveries), 20)
    text = list(stage.api.deliveries)[-1].text
    assert "Samal-2: what each preset would have told in four weeks" in text
    assert "normal · 1 alert · in force" in text
    assert text.count("🔇 silence · 0 (") == 3
