"""The detector in the running bot says what the detector in the bench says of the same minutes."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from math import log
from pathlib import Path
from zoneinfo import ZoneInfo

from builders import SAMAL, SHOP
from databases import open_store
from volumes import DAY, MINUTE, START, Volumes, history, keep_history

from benchmarks.anomaly import factory
from bot.model import Operation, OperationId, Outcome

HOUR = timedelta(hours=1)


@dataclass
class BenchMinute:
    """What the bench hands over, as its README describes it."""

    t: int
    now: int
    made: list[Operation]

    @property
    def n(self) -> int:
        return len(self.made)

    @property
    def n_fail(self) -> int:
        return len(self.fails())

    @property
    def lsum(self) -> float:
        return sum(log(one.amount) for one in self.made)

    @property
    def lsq(self) -> float:
        return sum(log(one.amount) ** 2 for one in self.made)

    def fails(self) -> list[tuple[float, int, str]]:
        failed = (one for one in self.made if one.outcome is Outcome.FAILED)
        return [(one.created_at.timestamp(), one.amount, str(one.reason_code)) for one in failed]


def by_minute(made: list[Operation]) -> dict[int, list[Operation]]:
    minutes: dict[int, list[Operation]] = {}
    for one in made:
        minutes.setdefault(int(one.created_at.timestamp()) // 60, []).append(one)
    return minutes


async def test_the_running_bot_says_what_the_bench_scores(tmp_path: Path) -> None:
    ready = START + 21 * DAY
    end = ready + 42 * HOUR
    made = troubled(history(end, [SAMAL]), ready)
    minutes = by_minute(made)
    bench, alerts = factory(SAMAL, {"holidays": []}), []
    for i in range(min(minutes), int(end.timestamp()) // 60):
        step = bench.step(BenchMinute(i * 60, i * 60 + 60, minutes.get(i, [])))
        alerts += [one for one in step if one["t"] > ready.timestamp()]

    store = open_store(tmp_path / "bot.db")
    await store.write(keep_history, [one for one in made if one.created_at < ready], ready)
    await store.close()
    bot = Volumes(tmp_path / "bot.db", ready, zone=ZoneInfo("UTC"), places=[])
    await bot.ready()
    while bot.now < end:
        bot.now += MINUTE
        await bot.read(minutes.get(int(bot.now.timestamp()) // 60 - 1, []))
    told = await bot.volume()
    opened = [one for one in alerts if one["state"] == "open"]
    assert {one["kind"] for one in opened} >= {"silence", "spike"}
    assert [(one.key.split("/")[1], one.since.timestamp()) for one in told] == [
        (one["kind"], one["since"]) for one in opened
    ]
    assert [one.opened_at for one in told] == [datetime.fromtimestamp(one["t"], UTC) for one in opened]
    closed = [datetime.fromtimestamp(one["t"], UTC) for one in alerts if one["state"] == "close"]
    assert sorted(one.resolved_at for one in told if one.resolved_at) == closed
    learned = bot.watching._rooms[SHOP].detectors[SAMAL].case.learner
    assert learned.history.quarters == bench.detector.case.learner.history.quarters
    assert learned.spread.values == bench.detector.case.learner.spread.values
    await bot.store.close()


def troubled(made: list[Operation], ready: datetime) -> list[Operation]:
    """Nothing from two to five on the first afternoon, five times the usual around noon of the next day."""
    kept = [one for one in made if not 14 * HOUR <= one.created_at - ready < 17 * HOUR]
    flood = [
        replace(one, id=OperationId(f"{one.id}+{k}"), created_at=one.created_at + k * timedelta(seconds=7))
        for one in kept
        if 36 * HOUR <= one.created_at - ready < 38 * HOUR
        for k in range(1, 5)
    ]
    return sorted([*kept, *flood], key=lambda one: one.created_at)
