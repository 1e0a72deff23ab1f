"""What follows from how a send ended: sent, later, once more, elsewhere or never."""

import logging
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta

from bot.delivery.pace import Pace
from bot.errors import (
    DeliveryError,
    Malformed,
    MaybeSent,
    Moved,
    NotSent,
    TokenRefused,
    TopicGone,
    Undeliverable,
)
from bot.model import Destination, NoticeAlert
from bot.store import alerts, chats
from bot.store.alerts import Delivery
from bot.store.driver import Connection, Store

log = logging.getLogger(__name__)

SOONEST = timedelta(seconds=1)
LATEST = timedelta(minutes=5)
REPEAT_AFTER = timedelta(seconds=5)
GIVE_UP_AFTER = timedelta(hours=24)
BROKEN_TRIES = 5
TELL_LOSS_AFTER = timedelta(minutes=1)


def back_off(attempts: int) -> timedelta:
    """How long to wait after so many attempts: doubling, five minutes at most."""
    doubled: timedelta = SOONEST * 2 ** min(attempts - 1, 20)
    return min(doubled, LATEST)


class Outcomes:
    """Records what became of messages, and whether Telegram can be reached at all."""

    def __init__(self, store: Store, pace: Pace, *, now: Callable[[], datetime]) -> None:
        self.fatal: DeliveryError | None = None
        self._store = store
        self._pace = pace
        self._now = now
        self._lost_at: datetime | None = None

    async def probe(self, ask: Callable[[], Awaitable[object]]) -> None:
        """Raises NotSent unless Telegram answers."""
        try:
            await ask()
        except MaybeSent as error:
            raise NotSent(str(error), everybody=True) from error

    async def sent(self, rows: Sequence[Delivery], message_id: int) -> None:
        """Telegram took it; if Telegram had been away, that is told once."""
        now = self._now()
        lost_at, self._lost_at = self._lost_at, None
        await self._store.write(_record_sent, rows, message_id, lost_at, now)
        if lost_at:
            log.info("Telegram answers again after %s", now - lost_at)

    async def failed(self, rows: Sequence[Delivery], destination: Destination, error: DeliveryError) -> None:
        """Puts the rows where they belong after this error."""
        match error:
            case MaybeSent():
                self._note_loss(error)
                due_at = self._now() + max(REPEAT_AFTER, back_off(rows[0].attempts))
                await self._store.write(alerts.record_unknown, rows, due_at, str(error))
            case NotSent():
                await self._later(rows, destination, error)
            case Moved(new_chat_id=new_id):
                log.info("group %s became supergroup %s", destination.chat_id, new_id)
                await self._store.write(_move, rows, destination.chat_id, new_id, self._now())
            case TopicGone():
                await self._store.write(_leave_topic, rows, destination, str(error), self._now())
            case TokenRefused():
                self.fatal = error
                await self._store.write(alerts.put_back, rows, self._now(), str(error))
            case Malformed():
                await self._store.write(alerts.record_dead, rows, str(error))
            case Undeliverable():
                log.warning("chat %s takes no messages: %s", destination.chat_id, error)
                await self._store.write(_switch_off, rows, destination, str(error), self._now())
            case _:
                await self._later(rows, destination, NotSent(str(error)))

    async def broken(self, rows: Sequence[Delivery], error: Exception) -> None:
        """A fault of our own while making the message: tried a few times, then laid aside so that others go on."""
        problem = f"internal error: {type(error).__name__}"
        if rows[0].attempts >= BROKEN_TRIES:
            await self._store.write(alerts.record_dead, rows, problem)
        else:
            await self._store.write(alerts.put_back, rows, self._now() + back_off(rows[0].attempts), problem)

    async def _later(self, rows: Sequence[Delivery], destination: Destination, error: NotSent) -> None:
        now = self._now()
        due_at = now + (error.delay or back_off(rows[0].attempts))
        if error.everybody:
            self._note_loss(error)
            self._pace.pause_everybody(now + (error.delay or SOONEST))
        else:
            self._pace.pause(destination.chat_id, destination.kind, due_at)
        if now - rows[0].created_at > GIVE_UP_AFTER:
            await self._store.write(alerts.record_dead, rows, str(error))
        else:
            await self._store.write(alerts.put_back, rows, due_at, str(error))

    def _note_loss(self, error: DeliveryError) -> None:
        if self._lost_at is None:
            self._lost_at = self._now()
            log.warning("Telegram does not answer: %s", error)


def _record_sent(
    db: Connection, rows: Sequence[Delivery], message_id: int, lost_at: datetime | None, now: datetime
) -> None:
    alerts.record_sent(db, rows, message_id, now)
    if lost_at and now - lost_at >= TELL_LOSS_AFTER:
        notice = NoticeAlert(
            text="Telegram could not be reached for {minutes} min. Nothing was lost; what came late says so.",
            values={"minutes": round((now - lost_at) / timedelta(minutes=1))},
            at=now,
        )
        alerts.announce(db, [(f"telegram-back/{lost_at.isoformat()}", notice)], _enabled(db), now)


def _move(db: Connection, rows: Sequence[Delivery], old_id: int, new_id: int, now: datetime) -> None:
    alerts.put_back(db, rows, now, "")
    chats.move_chat(db, old_id, new_id)


def _leave_topic(db: Connection, rows: Sequence[Delivery], destination: Destination, why: str, now: datetime) -> None:
    """The topic is shut: the rest of its messages go to the general one, and the others are told."""
    alerts.put_back(db, rows, now, why)
    chats.leave_topic(db, destination, why)
    _tell_others(db, destination, why, now)


def _switch_off(db: Connection, rows: Sequence[Delivery], destination: Destination, why: str, now: datetime) -> None:
    alerts.record_dead(db, rows, why)
    if chats.set_chat_disabled(db, destination.chat_id, why, now):
        _tell_others(db, destination, why, now)


def _tell_others(db: Connection, destination: Destination, why: str, now: datetime) -> None:
    notice = NoticeAlert(
        text="Chat {chat} takes no messages any more: {why}. Its alerts are kept for a day.",
        values={"chat": destination.title or str(destination.chat_id), "why": why},
        at=now,
    )
    key = f"refused/{destination.chat_id}/{destination.thread_id or 0}/{now.isoformat()}"
    others = [other for other in _enabled(db) if other.chat_id != destination.chat_id]
    alerts.announce(db, [(key, notice)], others, now)


def _enabled(db: Connection) -> list[Destination]:
    return [destination for destination in chats.list_subscribed(db) if destination.disabled_reason is None]
