"""What would leave next, when the store can be read and not written."""

from collections.abc import Collection, Iterable
from datetime import datetime

from bot.model import to_micros
from bot.store import outbox
from bot.store.driver import Connection, Row
from bot.store.outbox import Delivery, Place


def look(db: Connection, place: Place, *, limit: int, now: datetime, but: Collection[int]) -> list[Delivery]:
    """What `outbox.take` would take, noted nowhere; rows in `but` count as gone."""
    rows = db.rows(
        "SELECT * FROM outbox WHERE state = 'waiting' AND chat_id = :chat_id AND thread_id = :thread_id "
        "ORDER BY id LIMIT :limit",
        chat_id=place.chat_id,
        thread_id=place.thread_id or 0,
        limit=limit + len(but),
    )
    left = [row for row in rows if row["id"] not in but][:limit]
    if not left or left[0]["due_at"] > to_micros(now):
        return []
    return list(_readable(outbox.together(left)))


def _readable(rows: Iterable[Row]) -> Iterable[Delivery]:
    for row in rows:
        try:
            yield outbox.delivery_of(row)
        except (KeyError, ValueError):
            continue
