"""JOBS: what runs how often. APScheduler gives liveness only; the store knows what is due, so no tick matters."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial

from apscheduler.events import EVENT_JOB_MAX_INSTANCES, EVENT_JOB_MISSED, JobExecutionEvent
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from bot.backups import Backups
from bot.condition import poll_of
from bot.config import Polling
from bot.correlation import about
from bot.delivery import Delivery
from bot.digests import Digests
from bot.errors import EpayBotError, StoreError
from bot.guests import Guests
from bot.heartbeat import Heartbeat
from bot.incidents import Incidents
from bot.ingest import Ingest
from bot.model import MerchantId
from bot.recounting import Recounting
from bot.retention import Retained
from bot.store import audit, chats, invitations, queries, retention
from bot.store.driver import Store
from bot.vitals import Vitals
from bot.watching import Watching

log = logging.getLogger(__name__)

# Telegram repeats an update for a day at most.
KEEP_UPDATES = timedelta(days=2)
KEEP_QUERIES = timedelta(days=30)
KEEP_SENT = timedelta(days=30)
KEEP_INVITATIONS = timedelta(days=30)
DELIVER = "deliver"
BEAT = "beat"
# The delivery job's name among the loops; a poll's is `poll_of` its merchant.
DELIVERY = f"{DELIVER} outbox"
Work = Callable[[], Awaitable[object]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Works:
    """What the jobs work on."""

    ingests: Mapping[MerchantId, Ingest]
    delivery: Delivery | None
    incidents: Incidents
    watching: Watching
    digests: Digests
    backups: Backups | None
    retained: Retained
    guests: Guests
    recounting: Recounting
    heartbeat: Heartbeat
    store: Store
    polling: Polling
    keep_audit: timedelta
    vitals: Vitals
    now: Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class Job:
    """`each` names every piece of work the job has; `limit` ends one that hangs, for APScheduler never would."""

    name: str
    every: Callable[[Works], timedelta]
    limit: timedelta
    each: Callable[[Works], Iterable[tuple[str, Work]]]


def _polls(works: Works) -> Iterable[tuple[str, Work]]:
    return ((merchant_id, _counted(works, merchant_id)) for merchant_id in works.ingests)


def _counted(works: Works, merchant_id: MerchantId) -> Work:
    async def poll() -> None:
        outcome = "error"
        try:
            with about(merchant=merchant_id):
                outcome = "ok" if await works.ingests[merchant_id].poll() else "lost"
        finally:
            works.vitals.count("epay_bot_polls_total", merchant_id, outcome)
        if outcome == "ok":
            works.vitals.did_well(poll_of(merchant_id))

    return poll


def _deliveries(works: Works) -> Iterable[tuple[str, Work]]:
    return (("outbox", works.delivery.step),) if works.delivery else ()


def _passing_time(works: Works) -> Iterable[tuple[str, Work]]:
    async def tick() -> None:
        await works.store.write(works.incidents.tick)

    return (("incidents", tick),)


def _pace_of_learning(works: Works) -> timedelta:
    """Five merchants a second at most: what is known of one already is taken up by its next poll anyway."""
    return max(timedelta(seconds=2), len(works.ingests) * timedelta(milliseconds=200))


def _learning(works: Works) -> Iterable[tuple[str, Work]]:
    return ((one, partial(works.watching.catch_up, works.store, one)) for one in works.ingests)


def _summing_up(works: Works) -> Iterable[tuple[str, Work]]:
    async def tick() -> None:
        await works.store.write(works.digests.tick)

    return (("digests", tick),)


def _tidying(works: Works) -> Iterable[tuple[str, Work]]:
    async def forget_updates() -> None:
        await works.store.write(chats.forget_updates, works.now() - KEEP_UPDATES)

    async def forget_queries() -> None:
        await works.store.write(queries.forget, works.now() - KEEP_QUERIES)

    async def forget_sent() -> None:
        await works.store.write(retention.forget_sent, works.now() - KEEP_SENT)

    async def forget_invitations() -> None:
        await works.store.write(invitations.forget, works.now() - KEEP_INVITATIONS)

    async def forget_audit() -> None:
        await works.store.write(audit.forget, works.now() - works.keep_audit)

    return (
        ("updates", forget_updates),
        ("queries", forget_queries),
        ("sent", forget_sent),
        ("invitations", forget_invitations),
        ("audit", forget_audit),
    )


def _leaving(works: Works) -> Iterable[tuple[str, Work]]:
    return (("guests", works.guests.step),)


def _dropping(works: Works) -> Iterable[tuple[str, Work]]:
    return (("what is too old", works.retained.step),)


def _copying(works: Works) -> Iterable[tuple[str, Work]]:
    return (("database", works.backups.step),) if works.backups else ()


def _recounting(works: Works) -> Iterable[tuple[str, Work]]:
    return (("sums", works.recounting.step),)


def _beating(works: Works) -> Iterable[tuple[str, Work]]:
    return (("heart", works.heartbeat.step),)


JOBS = (
    Job("poll", lambda works: works.polling.interval, timedelta(minutes=10), _polls),
    Job(DELIVER, lambda _: timedelta(seconds=0.25), timedelta(seconds=30), _deliveries),
    Job("time", lambda _: timedelta(seconds=1), timedelta(seconds=30), _passing_time),
    Job("learn", _pace_of_learning, timedelta(hours=1), _learning),
    Job("digests", lambda _: timedelta(seconds=30), timedelta(minutes=2), _summing_up),
    Job("tidy", lambda _: timedelta(minutes=10), timedelta(minutes=5), _tidying),
    Job("leave", lambda _: timedelta(minutes=1), timedelta(minutes=5), _leaving),
    Job("drop", lambda _: timedelta(hours=1), timedelta(minutes=30), _dropping),
    Job("backup", lambda _: timedelta(seconds=30), timedelta(hours=1), _copying),
    Job("recount", lambda _: timedelta(minutes=10), timedelta(hours=1), _recounting),
    Job(BEAT, lambda _: timedelta(minutes=1), timedelta(seconds=30), _beating),
)


class Schedule:
    """Runs JOBS in this process. `trouble` hears every StoreError of a job, and None when the store works again."""

    def __init__(
        self,
        works: Works,
        trouble: Callable[[StoreError | None], Awaitable[None]],
        vitals: Vitals,
        jobs: Sequence[Job] = JOBS,
    ) -> None:
        self._works = works
        self._trouble = trouble
        self._vitals = vitals
        self._jobs = jobs
        self._failing: set[str] = set()
        self._without_store: set[str] = set()
        self._running: set[asyncio.Task[None]] = set()
        self._stopped = False
        self._scheduler = AsyncIOScheduler(
            timezone=UTC, job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1}
        )
        self._scheduler.add_listener(self._note_skipped, EVENT_JOB_MISSED | EVENT_JOB_MAX_INSTANCES)

    def start(self) -> None:
        """Begins every job at once, then at its pace; the pieces of one take turns, so that many are no burst."""
        now = datetime.now(UTC)
        for job in self._jobs:
            every, pieces = job.every(self._works), list(job.each(self._works))
            for number, (name, work) in enumerate(pieces):
                self._scheduler.add_job(
                    self._run,
                    "interval",
                    (f"{job.name} {name}", work, job.limit),
                    seconds=every.total_seconds(),
                    id=f"{job.name} {name}",
                    next_run_time=now + number * every / len(pieces),
                )
        self._scheduler.start()

    def restart(self, name: str) -> None:
        """Ends what this job is at, if it lets itself be ended, and has it begin anew at once."""
        for task in self._running:
            if task.get_name() == name:
                task.cancel()
        self._scheduler.modify_job(name, next_run_time=datetime.now(UTC))

    async def stop(self) -> None:
        """Starts nothing more and ends what runs; every write is whole, so nothing is half done."""
        self._stopped = True
        self._scheduler.shutdown(wait=False)
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    async def _run(self, name: str, work: Work, limit: timedelta) -> None:
        if self._stopped:
            return
        # APScheduler ends what runs some time after its shutdown has returned: too late for who closes connections.
        task = asyncio.create_task(self.run_once(name, work, limit), name=name)
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        with suppress(asyncio.CancelledError):
            await task

    async def run_once(self, name: str, work: Work, limit: timedelta) -> None:
        """One run. Whatever goes wrong is logged once, and once more when it is over; the others go on."""
        try:
            with about(job=name):
                async with asyncio.timeout(limit.total_seconds()):
                    await work()
        except TimeoutError:
            self._failed(name, f"did not end within {limit}", None)
            return
        except StoreError as error:
            self._failed(name, str(error), None)
            self._without_store.add(name)
            await self._trouble(error)
        except EpayBotError as error:
            self._failed(name, str(error), None)
        except Exception as error:
            self._failed(name, f"{type(error).__name__}: {error}", error)
        else:
            await self._went_well(name)
        self._vitals.came_round(name)

    def _failed(self, name: str, what: str, error: Exception | None) -> None:
        self._vitals.count("epay_bot_job_errors_total", name)
        if name not in self._failing:
            self._failing.add(name)
            log.error("%s fails: %s", name, what, exc_info=error)

    async def _went_well(self, name: str) -> None:
        if name in self._failing:
            self._failing.remove(name)
            log.info("%s is well again", name)
        if name in self._without_store:
            self._without_store.clear()
            await self._trouble(None)

    def _note_skipped(self, event: JobExecutionEvent) -> None:
        self._vitals.count("epay_bot_job_skips_total", event.job_id)
        log.debug("%s is still running, this tick is left out", event.job_id)
