"""One message to one chat: rendered, sent or rewritten, and what became of it recorded."""

import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from typing import Protocol
from zoneinfo import ZoneInfo

from bot.delivery.outcomes import Outcomes
from bot.errors import DeliveryError, Malformed, MaybeSent
from bot.model import Alert, Destination, DigestAlert, IncidentAlert, Message, NoticeAlert, Severity
from bot.store import living, outbox
from bot.store.driver import Store
from bot.store.living import Rewrite
from bot.store.outbox import Action, Delivery, Place
from bot.texts import Voices
from bot.views.announcements import change_message
from bot.views.digests import digest_message
from bot.views.incidents import living_message
from bot.views.notices import notices_message
from bot.views.plain import plain

log = logging.getLogger(__name__)


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

    async def me(self) -> object:
        """Harmless as well, and about no chat."""


class Messages:
    """`alone`: places whose notices are not joined, since one of several could not be written."""

    def __init__(
        self, sender: Sender, store: Store, voices: Voices, outcomes: Outcomes, now: Callable[[], datetime]
    ) -> None:
        self.alone: set[Place] = set()
        self._sender = sender
        self._store = store
        self._voices = voices
        self._outcomes = outcomes
        self._now = now

    async def send(
        self, place: Place, rows: Sequence[Delivery], destination: Destination, reply_to: int | None
    ) -> None:
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

    async def _set_aside(self, place: Place, rows: Sequence[Delivery], error: Exception) -> None:
        """Of several the one at fault is found by sending each on its own; alone it must not hold up the others."""
        if len(rows) > 1:
            self.alone.add(place)
            await self._store.write(outbox.put_back, rows, self._now(), "")
        else:
            self.alone.discard(place)
            await self._store.write(outbox.record_dead, rows, f"internal error: {type(error).__name__}")

    def _render(self, rows: Sequence[Delivery], destination: Destination) -> Message:
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

    async def rewrite(self, rewrite: Rewrite, destination: Destination) -> None:
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

    async def tell(self, notice: NoticeAlert, destinations: Sequence[Destination]) -> None:
        """Says something past the outbox, once, for when the store itself is the trouble."""
        for destination in destinations:
            try:
                voice = self._voices.voice(destination.language, destination.timezone)
                await self._sender.send(destination, notices_message([notice], voice, now=self._now()))
            except DeliveryError as error:
                log.warning("chat %s could not be told of the trouble: %s", destination.chat_id, error)


def hushed(message: Message, alert: Alert, to: Destination, now: datetime) -> Message:
    """The message as it is delivered in this chat now: in its quiet hours without sound, unless it is critical."""
    critical = isinstance(alert, IncidentAlert) and alert.incident.severity is Severity.CRITICAL
    if critical or to.quiet is None or not to.quiet.holds(now, ZoneInfo(to.timezone)):
        return message
    return replace(message, silent=True)
