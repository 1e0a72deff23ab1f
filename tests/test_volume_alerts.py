"""Unusual volume in the bot: one trouble a terminal and kind, explained, kept over a restart, no false causes."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import admitting
import pytest
from builders import DOSTYK, OWNER, SAMAL, SHOP
from databases import copy_of, open_store
from volumes import ABAY, ALMATY, DAY, DAYS, MINUTE, START, Till, Volumes, history, keep_history

from bot.model import IncidentState, Loudness, Mark, Severity, Silence, Window
from bot.store import volume
from bot.texts import Voices
from bot.views.volume import volume_words
from bot.watching import SETTLED

HOUR = timedelta(hours=1)
EN = Voices("en").voice("en", "Asia/Almaty")


@pytest.fixture(scope="module")
async def grown(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Weeks of history, and detectors that have learned it, at ten in the morning of a Thursday."""
    path = tmp_path_factory.mktemp("grown") / "grown.db"
    now = START + DAYS * DAY + 10 * HOUR
    store = open_store(path)
    await store.write(admitting.subscribe, OWNER)
    await store.write(keep_history, history(now), now)
    await store.close()
    stage = Volumes(path, now)
    await stage.ready()
    await stage.store.close()
    return path


@pytest.fixture
async def stage(grown: Path, tmp_path: Path) -> AsyncIterator[Volumes]:
    stage = Volumes(copy_of(grown, tmp_path), START + DAYS * DAY + 10 * HOUR)
    await stage.ready()
    yield stage
    await stage.store.close()


def without(*silent: str):
    return lambda place: 0.0 if place in silent else 1.0


async def test_a_usual_morning_says_nothing(stage: Volumes) -> None:
    await stage.pass_minutes(180)
    assert await stage.volume() == []


async def test_a_silent_terminal_is_told_with_the_usual_figures_and_told_as_over(stage: Volumes) -> None:
    await stage.pass_minutes(30)
    began = stage.now
    await stage.pass_minutes(60, without(SAMAL))
    (incident,) = await stage.volume()
    assert incident.key == f"{SAMAL}/silence"
    assert incident.opened_at - began < 45 * MINUTE
    assert abs(incident.since - began) < 10 * MINUTE
    words = str(volume_words(incident, EN))
    clock, low, high = EN.clock(incident.since), incident.values["low"], incident.values["high"]
    assert words == f"🔇 No operations since {clock}, usually {low}–{high} by now on a Thursday"
    await stage.pass_minutes(40)
    (incident,) = await stage.volume()
    assert incident.state is IncidentState.RESOLVED
    assert str(volume_words(incident, EN)) == f"{words}\nOperations come as usual again"


async def test_an_incident_outlives_a_restart_and_is_one(stage: Volumes) -> None:
    await stage.pass_minutes(60, without(SAMAL))
    assert len(await stage.volume()) == 1
    stage.restart()
    await stage.ready()
    await stage.pass_minutes(30, without(SAMAL))
    (incident,) = await stage.volume()
    assert incident.is_open
    await stage.pass_minutes(40)
    (incident,) = await stage.volume()
    assert not incident.is_open


async def test_lost_memory_is_learned_again_from_the_store_without_a_word(stage: Volumes) -> None:
    await stage.pass_minutes(60, without(SAMAL))
    await stage.store.write(lambda db: db.run("UPDATE volume_state SET body = :body", body=b"\0"))
    stage.restart()
    await stage.ready()
    (incident,) = await stage.volume()
    assert incident.is_open
    await stage.pass_minutes(60)
    (incident,) = await stage.volume()
    assert not incident.is_open


async def test_what_was_fed_since_the_memory_was_kept_is_fed_again_after_a_restart(stage: Volumes) -> None:
    await stage.pass_minutes(25)
    fed = {one: detector.dump() for one, detector in stage.watching._rooms[SHOP].detectors.items()}
    stage.restart()
    await stage.ready()
    assert {one: d.dump() for one, d in stage.watching._rooms[SHOP].detectors.items()} == fed


async def test_a_failed_poll_is_not_silence(stage: Volumes) -> None:
    await stage.pass_minutes(30)
    await stage.pass_minutes(60, readable=False)
    assert await stage.volume() == []
    await stage.read_late()
    await stage.pass_minutes(60)
    assert await stage.volume() == []


async def test_a_bank_that_lists_nothing_of_its_absence_is_not_silence(stage: Volumes) -> None:
    await stage.pass_minutes(60, without(SAMAL, DOSTYK, ABAY), readable=False)
    await stage.pass_minutes(60)
    assert await stage.volume() == []


async def test_operations_that_come_late_are_no_alert(stage: Volumes) -> None:
    for _ in range(6):
        await stage.pass_minutes(20, hidden=0.15)
        await stage.read_late()
    assert await stage.volume() == []


async def test_a_late_operation_is_known_as_if_it_had_been_there(stage: Volumes) -> None:
    await stage.pass_minutes(20, hidden=0.3)
    await stage.read_late()
    await stage.pass_minutes(1)
    detectors = stage.watching._rooms[SHOP].detectors
    minute = stage.watching._rooms[SHOP].watched.fed
    rows = await stage.store.read(volume.list_made, SHOP, minute - 23, minute)
    for place in (SAMAL, DOSTYK, ABAY):
        counted = detectors[place].case.learner.history.within("n", minute - 23, minute)
        assert counted == sum(row["terminal_id"] == place for row in rows)


async def test_three_terminals_at_once_are_the_banks_side(stage: Volumes) -> None:
    await stage.pass_minutes(80, without(SAMAL, DOSTYK, ABAY))
    known = await stage.volume()
    (wide,) = [one for one in known if one.is_open]
    assert wide.key == "bank/low"
    assert set(wide.terminals) == {SAMAL, DOSTYK, ABAY}
    assert wide.severity is Severity.CRITICAL
    assert "The bank's side: too few operations at 3 terminals" in volume_words(wide, EN)
    assert all(one.values["part_of"] == wide.number for one in known if one is not wide)
    await stage.pass_minutes(60)
    assert not any(one.is_open for one in await stage.volume())


async def test_many_failures_name_the_reason(stage: Volumes) -> None:
    await stage.pass_minutes(60, lambda place: 1.0 if place == SAMAL else 0.9, broken=0.4)
    found = [one for one in await stage.volume() if "fail" in one.key]
    assert found
    words = [str(volume_words(one, EN)) for one in found]
    assert any("Most of all" in one or "too many failures" in one for one in words)


@pytest.mark.parametrize(("verdict", "more"), [("planned", False), ("false_alarm", True)])
async def test_a_persons_word_ends_it_and_changes_what_the_next_must_bring(
    stage: Volumes, verdict: str, more: bool
) -> None:
    await stage.pass_minutes(60, without(SAMAL))
    (incident,) = await stage.volume()
    by = Mark(101, "Aigerim", stage.now)
    await stage.store.write(stage.incidents.judge, incident.number, by, verdict)
    given = [volume.Verdict(SAMAL, "silence", verdict, stage.now)]
    await stage.store.write(volume.add_verdicts, SHOP, given)
    backoff = stage.watching._rooms[SHOP].detectors[SAMAL].case.backoff
    before = sum(weight for _, weight in backoff.marks["low"])
    await stage.pass_minutes(20, without(SAMAL))
    (incident,) = await stage.volume()
    assert not incident.is_open
    assert "Aigerim" in volume_words(incident, EN)
    assert (sum(weight for _, weight in backoff.marks["low"]) > before) is more


async def test_the_clocks_of_kazakhstan_turned_back_are_no_alert(tmp_path: Path) -> None:
    start = START.replace(year=2024, day=4, hour=18)  # midnight in Almaty, then UTC+6
    now = start + 25 * DAY  # 2024-02-29 18:00 UTC: the clocks go back that night
    store = open_store(tmp_path / "bot.db")
    await store.write(keep_history, history(now, [SAMAL], start), now)
    await store.close()
    stage = Volumes(tmp_path / "bot.db", now, places=[SAMAL])
    await stage.ready()
    await stage.pass_minutes(26 * 60)
    assert await stage.volume() == []
    await stage.store.close()


async def test_history_that_comes_later_is_learned_without_an_alert(tmp_path: Path) -> None:
    now = START + DAYS * DAY + 10 * HOUR
    stage = Volumes(tmp_path / "bot.db", now, places=[SAMAL])
    made = history(now, [SAMAL])
    recent = [one for one in made if one.created_at >= now - 2 * DAY]
    await stage.store.write(keep_history, recent, now, Window(START, now - 2 * DAY))
    await stage.ready()
    assert not stage.watching.is_ready(SHOP)
    await stage.store.write(keep_history, made, now)
    await stage.ready()
    assert stage.watching.is_ready(SHOP)
    assert await stage.volume() == []
    await stage.pass_minutes(60, without(SAMAL))
    assert [one.key for one in await stage.volume()] == [f"{SAMAL}/silence"]
    await stage.store.close()


async def test_a_bot_that_was_away_for_hours_catches_up_without_a_word(stage: Volumes) -> None:
    await stage.pass_minutes(1)
    for _ in range(180):
        stage.late += [one for place, till in stage.tills.items() for one in till.minute(place, stage.now)]
        stage.now += MINUTE
    stage.restart()
    await stage.ready()
    await stage.read_late()
    await stage.pass_minutes(30)
    assert await stage.volume() == []


async def settled(grown: Path, folder: Path, **own: Any) -> Volumes:
    """The same weeks, with settings of Samal's own."""
    stage = Volumes(copy_of(grown, folder), START + DAYS * DAY + 10 * HOUR, terminals={SAMAL: own})
    await stage.ready()
    return stage


async def test_a_terminal_is_missed_only_in_its_working_hours(grown: Path, tmp_path: Path) -> None:
    stage = await settled(grown, tmp_path, hours="09:00-12:00")
    await stage.pass_minutes(120)
    await stage.pass_minutes(120, without(SAMAL))
    assert await stage.volume() == []
    await stage.store.close()
    stage = await settled(grown, tmp_path, hours="09:00-12:00")
    await stage.pass_minutes(60, without(SAMAL))
    assert [one.key for one in await stage.volume()] == [f"{SAMAL}/silence"]
    await stage.store.close()


@pytest.mark.parametrize(
    ("limit", "change", "words"),
    [
        ({"lowest": 34}, 0.75, "📉 {seen} operations in the hour from {since}, fewer than the 34 set"),
        ({"highest": 40}, 1.4, "📈 {seen} operations in the hour from {since}, more than the 40 set"),
    ],
)
async def test_a_limit_of_the_owner_is_told_aloud_and_told_as_over(
    grown: Path, tmp_path: Path, limit: dict[str, int], change: float, words: str
) -> None:
    stage = await settled(grown, tmp_path, **limit)
    await stage.pass_minutes(120, lambda place: change if place == SAMAL else 1.0)
    (incident,) = await stage.volume()
    seen, since = incident.values["seen"], f"{incident.since.astimezone(ALMATY):%H:%M}"
    assert volume_words(incident, EN) == words.format(seen=seen, since=since)
    assert incident.loudness is Loudness.ON
    await stage.pass_minutes(120)
    assert not (await stage.volume())[0].is_open
    await stage.store.close()


async def test_a_closure_that_was_announced_is_kept_quiet_and_costs_no_patience(stage: Volumes) -> None:
    by = Mark(101, "Aigerim", stage.now)
    repairs = Silence(merchant_id=SHOP, terminals=(SAMAL,), until_at=stage.now + 3 * HOUR, author=by, comment="repairs")
    await stage.store.write(stage.incidents.silence, repairs)
    backoff = stage.watching._rooms[SHOP].detectors[SAMAL].case.backoff
    await stage.pass_minutes(90, without(SAMAL))
    (incident,) = await stage.volume()
    assert incident.is_open
    assert sum(weight for _, weight in backoff.marks["low"]) == 0
    assert await sounds(stage) == []
    await stage.pass_minutes(60)
    assert not (await stage.volume())[0].is_open
    assert await sounds(stage) == []


async def test_a_closure_longer_than_announced_is_told_when_its_time_is_over(stage: Volumes) -> None:
    by = Mark(101, "Aigerim", stage.now)
    until = stage.now + 90 * MINUTE
    await stage.store.write(
        stage.incidents.silence, Silence(merchant_id=SHOP, terminals=(SAMAL,), until_at=until, author=by)
    )
    await stage.pass_minutes(89, without(SAMAL))
    assert await sounds(stage) == []
    await stage.pass_minutes(3, without(SAMAL))
    await stage.store.write(stage.incidents.tick)
    assert len(await sounds(stage)) == 1


async def sounds(stage: Volumes) -> list[str]:
    """What was said to people with a reason of its own."""
    rows = await stage.store.read(lambda db: db.rows("SELECT * FROM outbox ORDER BY id"))
    return [str(dict(row)) for row in rows]


async def test_a_terminal_of_a_payment_a_day_is_never_called_silent(tmp_path: Path) -> None:
    now, random = START + 38 * DAY, Random(3)
    till = Till(3)
    made = [till.one(SAMAL, START + day * DAY + random.uniform(9, 21) * HOUR, 0.0) for day in range(30)]
    store = open_store(tmp_path / "bot.db")
    await store.write(keep_history, made, START + 30 * DAY)
    await store.close()
    stage = Volumes(tmp_path / "bot.db", START + 30 * DAY, places=[])
    await stage.ready()
    while stage.now < now:
        stage.now += 20 * MINUTE
        await stage.read([])
    assert await stage.volume() == []
    await stage.store.close()


async def test_what_is_only_odd_makes_no_sound_by_default(stage: Volumes) -> None:
    await stage.pass_minutes(60, lambda place: 4.0 if place == SAMAL else 1.0)
    (incident,) = await stage.volume()
    assert incident.key == f"{SAMAL}/spike"
    assert incident.loudness is Loudness.SILENT


async def test_a_preset_chosen_in_the_chat_is_taken_up_at_once_with_all_that_was_learned(
    grown: Path, tmp_path: Path
) -> None:
    heard = {}
    for preset in ("calm", "everything"):
        stage = Volumes(copy_of(grown, tmp_path), START + DAYS * DAY + 10 * HOUR)
        await stage.ready()
        await stage.store.write(volume.choose_preset, SHOP, preset)
        await stage.pass_minutes(1)
        assert not stage.watching.is_ready(SHOP)
        await stage.ready()
        assert stage.watching.is_ready(SHOP)
        await stage.pass_minutes(90, lambda place: 0.35 if place == SAMAL else 1.0)
        heard[preset] = [(incident.key, incident.loudness) for incident in await stage.volume()]
        await stage.store.close()
    drop = f"{SAMAL}/drop"
    assert heard == {"calm": [(drop, Loudness.SILENT)], "everything": [(drop, Loudness.ON)]}


async def test_what_was_learned_is_taken_over_once_there_is_a_minute_to_judge(grown: Path, tmp_path: Path) -> None:
    stage = Volumes(copy_of(grown, tmp_path), START + DAYS * DAY + 10 * HOUR)
    watched = await stage.store.read(volume.find_watched, SHOP)
    assert watched is not None
    judged_until = datetime.fromtimestamp(watched.fed * 60, UTC) + SETTLED
    for bank_now, ready in ((judged_until, False), (judged_until + MINUTE, True)):
        await stage.watching.refresh(stage.store, SHOP, watched, bank_now)
        assert stage.watching.is_ready(SHOP) is ready
    await stage.store.close()


async def test_replicas_that_take_turns_see_what_one_alone_would_see(grown: Path, tmp_path: Path) -> None:
    found = []
    for replicas in (1, 3):
        (folder := tmp_path / str(replicas)).mkdir()
        stage = Volumes(copy_of(grown, folder), START + DAYS * DAY + 10 * HOUR)
        others = []
        for _ in range(replicas):
            stage.restart()
            others.append((stage.watching, stage.news))
        for minute in range(120):
            stage.watching, stage.news = others[minute % replicas]
            watched = await stage.store.read(volume.find_watched, SHOP)
            await stage.watching.refresh(stage.store, SHOP, watched, stage.now + MINUTE + SETTLED)
            assert stage.watching.is_ready(SHOP)
            await stage.pass_minutes(1, without(SAMAL) if 20 <= minute < 80 else without())
        found.append([(one.key, one.state, one.opened_at, one.since) for one in await stage.volume()])
        await stage.store.close()
    alone, together = found
    assert alone == together
    assert [state for _, state, *_ in alone] == [IncidentState.RESOLVED]
