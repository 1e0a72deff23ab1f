"""Who did what and when, kept for a set time. Nothing in it tells of a payer: its writers see to that."""

from collections.abc import Sequence
from datetime import datetime

from bot.model import AuditEntry, from_micros, to_micros
from bot.store.driver import Connection


def note(db: Connection, entry: AuditEntry) -> None:
    """Keeps one entry."""
    row = db.row(
        "INSERT INTO audit (at, user_id, user_name, chat_id, command, words, refused) "
        "VALUES (:at, :user_id, :user_name, :chat_id, :command, :words, :refused) RETURNING id",
        at=to_micros(entry.at),
        user_id=entry.user_id,
        user_name=entry.user_name,
        chat_id=entry.chat_id,
        command=entry.command,
        words=entry.words,
        refused=int(entry.refused),
    )
    assert row is not None
    db.many(
        "INSERT INTO audit_merchant (audit_id, merchant_id) VALUES (?, ?)",
        [(row["id"], merchant_id) for merchant_id in entry.merchants],
    )


def list_page(db: Connection, merchant_ids: Sequence[str], *, limit: int, offset: int) -> list[AuditEntry]:
    """The newest entries about these merchants and no others."""
    named = {f"m{number}": merchant_id for number, merchant_id in enumerate(merchant_ids)}
    places = ", ".join(f":{name}" for name in named) or "''"
    rows = db.rows(
        "SELECT * FROM audit WHERE NOT EXISTS (SELECT 1 FROM audit_merchant WHERE audit_id = audit.id "
        f"AND merchant_id NOT IN ({places})) AND EXISTS (SELECT 1 FROM audit_merchant WHERE audit_id = audit.id) "
        "ORDER BY id DESC LIMIT :limit OFFSET :offset",
        limit=limit,
        offset=offset,
        **named,
    )
    return [
        AuditEntry(
            at=from_micros(row["at"]),
            user_id=row["user_id"],
            user_name=row["user_name"],
            chat_id=row["chat_id"],
            command=row["command"],
            words=row["words"],
            refused=bool(row["refused"]),
        )
        for row in rows
    ]


def forget(db: Connection, before: datetime) -> int:
    """Removes entries older than that, some thousand at a time; returns how many."""
    old = "SELECT id FROM audit WHERE at < :before ORDER BY at LIMIT 5000"
    db.run(f"DELETE FROM audit_merchant WHERE audit_id IN ({old})", before=to_micros(before))
    return db.run(f"DELETE FROM audit WHERE id IN ({old})", before=to_micros(before))
