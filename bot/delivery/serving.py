"""Delivery of several replicas: one message of one chat, whichever replica the queue gives the chat to."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta

from bot.correlation import about
from bot.delivery.messages import Messages, Sender
from bot.delivery.notes import Notes
from bot.delivery.outcomes import Outcomes
from bot.delivery.pace import Pace
from bot.delivery.taking import Taken, take
from bot.errors import DeliveryError, StoreError
from bot.model import Destination, NoticeAlert
from bot.store import living, outbox, turns
from bot.store.driver import Connection, Store
from bot.store.living import Rewrite
from bot.store.outbox import Place
from bot.texts import Voices
from bot.vitals import Vitals

PROBE = 3.0
# Of a replica that was still for so long others may think that it is gone, and send what it has taken.
GONE_AFTER = timedelta(seconds=8)


class Serving:
    """Says a chat's next message, or rewrites what no longer is true there. The store paces all replicas together."""

    def __init__(
        self, sender: Sender, store: Store, voices: Voices, *, now: Callable[[], datetime], vitals: Vitals
    ) -> None:
        self._store = store
        self._now = now
        self._pace = Pace()
        self._notes = Notes(store)
        self._sender = sender
        self._outcomes = Outcomes(store, self._notes, self._pace, vitals, now=now)
        self._messages = Messages(sender, store, voices, self._outcomes, now)

    async def settle(self) -> None:
        """Writes what could not be written of messages that are gone. Raises StoreError."""
        if error := await self._notes.settle():
            raise error

    async def serve(self, place: Place) -> None:
        """The next message of a chat, to its end. Raises StoreError; `settle` then writes what became of it."""
        (destination, rows, reply_to), rewrite, taken_at = await self._store.write(self._take, place)
        if rows and self._now() - taken_at >= GONE_AFTER:
            await self._store.write(outbox.put_back, rows, self._now(), "")
        elif rows:
            with about(chat=place.chat_id, delivery=rows[0].id, incident=rows[0].incident):
                await self._messages.send(place, rows, destination, reply_to)
        elif rewrite:
            with about(chat=place.chat_id, incident=rewrite.incident):
                await self._messages.rewrite(rewrite, destination)
        # That this replica does not hear Telegram says nothing about the others.
        if not self._outcomes.lost and (until := self._pace.paused_until) and until > self._now():
            await self._store.write_apart(turns.pause, until)

    async def hears(self) -> bool:
        """Whether Telegram can be reached from here; tried anew if it lately could not."""
        if self._outcomes.lost:
            with suppress(DeliveryError, StoreError, TimeoutError):
                async with asyncio.timeout(PROBE):
                    await self._outcomes.probe(self._sender.me())
        return not self._outcomes.lost

    async def tell(self, notice: NoticeAlert, destinations: Sequence[Destination]) -> None:
        """Says something past the outbox, once, for when the store itself is the trouble."""
        await self._messages.tell(notice, destinations)

    def _take(self, db: Connection, place: Place) -> tuple[Taken, Rewrite | None, datetime]:
        """What is to be sent, or else rewritten, and since when that is this replica's: it has waited for others."""
        now = self._now()
        taken = take(db, place, alone=place in self._messages.alone, now=now)
        return taken, None if taken[1] else living.find_rewrite(db, place, now), now
