"""The same JOBS as Procrastinate tasks on PostgreSQL, for several replicas: each piece of work runs on one of them.

Procrastinate gives liveness: a queue, locks, heartbeats. Safety is the store's: turns, leases and attempts are there.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from procrastinate import App as Queue
from procrastinate import JobContext, PsycopgConnector
from procrastinate.exceptions import ProcrastinateException
from procrastinate.jobs import Job as Queued
from procrastinate.jobs import Status
from procrastinate.worker import Worker

from bot.condition import poll_of
from bot.delivery import Serving
from bot.errors import StoreError
from bot.model import MerchantId
from bot.queueing import Rhythm, queue_pool, take_note, worker_of
from bot.schedule import BEAT, DELIVERY, Job, Schedule, Work, Works
from bot.store import leases, outbox, turns
from bot.store.driver import Connection
from bot.store.fenced import Fenced
from bot.store.outbox import Place
from bot.store.postgres import WRITERS
from bot.store.server_clock import ServerClock
from bot.vitals import Vitals

log = logging.getLogger(__name__)

# The loop by which the watchdog sees whether a replica comes round.
HANDING_OUT = "replica handing out"
CLOCK = timedelta(seconds=10)
TIDY = timedelta(minutes=10)
SILENT = timedelta(seconds=10)
LIVES = timedelta(days=1)
_CHAT_LIMIT = timedelta(minutes=2)
# As many as there may be merchants: those whose banks hang must not keep the next from its turn.
_AT_ONCE = {turns.WORK: 400, turns.CHAT: 16}


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared:
    """What a replica has besides the works of every bot. `polls`: each merchant's store, fenced by its lease.

    `seat`: the right to read Telegram's updates, which goes on for as long as the replica lives. `life`: that it does.
    """

    serving: Serving
    seat: Fenced
    life: Fenced
    polls: Mapping[MerchantId, Fenced]
    clock: ServerClock
    conninfo: str


class Cluster:
    """Runs JOBS together with the other replicas; starts and stops like a Schedule."""

    def __init__(
        self,
        works: Works,
        shared: Shared,
        trouble: Callable[[StoreError | None], Awaitable[None]],
        vitals: Vitals,
        jobs: Sequence[Job],
        rhythm: Rhythm | None = None,
    ) -> None:
        self._works = works
        self._shared = shared
        self._rhythm = rhythm or Rhythm()
        self._patience = {turns.WORK: self._rhythm.finish, turns.CHAT: self._rhythm.drain}
        self._runs = {
            f"{job.name} {name}": (job, work) for job in jobs if job.name != BEAT for name, work in job.each(works)
        }
        self._polled = {poll_of(merchant_id): merchant_id for merchant_id in shared.polls}
        self._every = {name: job.every(works) for name, (job, _) in self._runs.items()}
        own = (
            _own("handing out", self._rhythm.hand_out, self._step),
            _own("signs of life", self._rhythm.heartbeat, self._show_life),
            _own("rescuing", self._rhythm.heartbeat, self._rescue),
            _own("seat", self._rhythm.heartbeat, self._keep_seat),
            _own("clock", CLOCK, self._set_clock),
            _own("tidying", TIDY, self._tidy),
        )
        self._own = Schedule(works, trouble, vitals, (*own, *(job for job in jobs if job.name == BEAT)))
        self._queue = self._tasks()
        self._running: set[int] = set()
        self._worker_ids: set[int] = set()
        self._orphans: set[int] = set()
        self._cut_short: set[str] = set()
        self._workers: dict[str, Worker] = {}
        self._working: asyncio.Task[None]
        self._begun = False

    def start(self) -> None:
        """Begins to hand out work and to do it."""
        self._own.start()
        self._working = asyncio.create_task(self._work_on(), name="queue")

    def restart(self, name: str) -> None:
        """Has what only this replica does begin anew at once."""
        self._own.restart(name)

    async def stop(self) -> None:
        """Takes nothing more, lets what is under way end for a while, and ends the rest."""
        await self._own.stop()
        # Once for an end in good order; a database that is away is not waited for.
        for patience in (self._rhythm.drain + self._rhythm.again, self._rhythm.again):
            self._working.cancel()
            await asyncio.wait({self._working}, timeout=patience.total_seconds())
        with suppress(StoreError, TimeoutError):
            async with asyncio.timeout(self._rhythm.again.total_seconds()):
                await self._free(())

    def _tasks(self) -> Queue:
        queue = Queue(connector=PsycopgConnector())
        queue.task(name=turns.WORK, queue=turns.WORK, pass_context=True)(self._do)
        queue.task(name=turns.CHAT, queue=turns.CHAT, pass_context=True)(self._serve)
        return queue

    async def _step(self) -> None:
        """Puts what is due into the queue. Raises StoreError."""
        await self._shared.serving.settle()
        if not self._begun:
            await self._works.store.write_apart(turns.begin, self._every, self._works.now())
            self._begun = True
        if await self._works.store.read(turns.look, self._every, self._works.now()):
            await self._works.store.write_apart(turns.hand_out, self._every, self._works.now())

    async def _set_clock(self) -> None:
        await self._shared.clock.set(self._works.store)

    async def _tidy(self) -> None:
        now = self._works.now()
        await self._works.store.write_apart(turns.forget_chats, now)
        await self._works.store.write_apart(leases.forget_lives, now - LIVES)

    async def _do(self, context: JobContext, *, name: str) -> None:
        with self._noted(context):
            if name in self._runs:
                job, work = self._runs[name]
                await self._own.run_once(name, self._alone(name, work), job.limit)
            else:
                # Put there by a replica of another version or with other merchants, which shall have it again.
                await self._works.store.write_apart(turns.bring_forward, [name], self._works.now())

    def _alone(self, name: str, work: Work) -> Work:
        """The work under the lease of its merchant, if it is a merchant's poll."""
        found = self._polled.get(name)
        if found is None:
            return work

        async def leased() -> None:
            async with self._shared.polls[found].held() as ours:
                if ours:
                    await work()

        return leased

    async def _serve(self, context: JobContext, *, chat_id: int, thread_id: int | None) -> None:
        place = Place(chat_id, thread_id)
        with self._noted(context):
            await self._own.run_once(DELIVERY, lambda: self._shared.serving.serve(place), _CHAT_LIMIT)
            if not await self._shared.serving.hears():
                self._workers[turns.CHAT].stop()  # type: ignore[no-untyped-call]

    @contextmanager
    def _noted(self, context: JobContext) -> Iterator[None]:
        """The work is under way here: nobody needs to be told that it is lost."""
        id_ = context.job.id or 0
        if task := asyncio.current_task():
            task.add_done_callback(take_note)
        self._running.add(id_)
        self._worker_ids.add(context.job.worker_id or 0)
        try:
            yield
        except asyncio.CancelledError:
            self._cut_short.update(_locks([context.job]))
            raise
        finally:
            self._running.discard(id_)

    async def _show_life(self) -> None:
        """A worker's own heartbeat ends for good when it fails once, and the worker goes on without."""
        await self._shared.life.hold()
        if workers := [worker.worker_id for worker in self._workers.values() if worker.worker_id is not None]:
            await self._works.store.write_apart(turns.show_life, workers)

    async def _keep_seat(self) -> None:
        if self._shared.seat.ours:
            await self._shared.seat.hold()

    async def _work_on(self) -> None:
        """Works off the queue until it is cancelled. The pool outlives every outage of the database."""
        async with (
            queue_pool(self._shared.conninfo) as pool,
            self._queue.open_async(pool),
            asyncio.TaskGroup() as workers,
        ):
            for name, most in _AT_ONCE.items():
                workers.create_task(self._keep_at(name, most), name=f"queue of {name}")

    async def _keep_at(self, name: str, most: int) -> None:
        """One worker after the other, each until it loses the database, or Telegram if it serves chats."""
        while True:
            if name != turns.CHAT or await self._shared.serving.hears():
                self._workers[name] = worker = worker_of(self._queue, name, most, self._rhythm, self._patience[name])
                try:
                    await worker.run()  # type: ignore[no-untyped-call]
                except ProcrastinateException as error:
                    log.debug("the queue cannot be worked off: %s", error)
            await asyncio.sleep(self._rhythm.again.total_seconds())

    async def _rescue(self) -> None:
        """Gives the work of replicas that are gone back to the queue, and what it was about its turn."""
        if await self._works.store.read(_end_silent):
            log.warning("a replica that says nothing held up the others, and its session is ended")
        await self._free(())
        with suppress(ProcrastinateException):
            manager = self._queue.job_manager
            stalled = await manager.get_stalled_jobs(seconds_since_heartbeat=self._rhythm.gone_after.total_seconds())
            lost = [*stalled, *await self._forgotten()]
            if lost:
                log.warning("work of a replica that is gone is given to others: %s", ", ".join(_locks(lost)))
                await self._free(_locks(lost))
            # Last: until then nobody else can have begun with it.
            for job in lost:
                await manager.finish_job(job, Status.FAILED, delete_job=True)

    async def _free(self, locks: Sequence[str]) -> None:
        """Lets others have this work, and what was cut short here. Raises StoreError."""
        if freed := sorted({*locks, *self._cut_short}):
            await self._works.store.write(_free, freed, self._works.now())
            self._cut_short.difference_update(freed)

    async def _forgotten(self) -> list[Queued]:
        """Work that counts as ours and that we do not do, twice seen: its end could not be written."""
        doing = await self._queue.job_manager.list_jobs_async(status=Status.DOING.value)
        ours = {job.id: job for job in doing if job.id not in self._running and job.worker_id in self._worker_ids}
        again = [job for id_, job in ours.items() if id_ in self._orphans]
        self._orphans = {id_ for id_ in ours if id_ is not None}
        return again


def _own(name: str, every: timedelta, work: Work) -> Job:
    return Job("replica", lambda _: every, timedelta(minutes=1), lambda _: [(name, work)])


def _locks(jobs: Sequence[Queued]) -> list[str]:
    return [job.lock for job in jobs if job.lock]


def _end_silent(db: Connection) -> int:
    return sum(leases.end_silent(db, lock, SILENT) for lock in (WRITERS, turns.TURNS))


def _free(db: Connection, locks: Sequence[str], now: datetime) -> None:
    """Nobody does this work now: it is due, and what was sent without a word of its end may be repeated."""
    leases.expire(db, locks)
    turns.bring_forward(db, locks, now)
    for chat_id in turns.chats_of(locks):
        outbox.release_claims(db, now, chat_id)
