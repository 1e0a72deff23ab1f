"""Telegram's updates, polled or posted to us: stored before they are confirmed, handed out until they are done."""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Container, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Protocol

from bot.chat.lanes import Lanes
from bot.chat.leftovers import Leftovers
from bot.chat.seat import Seat
from bot.chat.telegram import Conflict, Gateway, Incoming, Menu, chat_of, read_update
from bot.chat.throttle import Pass, Throttle
from bot.config import Webhook
from bot.correlation import about
from bot.errors import DeliveryError, StoreError, TokenRefused
from bot.model import Request
from bot.store import chats
from bot.store.driver import Store
from bot.vitals import TELEGRAM, Vitals

log = logging.getLogger(__name__)

# Longer than an answer may take: whoever received it does not answer any more.
ABANDONED = timedelta(minutes=2)
# A database that is back is not kept waiting as Telegram is.
STORE_PAUSE = timedelta(seconds=4)


class Handler(Protocol):
    """What is done about one thing that came in."""

    async def handle(self, incoming: Incoming) -> None: ...

    async def slow_down(self, request: Request) -> None: ...

    def menus(self) -> Sequence[Menu]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """`wait`: one long poll. `limit`: the longest one update may take. `pauses`: between tries after errors.

    `stand_by`: how often a replica asks whether it is its turn to read.
    """

    wait: timedelta = timedelta(seconds=50)
    stand_by: timedelta = timedelta(seconds=3)
    limit: timedelta = timedelta(seconds=60)
    pauses: Sequence[timedelta] = tuple(timedelta(seconds=seconds) for seconds in (1, 2, 4, 8, 15, 30))
    conflicts: int = 5
    parallel: int = 64
    backlog: int = 20


class Intake:
    """One reader of updates. `last_ok_at` is the last good poll, `lost_since` the first bad one of a row."""

    def __init__(  # noqa: PLR0913
        self,
        gateway: Gateway,
        store: Store,
        handler: Handler,
        *,
        now: Callable[[], datetime],
        vitals: Vitals | None = None,
        webhook: Webhook | None = None,
        pace: Pace | None = None,
        seat: Seat | None = None,
    ) -> None:
        self.last_ok_at: datetime | None = None
        self.lost_since: datetime | None = None
        self._gateway = gateway
        self._store = store
        self._handler = handler
        self._now = now
        self._vitals = vitals or Vitals()
        self._webhook = webhook
        self._pace = pace or Pace()
        self._seat = seat
        self._throttle = Throttle()
        self._lanes = Lanes(parallel=self._pace.parallel, backlog=self._pace.backlog)
        self._username = ""
        self._begun = False
        self._offset: int | None = None
        self._in_hand: set[int] = set()
        self._done: set[int] = set()
        self._left = Leftovers()
        self._handing_out = asyncio.Lock()
        self._stopping = asyncio.Event()
        self._polling: asyncio.Task[None] | None = None

    async def run(self) -> None:
        """Polls until `stop`. Raises TokenRefused, and Conflict when another reader does not go away."""
        failures = conflicts = 0
        while not self._stopping.is_set():
            error = await self._attempt()
            conflicts = conflicts + 1 if isinstance(error, Conflict) else 0
            if error is None:
                failures = 0
                continue
            if isinstance(error, TokenRefused) or conflicts >= self._pace.conflicts:
                raise error
            pause = self._pace.pauses[min(failures, len(self._pace.pauses) - 1)]
            await self._pause(min(pause, STORE_PAUSE) if isinstance(error, StoreError) else pause)
            failures += 1

    async def stop(self, deadline: timedelta = timedelta(seconds=5)) -> None:
        """Ends the poll at once and lets what is being answered finish; the rest is handed out after the next start."""
        self._stopping.set()
        if self._polling is not None:
            self._polling.cancel()
        await self._lanes.close(deadline)

    def restart(self) -> None:
        """Ends the poll that is under way, if it lets itself be ended; the next one begins as after a start."""
        self._begun = False
        if self._polling is not None:
            self._polling.cancel()

    async def step(self) -> None:
        """One poll: what came is stored, then handed out; with a webhook a call, whether Telegram answers.

        Raises DeliveryError or StoreError.
        """
        if self._seat and self.lost_since:
            # Who cannot reach Telegram leaves the seat to another.
            await self._gateway.me()
        ours = self._seat is None or await self._seat.hold()
        if not ours and self._webhook is None:
            await self._stand_by()
            return
        if not self._begun:
            await self._begin()
            self._found()
        await self._settle()
        if self._webhook is None:
            await self.receive(await self._gateway.updates(self._offset, wait=self._pace.wait))
            self._found()
        else:
            await self._gateway.me()
            self._found()
            if ours and self._seat:
                await self._take_over(self._seat)
            await self._pause(self._pace.wait)

    async def _stand_by(self) -> None:
        """Another replica reads; whatever it leaves is found in the store when it is this one's turn."""
        self._begun, self._offset = False, None
        await self._gateway.me()
        self._found()
        await self._pause(self._pace.stand_by)

    async def receive(self, batch: Sequence[dict[str, Any]]) -> None:
        """Stores raw updates in one transaction, lets the offset move past them and hands out what is not done."""
        if not batch:
            return
        rows = [(update["update_id"], json.dumps(update)) for update in batch]
        keeper = self._seat if self._seat and self._webhook is None else self._store
        new = await keeper.write(chats.keep_updates, rows, self._now(), self._seat.owner if self._seat else "")
        self._offset = max(update_id for update_id, _ in rows) + 1
        # What is posted before the start is over, or after the end has begun, waits in the store.
        if self._webhook is None or (self._username and not self._stopping.is_set()):
            await self._hand_out(only=new if self._seat and self._webhook else None)

    async def receive_one(self, update: dict[str, Any]) -> None:
        """What Telegram posted; once this returns it is stored. Raises StoreError."""
        await self.receive([update])

    async def _begin(self) -> None:
        """Learns the bot's name and hands out what an earlier run left; a menu that fails waits for the next start."""
        me = await self._gateway.me()
        if self._webhook is None:
            await self._gateway.delete_webhook()
        else:
            await self._gateway.set_webhook(self._webhook.url, self._webhook.secret.get_secret_value())
        self._username = me.username
        if self._webhook and self._seat:
            await self._take_over(self._seat)
        else:
            await self._hand_out()
        try:
            await self._gateway.set_menu(self._handler.menus())
        except DeliveryError as error:
            log.warning("the command menu could not be set: %s", error)
        self._begun = True

    async def _take_over(self, seat: Seat) -> None:
        """What was posted to a replica that is gone, and to this one before it had begun."""
        now = self._now()
        await self._hand_out(only=await self._store.write(chats.take_over_updates, seat.owner, now, now - ABANDONED))

    async def _hand_out(self, *, only: Container[int] | None = None) -> None:
        """What is not done: everything, or `only` what is in this replica's hand."""
        async with self._handing_out:
            # What is finished while the list is read is still in it.
            self._done.clear()
            for update_id, body in await self._store.read(chats.list_unhandled_updates):
                known = update_id in self._in_hand or update_id in self._done
                if not known and (only is None or update_id in only):
                    self._in_hand.add(update_id)
                    await self._take(update_id, body)

    async def _take(self, update_id: int, body: str) -> None:
        incoming = None
        try:
            incoming = read_update(json.loads(body), username=self._username, now=self._now())
        except Exception as error:
            log.exception("update %s cannot be read and is set aside", update_id)
            await self._finish(update_id, f"unreadable: {type(error).__name__}")
            return
        if incoming is None:
            await self._finish(update_id)
            return
        work = partial(self._handle, update_id, chat_of(incoming), partial(self._handler.handle, incoming))
        if isinstance(incoming, Request):
            passed = self._throttle.take(incoming.user_id, self._now())
            if passed is Pass.NO:
                await self._finish(update_id, "too fast")
                return
            if passed is Pass.TELL:
                work = partial(self._handle, update_id, chat_of(incoming), partial(self._handler.slow_down, incoming))
        if not self._lanes.put(chat_of(incoming), work):
            log.warning("update %s is dropped: its chat asks faster than it can be answered", update_id)
            await self._finish(update_id, "too many at once")

    async def _handle(self, update_id: int, chat_id: int, answer: Callable[[], Awaitable[None]]) -> None:
        problem = None
        try:
            with about(update=update_id, chat=chat_id):
                async with asyncio.timeout(self._pace.limit.total_seconds()):
                    await answer()
        except Exception as error:
            if isinstance(error, StoreError) and self._left.once_more(update_id):
                log.warning("update %s is not answered yet: %s", update_id, error)
                self._in_hand.discard(update_id)
                return
            log.exception("update %s could not be answered", update_id)
            problem = type(error).__name__
        try:
            await self._finish(update_id, problem)
        except Exception:
            log.exception("update %s is answered but not marked yet", update_id)
            self._left.unmarked[update_id] = problem

    async def _finish(self, update_id: int, problem: str | None = None) -> None:
        await self._store.write(chats.mark_update, update_id, self._now(), problem)
        self._done.add(update_id)
        self._in_hand.discard(update_id)
        self._left.forget(update_id)

    async def _settle(self) -> None:
        """What the store could not do before. Raises StoreError."""
        for update_id, problem in list(self._left.unmarked.items()):
            await self._finish(update_id, problem)
        if self._left.again:
            await self._hand_out(only=self._left.again)
            self._left.again.clear()

    async def _attempt(self) -> Exception | None:
        """One step; what went wrong is told once and given back."""
        self._polling = asyncio.create_task(self.step())
        try:
            await self._polling
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task and task.cancelling() and not self._stopping.is_set():
                raise
            return None
        except Exception as error:
            self._lost(error)
            if self._seat and isinstance(error, DeliveryError) and not isinstance(error, Conflict):
                await self._seat.release()
            self._vitals.came_round(TELEGRAM)
            return error
        self._vitals.came_round(TELEGRAM)
        return None

    def _lost(self, error: Exception) -> None:
        if self.lost_since is not None:
            return
        self.lost_since = self._now()
        expected = isinstance(error, DeliveryError | StoreError)
        log.warning("no updates from Telegram: %s", error, exc_info=None if expected else error)

    def _found(self) -> None:
        self.last_ok_at = self._now()
        self._vitals.did_well(TELEGRAM)
        if self.lost_since is not None:
            log.warning("updates from Telegram come again after %s", self.last_ok_at - self.lost_since)
            self.lost_since = None

    async def _pause(self, pause: timedelta) -> None:
        try:
            await asyncio.wait_for(self._stopping.wait(), pause.total_seconds())
        except TimeoutError:
            return
