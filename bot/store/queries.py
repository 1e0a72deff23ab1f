"""Words that people's buttons stand for, kept for a while and given back only where they were said."""

from datetime import datetime

from bot.model import to_micros
from bot.store.driver import Connection


def save(db: Connection, id_: str, words: str, *, chat_id: int, user_id: int, now: datetime) -> str:
    """Keeps the words of a chat (`user_id` 0) or of a person in it; returns the id, `id_` unless they are known."""
    row = db.row(
        "INSERT INTO saved_query (id, chat_id, user_id, words, created_at) "
        "VALUES (:id, :chat_id, :user_id, :words, :now) "
        "ON CONFLICT (chat_id, user_id, words) DO UPDATE SET created_at = excluded.created_at RETURNING id",
        id=id_,
        chat_id=chat_id,
        user_id=user_id,
        words=words,
        now=to_micros(now),
    )
    return str(row["id"]) if row else id_


def find(db: Connection, id_: str, *, chat_id: int, user_id: int) -> str | None:
    """The words behind an id, unless they belong to another chat or another person."""
    row = db.row(
        "SELECT words FROM saved_query WHERE id = :id AND chat_id = :chat_id AND user_id IN (0, :user_id)",
        id=id_,
        chat_id=chat_id,
        user_id=user_id,
    )
    return str(row["words"]) if row else None


def move_chat(db: Connection, old_id: int, new_id: int) -> None:
    """What was said in a chat belongs to its new id; words known there already keep the id they have there."""
    db.run(
        "UPDATE saved_query SET chat_id = :new_id WHERE chat_id = :old_id AND NOT EXISTS "
        "(SELECT 1 FROM saved_query AS known WHERE known.chat_id = :new_id "
        "AND known.user_id = saved_query.user_id AND known.words = saved_query.words)",
        old_id=old_id,
        new_id=new_id,
    )


def forget(db: Connection, before: datetime) -> int:
    """Removes what was last put on a button before then; returns how many."""
    return db.run("DELETE FROM saved_query WHERE created_at < :before", before=to_micros(before))
