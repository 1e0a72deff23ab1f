"""Behind the scenes of the demo: its clock, what the panel does to the bank, and the two lists of what was done."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import aiohttp
import pytest
from clocks import MORNING, Clock

from bot.demo.bank import CALM, SimulatedBank, World, default_merchants
from bot.demo.clock import DemoClock
from bot.demo.logbook import SHOWN, Entry, fold
from bot.demo.panel import HOSTILE, OUTAGES, DemoPanel
from bot.demo.telegram import BotApi
from bot.schedule import Job
from bot.showcase import BRISK, brisk

EVERY = {"tidy": timedelta(minutes=10), "digests": timedelta(seconds=30), "deliver": timedelta(seconds=0.25)}
ALMATY = ZoneInfo("Asia/Almaty")


class Scenes:
    """A panel over a bank in which nothing happens by itself, and the real clock behind the demo's."""

    def __init__(self, per_day: float = 0) -> None:
        self.real = Clock()
        self.clock = DemoClock(real=self.real)
        self.world = World(merchants=default_merchants(per_day), habits=CALM, start=self.clock())
        self.bank = SimulatedBank(self.world, now=self.clock)
        self.api = BotApi("1:token", now=self.clock)
        self.panel = DemoPanel(self.clock, self.world, self.bank, self.api)

    def rows(self) -> list[tuple[str, int, timedelta]]:
        """Outcome, reason and how long ago it was made, of each operation, oldest first."""
        return [(row.outcome, row.reason_code, self.clock() - row.created_at) for row in self.world.rows("shop")]


@pytest.fixture
def scenes() -> Scenes:
    return Scenes()


def test_time_runs_at_its_speed_from_where_it_was() -> None:
    real = Clock()
    clock = DemoClock(60, real=real)
    real.at += timedelta(seconds=10)
    assert clock() == MORNING + timedelta(minutes=10)
    clock.run(1)
    real.at += timedelta(seconds=10)
    assert clock() == MORNING + timedelta(minutes=10, seconds=10)


def test_time_leaps_ahead_and_never_back() -> None:
    real = Clock()
    clock = DemoClock(real=real)
    tomorrow = clock.next_day(9, ALMATY)
    assert tomorrow == datetime(2026, 11, 25, 4, tzinfo=UTC)
    clock.leap_to(tomorrow)
    real.at += timedelta(seconds=1)
    assert clock() == tomorrow + timedelta(seconds=1)
    with pytest.raises(ValueError, match="forward"):
        clock.leap_to(tomorrow)
    for speed in (0, -1, float("nan"), float("inf"), 1e9):
        with pytest.raises(ValueError, match="forward"):
            clock.run(speed)


@pytest.mark.parametrize("speed", [1, 60])
async def test_tomorrow_begins_six_real_seconds_before_nine(scenes: Scenes, speed: int) -> None:
    await scenes.panel.act("speed", {"value": str(speed)})
    await scenes.panel.act("tomorrow", {})
    scenes.real.at += timedelta(seconds=6)
    assert scenes.clock().astimezone(ALMATY) == datetime(2026, 11, 25, 9, tzinfo=ALMATY)


def test_no_job_of_the_demo_waits_long_for_what_is_due_on_a_clock_that_leaps() -> None:
    usual = [Job(name, lambda _, every=every: every, every, lambda _: ()) for name, every in EVERY.items()]
    hurried = {job.name: job.every(None) for job in brisk(usual)}
    assert hurried == {"tidy": EVERY["tidy"], "digests": BRISK, "deliver": EVERY["deliver"]}


async def test_a_failing_terminal_fails_at_once_and_goes_on(scenes: Scenes) -> None:
    await scenes.panel.act("fail", {"terminal": "98151553", "reason": "462"})
    assert [row[:2] for row in scenes.rows()] == [("failed", 462)] * 3
    assert [one["weather"] for one in scenes.panel.look()["terminals"]] == ["", "fail"]
    scenes.real.at += timedelta(minutes=31)
    assert [one["weather"] for one in scenes.panel.look()["terminals"]] == ["", ""]


async def test_a_silence_begins_now_and_not_at_the_last_request() -> None:
    scenes = Scenes(per_day=20_000)
    scenes.real.at += timedelta(minutes=30)
    began = scenes.clock()
    await scenes.panel.act("silence", {"terminal": "98151552"})
    scenes.real.at += timedelta(minutes=30)
    scenes.world.advance_to(scenes.clock())
    silent = [row.created_at for row in scenes.world.rows("shop") if row.terminal == "98151552"]
    other = [row.created_at for row in scenes.world.rows("shop") if row.terminal == "98151553"]
    assert began - timedelta(minutes=2) < max(silent) <= began < max(other)


async def test_a_spike_is_seen_at_once(scenes: Scenes) -> None:
    await scenes.panel.act("spike", {})
    assert scenes.panel.look()["facts"] == {"hour": 25, "failed": 0}


async def test_late_rows_are_older_than_they_look(scenes: Scenes) -> None:
    await scenes.panel.act("late", {})
    assert [age for _, _, age in scenes.rows()] == [timedelta(minutes=minutes) for minutes in (20, 15, 12, 10)]


@pytest.mark.parametrize("kind", HOSTILE)
async def test_hostile_text_is_in_everything_a_payer_or_the_bank_can_write(scenes: Scenes, kind: str) -> None:
    await scenes.panel.act("hostile", {"value": kind})
    (row,) = scenes.world.rows("shop")
    assert (row.reason_code, row.reason) == HOSTILE[kind]
    assert row.reason == row.payer.name == row.description


@pytest.mark.parametrize(("outage", "status"), [("cut", 0), ("html", 502), ("busy", 503)])
async def test_the_line_to_the_bank_fails_until_all_is_as_usual(scenes: Scenes, outage: str, status: int) -> None:
    await scenes.panel.act("outage", {"value": outage})
    url = await scenes.bank.start()
    async with aiohttp.ClientSession(url) as http:
        for expected in (status, 404):
            try:
                async with http.get("/nothing") as answer:
                    assert answer.status == expected
            except aiohttp.ClientConnectionError:
                assert expected == 0
            assert scenes.panel.look()["received"][0]["status"] == expected
            await scenes.panel.act("calm", {})
    await scenes.bank.stop()
    assert scenes.panel.look()["outage"] == "none"


async def test_what_is_not_on_the_panel_is_refused(scenes: Scenes) -> None:
    for name, wish in {"charge": {}, "outage": {"value": "fire"}, "speed": {"value": "fast"}}.items():
        with pytest.raises((KeyError, ValueError)):
            await scenes.panel.act(name, wish)
    assert set(OUTAGES) == set(scenes.panel.look()["outages"])


def test_alike_calls_in_a_row_are_one_line_and_the_list_is_short() -> None:
    def entries(*names: str) -> list[Entry]:
        return [Entry(MORNING, name, 200) for name in names]

    shown = fold(entries("poll", "poll", "token", "poll"))
    assert [(line["what"], line["times"]) for line in shown] == [("poll", 2), ("token", 1), ("poll", 1)]
    many = fold(entries(*map(str, range(50))))
    assert [line["what"] for line in many] == [str(number) for number in range(SHOWN)]
