"""The outbox: what is still to be said, with the values as they were when it happened."""

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import takewhile
from typing import Any

from pydantic import TypeAdapter

from bot.model import (
    Alert,
    Destination,
    DigestAlert,
    IncidentAlert,
    NoticeAlert,
    from_micros,
    to_micros,
)
from bot.store.driver import Connection, Row

log = logging.getLogger(__name__)

REVIVE_FOR = timedelta(hours=24)
_KINDS = {IncidentAlert: "incident", NoticeAlert: "notice", DigestAlert: "digest"}
# A later attempt, perhaps of another replica, knows better; only that it was sent is true whoever says it.
_STILL_OURS = "WHERE id = ? AND attempts <= ? AND state = 'waiting'"
DUE = (
    "FROM outbox AS due WHERE state = 'waiting' AND due_at <= :now AND NOT EXISTS (SELECT 1 FROM outbox AS older WHERE "
    "older.state = 'waiting' AND older.chat_id = due.chat_id AND older.thread_id = due.thread_id AND older.id < due.id)"
)
_BODIES: dict[str, TypeAdapter[Any]] = {kind: TypeAdapter(alert) for alert, kind in _KINDS.items()}


class Action(StrEnum):
    """How a row becomes a message: joined with others, as an incident's living message, a reply to it, or a digest."""

    SAY = "say"
    OPEN = "open"
    REPLY = "reply"
    DIGEST = "digest"


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One outbox row. `unsure`: an earlier attempt may have arrived. `batch` names rows that left in one message."""

    id: int
    chat_id: int
    thread_id: int | None
    alert: Alert
    attempts: int
    unsure: bool
    batch: int | None
    created_at: datetime
    action: Action = Action.SAY
    incident: int | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """A chat and topic with something due."""

    chat_id: int
    thread_id: int | None


def place_of(row: Row) -> Place:
    """A row's chat and topic; a topic of 0 is none."""
    return Place(row["chat_id"], row["thread_id"] or None)


def announce(
    db: Connection, alerts: Iterable[tuple[str, Alert]], destinations: Sequence[Destination], now: datetime
) -> None:
    """Puts each alert, under its own key, into the outbox of every destination; a known key is not said twice."""
    for key, alert in alerts:
        for to in destinations:
            put(db, Place(to.chat_id, to.thread_id), key, alert, now)


def put(
    db: Connection,
    place: Place,
    key: str,
    alert: Alert,
    now: datetime,
    *,
    action: Action = Action.SAY,
) -> None:
    """One row for one chat; a key that this chat has had is left alone."""
    db.run(
        "INSERT INTO outbox (dedup, chat_id, thread_id, body, state, created_at, due_at, action, incident) "
        "VALUES (:dedup, :chat_id, :thread_id, :body, 'waiting', :now, :now, :action, :incident) "
        "ON CONFLICT (dedup) DO NOTHING",
        dedup=f"{place.chat_id}/{place.thread_id or 0}/{key}",
        chat_id=place.chat_id,
        thread_id=place.thread_id or 0,
        body=body_of(alert),
        action=action,
        incident=alert.incident.number if isinstance(alert, IncidentAlert) else None,
        now=to_micros(now),
    )


def withdraw(db: Connection, place: Place, incident: int, key: str) -> None:
    """Takes back rows of an incident whose keys begin like this and which surely have not left."""
    db.run(
        "DELETE FROM outbox WHERE incident = :incident AND chat_id = :chat_id AND thread_id = :thread_id "
        "AND state IN ('waiting', 'dead') AND unsure = 0 AND instr(dedup, :key) > 0",
        incident=incident,
        chat_id=place.chat_id,
        thread_id=place.thread_id or 0,
        key=f"/{key}",
    )


def body_of(alert: Alert) -> str:
    """The alert as it is kept."""
    kind = _KINDS[type(alert)]
    return f"{kind} {_BODIES[kind].dump_json(alert).decode()}"


def alert_of(body: str) -> Alert:
    """The alert behind a kept body. Raises KeyError or ValueError for one of another version."""
    kind, _, values = body.partition(" ")
    alert: Alert = _BODIES[kind].validate_json(values)
    return alert


def list_due_places(db: Connection, now: datetime) -> list[Place]:
    """Chats whose oldest waiting row is due, the longest waiting first: order inside a chat is never broken."""
    rows = db.rows(f"SELECT chat_id, thread_id {DUE} ORDER BY id", now=to_micros(now))
    return [place_of(row) for row in rows]


def take(db: Connection, place: Place, *, limit: int, now: datetime, lease: timedelta) -> list[Delivery]:
    """The rows of a chat's next message, noted as attempted before they leave.

    What may have arrived before goes again as the batch it was; else everything waiting goes together, oldest
    first. Rows not settled within `lease` come due again, then as unsure ones.
    """
    rows = db.rows(
        "SELECT * FROM outbox WHERE state = 'waiting' AND chat_id = :chat_id AND thread_id = :thread_id "
        "ORDER BY id LIMIT :limit",
        chat_id=place.chat_id,
        thread_id=place.thread_id or 0,
        limit=limit,
    )
    if not rows or rows[0]["due_at"] > to_micros(now):
        return []
    head = rows[0]
    batch = head["batch"] if head["unsure"] else head["id"]
    taken = together(rows)
    db.many(
        "UPDATE outbox SET attempts = attempts + 1, unsure = 1, batch = ?, attempted_at = ?, due_at = ? WHERE id = ?",
        ((batch, to_micros(now), to_micros(now + lease), row["id"]) for row in taken),
    )
    return [delivery for row in taken if (delivery := _readable(db, row))]


def _readable(db: Connection, row: Row) -> Delivery | None:
    """The row, or None for one this version cannot read, which is laid aside so that others go on."""
    try:
        return delivery_of(row)
    except (KeyError, ValueError):
        log.exception("alert %s cannot be read and is laid aside", row["id"])
        db.run("UPDATE outbox SET state = 'dead', problem = 'cannot be read' WHERE id = :id", id=row["id"])
        return None


def together(rows: Sequence[Row]) -> list[Row]:
    """What leaves in one message of rows that wait: a repeat as it was, new notices joined, all else alone."""
    if rows[0]["unsure"]:
        return [row for row in rows if row["batch"] == rows[0]["batch"]]
    if rows[0]["action"] != Action.SAY:
        return [rows[0]]
    return list(takewhile(lambda row: row["action"] == Action.SAY and not row["unsure"], rows))


def delivery_of(row: Row) -> Delivery:
    """A row that leaves. Raises KeyError or ValueError for one of another version."""
    return Delivery(
        id=row["id"],
        chat_id=row["chat_id"],
        thread_id=row["thread_id"] or None,
        alert=alert_of(row["body"]),
        attempts=row["attempts"] + 1,
        unsure=bool(row["unsure"]),
        batch=row["batch"],
        created_at=from_micros(row["created_at"]),
        action=Action(row["action"]),
        incident=row["incident"],
    )


def find_incident(db: Connection, chat_id: int, message_id: int) -> int | None:
    """The incident that a message of a chat is about."""
    row = db.row(
        "SELECT incident FROM outbox WHERE chat_id = :chat_id AND message_id = :message_id AND incident IS NOT NULL",
        chat_id=chat_id,
        message_id=message_id,
    )
    return row["incident"] if row else None


def lay_aside(db: Connection, place: Place, problem: str) -> None:
    """Everything that waits for a chat which takes no messages."""
    db.run(
        "UPDATE outbox SET state = 'dead', problem = :problem "
        "WHERE state = 'waiting' AND chat_id = :chat_id AND thread_id = :thread_id",
        problem=problem,
        chat_id=place.chat_id,
        thread_id=place.thread_id or 0,
    )


def lay_aside_untold(db: Connection, chat_id: int) -> None:
    """Everything that waits for a chat and surely has not left."""
    db.run("UPDATE outbox SET state = 'dead' WHERE state = 'waiting' AND unsure = 0 AND chat_id = :id", id=chat_id)


def record_sent(db: Connection, deliveries: Iterable[Delivery], message_id: int, now: datetime) -> None:
    """Telegram took the message."""
    db.many(
        "UPDATE outbox SET state = 'sent', unsure = 0, message_id = ?, sent_at = ?, problem = '' WHERE id = ?",
        ((message_id, to_micros(now), delivery.id) for delivery in deliveries),
    )


def put_back(db: Connection, deliveries: Iterable[Delivery], due_at: datetime, problem: str) -> None:
    """Surely not sent this time: as unsure as before the attempt, due again later."""
    db.many(
        f"UPDATE outbox SET unsure = ?, batch = ?, due_at = ?, problem = ? {_STILL_OURS}",
        ((int(d.unsure), d.batch, to_micros(due_at), problem, d.id, d.attempts) for d in deliveries),
    )


def record_unknown(db: Connection, deliveries: Sequence[Delivery], due_at: datetime, problem: str) -> None:
    """Nobody can know whether it arrived. The first time it is due once more; after a repeat it stays uncertain."""
    batch = deliveries[0].batch if deliveries[0].unsure else deliveries[0].id
    db.many(
        f"UPDATE outbox SET state = ?, unsure = 1, batch = ?, due_at = ?, problem = ? {_STILL_OURS}",
        (
            ("uncertain" if d.unsure else "waiting", batch, to_micros(due_at), problem, d.id, d.attempts)
            for d in deliveries
        ),
    )


def record_dead(db: Connection, deliveries: Iterable[Delivery], problem: str) -> None:
    """This destination will not take it; it is as unsure as before the attempt."""
    db.many(
        f"UPDATE outbox SET state = 'dead', unsure = ?, batch = ?, problem = ? {_STILL_OURS}",
        ((int(d.unsure), d.batch, problem, d.id, d.attempts) for d in deliveries),
    )


def release_claims(db: Connection, now: datetime, chat_id: int | None = None) -> None:
    """Who sent is gone: what was in flight, of one chat or of all, is due at once, as what may have arrived."""
    db.run(
        "UPDATE outbox SET due_at = :now WHERE state = 'waiting' AND unsure = 1 "
        "AND chat_id = COALESCE(:chat_id, chat_id)",
        now=to_micros(now),
        chat_id=chat_id,
    )


def revive(db: Connection, chat_id: int, now: datetime) -> tuple[list[int], list[int]]:
    """A chat takes messages again: what died lately and is still true is due once more.

    Returns the incidents it is told of now, and those that came and went without it.
    """
    lately = {"chat_id": chat_id, "since": to_micros(now - REVIVE_FOR)}
    missed = db.rows(
        "SELECT DISTINCT incident, CASE WHEN incident.state = 'resolved' THEN 1 ELSE 0 END AS over "
        "FROM outbox LEFT JOIN incident ON incident.number = outbox.incident "
        "WHERE chat_id = :chat_id AND outbox.state = 'dead' AND action = 'open' AND created_at >= :since "
        "ORDER BY incident",
        **lately,
    )
    open_now, over = ([row["incident"] for row in missed if bool(row["over"]) is ended] for ended in (False, True))
    db.run(
        "DELETE FROM outbox WHERE chat_id = :chat_id AND state = 'dead' AND (action = 'reply' "
        "OR (action = 'open' AND EXISTS (SELECT 1 FROM incident WHERE incident.number = outbox.incident "
        "AND incident.state = 'resolved')))",
        chat_id=chat_id,
    )
    db.run(
        "UPDATE outbox SET state = 'waiting', due_at = :now "
        "WHERE chat_id = :chat_id AND state = 'dead' AND created_at >= :since",
        now=to_micros(now),
        **lately,
    )
    return open_now, over
