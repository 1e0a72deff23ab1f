"""What has not gone to Telegram, and why, read-only."""

from datetime import datetime, timedelta

from bot.model import ChatDeliveries, DeliveriesReport, from_micros, to_micros
from bot.store.driver import Connection, Row

DAY = timedelta(days=1)
_UNDONE = """
    SELECT chat_id, thread_id, SUM(CASE WHEN state = 'waiting' THEN 1 ELSE 0 END) AS waiting,
           MIN(CASE WHEN state = 'waiting' THEN created_at END) AS since,
           SUM(CASE WHEN state = 'uncertain' THEN 1 ELSE 0 END) AS uncertain,
           SUM(CASE WHEN state = 'dead' THEN 1 ELSE 0 END) AS dead, MAX(id) AS newest
    FROM (
        SELECT id, chat_id, thread_id, state, created_at FROM outbox WHERE state = 'waiting'
        UNION ALL
        SELECT id, chat_id, thread_id, state, created_at FROM outbox WHERE state IN ('dead', 'uncertain')
    ) AS undone GROUP BY chat_id, thread_id
"""


def report(db: Connection, now: datetime) -> DeliveriesReport:
    """Every chat with something that has not surely arrived."""
    rows = db.rows(
        "SELECT undone.*, outbox.problem AS problem, destination.title AS title, "
        f"destination.disabled_reason AS off FROM ({_UNDONE}) AS undone "
        "JOIN outbox ON outbox.id = undone.newest LEFT JOIN destination "
        "ON destination.chat_id = undone.chat_id AND destination.thread_id = undone.thread_id "
        "ORDER BY undone.waiting DESC, undone.dead DESC, undone.chat_id, undone.thread_id"
    )
    sent = db.row(
        "SELECT COUNT(*) AS count, MAX(sent_at) AS last FROM outbox WHERE sent_at >= :since",
        since=to_micros(now - DAY),
    )
    return DeliveriesReport(
        chats=tuple(map(_chat, rows)),
        sent=sent["count"] if sent else 0,
        last_sent_at=from_micros(sent["last"]) if sent and sent["last"] is not None else None,
        at=now,
    )


def _chat(row: Row) -> ChatDeliveries:
    return ChatDeliveries(
        chat=row["title"] or str(row["chat_id"]),
        topic=row["thread_id"] or None,
        waiting=row["waiting"],
        waiting_since=None if row["since"] is None else from_micros(row["since"]),
        uncertain=row["uncertain"],
        dead=row["dead"],
        problem=row["problem"],
        off=row["off"],
    )
