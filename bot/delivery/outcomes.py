"""What follows from how a send ended: sent, later, once more, elsewhere or never."""

import logging
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta

from bot import telling
from bot.delivery.notes import Notes
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
from bot.model import Destination, IncidentAlert, NoticeAlert
from bot.store import chats, living, outbox, routes, turns
from bot.store.driver import Connection, Store
from bot.store.living import Rewrite
from bot.store.outbox import Action, Delivery, Place
from bot.vitals import Vitals

log = logging.getLogger(__name__)

SOONEST = timedelta(seconds=1)
LATEST = timedelta(minutes=5)
REPEAT_AFTER = timedelta(seconds=5)
LONGEST_LOSS_PAUSE = timedelta(seconds=15)
TOKEN_PAUSE = timedelta(minutes=1)
GIVE_UP_AFTER = timedelta(hours=24)
TELL_LOSS_AFTER = timedelta(minutes=1)
CONDENSE_AFTER = timedelta(minutes=15)


def back_off(attempts: int) -> timedelta:
    """How long to wait after so many attempts: doubling, five minutes at most."""
    doubled: timedelta = SOONEST * 2 ** min(attempts - 1, 20)
    return min(doubled, LATEST)


def _outcome(error: DeliveryError) -> str:
    """The word for it among the metrics."""
    match error:
        case MaybeSent():
            return "uncertain"
        case NotSent(delay=delay):
            return "unreachable" if delay is None else "429"
        case Malformed():
            return "dead"
        case Undeliverable() | TopicGone():
            return "blocked"
        case _:
            return "unreachable"


class Outcomes:
    """Records what became of messages, and whether Telegram can be reached at all."""

    def __init__(self, store: Store, notes: Notes, pace: Pace, vitals: Vitals, *, now: Callable[[], datetime]) -> None:
        self._store = store
        self._notes = notes
        self._pace = pace
        self._vitals = vitals
        self._now = now
        self._lost_at: datetime | None = None

    @property
    def lost(self) -> bool:
        """Whether Telegram did not answer when it was asked last."""
        return self._lost_at is not None

    async def probe(self, harmless: Awaitable[object]) -> None:
        """Raises NotSent instead of MaybeSent: nobody minds how often a harmless call arrives."""
        try:
            await harmless
        except MaybeSent as error:
            raise NotSent(str(error), everybody=True) from error
        await self._answered()

    async def sent(self, rows: Sequence[Delivery], message_id: int) -> None:
        """Telegram took it."""
        await self._notes.write(rows, _record_sent, rows, message_id, self._now())
        self._vitals.count("epay_bot_sends_total", "ok")
        log.info("chat %s is told", rows[0].chat_id)
        alert = rows[0].alert
        if isinstance(alert, IncidentAlert) and rows[0].action is Action.OPEN and alert.incident.began_at:
            lag = (self._now() - alert.incident.began_at).total_seconds()
            self._vitals.observe("epay_bot_lag_seconds", max(lag, 0))
        await self._answered()

    async def shown(self, rewrite: Rewrite) -> None:
        """A living message says what it should."""
        await self._notes.write((), living.record_shown, rewrite, self._now())
        await self._answered()

    async def failed(self, rows: Sequence[Delivery], destination: Destination, error: DeliveryError) -> None:
        """Puts the rows where they belong after this error."""
        chat_id, why = destination.chat_id, str(error)
        self._vitals.count("epay_bot_sends_total", _outcome(error))
        match error:
            case MaybeSent():
                await self._unknown(rows, error)
            case NotSent():
                await self._later(rows, chat_id, error)
            case Moved(new_chat_id=new_id):
                log.info("group %s became supergroup %s", chat_id, new_id)
                await self._notes.write(rows, _move, rows, chat_id, new_id, self._now())
            case TopicGone():
                log.warning("chat %s: topic %s takes no messages: %s", chat_id, destination.thread_id, error)
                await self._notes.write(rows, _leave_topic, rows, destination, why, self._now())
            case TokenRefused():
                log.error("Telegram refuses this bot: %s", error)
                self._pace.pause_everybody(self._now() + TOKEN_PAUSE)
                await self._notes.put_back(rows, self._now(), why)
            case Malformed():
                log.error("chat %s: Telegram refuses this message: %s", chat_id, error)
                await self._notes.write(rows, outbox.record_dead, rows, why)
            case Undeliverable():
                log.warning("chat %s takes no messages: %s", chat_id, error)
                await self._notes.write(rows, _switch_off, rows, destination, why, self._now())
            case _:
                await self._later(rows, chat_id, NotSent(why))

    async def not_rewritten(self, rewrite: Rewrite, destination: Destination, error: DeliveryError) -> None:
        """A living message could not be rewritten: again later, since that is always safe, or never."""
        now = self._now()
        match error:
            case MaybeSent() | NotSent(everybody=True):
                due_at = now + self._note_loss(error)
                if isinstance(error, NotSent):
                    self._pace.pause_everybody(due_at)
                await self._store.write(living.put_off, rewrite, due_at)
            case NotSent():
                due_at = now + (error.delay or SOONEST * 5)
                self._pace.pause(destination.chat_id, due_at)
                await self._store.write(living.put_off, rewrite, due_at)
            case Moved(new_chat_id=new_id):
                await self._store.write(_move, (), destination.chat_id, new_id, now)
            case TokenRefused():
                log.error("Telegram refuses this bot: %s", error)
                self._pace.pause_everybody(now + TOKEN_PAUSE)
            case Undeliverable():
                log.warning("chat %s takes no messages: %s", destination.chat_id, error)
                await self._store.write(_switch_off, (), destination, str(error), now)
            case _:
                log.info("chat %s: the message of incident #%s stays: %s", destination.chat_id, rewrite.incident, error)
                await self._store.write(living.give_up, rewrite)

    async def _unknown(self, rows: Sequence[Delivery], error: MaybeSent) -> None:
        if rows[0].unsure:
            log.warning("chat %s: nobody knows whether %s alerts arrived", rows[0].chat_id, len(rows))
        else:
            self._note_loss(error)
        await self._notes.write(rows, _record_unknown, rows, str(error), self._now())

    async def _later(self, rows: Sequence[Delivery], chat_id: int, error: NotSent) -> None:
        now = self._now()
        if error.everybody:
            due_at = now + (error.delay or self._note_loss(error))
            self._pace.pause_everybody(due_at)
        else:
            due_at = now + (error.delay or back_off(rows[0].attempts))
            self._pace.pause(chat_id, due_at)
        if now - rows[0].created_at > GIVE_UP_AFTER:
            log.error("chat %s: %s alerts are given up after a day: %s", chat_id, len(rows), error)
            await self._notes.write(rows, outbox.record_dead, rows, str(error))
        else:
            await self._notes.put_back(rows, due_at, str(error))

    def _note_loss(self, error: DeliveryError) -> timedelta:
        """How long to wait until Telegram is asked again: the longer it has been away, the longer."""
        now = self._now()
        if self._lost_at is None:
            self._lost_at = now
            log.warning("Telegram does not answer: %s", error)
        return min(max((now - self._lost_at) / 2, SOONEST), LONGEST_LOSS_PAUSE)

    async def _answered(self) -> None:
        """If Telegram had been away, that is told once."""
        lost_at, self._lost_at = self._lost_at, None
        if lost_at is None:
            return
        now = self._now()
        log.info("Telegram answers again after %s", now - lost_at)
        if now - lost_at >= TELL_LOSS_AFTER:
            await self._store.write(_tell_return, lost_at, now, shared=self._store.shared)


def _record_sent(db: Connection, rows: Sequence[Delivery], message_id: int, now: datetime) -> None:
    outbox.record_sent(db, rows, message_id, now)
    for row in rows:
        if row.action is Action.OPEN and row.incident is not None:
            place = Place(row.chat_id, row.thread_id)
            living.record_opened(db, row.incident, place, message_id, now, repeated=row.unsure)


def _record_unknown(db: Connection, rows: Sequence[Delivery], why: str, now: datetime) -> None:
    """What may never have arrived is told to the others, unless it is itself no more than such a word."""
    outbox.record_unknown(db, rows, now + REPEAT_AFTER, why)
    lost = [row for row in rows if row.unsure and not isinstance(row.alert, NoticeAlert)]
    if lost:
        chat = chats.find_destination(db, lost[0].chat_id, lost[0].thread_id)
        notice = NoticeAlert(
            text="Telegram answered neither of two tries, so {count} messages may not have arrived in {chat}. "
            "/alerts says what is going on.",
            values={"count": len(lost), "chat": routes.name_of(chat) if chat else str(lost[0].chat_id)},
            at=now,
        )
        telling.tell_everybody(db, f"unsure/{lost[0].id}", notice)


def _tell_return(db: Connection, lost_at: datetime, now: datetime, *, shared: bool) -> None:
    """Of several replicas, each of which has noticed, one tells."""
    if shared and not turns.once(db, "Telegram is back", now, TELL_LOSS_AFTER * 5):
        return
    notice = NoticeAlert(
        text="Telegram could not be reached for {minutes} min. Nothing was lost; what came late says so.",
        values={"minutes": round((now - lost_at) / timedelta(minutes=1))},
        at=now,
    )
    telling.tell_everybody(db, f"telegram-back/{lost_at.isoformat()}", notice)
    if now - lost_at >= CONDENSE_AFTER:
        chats.condense(db, now)


def _move(db: Connection, rows: Sequence[Delivery], old_id: int, new_id: int, now: datetime) -> None:
    outbox.put_back(db, rows, now, "")
    chats.move_chat(db, old_id, new_id)


def _leave_topic(db: Connection, rows: Sequence[Delivery], destination: Destination, why: str, now: datetime) -> None:
    """The topic is shut: the rest of its messages go to the general one, and the others are told."""
    outbox.put_back(db, rows, now, why)
    chats.leave_topic(db, destination, why)
    notice = NoticeAlert(
        text="A topic of chat {chat} takes no messages any more: {why}. Its alerts go to the general topic.",
        values={"chat": routes.name_of(destination), "why": why},
        at=now,
    )
    telling.tell_others(db, destination, notice)


def _switch_off(db: Connection, rows: Sequence[Delivery], destination: Destination, why: str, now: datetime) -> None:
    outbox.record_dead(db, rows, why)
    telling.switch_off(db, destination.chat_id, why, now)
