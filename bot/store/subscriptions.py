"""What each chat and topic has chosen: what it hears, when without sound, when its digests come."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, time

from bot.model import (
    EVERYTHING,
    DigestKind,
    DigestPlan,
    EventKind,
    Loudness,
    QuietHours,
    Severity,
    Subscription,
    from_micros,
    to_micros,
)
from bot.store.driver import Connection, Row
from bot.store.outbox import Place, place_of

_HERE = "chat_id = :chat_id AND thread_id = :thread_id"
_TABLES = ("subscription", "digest_plan")
# The chats and people that have to do with a merchant, or with all.
NEAR = (
    "SELECT chat_id FROM chat_level WHERE merchant_id IN ('', :merchant_id) "
    "UNION SELECT user_id FROM person WHERE merchant_id IN ('', :merchant_id)"
)


def list_chosen(db: Connection, place: Place) -> list[Subscription]:
    """What a chat has chosen itself; nothing means that it never chose."""
    rows = db.rows(f"SELECT * FROM subscription WHERE {_HERE} ORDER BY merchant_id, terminal_id, kind", **_key(place))
    return [_subscription(row) for row in rows]


def list_heard(db: Connection, place: Place) -> list[Subscription]:
    """What a chat hears: what it has chosen, or everything once it is subscribed."""
    chosen = list_chosen(db, place)
    subscribed = db.row(f"SELECT subscribed FROM destination WHERE {_HERE}", **_key(place))
    if not subscribed or not subscribed["subscribed"]:
        return []
    return chosen or list(EVERYTHING)


def list_near(db: Connection, merchant_id: str) -> defaultdict[Place, list[Subscription]]:
    """What each chat that has to do with a merchant, or with all, has chosen itself."""
    chosen = defaultdict[Place, list[Subscription]](list)
    for row in db.rows(
        f"SELECT * FROM subscription WHERE chat_id IN ({NEAR}) ORDER BY merchant_id, terminal_id, kind",
        merchant_id=merchant_id,
    ):
        chosen[place_of(row)].append(_subscription(row))
    return chosen


def put(db: Connection, place: Place, wishes: Iterable[Subscription]) -> None:
    """Keeps these wishes, each instead of what was said of the same place and kind."""
    db.many(
        "INSERT INTO subscription (chat_id, thread_id, merchant_id, terminal_id, kind, min_severity, loudness) "
        "VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (chat_id, thread_id, merchant_id, terminal_id, kind) "
        "DO UPDATE SET min_severity = excluded.min_severity, loudness = excluded.loudness",
        [
            (
                place.chat_id,
                place.thread_id or 0,
                wish.merchant_id,
                wish.terminal_id,
                wish.kind,
                wish.min_severity,
                wish.loudness,
            )
            for wish in wishes
        ],
    )


def drop(db: Connection, place: Place, merchant_id: str, terminal_id: str) -> None:
    """Forgets what a chat said of one terminal, or of a merchant (terminal "") and all its terminals."""
    db.run(
        f"DELETE FROM subscription WHERE {_HERE} AND merchant_id = :merchant_id "
        "AND (:terminal_id = '' OR terminal_id = :terminal_id)",
        merchant_id=merchant_id,
        terminal_id=terminal_id,
        **_key(place),
    )


def forget(db: Connection, place: Place) -> None:
    """Forgets everything a chat said of what it hears."""
    db.run(f"DELETE FROM subscription WHERE {_HERE}", **_key(place))


def leave(db: Connection, place: Place) -> None:
    """The chat wants nothing any more, no digest either."""
    for table in _TABLES:
        db.run(f"DELETE FROM {table} WHERE {_HERE}", **_key(place))
    db.run(f"UPDATE destination SET subscribed = 0 WHERE {_HERE}", **_key(place))


def set_quiet(db: Connection, place: Place, quiet: QuietHours | None) -> None:
    """Hours without sound; None for no such hours. The chat must be known."""
    db.run(
        f"UPDATE destination SET quiet_from = :start, quiet_until = :end WHERE {_HERE}",
        start=f"{quiet.start:%H:%M}" if quiet else "",
        end=f"{quiet.end:%H:%M}" if quiet else "",
        **_key(place),
    )


def list_plans(db: Connection, place: Place) -> list[DigestPlan]:
    """The digests a chat wants."""
    rows = db.rows(f"SELECT * FROM digest_plan WHERE {_HERE} ORDER BY kind", **_key(place))
    return [_plan(row) for row in rows]


def put_plan(db: Connection, place: Place, plan: DigestPlan, due_at: datetime) -> None:
    """A chat wants this digest, next at `due_at`, instead of the one of the same kind."""
    db.run(
        "INSERT INTO digest_plan (chat_id, thread_id, kind, clock, day, due_at) "
        "VALUES (:chat_id, :thread_id, :kind, :clock, :day, :due_at) ON CONFLICT (chat_id, thread_id, kind) "
        "DO UPDATE SET clock = excluded.clock, day = excluded.day, due_at = excluded.due_at",
        kind=plan.kind,
        clock=f"{plan.clock:%H:%M}",
        day=plan.on,
        due_at=to_micros(due_at),
        **_key(place),
    )


def drop_plans(db: Connection, place: Place) -> None:
    """A chat wants no digests."""
    db.run(f"DELETE FROM digest_plan WHERE {_HERE}", **_key(place))


def list_due_plans(db: Connection, now: datetime) -> list[tuple[Place, DigestPlan, datetime]]:
    """Digests whose moment has come, with that moment."""
    rows = db.rows("SELECT * FROM digest_plan WHERE due_at <= :now ORDER BY due_at, chat_id", now=to_micros(now))
    return [(place_of(row), _plan(row), from_micros(row["due_at"])) for row in rows]


def move_chat(db: Connection, old_id: int, new_id: int) -> None:
    """A group became a supergroup: what it chose goes with it. Repeating it changes nothing."""
    for table in _TABLES:
        if db.row(f"SELECT 1 AS known FROM {table} WHERE chat_id = :old_id LIMIT 1", old_id=old_id):
            db.run(f"DELETE FROM {table} WHERE chat_id = :new_id", new_id=new_id)
            db.run(f"UPDATE {table} SET chat_id = :new_id WHERE chat_id = :old_id", old_id=old_id, new_id=new_id)


def leave_topic(db: Connection, chat_id: int, thread_id: int) -> None:
    """A topic is shut: what it wanted the chat itself hears from now on, beside what it chose itself."""
    topic, general = Place(chat_id, thread_id), Place(chat_id, None)
    known = list_heard(db, general)
    wanted = list_heard(db, topic)
    if known and wanted != list(EVERYTHING):
        taken = {(wish.merchant_id, wish.terminal_id, wish.kind) for wish in known}
        wanted = [wish for wish in wanted if (wish.merchant_id, wish.terminal_id, wish.kind) not in taken]
    put(db, general, wanted)
    db.run(
        f"UPDATE digest_plan SET thread_id = 0 WHERE {_HERE} AND kind NOT IN "
        "(SELECT kind FROM digest_plan WHERE chat_id = :chat_id AND thread_id = 0)",
        **_key(topic),
    )
    for table in _TABLES:
        db.run(f"DELETE FROM {table} WHERE {_HERE}", **_key(topic))


def quiet_of(row: Row) -> QuietHours | None:
    """The hours without sound in a row of `destination`."""
    if not row["quiet_from"]:
        return None
    return QuietHours(time.fromisoformat(row["quiet_from"]), time.fromisoformat(row["quiet_until"]))


def _plan(row: Row) -> DigestPlan:
    return DigestPlan(DigestKind(row["kind"]), time.fromisoformat(row["clock"]), row["day"])


def _subscription(row: Row) -> Subscription:
    return Subscription(
        merchant_id=row["merchant_id"],
        terminal_id=row["terminal_id"],
        kind=EventKind(row["kind"]),
        min_severity=Severity(row["min_severity"]),
        loudness=Loudness(row["loudness"]),
    )


def _key(place: Place) -> dict[str, int]:
    return {"chat_id": place.chat_id, "thread_id": place.thread_id or 0}
