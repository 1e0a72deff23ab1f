"""One step of delivery: every chat with something due gets its next message, each in a task of its own."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Protocol

from markupsafe import Markup

from bot.delivery.outcomes import Outcomes
from bot.delivery.pace import Pace
from bot.errors import DeliveryError, Malformed, StoreError
from bot.model import Alert, ChatKind, Destination, Message
from bot.store import alerts, chats
from bot.store.alerts import Delivery as Row
from bot.store.alerts import Place
from bot.store.driver import Store
from bot.texts import Voices
from bot.views.alerts import alert_message

log = logging.getLogger(__name__)

AT_ONCE = 8
ROWS_A_MESSAGE = 500
LEASE = timedelta(minutes=2)


class Sender(Protocol):
    """What delivery needs of Telegram. Raises DeliveryError."""

    async def send(self, destination: Destination, message: Message, *, reply_to: int | None = None) -> int:
        """Sends and returns the message id."""

    async def me(self) -> object:
        """Anything, if Telegram answers."""


class Delivery:
    """Empties the outbox. `fatal` is set when nothing can ever be sent again (the token is refused)."""

    def __init__(self, sender: Sender, store: Store, voices: Voices, *, now: Callable[[], datetime]) -> None:
        self._sender = sender
        self._store = store
        self._voices = voices
        self._now = now
        self._pace = Pace()
        self._outcomes = Outcomes(store, self._pace, now=now)
        self._busy: dict[Place, asyncio.Task[None]] = {}

    @property
    def fatal(self) -> DeliveryError | None:
        return self._outcomes.fatal

    async def recover(self) -> None:
        """After a restart: what was in flight comes due at once."""
        await self._store.write(alerts.release_claims, self._now())

    async def step(self) -> None:
        """Starts the next message of every chat that may have one now; waits for none of them."""
        for place in await self._store.read(alerts.list_due_places, self._now()):
            if len(self._busy) >= AT_ONCE or self.fatal:
                return
            if place not in self._busy:
                await self._start(place)

    async def drain(self, patience: timedelta) -> None:
        """Waits for the messages in flight."""
        if self._busy:
            await asyncio.wait(self._busy.values(), timeout=patience.total_seconds())

    async def tell(self, alert: Alert, destinations: Sequence[Destination]) -> None:
        """Says something past the outbox, once, for when the store itself is the trouble."""
        for destination in destinations:
            try:
                await self._sender.send(destination, self._render([alert], destination))
            except DeliveryError as error:
                log.warning("chat %s could not be told of the trouble: %s", destination.chat_id, error)

    async def _start(self, place: Place) -> None:
        known = await self._store.read(chats.find_destination, place.chat_id, place.thread_id)
        kind = ChatKind.PRIVATE if place.chat_id > 0 else ChatKind.GROUP
        destination = known or Destination(chat_id=place.chat_id, thread_id=place.thread_id, kind=kind)
        if destination.disabled_reason is None and not self._pace.may_go(place.chat_id, destination.kind, self._now()):
            return
        task = asyncio.create_task(self._deliver(place, destination), name=f"deliver {place.chat_id}")
        self._busy[place] = task
        task.add_done_callback(lambda _: self._busy.pop(place, None))

    async def _deliver(self, place: Place, destination: Destination) -> None:
        try:
            rows = await self._store.write(alerts.take, place, limit=ROWS_A_MESSAGE, now=self._now(), lease=LEASE)
            if rows:
                await self._send(rows, destination)
        except StoreError as error:
            log.warning("chat %s: not recorded, will be repeated: %s", place.chat_id, error)

    async def _send(self, rows: Sequence[Row], destination: Destination) -> None:
        if destination.disabled_reason is not None:
            await self._store.write(alerts.record_dead, rows, destination.disabled_reason)
            return
        try:
            message_id = await self._send_once(rows, destination)
        except DeliveryError as error:
            await self._outcomes.failed(rows, destination, error)
        except Exception as error:
            log.exception("chat %s: a message could not be made", destination.chat_id)
            await self._outcomes.broken(rows, error)
        else:
            await self._outcomes.sent(rows, message_id)

    async def _send_once(self, rows: Sequence[Row], destination: Destination) -> int:
        repeated = rows[0].unsure
        if repeated:
            # Before the one repeat that is allowed: does Telegram answer at all?
            await self._outcomes.probe(self._sender.me)
        message = self._render([row.alert for row in rows], destination, repeated=repeated)
        try:
            return await self._sender.send(destination, message)
        except Malformed as error:
            log.warning("chat %s: Telegram refused our markup (%s); sent as plain text", destination.chat_id, error)
            plain = Markup.escape(message.text.striptags())
            return await self._sender.send(destination, replace(message, text=plain))

    def _render(self, alerts_due: Sequence[Alert], destination: Destination, *, repeated: bool = False) -> Message:
        voice = self._voices.voice(destination.language, destination.timezone)
        private = destination.kind is ChatKind.PRIVATE
        return alert_message(alerts_due, voice, now=self._now(), repeated=repeated, private=private)
