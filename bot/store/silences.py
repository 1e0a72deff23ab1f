"""Silences: who muted what until when."""

from datetime import datetime

from bot.model import Mark, MerchantId, ReasonClass, Silence, TerminalId, from_micros, to_micros
from bot.store.driver import Connection, Row


def add(db: Connection, silence: Silence) -> Silence:
    """Keeps a new silence; the one returned has its id."""
    row = db.row(
        "INSERT INTO silence (merchant_id, terminals, classes, rule, until_at, until_recovery, author_id, "
        "author_name, created_at, comment) VALUES (:merchant_id, :terminals, :classes, :rule, :until_at, "
        ":until_recovery, :author_id, :author_name, :created_at, :comment) RETURNING *",
        merchant_id=silence.merchant_id,
        terminals=" ".join(silence.terminals),
        classes=" ".join(silence.classes),
        rule=silence.rule,
        until_at=to_micros(silence.until_at),
        until_recovery=int(silence.until_recovery),
        author_id=silence.author.user_id,
        author_name=silence.author.name,
        created_at=to_micros(silence.author.at),
        comment=silence.comment,
    )
    assert row is not None
    return _silence(row)


def list_active(db: Connection, merchant_id: MerchantId) -> list[Silence]:
    """Silences of a merchant that have not ended, the next to end first."""
    rows = db.rows(
        "SELECT * FROM silence WHERE merchant_id = :merchant_id AND ended_at IS NULL ORDER BY until_at, id",
        merchant_id=merchant_id,
    )
    return [_silence(row) for row in rows]


def list_over(db: Connection, now: datetime) -> list[Silence]:
    """Silences whose time is over and which have not been ended yet."""
    rows = db.rows("SELECT * FROM silence WHERE ended_at IS NULL AND until_at <= :now", now=to_micros(now))
    return [_silence(row) for row in rows]


def find(db: Connection, silence_id: int) -> Silence | None:
    """A silence that has not ended."""
    row = db.row("SELECT * FROM silence WHERE id = :id AND ended_at IS NULL", id=silence_id)
    return _silence(row) if row else None


def end(db: Connection, silence_id: int, now: datetime) -> bool:
    """Ends a silence; False when it had ended already."""
    return (
        db.run(
            "UPDATE silence SET ended_at = :now WHERE id = :id AND ended_at IS NULL", id=silence_id, now=to_micros(now)
        )
        > 0
    )


def _silence(row: Row) -> Silence:
    return Silence(
        id=row["id"],
        merchant_id=MerchantId(row["merchant_id"]),
        terminals=tuple(map(TerminalId, row["terminals"].split())),
        classes=tuple(map(ReasonClass, row["classes"].split())),
        rule=row["rule"],
        until_at=from_micros(row["until_at"]),
        until_recovery=bool(row["until_recovery"]),
        author=Mark(row["author_id"], row["author_name"], from_micros(row["created_at"])),
        comment=row["comment"],
    )
