"""Jobs side by side: one that fails or hangs stops no other and is logged once; a sick store is told past itself."""

import asyncio
import itertools
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import cast

import pytest

from bot.errors import BackupError, StoreError
from bot.schedule import JOBS, Job, Schedule, Works
from bot.vitals import Vitals

TICK = timedelta(milliseconds=5)
LONG = timedelta(seconds=5)
NOTHING = cast(Works, None)


class Work:
    """A piece of work that goes wrong as long as it is told to."""

    def __init__(self, problem: Exception | None = None) -> None:
        self.problem = problem
        self.hangs = False
        self.runs = 0
        self._ran = asyncio.Condition()

    async def __call__(self) -> None:
        async with self._ran:
            self.runs += 1
            self._ran.notify_all()
        if self.hangs:
            await asyncio.Event().wait()
        if self.problem:
            raise self.problem

    async def more(self, runs: int = 3) -> None:
        """Waits for so many further runs to begin: all but the last are over then."""
        async with self._ran, asyncio.timeout(5):
            goal = self.runs + runs
            await self._ran.wait_for(lambda: self.runs >= goal)


class Told:
    """What the owners were told of."""

    def __init__(self) -> None:
        self.errors: list[str | None] = []

    async def __call__(self, error: StoreError | None) -> None:
        self.errors.append(str(error) if error else None)


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
async def start(told: Told, caplog: pytest.LogCaptureFixture) -> AsyncIterator[Callable[..., Awaitable[Schedule]]]:
    caplog.set_level(logging.INFO, logger="bot.schedule")
    started: list[Schedule] = []

    async def start(limit: timedelta = LONG, /, vitals: Vitals | None = None, **works: Work) -> Schedule:
        job = Job("job", lambda _: TICK, limit, lambda _: works.items())
        started.append(Schedule(NOTHING, told, vitals or Vitals(), (job,)))
        started[-1].start()
        return started[-1]

    yield start
    for schedule in started:
        await schedule.stop()


def lines(caplog: pytest.LogCaptureFixture, level: int) -> list[str]:
    return [
        record.getMessage() for record in caplog.records if record.name == "bot.schedule" and record.levelno == level
    ]


async def test_a_failing_job_stops_no_other_and_is_logged_once(
    start: Callable[..., Awaitable[Schedule]], caplog: pytest.LogCaptureFixture, told: Told
) -> None:
    bad, good = Work(ValueError("odd")), Work()
    await start(bad=bad, good=good)
    await bad.more()
    await good.more()
    assert lines(caplog, logging.ERROR) == ["job bad fails: ValueError: odd"]
    bad.problem = None
    await bad.more()
    assert lines(caplog, logging.INFO) == ["job bad is well again"]
    bad.problem = ValueError("odd again")
    await bad.more()
    assert len(lines(caplog, logging.ERROR)) == 2
    assert not told.errors


async def test_a_hanging_job_stops_no_other_and_is_ended(
    start: Callable[..., Awaitable[Schedule]], caplog: pytest.LogCaptureFixture
) -> None:
    slow, good = Work(), Work()
    slow.hangs = True
    await start(4 * TICK, slow=slow, good=good)
    await good.more(2)
    await slow.more(2)
    assert lines(caplog, logging.ERROR) == ["job slow fails: did not end within 0:00:00.020000"]
    slow.hangs = False
    await slow.more()
    assert lines(caplog, logging.INFO) == ["job slow is well again"]


async def test_a_long_job_does_not_run_twice_at_the_same_time(start: Callable[..., Awaitable[Schedule]]) -> None:
    slow, good = Work(), Work()
    slow.hangs = True
    await start(slow=slow, good=good)
    await good.more(10)
    assert slow.runs == 1


async def test_what_is_expected_is_logged_without_a_stack(
    start: Callable[..., Awaitable[Schedule]], caplog: pytest.LogCaptureFixture
) -> None:
    bad = Work(BackupError("no copy could be made"))
    await start(bad=bad)
    await bad.more()
    assert lines(caplog, logging.ERROR) == ["job bad fails: no copy could be made"]
    assert not any(record.exc_info for record in caplog.records)


async def test_a_sick_store_is_logged_without_a_stack_and_told_until_it_works(
    start: Callable[..., Awaitable[Schedule]], caplog: pytest.LogCaptureFixture, told: Told
) -> None:
    sick, other = Work(StoreError("the disk is full")), Work(StoreError("the disk is full"))
    await start(sick=sick, other=other)
    await sick.more()
    await other.more()
    assert sorted(lines(caplog, logging.ERROR)) == [
        "job other fails: the disk is full",
        "job sick fails: the disk is full",
    ]
    assert not any(record.exc_info for record in caplog.records)
    assert set(told.errors) == {"the disk is full"}
    sick.problem = other.problem = None
    await sick.more()
    await other.more()
    assert told.errors[-1] is None
    assert None not in told.errors[:-1]


async def test_a_job_that_fails_otherwise_hides_neither_the_loss_nor_the_return_of_the_store(
    start: Callable[..., Awaitable[Schedule]], told: Told
) -> None:
    bad, sick = Work(ValueError("odd")), Work()
    await start(bad=bad, sick=sick)
    await bad.more()
    sick.problem = StoreError("full")
    await sick.more()
    assert told.errors[-1] == "full"
    sick.problem = None
    await sick.more()
    assert told.errors[-1] is None
    bad.problem = StoreError("full again")
    await bad.more()
    assert told.errors[-1] == "full again"


async def test_a_job_that_fails_comes_round_and_one_that_must_be_ended_does_not(
    start: Callable[..., Awaitable[Schedule]],
) -> None:
    bad, slow, vitals = Work(ValueError("odd")), Work(), Vitals()
    slow.hangs = True
    await start(4 * TICK, vitals, bad=bad, slow=slow)
    await bad.more()
    await slow.more()
    assert vitals.rounds("job bad") >= 2
    assert vitals.rounds("job slow") == 0


async def test_a_job_that_hangs_can_be_begun_anew(start: Callable[..., Awaitable[Schedule]]) -> None:
    slow, good, vitals = Work(), Work(), Vitals()
    slow.hangs = True
    schedule = await start(LONG, vitals, slow=slow, good=good)
    await good.more(10)
    slow.hangs = False
    schedule.restart("job slow")
    await slow.more()
    assert vitals.rounds("job slow") >= 2
    assert slow.runs < good.runs


async def test_the_pieces_of_a_job_take_turns() -> None:
    begun: list[float] = []

    async def work() -> None:
        begun.append(asyncio.get_running_loop().time())
        if len(begun) == 5:
            whole.set()

    whole, every = asyncio.Event(), timedelta(seconds=0.4)
    jobs = (Job("job", lambda _: every, LONG, lambda _: [(str(number), work) for number in range(4)]),)
    schedule = Schedule(NOTHING, Told(), Vitals(), jobs)
    schedule.start()
    await asyncio.wait_for(whole.wait(), 5)
    await schedule.stop()
    gaps = [later - earlier for earlier, later in itertools.pairwise(begun)]
    assert min(gaps) > 0.03
    assert begun[-1] - begun[0] > 0.35


def test_hundreds_of_merchants_ask_less_often_each_what_there_is_to_learn() -> None:
    (learn,) = [job for job in JOBS if job.name == "learn"]
    few, many = (cast(Works, SimpleNamespace(ingests=range(count))) for count in (3, 300))
    assert (learn.every(few), learn.every(many)) == (timedelta(seconds=2), timedelta(minutes=1))


async def test_a_stop_ends_what_runs_and_starts_nothing_more(start: Callable[..., Awaitable[Schedule]]) -> None:
    slow, good = Work(), Work()
    slow.hangs = True
    jobs = (Job("job", lambda _: TICK, LONG, lambda _: (("s", slow), ("g", good))),)
    schedule = Schedule(NOTHING, Told(), Vitals(), jobs)
    schedule.start()
    await good.more(1)
    await schedule.stop()
    runs = good.runs
    other = Work()
    await start(other=other)
    await other.more(5)
    assert (good.runs, slow.runs) == (runs, 1)
    assert not [task for task in asyncio.all_tasks() if task.get_name().startswith("job s")]


def test_every_job_has_a_limit_and_a_name_of_its_own() -> None:
    assert len({job.name for job in JOBS}) == len(JOBS)
    assert all(job.limit >= timedelta(seconds=30) for job in JOBS)
