"""A person's word on unusual volume: by button or typed, kept for the detector, told to whoever comes second."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from databases import copy_of
from test_chat_dispatch import NOW, Stage, open_stage
from volumes import DAY, DAYS, START, Volumes, history, keep_history

from bot.charts import Charts
from bot.chat.commands import COMMANDS
from bot.model import Destination, MerchantId, Symptom, TerminalId
from bot.rules.unusual_volume import UnusualVolume
from bot.store import chats, incidents, volume
from bot.views.incidents import living_message

HOUR = timedelta(hours=1)
SHOP, SAMAL = MerchantId("shop"), TerminalId("98151552")
AFTERNOON = START + DAYS * DAY + 13 * HOUR
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


@pytest.fixture(scope="module")
async def weeks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Weeks of Samal-2 up to one in the afternoon, the last hour of it silent and told."""
    path = tmp_path_factory.mktemp("weeks") / "bot.db"
    told = Volumes(path, AFTERNOON - HOUR, places=[SAMAL])
    await told.store.write(keep_history, history(told.now, [SAMAL]), told.now)
    await told.ready()
    await told.pass_minutes(60, lambda _: 0.0)
    assert [one.key for one in await told.volume()] == [f"{SAMAL}/silence"]
    await told.store.close()
    return path


@pytest.fixture
async def silent(weeks: Path, tmp_path: Path) -> AsyncIterator[Stage]:
    copy_of(weeks, tmp_path)
    async with open_stage(tmp_path) as stage:
        stage.clock.at = AFTERNOON
        yield stage


@pytest.mark.parametrize("said", ["/picture #1", "/picture №1", "/picture 1"])
async def test_the_picture_of_an_incident_says_what_the_alert_said(silent: Stage, said: str) -> None:
    await silent.hears(silent.owner, said)
    shown = silent.last()
    assert shown.content.media is not None
    assert shown.text.startswith("📈 Samal-2 · 26 Feb, 01:00 – 13:00 (Almaty)\n🔇 No operations since 11:54, usually")
    assert "by now on a Thursday" in shown.text


async def test_the_button_under_an_alert_draws_its_picture_below_it(silent: Stage) -> None:
    await silent.hears(silent.owner, "/incident 1")
    story = silent.last()
    alert = await silent.store.read(lambda db: silent.desk.incidents.describe(db, incidents.get(db, 1)))
    message = living_message(alert, silent.desk.voices.voice("en", "Asia/Almaty"), now=AFTERNOON)
    buttons = [one.data for row in message.buttons for one in row if one.text == "📈 Picture"]
    assert buttons == ["v1:picture:#1"]
    await silent.api.presses(silent.owner, story, buttons[0])
    await silent.work()
    assert silent.last().content.media is not None
    assert silent.last() is not story


async def test_a_terminal_shows_its_last_two_weeks(silent: Stage) -> None:
    await silent.hears(silent.owner, "/picture samal")
    assert silent.last().content.media is not None
    assert silent.last().text == "📈 Samal-2 · 12 Feb – 26 Feb (Almaty)\n1 time when it was unusual"
    await silent.hears(silent.owner, "/picture dostyk")
    assert "What is usual at Dostyk is not known yet" in silent.last().text


async def test_a_picture_that_cannot_be_drawn_is_told_in_words(silent: Stage) -> None:
    charts = Charts(deadline=timedelta())
    silent.desk = replace(silent.desk, charts=charts)
    silent.use(COMMANDS)
    await silent.hears(silent.owner, "/picture 1")
    assert "The picture could not be drawn this time. Please try again" in silent.last().text
    await charts.close()


async def test_an_incident_nothing_is_remembered_of_has_no_picture(stage: Stage) -> None:
    await alarm(stage)
    await stage.hears(stage.owner, "/picture 1")
    assert "Of #1 there is no picture: what was usual then is not remembered" in stage.last().text


async def test_the_clock_of_a_chat_changes_only_how_times_are_shown(silent: Stage) -> None:
    """The shop is open by its own clock: at noon in Almaty, when it is two in the morning in New York."""
    hours = UnusualVolume.model_validate({"terminals": {SAMAL: {"hours": "09:00-21:00"}}})
    silent.desk = replace(silent.desk, volume=hours)
    silent.use(COMMANDS)
    new_york = Destination(chat_id=5, language="en", timezone="America/New_York")
    await silent.store.write(chats.subscribe, new_york)
    await silent.hears(silent.owner, f"/rules {SAMAL}")
    await silent.api.wait_for(lambda: "would have told" in list(silent.api.deliveries)[-1].text, 20)
    text = list(silent.api.deliveries)[-1].text
    assert "normal · 1 alert · in force\n02:1" in text
    assert "🔇 silence · 0 (" in text


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
