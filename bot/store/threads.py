"""The threads in which a store's synchronous functions run: one that writes, a few that read."""

import asyncio
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import TypeVar

from bot.errors import StoreError

T = TypeVar("T")
READERS = 3
APART = 2
# A thread that waits for an answer of the database must not wait as long again for its turn of the interpreter, with
# everybody's lock in its hand: what reads the bank's answers in the loop would let go of it only every 5 ms.
_TURN = 0.0005


class Threads:
    """`waiting`: how many changes wait for the thread that writes."""

    def __init__(self) -> None:
        sys.setswitchinterval(_TURN)
        self._posted = 0
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="store-read")
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="store-write")
        # Its threads begin with the first work they get: a file has none for them.
        self._apart = ThreadPoolExecutor(APART, thread_name_prefix="store-apart")

    @property
    def waiting(self) -> int:
        return max(self._posted - 1, 0)

    def begin(self, work: Callable[[], T]) -> T:
        """The writing thread does this while the caller waits, as before there is an event loop."""
        return self._writer.submit(work).result()

    async def write(self, work: Callable[[], T]) -> T:
        """One after another, in the order in which they came."""
        self._posted += 1
        try:
            return await _post(self._writer, work)
        finally:
            self._posted -= 1

    async def write_apart(self, work: Callable[[], T]) -> T:
        """In whatever order."""
        return await _post(self._apart, work)

    async def read(self, work: Callable[[], T]) -> T:
        return await _post(self._readers, work)

    async def close_readers(self) -> None:
        await asyncio.to_thread(self._readers.shutdown)
        await asyncio.to_thread(self._apart.shutdown)

    async def close(self, last: Callable[[], object]) -> None:
        """Waits for what is running; the writing thread does `last` and ends."""
        await self.close_readers()
        try:
            await asyncio.get_running_loop().run_in_executor(self._writer, last)
        finally:
            await asyncio.to_thread(self._writer.shutdown)

    def abandon(self) -> None:
        """Ends both when nothing was begun."""
        self._writer.shutdown()
        self._readers.shutdown()
        self._apart.shutdown()


async def _post(threads: ThreadPoolExecutor, work: Callable[[], T]) -> T:
    try:
        done = asyncio.get_running_loop().run_in_executor(threads, copy_context().run, work)
    except RuntimeError:
        raise StoreError("the database is closed: this bot is ending") from None
    # A cancelled caller must not leave a half-known change behind: the work is always finished.
    done.add_done_callback(_hear)
    return await asyncio.shield(done)


def _hear(done: asyncio.Future[T]) -> None:
    """An error that nobody waits for any more is no news."""
    if not done.cancelled():
        done.exception()
