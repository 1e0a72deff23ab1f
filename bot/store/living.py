"""An incident's living message in each chat: what it should say, and whether it says so already."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.model import AlertReason, Destination, IncidentAlert, to_micros
from bot.store import outbox
from bot.store.driver import Connection, Row
from bot.store.outbox import Action, Place

_QUIET = {AlertReason.UPDATE, AlertReason.RESOLVED}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rewrite:
    """A living message that no longer says what is true."""

    incident: int
    place: Place
    message_id: int
    alert: IncidentAlert
    body: str


def show(db: Connection, alert: IncidentAlert, to: Destination, now: datetime, edit_interval: timedelta) -> bool:
    """Brings a chat's living message up to date, at most once an `edit_interval`; opens one where there is none.

    True when there is a message to reply to. What nobody was told of is not updated and not called over.
    """
    place = Place(to.chat_id, to.thread_id)
    known = _find(db, alert.incident.number, place)
    if known is None or (known["message_id"] is None and not _is_waiting(db, alert.incident.number, place)):
        if alert.reason not in _QUIET:
            _open(db, alert, place, now)
        return False
    db.run(
        "UPDATE living SET body = :body, dirty = 1, "
        "due_at = CASE WHEN shown_at + :pause > :now THEN shown_at + :pause ELSE :now END "
        "WHERE incident = :incident AND chat_id = :chat_id AND thread_id = :thread_id",
        body=outbox.body_of(alert),
        pause=edit_interval // timedelta(microseconds=1),
        now=to_micros(now),
        **_key(alert.incident.number, place),
    )
    return not _rewrite_waiting(db, alert, place)


def reply(db: Connection, alert: IncidentAlert, to: Destination, now: datetime) -> None:
    """Announces one change of an incident below its living message."""
    key = f"reply/{alert.incident.number}/{alert.reason}/{now.isoformat()}"
    outbox.put(db, Place(to.chat_id, to.thread_id), key, alert, now, action=Action.REPLY)


def list_rewrites(db: Connection, now: datetime) -> list[Rewrite]:
    """Living messages due to be rewritten, in chats where nothing new is waiting to be said."""
    rows = db.rows(
        "SELECT * FROM living WHERE dirty = 1 AND due_at <= :now AND message_id IS NOT NULL AND NOT EXISTS "
        "(SELECT 1 FROM outbox WHERE outbox.state = 'waiting' AND outbox.chat_id = living.chat_id "
        "AND outbox.thread_id = living.thread_id) ORDER BY due_at",
        now=to_micros(now),
    )
    return [_rewrite(row) for row in rows]


def find_message(db: Connection, number: int, place: Place) -> int | None:
    """The id of the living message in a chat, once it has been sent."""
    row = _find(db, number, place)
    return row["message_id"] if row else None


def record_opened(db: Connection, number: int, place: Place, message_id: int, now: datetime) -> None:
    """The living message has been sent."""
    db.run(
        "UPDATE living SET message_id = :message_id, shown_at = :now "
        "WHERE incident = :incident AND chat_id = :chat_id AND thread_id = :thread_id",
        message_id=message_id,
        now=to_micros(now),
        **_key(number, place),
    )


def record_shown(db: Connection, rewrite: Rewrite, now: datetime) -> None:
    """The living message says this body; a newer one written meanwhile stays due."""
    db.run(
        "UPDATE living SET dirty = CASE WHEN body = :body THEN 0 ELSE 1 END, shown_at = :now "
        "WHERE incident = :incident AND chat_id = :chat_id AND thread_id = :thread_id",
        body=rewrite.body,
        now=to_micros(now),
        **_key(rewrite.incident, rewrite.place),
    )


def put_off(db: Connection, rewrite: Rewrite, due_at: datetime) -> None:
    """Rewriting failed in passing: again later. It is always safe to repeat."""
    db.run(
        "UPDATE living SET due_at = :due_at "
        "WHERE incident = :incident AND chat_id = :chat_id AND thread_id = :thread_id",
        due_at=to_micros(due_at),
        **_key(rewrite.incident, rewrite.place),
    )


def give_up(db: Connection, rewrite: Rewrite) -> None:
    """The message cannot be rewritten any more (deleted, or the chat is over); the next news is sent anew."""
    db.run(
        "UPDATE living SET dirty = 0, message_id = NULL "
        "WHERE incident = :incident AND chat_id = :chat_id AND thread_id = :thread_id",
        **_key(rewrite.incident, rewrite.place),
    )


def move_chat(db: Connection, old_id: int, new_id: int) -> None:
    """A group became a supergroup: the ids of its messages are no longer known."""
    db.run(
        "UPDATE living SET chat_id = :new_id, message_id = NULL, dirty = 0 WHERE chat_id = :old_id",
        old_id=old_id,
        new_id=new_id,
    )


def forget_place(db: Connection, place: Place) -> None:
    """A topic is shut: its living messages stay as they are."""
    db.run(
        "DELETE FROM living WHERE chat_id = :chat_id AND thread_id = :thread_id",
        chat_id=place.chat_id,
        thread_id=place.thread_id or 0,
    )


def _open(db: Connection, alert: IncidentAlert, place: Place, now: datetime) -> None:
    db.run(
        "INSERT INTO living (incident, chat_id, thread_id, body, due_at, shown_at) "
        "VALUES (:incident, :chat_id, :thread_id, :body, :now, :now) ON CONFLICT (incident, chat_id, thread_id) "
        "DO UPDATE SET body = excluded.body, dirty = 0",
        body=outbox.body_of(alert),
        now=to_micros(now),
        **_key(alert.incident.number, place),
    )
    key = f"open/{alert.incident.number}/{now.isoformat()}"
    outbox.put(db, place, key, alert, now, action=Action.OPEN)


def _rewrite_waiting(db: Connection, alert: IncidentAlert, place: Place) -> bool:
    """A living message that has not left yet simply leaves with the newer words."""
    changed = db.run(
        "UPDATE outbox SET body = :body WHERE incident = :incident AND chat_id = :chat_id AND thread_id = :thread_id "
        "AND state = 'waiting' AND action = 'open' AND attempts = 0",
        body=outbox.body_of(alert),
        **_key(alert.incident.number, place),
    )
    if changed:
        db.run(
            "UPDATE living SET dirty = 0 WHERE incident = :incident AND chat_id = :chat_id AND thread_id = :thread_id",
            **_key(alert.incident.number, place),
        )
    return changed > 0


def _is_waiting(db: Connection, number: int, place: Place) -> bool:
    row = db.row(
        "SELECT id FROM outbox WHERE incident = :incident AND chat_id = :chat_id AND thread_id = :thread_id "
        "AND state = 'waiting' AND action = 'open' LIMIT 1",
        **_key(number, place),
    )
    return row is not None


def _find(db: Connection, number: int, place: Place) -> Row | None:
    return db.row(
        "SELECT * FROM living WHERE incident = :incident AND chat_id = :chat_id AND thread_id = :thread_id",
        **_key(number, place),
    )


def _key(number: int, place: Place) -> dict[str, int]:
    return {"incident": number, "chat_id": place.chat_id, "thread_id": place.thread_id or 0}


def _rewrite(row: Row) -> Rewrite:
    alert = outbox.alert_of(row["body"])
    assert isinstance(alert, IncidentAlert)
    return Rewrite(
        incident=row["incident"],
        place=Place(row["chat_id"], row["thread_id"] or None),
        message_id=row["message_id"],
        alert=alert,
        body=row["body"],
    )
