"""An incident's living message in each chat: what it should say, and whether it says so already."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.model import AlertReason, Destination, IncidentAlert, to_micros
from bot.store import outbox
from bot.store.driver import Connection, Row
from bot.store.outbox import Action, Place

_QUIET = {AlertReason.UPDATE, AlertReason.RESOLVED}
_HERE = "incident = :incident AND chat_id = :chat_id AND thread_id = :thread_id"
_THERE = "chat_id = :chat_id AND thread_id = :thread_id"
TO_REWRITE = (
    "FROM living WHERE dirty = 1 AND due_at <= :now AND message_id IS NOT NULL AND NOT EXISTS "
    "(SELECT 1 FROM outbox WHERE outbox.state = 'waiting' AND outbox.chat_id = living.chat_id "
    "AND outbox.thread_id = living.thread_id) AND NOT EXISTS (SELECT 1 FROM destination "
    "WHERE destination.chat_id = living.chat_id AND destination.disabled_reason IS NOT NULL "
    "AND destination.thread_id = living.thread_id)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rewrite:
    """A living message that no longer says what is true; `repeated` when it may stand there twice."""

    incident: int
    place: Place
    message_id: int
    alert: IncidentAlert
    body: str
    repeated: bool


def show(db: Connection, alert: IncidentAlert, to: Destination, now: datetime, edit_interval: timedelta) -> bool:
    """Brings a chat's living message up to date, at most once an `edit_interval`; opens one where there is none.

    True when this may be announced as well. What nobody was told of is not updated and not called over.
    """
    place = Place(to.chat_id, to.thread_id)
    known = _find(db, alert.incident.number, place)
    if known is None:
        return _open_unless_quiet(db, alert, place, now)
    if _change_unsent(db, alert, to):
        return False
    if known["message_id"] is None and not _is_waiting(db, alert.incident.number, place):
        if alert.reason is AlertReason.RESOLVED:
            return bool(known["shown_at"])
        if known["anew"] and alert.incident.is_open:
            return _open(db, alert, place, now)
        return _open_unless_quiet(db, alert, place, now)
    due_at = max(known["shown_at"] + edit_interval // timedelta(microseconds=1), to_micros(now))
    db.run(
        f"UPDATE living SET body = :body, dirty = 1, due_at = :due_at WHERE {_HERE}",
        body=outbox.body_of(alert),
        due_at=min(due_at, known["due_at"]) if known["dirty"] else due_at,
        **_key(alert.incident.number, place),
    )
    return True


def reply(db: Connection, alert: IncidentAlert, to: Destination, now: datetime) -> None:
    """Announces one change of an incident below its living message, instead of older ones that have not left."""
    place = Place(to.chat_id, to.thread_id)
    over = {AlertReason.ESCALATED} if alert.reason is AlertReason.RESOLVED else set()
    for reason in {AlertReason.WIDENED, AlertReason.REMINDER} | over:
        outbox.withdraw(db, place, alert.incident.number, _reply_key(alert, reason))
    key = f"{_reply_key(alert, alert.reason)}{now.isoformat()}"
    outbox.put(db, place, key, alert, now, action=Action.REPLY)


def list_rewrites(db: Connection, now: datetime) -> list[Rewrite]:
    """Living messages due to be rewritten, in chats that take messages and have nothing new waiting to be said.

    A body that another version wrote is passed over: the next news of its incident replaces it.
    """
    rows = db.rows(f"SELECT * {TO_REWRITE} ORDER BY due_at", now=to_micros(now))
    return [rewrite for row in rows for rewrite in _rewrite(row)]


def find_rewrite(db: Connection, place: Place, now: datetime) -> Rewrite | None:
    """The one of `list_rewrites` that is a chat's turn."""
    rows = db.rows(f"SELECT * {TO_REWRITE} AND {_THERE} ORDER BY due_at", now=to_micros(now), **_there(place))
    return next((rewrite for row in rows for rewrite in _rewrite(row)), None)


def find_message(db: Connection, number: int, place: Place) -> int | None:
    """The message that the changes of an incident answer in a chat; none in a place to which the chat has moved."""
    row = _find(db, number, place)
    return row["message_id"] if row and not row["anew"] else None


def find_reply(db: Connection, number: int, place: Place, before: int) -> int | None:
    """The last message before this row of the outbox that answered an incident's living message in a chat."""
    row = db.row(
        f"SELECT message_id FROM outbox WHERE {_HERE} AND action = 'reply' AND state = 'sent' AND id < :before "
        "ORDER BY id DESC LIMIT 1",
        before=before,
        **_key(number, place),
    )
    return row["message_id"] if row else None


def list_places(db: Connection, number: int) -> list[Place]:
    """The chats with a living message of an incident."""
    rows = db.rows("SELECT chat_id, thread_id FROM living WHERE incident = :number", number=number)
    return [outbox.place_of(row) for row in rows]


def list_unsent_openings(db: Connection, chat_id: int) -> list[IncidentAlert]:
    """What a chat that takes no messages would have been told of incidents that go on."""
    rows = db.rows(
        "SELECT outbox.body AS body FROM outbox JOIN incident ON incident.number = outbox.incident "
        "WHERE chat_id = :chat_id AND outbox.state IN ('waiting', 'dead') AND action = 'open' "
        "AND incident.state <> 'resolved' ORDER BY outbox.id",
        chat_id=chat_id,
    )
    alerts = (outbox.alert_of(row["body"]) for row in rows)
    return [alert for alert in alerts if isinstance(alert, IncidentAlert)]


def record_opened(
    db: Connection, number: int, place: Place, message_id: int, now: datetime, *, repeated: bool = False
) -> None:
    """The living message has been sent; `repeated`: perhaps for the second time."""
    db.run(
        f"UPDATE living SET message_id = :message_id, shown_at = :now, repeated = :repeated WHERE {_HERE}",
        message_id=message_id,
        repeated=int(repeated),
        now=to_micros(now),
        **_key(number, place),
    )


def record_shown(db: Connection, rewrite: Rewrite, now: datetime) -> None:
    """The living message says this body; a newer one written meanwhile stays due."""
    db.run(
        f"UPDATE living SET dirty = CASE WHEN body = :body THEN 0 ELSE 1 END, shown_at = :now WHERE {_HERE}",
        body=rewrite.body,
        now=to_micros(now),
        **_key(rewrite.incident, rewrite.place),
    )


def put_off(db: Connection, rewrite: Rewrite, due_at: datetime) -> None:
    """Rewriting failed in passing: again later, even if another replica has meanwhile shown what is newer.

    What was given up may still arrive, and then says what is old. It is always safe to repeat.
    """
    db.run(
        f"UPDATE living SET due_at = :due_at, dirty = 1 WHERE {_HERE}",
        due_at=to_micros(due_at),
        **_key(rewrite.incident, rewrite.place),
    )


def give_up(db: Connection, rewrite: Rewrite) -> None:
    """The message cannot be rewritten any more (deleted, too old); the next news is sent anew."""
    db.run(
        f"UPDATE living SET dirty = 0, message_id = NULL WHERE {_HERE}",
        **_key(rewrite.incident, rewrite.place),
    )


def move_chat(db: Connection, old_id: int, new_id: int) -> None:
    """A group became a supergroup: its messages stay behind, and what goes on is opened anew."""
    db.run(
        "DELETE FROM living WHERE chat_id = :old_id AND EXISTS (SELECT 1 FROM living AS known "
        "WHERE known.incident = living.incident AND known.chat_id = :new_id AND known.thread_id = living.thread_id)",
        old_id=old_id,
        new_id=new_id,
    )
    db.run(
        "UPDATE living SET chat_id = :new_id, message_id = NULL, dirty = 0, anew = 1 WHERE chat_id = :old_id",
        old_id=old_id,
        new_id=new_id,
    )


def leave_topic(db: Connection, chat_id: int, thread_id: int) -> None:
    """A topic is shut: its messages can still be rewritten, all else about them goes to the chat itself, told once."""
    place = {"chat_id": chat_id, "thread_id": thread_id}
    known = "SELECT incident FROM living WHERE chat_id = :chat_id AND thread_id = 0"
    db.run(
        f"DELETE FROM outbox WHERE {_THERE} AND state = 'waiting' AND action = 'open' AND incident IN ({known})",
        **place,
    )
    db.run(f"DELETE FROM living WHERE {_THERE} AND incident IN ({known})", **place)
    db.run(f"UPDATE living SET thread_id = 0, anew = 1 WHERE {_THERE}", **place)


def _open_unless_quiet(db: Connection, alert: IncidentAlert, place: Place, now: datetime) -> bool:
    return False if alert.reason in _QUIET else _open(db, alert, place, now)


def _open(db: Connection, alert: IncidentAlert, place: Place, now: datetime) -> bool:
    """Always False: an incident just opened has nothing more to be announced."""
    db.run(
        "INSERT INTO living (incident, chat_id, thread_id, body, due_at) "
        "VALUES (:incident, :chat_id, :thread_id, :body, :now) ON CONFLICT (incident, chat_id, thread_id) "
        "DO UPDATE SET body = excluded.body, dirty = 0, anew = 0",
        body=outbox.body_of(alert),
        now=to_micros(now),
        **_key(alert.incident.number, place),
    )
    key = f"open/{alert.incident.number}/{now.isoformat()}"
    outbox.put(db, place, key, alert, now, action=Action.OPEN)
    return False


def _change_unsent(db: Connection, alert: IncidentAlert, to: Destination) -> bool:
    """A living message that surely has not left yet simply leaves with the newer words, also once a chat is back."""
    key = _key(alert.incident.number, Place(to.chat_id, to.thread_id))
    body = outbox.body_of(alert)
    states = "('waiting')" if to.disabled_reason is None else "('waiting', 'dead')"
    changed = db.run(
        f"UPDATE outbox SET body = :body WHERE {_HERE} AND state IN {states} AND action = 'open' AND unsure = 0",
        body=body,
        **key,
    )
    if changed:
        db.run(f"UPDATE living SET body = :body, dirty = 0 WHERE {_HERE}", body=body, **key)
    return changed > 0


def _is_waiting(db: Connection, number: int, place: Place) -> bool:
    row = db.row(
        f"SELECT id FROM outbox WHERE {_HERE} AND state = 'waiting' AND action = 'open' LIMIT 1", **_key(number, place)
    )
    return row is not None


def _find(db: Connection, number: int, place: Place) -> Row | None:
    return db.row(f"SELECT * FROM living WHERE {_HERE}", **_key(number, place))


def _key(number: int, place: Place) -> dict[str, int]:
    return {"incident": number} | _there(place)


def _there(place: Place) -> dict[str, int]:
    return {"chat_id": place.chat_id, "thread_id": place.thread_id or 0}


def _reply_key(alert: IncidentAlert, reason: AlertReason) -> str:
    return f"reply/{alert.incident.number}/{reason}/"


def _rewrite(row: Row) -> Iterator[Rewrite]:
    try:
        alert = outbox.alert_of(row["body"])
    except (KeyError, ValueError):
        return
    if isinstance(alert, IncidentAlert):
        yield Rewrite(
            incident=row["incident"],
            place=outbox.place_of(row),
            message_id=row["message_id"],
            alert=alert,
            body=row["body"],
            repeated=bool(row["repeated"]),
        )
