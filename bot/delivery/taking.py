"""What a chat's next message is: where it goes, what is in it and what it answers."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from bot.delivery.notes import Notes
from bot.model import ChatKind, Destination
from bot.store import chats, living, outbox, unnoted
from bot.store.driver import Connection
from bot.store.outbox import Action, Delivery, Place

ROWS_A_MESSAGE = 40
LEASE = timedelta(minutes=2)
Taken = tuple[Destination, Sequence[Delivery], int | None]


def take(db: Connection, place: Place, *, alone: bool, now: datetime) -> Taken:
    """Where the next message goes, what is in it and what it answers; all laid aside while the chat is off."""
    destination = destination_of(db, place)
    if destination.disabled_reason is not None:
        outbox.lay_aside(db, place, destination.disabled_reason)
        return destination, [], None
    rows = outbox.take(db, place, limit=1 if alone else ROWS_A_MESSAGE, now=now, lease=LEASE)
    return destination, rows, _answered(db, place, rows)


def look(db: Connection, place: Place, *, alone: bool, now: datetime, notes: Notes) -> Taken:
    """The same without a note of it; of what has been tried already only what did not leave."""
    destination = destination_of(db, place)
    if destination.disabled_reason is not None:
        return destination, [], None
    limit = 1 if alone else ROWS_A_MESSAGE
    rows = notes.waiting.get(place) or unnoted.look(db, place, limit=limit, now=now, but=notes.rows)
    return destination, rows, _answered(db, place, rows)


def _answered(db: Connection, place: Place, rows: Sequence[Delivery]) -> int | None:
    number = rows[0].incident if rows and rows[0].action is Action.REPLY else None
    return None if number is None else living.find_message(db, number, place)


def destination_of(db: Connection, place: Place) -> Destination:
    kind = ChatKind.PRIVATE if place.chat_id > 0 else ChatKind.GROUP
    known = chats.find_destination(db, place.chat_id, place.thread_id)
    return known or Destination(chat_id=place.chat_id, thread_id=place.thread_id, kind=kind)
