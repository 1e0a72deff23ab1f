"""Chats that get messages, and the updates Telegram sent."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from bot.model import ChatKind, Destination, NoticeAlert, to_micros
from bot.store import leases, living, outbox, people, queries, subscriptions
from bot.store.driver import Connection, Row


def keep_updates(db: Connection, updates: Sequence[tuple[int, str]], now: datetime, taken_by: str = "") -> set[int]:
    """Stores raw updates by id before they are confirmed; known ones are left alone. Returns the ids of the new.

    `taken_by`: the replica that does what they ask for, if there are several.
    """
    return {
        update_id
        for update_id, body in updates
        if db.row(
            "INSERT INTO inbox (update_id, body, received_at, taken_by) VALUES (:update_id, :body, :now, :taken_by) "
            "ON CONFLICT (update_id) DO NOTHING RETURNING update_id",
            update_id=update_id,
            body=body,
            now=to_micros(now),
            taken_by=taken_by,
        )
    }


def list_unhandled_updates(db: Connection) -> list[tuple[int, str]]:
    """Stored updates nobody has finished with, oldest first."""
    rows = db.rows("SELECT update_id, body FROM inbox WHERE handled_at IS NULL ORDER BY update_id")
    return [(row["update_id"], row["body"]) for row in rows]


def take_over_updates(db: Connection, replica: str, now: datetime, before: datetime) -> set[int]:
    """What is now in this replica's hand: its own, what a replica that is gone had, and all received before then."""
    rows = db.rows(
        "UPDATE inbox SET taken_by = :replica WHERE handled_at IS NULL AND (taken_by = :replica "
        "OR received_at <= :before OR (taken_by <> '' AND NOT EXISTS (SELECT 1 FROM lease "
        f"WHERE lease.name = '{leases.LIFE}' || inbox.taken_by AND lease.until_at > :now))) RETURNING update_id",
        replica=replica,
        now=to_micros(now),
        before=to_micros(before),
    )
    return {row["update_id"] for row in rows}


def mark_update(db: Connection, update_id: int, now: datetime, problem: str | None = None) -> None:
    """An update is finished with; its text is dropped, a problem is kept."""
    db.run(
        "UPDATE inbox SET handled_at = :now, body = '', problem = :problem WHERE update_id = :update_id",
        update_id=update_id,
        problem=problem,
        now=to_micros(now),
    )


def forget_updates(db: Connection, before: datetime) -> int:
    """Removes finished updates that Telegram can no longer repeat; returns how many."""
    return db.run("DELETE FROM inbox WHERE handled_at < :before", before=to_micros(before))


def find_destination(db: Connection, chat_id: int, thread_id: int | None) -> Destination | None:
    """The chat and topic as known, with the language and zone of its people."""
    row = db.row(
        "SELECT * FROM destination WHERE chat_id = :chat_id AND thread_id = :thread_id",
        chat_id=chat_id,
        thread_id=thread_id or 0,
    )
    return _destination(row) if row else None


def _destination(row: Row) -> Destination:
    return Destination(
        chat_id=row["chat_id"],
        thread_id=row["thread_id"] or None,
        kind=ChatKind(row["kind"]),
        title=row["title"],
        language=row["language"],
        timezone=row["timezone"],
        disabled_reason=row["disabled_reason"],
        language_chosen=bool(row["language_chosen"]),
        quiet=subscriptions.quiet_of(row),
    )


def meet(db: Connection, destination: Destination) -> None:
    """Makes a chat known; one that is known stays as it is."""
    db.run(
        "INSERT INTO destination (chat_id, thread_id, kind, title, language, timezone) "
        "VALUES (:chat_id, :thread_id, :kind, :title, :language, :timezone) "
        "ON CONFLICT (chat_id, thread_id) DO NOTHING",
        chat_id=destination.chat_id,
        thread_id=destination.thread_id or 0,
        kind=destination.kind,
        title=destination.title,
        language=destination.language,
        timezone=destination.timezone,
    )


def subscribe(db: Connection, destination: Destination) -> None:
    """Lets a chat get every alert; a chat already known keeps its language and zone."""
    meet(db, destination)
    db.run(
        "UPDATE destination SET subscribed = 1 WHERE chat_id = :chat_id AND thread_id = :thread_id",
        chat_id=destination.chat_id,
        thread_id=destination.thread_id or 0,
    )


def choose_language(db: Connection, destination: Destination) -> None:
    """People have chosen the language of a chat: it goes for every topic of it, also for those still to come."""
    meet(db, replace(destination, thread_id=None))
    db.run(
        "UPDATE destination SET language = :language, language_chosen = 1 WHERE chat_id = :chat_id",
        chat_id=destination.chat_id,
        language=destination.language,
    )


def learn_language(db: Connection, chat_id: int, language: str) -> None:
    """The language of a person's Telegram, for a private chat in which none was chosen."""
    db.run(
        "UPDATE destination SET language = :language WHERE chat_id = :chat_id AND language_chosen = 0",
        chat_id=chat_id,
        language=language,
    )


def learn_name(db: Connection, chat_id: int, name: str) -> None:
    """What the person of a private chat is called."""
    db.run(
        "UPDATE destination SET title = :name WHERE chat_id = :chat_id AND kind = 'private' AND title <> :name",
        chat_id=chat_id,
        name=name,
    )


def list_subscribed(db: Connection) -> list[Destination]:
    """Every chat that gets alerts, disabled ones too: what they miss is kept for a day."""
    rows = db.rows("SELECT * FROM destination WHERE subscribed = 1 ORDER BY chat_id, thread_id")
    return [_destination(row) for row in rows]


def list_near(db: Connection, merchant_id: str) -> list[Destination]:
    """Those of them that have to do with a merchant, or with all: few of thousands."""
    rows = db.rows(
        f"SELECT * FROM destination WHERE subscribed = 1 AND chat_id IN ({subscriptions.NEAR}) "
        "ORDER BY chat_id, thread_id",
        merchant_id=merchant_id,
    )
    return [_destination(row) for row in rows]


def set_chat_disabled(db: Connection, chat_id: int, reason: str | None, now: datetime) -> bool:
    """Switches a chat off with its reason, or (None) on again; tells whether that changed anything."""
    changed = db.run(
        "UPDATE destination SET disabled_reason = :reason WHERE chat_id = :chat_id "
        "AND (disabled_reason IS NULL) <> (:reason IS NULL)",
        chat_id=chat_id,
        reason=reason,
    )
    if changed and reason is None:
        _catch_up(db, chat_id, now)
    return changed > 0


def condense(db: Connection, now: datetime) -> None:
    """After a long silence of Telegram's: of what waits each chat is told what is still true, the rest in one line."""
    rows = db.rows("SELECT DISTINCT chat_id FROM outbox WHERE state = 'waiting' AND unsure = 0")
    for row in rows:
        outbox.lay_aside_untold(db, row["chat_id"])
        _catch_up(db, row["chat_id"], now)


def _catch_up(db: Connection, chat_id: int, now: datetime) -> None:
    """What is still true is said now; what came and went meanwhile is one line."""
    open_now, over = outbox.revive(db, chat_id, now)
    if not open_now and not over:
        return
    notice = NoticeAlert(
        text="I can write here again. Open now: {open}. Over meanwhile: {over}.",
        values={"open": _numbers(open_now), "over": _numbers(over)},
        silent=True,
        at=now,
    )
    subscribed = [to for to in list_subscribed(db) if to.chat_id == chat_id]
    outbox.announce(db, [(f"catch-up/{now.isoformat()}", notice)], subscribed, now)


def _numbers(incidents: Sequence[int]) -> str:
    return ", ".join(f"#{number}" for number in incidents) or "–"


def move_chat(db: Connection, old_id: int, new_id: int) -> None:
    """A group became a supergroup: everything that named it names the new id. Repeating it changes nothing."""
    db.run(
        "DELETE FROM destination WHERE chat_id = :new_id AND EXISTS "
        "(SELECT 1 FROM destination AS old WHERE old.chat_id = :old_id AND old.thread_id = destination.thread_id)",
        old_id=old_id,
        new_id=new_id,
    )
    db.run(
        "UPDATE destination SET chat_id = :new_id, kind = 'supergroup' WHERE chat_id = :old_id",
        old_id=old_id,
        new_id=new_id,
    )
    db.run("UPDATE outbox SET chat_id = :new_id WHERE chat_id = :old_id", old_id=old_id, new_id=new_id)
    living.move_chat(db, old_id, new_id)
    queries.move_chat(db, old_id, new_id)
    subscriptions.move_chat(db, old_id, new_id)
    people.move_chat(db, old_id, new_id)


def leave_topic(db: Connection, destination: Destination, reason: str) -> None:
    """A topic is shut: it is marked, and its alerts, waiting and future ones, go to the chat itself."""
    place = {"chat_id": destination.chat_id, "thread_id": destination.thread_id or 0}
    subscriptions.leave_topic(db, destination.chat_id, destination.thread_id or 0)
    db.run(
        "UPDATE destination SET disabled_reason = :reason, subscribed = 0 "
        "WHERE chat_id = :chat_id AND thread_id = :thread_id",
        reason=reason,
        **place,
    )
    subscribe(db, replace(destination, thread_id=None))
    living.leave_topic(db, destination.chat_id, destination.thread_id or 0)
    topic, general = f"{place['chat_id']}/{place['thread_id']}/", f"{place['chat_id']}/0/"
    # What the chat itself was told as well would else be said there twice.
    db.run(
        "DELETE FROM outbox WHERE chat_id = :chat_id AND thread_id = :thread_id AND state = 'waiting' AND EXISTS "
        "(SELECT 1 FROM outbox AS known WHERE known.dedup = :general || substr(outbox.dedup, :after))",
        general=general,
        after=len(topic) + 1,
        **place,
    )
    db.run(
        "UPDATE outbox SET thread_id = 0 WHERE chat_id = :chat_id AND thread_id = :thread_id AND state = 'waiting'",
        **place,
    )
