"""One step of delivery: every chat with something due gets its next message, each in a task of its own."""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from bot.correlation import about
from bot.delivery.messages import Messages, Sender
from bot.delivery.notes import Notes
from bot.delivery.outcomes import Outcomes
from bot.delivery.pace import Pace
from bot.delivery.taking import destination_of, look, take
from bot.errors import StoreError
from bot.model import Destination, NoticeAlert
from bot.store import clock_back, living, outbox
from bot.store.driver import Store
from bot.store.living import Rewrite
from bot.store.outbox import Place
from bot.texts import Voices
from bot.vitals import Vitals

log = logging.getLogger(__name__)

AT_ONCE = 8
BACK = timedelta(seconds=1)


class Delivery:
    """Empties the outbox."""

    def __init__(
        self, sender: Sender, store: Store, voices: Voices, *, now: Callable[[], datetime], vitals: Vitals | None = None
    ) -> None:
        self._store = store
        self._now = now
        self._pace = Pace()
        self._notes = Notes(store)
        outcomes = Outcomes(store, self._notes, self._pace, vitals or Vitals(), now=now)
        self._messages = Messages(sender, store, voices, outcomes, now)
        self._busy: dict[Place, asyncio.Task[None]] = {}
        self._unnoted: dict[Place, StoreError] = {}
        self._stepping = asyncio.Lock()
        self._closed = False
        self._stepped_at: datetime | None = None

    async def recover(self) -> None:
        """After a restart: what was in flight comes due at once."""
        await self._store.write(outbox.release_claims, self._now())

    async def step(self) -> None:
        """Starts the next message of every chat that may have one now; waits for none of them. Raises StoreError.

        What is new goes before what is only rewritten. While the store can only be read, what it knows leaves all the
        same, but nothing is rewritten.
        """
        async with self._stepping:
            if self._closed:
                return
            await self._notice_clock()
            if not self._pace.is_open(self._now()):
                return
            trouble = await self._notes.settle() or next(iter(self._unnoted.values()), None)
            due = await self._store.read(outbox.list_due_places, self._now())
            for place in dict.fromkeys((*self._notes.waiting, *due)):
                if self._may_start(place):
                    trouble = await self._start(place, trouble)
            if trouble:
                raise trouble
            for rewrite in await self._store.read(living.list_rewrites, self._now()):
                if self._may_start(rewrite.place):
                    await self._start_rewrite(rewrite)

    async def _notice_clock(self) -> None:
        """A clock that was set back must not keep anything waiting until it is as late again."""
        now, before = self._now(), self._stepped_at
        self._stepped_at = now
        if before and now < before - BACK:
            log.warning("the clock was set back by %s", before - now)
            self._pace.forget()
            await self._store.write(clock_back.bring_forward, now)

    def _may_start(self, place: Place) -> bool:
        free = place not in self._busy and len(self._busy) < AT_ONCE
        return free and self._pace.may_go(place.chat_id, self._now())

    async def drain(self, patience: timedelta) -> None:
        """Begins nothing more and waits for the messages in flight; what takes longer is repeated after a restart."""
        self._closed = True
        with suppress(TimeoutError):
            async with asyncio.timeout(patience.total_seconds()), self._stepping:
                while self._busy:
                    await asyncio.wait(self._busy.values())
        for task in self._busy.values():
            task.cancel()
        await asyncio.gather(*self._busy.values(), return_exceptions=True)

    async def tell(self, notice: NoticeAlert, destinations: Sequence[Destination]) -> None:
        """Says something past the outbox, once, for when the store itself is the trouble."""
        await self._messages.tell(notice, destinations)

    async def _start(self, place: Place, trouble: StoreError | None) -> StoreError | None:
        """`trouble`, given or found, is why nothing can be noted: what leaves then is remembered until it can be."""
        alone = place in self._messages.alone
        try:
            if trouble:
                raise trouble
            taken = await self._store.write(take, place, alone=alone, now=self._now())
        except StoreError as error:
            trouble = error
            taken = await self._store.read(look, place, alone=alone, now=self._now(), notes=self._notes)
        destination, rows, reply_to = taken
        if rows and trouble:
            self._unnoted[place] = trouble
        if rows:
            sending = self._messages.send(place, rows, destination, reply_to)
            with about(chat=place.chat_id, delivery=rows[0].id, incident=rows[0].incident):
                self._run(place, self._unless_broken(place, sending))
        return trouble

    async def _start_rewrite(self, rewrite: Rewrite) -> None:
        destination = await self._store.read(destination_of, rewrite.place)
        with about(chat=rewrite.place.chat_id, incident=rewrite.incident):
            self._run(rewrite.place, self._unless_broken(rewrite.place, self._messages.rewrite(rewrite, destination)))

    def _run(self, place: Place, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work, name=f"deliver {place.chat_id}")
        self._busy[place] = task
        task.add_done_callback(lambda _: self._forget(place))

    def _forget(self, place: Place) -> None:
        self._busy.pop(place, None)
        self._unnoted.pop(place, None)

    async def _unless_broken(self, place: Place, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except StoreError as error:
            log.warning("chat %s: what became of a message is not recorded yet: %s", place.chat_id, error)
