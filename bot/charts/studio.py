"""Asks the drawing process for pictures: begins it when somebody asks, ends it when nobody has for a while."""

import asyncio
import logging
import time
from collections.abc import Callable
from datetime import timedelta
from tempfile import TemporaryDirectory

from bot.charts.chart import BandChart, Chart
from bot.errors import EpayBotError
from bot.workers import Worker, WorkerFailed

log = logging.getLogger(__name__)

KEPT = timedelta(minutes=1)
_MOST_KEPT = 50


class NotDrawn(EpayBotError):
    """There is no picture; the words hold no more than the kind of the error."""


class Charts:
    """Pictures, one at a time. The process gets `deadline` for each and ends after `idle` without a question.

    `clock`: seconds of any steady clock, for how long a picture is kept.
    """

    def __init__(
        self,
        *,
        idle: timedelta = timedelta(seconds=60),
        deadline: timedelta = timedelta(seconds=20),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._idle = idle
        self.deadline = deadline
        self._clock = clock
        self._kept: dict[Chart | BandChart, tuple[float, bytes]] = {}
        self._one_at_a_time = asyncio.Lock()
        self._ending: asyncio.Task[None] | None = None
        self._worker: Worker | None = None
        # matplotlib lists the fonts of the system once for each such folder.
        self._folder: TemporaryDirectory[str] | None = None

    @property
    def worker(self) -> Worker | None:
        """The process, while there is one."""
        return self._worker

    async def draw(self, chart: Chart | BandChart) -> bytes:
        """A PNG; for the same chart the same one for a minute. Raises NotDrawn."""
        async with self._one_at_a_time:
            self._forget()
            if kept := self._kept.get(chart):
                return kept[1]
            self._keep_alive()
            try:
                async with asyncio.timeout(self.deadline.total_seconds()):
                    picture = await self._ask(chart.to_json())
            except (WorkerFailed, TimeoutError, OSError) as error:
                why = str(error) or "the deadline has passed"
                log.warning("no chart: %s", why)
                await self._end()
                raise NotDrawn(why) from error
            except BaseException:
                # A question given up half-way would be answered to the next one who asks.
                await self._end()
                raise
            self._kept[chart] = self._clock() + KEPT.total_seconds(), picture
            self._ending = asyncio.create_task(self._end_later())
            return picture

    async def close(self) -> None:
        """Ends the process and removes what it left."""
        self._keep_alive()
        async with self._one_at_a_time:
            await self._end()
        if self._folder is not None:
            await asyncio.to_thread(self._folder.cleanup)

    async def _ask(self, question: bytes) -> bytes:
        """Once more with a new process when the old one had died unseen."""
        if self._worker is not None:
            try:
                return await self._answer(self._worker, question)
            except WorkerFailed as error:
                if not self._worker.is_gone:
                    raise
                log.info("the drawing process has died (%s); a new one is begun", error)
                await self._end()
        self._worker = await self._begin()
        return await self._answer(self._worker, question)

    async def _begin(self) -> Worker:
        if self._folder is None:
            self._folder = TemporaryDirectory(prefix="epay-bot-charts-")
        return await Worker.start("bot.charts", {"MPLCONFIGDIR": self._folder.name, "MPLBACKEND": "agg"})

    @staticmethod
    async def _answer(worker: Worker, question: bytes) -> bytes:
        await worker.give(question)
        return await worker.take()

    async def _end(self) -> None:
        worker, self._worker = self._worker, None
        if worker is not None:
            await worker.end()

    async def _end_later(self) -> None:
        await asyncio.sleep(self._idle.total_seconds())
        async with self._one_at_a_time:
            self._ending = None
            await self._end()

    def _keep_alive(self) -> None:
        if self._ending is not None:
            self._ending.cancel()
            self._ending = None

    def _forget(self) -> None:
        """Lets go of pictures whose minute is over, and of the oldest when there are many."""
        now = self._clock()
        fresh = [(chart, kept) for chart, kept in self._kept.items() if kept[0] > now]
        self._kept = dict(fresh[-_MOST_KEPT:])
