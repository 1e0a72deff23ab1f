"""What a picture of unusual volume is made of: detectors as the store keeps them, and the minutes since."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from builders import SAMAL, SHOP
from databases import copy_of, open_store
from volumes import ALMATY, DAY, DAYS, MINUTE, PLACES, START, Till, Volumes, history, keep_history

from bot.bands import Bands
from bot.model import Band, Incident, TerminalId
from bot.rules.unusual_volume import UnusualVolume

HOUR = timedelta(hours=1)
READY = START + DAYS * DAY + 12 * HOUR
BANDS = Bands(UnusualVolume(), ALMATY)


@pytest.fixture(scope="module")
async def weeks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("bands") / "bot.db"
    store = open_store(path)
    await store.write(keep_history, history(READY), READY)
    await store.close()
    stage = Volumes(path, READY)
    await stage.ready()
    await stage.store.close()
    return path


@pytest.fixture
async def stage(weeks: Path, tmp_path: Path) -> AsyncIterator[Volumes]:
    stage = Volumes(copy_of(weeks, tmp_path), READY)
    await stage.ready()
    yield stage
    await stage.store.close()


async def around(stage: Volumes, incident: Incident) -> Band:
    band = await stage.store.read(BANDS.of_incident, incident, stage.now)
    assert band is not None
    return band


async def test_a_silence_is_empty_bars_below_the_band_up_to_the_newest_minute(stage: Volumes) -> None:
    await stage.pass_minutes(47, lambda place: 0.0 if place == SAMAL else 1.0)
    (incident,) = await stage.volume()
    band = await around(stage, incident)
    assert (band.measure, band.step) == ("operations", timedelta(minutes=15))
    assert [one.at for one in band.stretches] == [band.window.start + n * band.step for n in range(49)]
    assert band.window.start <= stage.now - 12 * HOUR
    assert band.window.end == stage.now
    silent = [one for one in band.stretches if one.at >= READY]
    busy = [one for one in band.stretches if READY - 2 * HOUR <= one.at < READY]
    assert [one.seen for one in silent] == [0] * len(silent)
    assert all(one.low > 0 for one in silent[:-1])
    assert sum(one.low <= one.seen <= one.high for one in busy) >= len(busy) - 2
    assert [(one.start, one.end) for one in band.alarms] == [(incident.since, stage.now)]


async def test_a_small_terminal_has_bars_long_enough_to_miss_something_in(tmp_path: Path) -> None:
    till, at, made = Till(9, rate=0.08), START, []
    while at < READY:
        made += till.minute(SAMAL, at)
        at += MINUTE
    stage = Volumes(tmp_path / "bot.db", READY, places=[])
    await stage.store.write(keep_history, made, READY)
    await stage.ready()
    for _ in range(300):
        stage.now += MINUTE
        await stage.read([])
    band = await around(stage, (await stage.volume())[0])
    assert band.step == HOUR
    assert any(one.seen == 0 < one.low for one in band.stretches if one.at >= READY)
    await stage.store.close()


async def test_the_night_before_is_shut_in_the_band(stage: Volumes) -> None:
    await stage.pass_minutes(40, lambda place: 0.0 if place == SAMAL else 1.0)
    band = await around(stage, (await stage.volume())[0])
    night = [one for one in band.stretches if one.at.astimezone(ALMATY).hour in {4, 5, 6, 7}]
    assert night
    assert {(one.seen, one.low) for one in night} == {(0, 0)}


async def test_several_terminals_are_drawn_as_one(stage: Volumes) -> None:
    await stage.pass_minutes(40, lambda _: 0.0)
    (wide,) = [one for one in await stage.volume() if len(one.terminals) == len(PLACES)]
    single = await stage.store.read(BANDS.of_terminal, SHOP, SAMAL)
    together = await around(stage, wide)
    before = [one for one in together.stretches if READY - HOUR <= one.at < READY]
    assert single is not None
    assert sum(one.seen for one in before) > 60
    assert all(one.low < one.high for one in before)


async def test_failures_are_judged_by_failures(stage: Volumes) -> None:
    await stage.pass_minutes(60, broken=0.6)
    failing = [one for one in await stage.volume() if one.key.endswith("fail")]
    band = await around(stage, failing[0])
    assert band.measure == "failures"
    assert any(one.seen > one.high for one in band.stretches if one.at >= READY)
    assert not any(one.seen > one.high + 3 for one in band.stretches if one.at < READY)


async def test_two_weeks_of_a_terminal_show_what_was_odd(stage: Volumes) -> None:
    await stage.pass_minutes(40, lambda place: 0.0 if place == SAMAL else 1.0)
    band = await stage.store.read(BANDS.of_terminal, SHOP, SAMAL)
    assert band is not None
    assert timedelta(days=13) < band.window.span <= timedelta(days=14, hours=4)
    (odd,) = band.alarms
    assert (odd.start, odd.end) == ((await stage.volume())[0].since, stage.now)


async def test_a_restart_leaves_the_picture_as_it_was(stage: Volumes) -> None:
    await stage.pass_minutes(40, lambda place: 0.0 if place == SAMAL else 1.0)
    before = await stage.store.read(BANDS.of_terminal, SHOP, SAMAL)
    stage.restart()
    await stage.ready()
    assert await stage.store.read(BANDS.of_terminal, SHOP, SAMAL) == before


async def test_what_is_not_known_is_no_picture(stage: Volumes) -> None:
    await stage.pass_minutes(1)
    assert await stage.store.read(BANDS.of_terminal, SHOP, TerminalId("00000000")) is None
    await stage.store.write(lambda db: db.run("UPDATE volume_state SET body = :body", body=b"\0"))
    assert await stage.store.read(BANDS.of_terminal, SHOP, SAMAL) is None
