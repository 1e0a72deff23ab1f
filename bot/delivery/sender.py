"""One step of delivery: every chat with something due gets its next message, each in a task of its own."""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from bot.correlation import about
from bot.delivery.notes import Notes
from bot.delivery.outcomes import Outcomes
from bot.delivery.pace import Pace
from bot.errors import DeliveryError, Malformed, MaybeSent, StoreError
from bot.model import Alert, ChatKind, Destination, DigestAlert, IncidentAlert, Message, NoticeAlert, Severity
from bot.store import chats, clock_back, living, outbox, unnoted
from bot.store.driver import Connection, Store
from bot.store.living import Rewrite
from bot.store.outbox import Action, Place
from bot.store.outbox import Delivery as Row
from bot.texts import Voices
from bot.views.announcements import change_message
from bot.views.digests import digest_message
from bot.views.incidents import living_message
from bot.views.notices import notices_message
from bot.views.plain import plain
from bot.vitals import Vitals

log = logging.getLogger(__name__)

AT_ONCE = 8
ROWS_A_MESSAGE = 40
LEASE = timedelta(minutes=2)
BACK = timedelta(seconds=1)
Taken = tuple[Destination, Sequence[Row], int | None]


class Sender(Protocol):
    """What delivery needs of Telegram. Raises DeliveryError."""

    async def send(self, destination: Destination, message: Message, *, reply_to: int | None = None) -> int:
        """Sends and returns the message id."""

    async def edit(self, destination: Destination, message_id: int, message: Message) -> None:
        """Rewrites a message; safe to repeat. Raises MessageGone when there is nothing left to rewrite."""

    async def take_buttons(self, destination: Destination, message_id: int) -> None:
        """Leaves a message without its buttons."""

    async def typing(self, destination: Destination) -> None:
        """Harmless, and goes the way of a message."""


class Delivery:
    """Empties the outbox."""

    def __init__(
        self, sender: Sender, store: Store, voices: Voices, *, now: Callable[[], datetime], vitals: Vitals | None = None
    ) -> None:
        self._sender = sender
        self._store = store
        self._voices = voices
        self._now = now
        self._pace = Pace()
        self._notes = Notes(store)
        self._outcomes = Outcomes(store, self._notes, self._pace, vitals or Vitals(), now=now)
        self._busy: dict[Place, asyncio.Task[None]] = {}
        self._unnoted: dict[Place, StoreError] = {}
        self._alone: set[Place] = set()
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
        for destination in destinations:
            try:
                voice = self._voices.voice(destination.language, destination.timezone)
                await self._sender.send(destination, notices_message([notice], voice, now=self._now()))
            except DeliveryError as error:
                log.warning("chat %s could not be told of the trouble: %s", destination.chat_id, error)

    async def _start(self, place: Place, trouble: StoreError | None) -> StoreError | None:
        """`trouble`, given or found, is why nothing can be noted: what leaves then is remembered until it can be."""
        alone = place in self._alone
        try:
            if trouble:
                raise trouble
            taken = await self._store.write(_take, place, alone=alone, now=self._now())
        except StoreError as error:
            trouble = error
            taken = await self._store.read(_look, place, alone=alone, now=self._now(), notes=self._notes)
        destination, rows, reply_to = taken
        if rows and trouble:
            self._unnoted[place] = trouble
        if rows:
            sending = self._send(place, rows, destination, reply_to)
            with about(chat=place.chat_id, delivery=rows[0].id, incident=rows[0].incident):
                self._run(place, self._unless_broken(place, sending))
        return trouble

    async def _start_rewrite(self, rewrite: Rewrite) -> None:
        destination = await self._store.read(_destination, rewrite.place)
        with about(chat=rewrite.place.chat_id, incident=rewrite.incident):
            self._run(rewrite.place, self._unless_broken(rewrite.place, self._rewrite(rewrite, destination)))

    def _run(self, place: Place, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work, name=f"deliver {place.chat_id}")
        self._busy[place] = task
        task.add_done_callback(lambda _: self._forget(place))

    def _forget(self, place: Place) -> None:
        self._busy.pop(place, None)
        self._unnoted.pop(place, None)

    async def _rewrite(self, rewrite: Rewrite, destination: Destination) -> None:
        try:
            voice = self._voices.voice(destination.language, destination.timezone)
            message = living_message(rewrite.alert, voice, now=self._now(), repeated=rewrite.repeated)
            await self._edit_once(message, rewrite, destination)
        except DeliveryError as error:
            await self._outcomes.not_rewritten(rewrite, destination, error)
        except Exception:
            log.exception(
                "chat %s: the message of incident #%s could not be made", destination.chat_id, rewrite.incident
            )
            await self._store.write(living.give_up, rewrite)
        else:
            await self._outcomes.shown(rewrite)

    async def _edit_once(self, message: Message, rewrite: Rewrite, destination: Destination) -> None:
        try:
            await self._sender.edit(destination, rewrite.message_id, message)
        except Malformed as error:
            log.warning("chat %s: Telegram refused our markup (%s); plain text now", destination.chat_id, error)
            await self._sender.edit(destination, rewrite.message_id, plain(message))

    async def _unless_broken(self, place: Place, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except StoreError as error:
            log.warning("chat %s: what became of a message is not recorded yet: %s", place.chat_id, error)

    async def _send(self, place: Place, rows: Sequence[Row], destination: Destination, reply_to: int | None) -> None:
        try:
            message = hushed(self._render(rows, destination), rows[0].alert, destination, self._now())
        except Exception as error:
            log.exception("chat %s: %s alerts could not be written", destination.chat_id, len(rows))
            await self._set_aside(place, rows, error)
            return
        try:
            message_id = await self._send_once(message, destination, reply_to, repeated=rows[0].unsure)
        except DeliveryError as error:
            await self._outcomes.failed(rows, destination, error)
        except Exception as error:
            log.exception("chat %s: a message may or may not have left", destination.chat_id)
            await self._outcomes.failed(rows, destination, MaybeSent(f"internal error: {type(error).__name__}"))
        else:
            await self._outcomes.sent(rows, message_id)
            if rows[0].action is Action.REPLY and rows[0].incident is not None:
                await self._take_buttons(rows[0].incident, place, rows[0].id, destination)

    async def _take_buttons(self, incident: int, place: Place, newest: int, destination: Destination) -> None:
        """Of the messages that answer an incident's only the newest keeps its buttons; one left over is no loss."""
        message_id = await self._store.read(living.find_reply, incident, place, newest)
        if message_id is not None:
            with suppress(DeliveryError):
                await self._sender.take_buttons(destination, message_id)

    async def _send_once(
        self, message: Message, destination: Destination, reply_to: int | None, *, repeated: bool
    ) -> int:
        if repeated:
            # Before the one repeat that is allowed: does anything get through to this chat at all?
            await self._outcomes.probe(self._sender.typing(destination))
        try:
            return await self._sender.send(destination, message, reply_to=reply_to)
        except Malformed as error:
            log.warning("chat %s: Telegram refused our markup (%s); sent as plain text", destination.chat_id, error)
            return await self._sender.send(destination, plain(message), reply_to=reply_to)

    async def _set_aside(self, place: Place, rows: Sequence[Row], error: Exception) -> None:
        """Of several the one at fault is found by sending each on its own; alone it must not hold up the others."""
        if len(rows) > 1:
            self._alone.add(place)
            await self._store.write(outbox.put_back, rows, self._now(), "")
        else:
            self._alone.discard(place)
            await self._store.write(outbox.record_dead, rows, f"internal error: {type(error).__name__}")

    def _render(self, rows: Sequence[Row], destination: Destination) -> Message:
        voice = self._voices.voice(destination.language, destination.timezone)
        repeated, alert = rows[0].unsure, rows[0].alert
        if isinstance(alert, DigestAlert):
            return digest_message(alert, voice, now=self._now(), repeated=repeated)
        if not isinstance(alert, IncidentAlert):
            notices = [row.alert for row in rows if isinstance(row.alert, NoticeAlert)]
            return notices_message(notices, voice, now=self._now(), repeated=repeated)
        if rows[0].action is Action.OPEN:
            return living_message(alert, voice, now=self._now(), repeated=repeated)
        return change_message(alert, voice, repeated=repeated)


def hushed(message: Message, alert: Alert, to: Destination, now: datetime) -> Message:
    """The message as it is delivered in this chat now: in its quiet hours without sound, unless it is critical."""
    critical = isinstance(alert, IncidentAlert) and alert.incident.severity is Severity.CRITICAL
    if critical or to.quiet is None or not to.quiet.holds(now, ZoneInfo(to.timezone)):
        return message
    return replace(message, silent=True)


def _take(db: Connection, place: Place, *, alone: bool, now: datetime) -> Taken:
    """Where the next message goes, what is in it and what it answers; all laid aside while the chat is off."""
    destination = _destination(db, place)
    if destination.disabled_reason is not None:
        outbox.lay_aside(db, place, destination.disabled_reason)
        return destination, [], None
    rows = outbox.take(db, place, limit=1 if alone else ROWS_A_MESSAGE, now=now, lease=LEASE)
    return destination, rows, _answered(db, place, rows)


def _look(db: Connection, place: Place, *, alone: bool, now: datetime, notes: Notes) -> Taken:
    """The same without a note of it; of what has been tried already only what did not leave."""
    destination = _destination(db, place)
    if destination.disabled_reason is not None:
        return destination, [], None
    limit = 1 if alone else ROWS_A_MESSAGE
    rows = notes.waiting.get(place) or unnoted.look(db, place, limit=limit, now=now, but=notes.rows)
    return destination, rows, _answered(db, place, rows)


def _answered(db: Connection, place: Place, rows: Sequence[Row]) -> int | None:
    number = rows[0].incident if rows and rows[0].action is Action.REPLY else None
    return None if number is None else living.find_message(db, number, place)


def _destination(db: Connection, place: Place) -> Destination:
    kind = ChatKind.PRIVATE if place.chat_id > 0 else ChatKind.GROUP
    known = chats.find_destination(db, place.chat_id, place.thread_id)
    return known or Destination(chat_id=place.chat_id, thread_id=place.thread_id, kind=kind)
