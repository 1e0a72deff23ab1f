"""Work in order inside a chat and side by side across chats. Knows nothing of what the work is."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from datetime import timedelta

Work = Callable[[], Awaitable[None]]


class Lanes:
    """At most `parallel` chats at a time, at most `backlog` pieces of work waiting in one chat.

    Work must not raise: a chat's later work would wait for ever.
    """

    def __init__(self, *, parallel: int, backlog: int) -> None:
        self._backlog = backlog
        self._places = asyncio.Semaphore(parallel)
        self._lanes: dict[int, deque[Work]] = {}
        self._running: set[asyncio.Task[None]] = set()
        self._open = True

    def put(self, chat_id: int, work: Work) -> bool:
        """Queues work for a chat; False when that chat already has too much waiting or all is being closed."""
        lane = self._lanes.get(chat_id)
        if not self._open or (lane is not None and len(lane) >= self._backlog):
            return False
        if lane is None:
            lane = self._lanes[chat_id] = deque()
            task = asyncio.create_task(self._run(chat_id, lane))
            self._running.add(task)
            task.add_done_callback(self._running.discard)
        lane.append(work)
        return True

    async def _run(self, chat_id: int, lane: deque[Work]) -> None:
        try:
            while lane and self._open:
                async with self._places:
                    await lane[0]()
                lane.popleft()
        finally:
            del self._lanes[chat_id]

    async def close(self, deadline: timedelta) -> None:
        """Lets what has begun finish, begins nothing more, and cancels what outlasts the deadline."""
        self._open = False
        if not self._running:
            return
        _, late = await asyncio.wait(self._running, timeout=deadline.total_seconds())
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)
