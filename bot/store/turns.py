"""What is due for any replica, handed out once: jobs, chats with something to say, and how fast all of it may leave."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.model import from_micros, to_micros
from bot.store import living, outbox
from bot.store.driver import Connection
from bot.store.outbox import Place

WORK = "work"
CHAT = "chat"
# Telegram's 30 messages a second, five of them left to answers; a private chat takes one a second, a group 20 a minute.
EVERYBODY = timedelta(seconds=1) / 25
BURST = 10
PRIVATE = timedelta(seconds=1)
GROUP = timedelta(seconds=3)
# Of thousands of chats that wait no more are looked at than may go, with some to spare for those with many topics.
LOOKED_AT = 100
_ALL_CHATS = "all chats"
# A number of our own, so that no other program's lock is meant.
TURNS = 0x65706174
_QUEUE = """
    SELECT procrastinate_defer_jobs_v1(
        array_agg(ROW(job.task, job.task, 0, job.lock, job.lock, job.args, NULL)::procrastinate_job_to_defer_v1)
    ) FROM jsonb_to_recordset(CAST(:jobs AS jsonb)) AS job (task text, lock text, args jsonb)
    WHERE NOT EXISTS (
        SELECT 1 FROM procrastinate_jobs AS known WHERE known.queueing_lock = job.lock AND known.status = 'todo'
    ) HAVING COUNT(*) > 0
"""
_ITS_TURN = (
    "AND NOT EXISTS (SELECT 1 FROM turn WHERE turn.name = 'chat ' || {table}.chat_id AND turn.due_at > :now) "
    "ORDER BY {order}"
)
_NEW = f"{outbox.DUE} {_ITS_TURN.format(table='due', order='id')}"
_TO_REWRITE = f"{living.TO_REWRITE} {_ITS_TURN.format(table='living', order='due_at')}"


@dataclass(frozen=True, slots=True)
class Due:
    """What may begin now: jobs with since when they are due, and chats."""

    names: Mapping[str, datetime]
    places: tuple[Place, ...]

    def __bool__(self) -> bool:
        return bool(self.names or self.places)


def begin(db: Connection, every: Mapping[str, timedelta], now: datetime) -> None:
    """Makes jobs known; those of one pace begin spread over it, a known one keeps its turn."""
    paces: dict[timedelta, list[str]] = {}
    for name, pace in every.items():
        paces.setdefault(pace, []).append(name)
    rows = [
        (name, to_micros(now + pace * number / len(names)))
        for pace, names in paces.items()
        for number, name in enumerate(names)
    ]
    db.many("INSERT INTO turn (name, due_at) VALUES (?, ?) ON CONFLICT (name) DO NOTHING", rows)


def look(db: Connection, every: Mapping[str, timedelta], now: datetime) -> Due:
    """What is due, the longest waiting first: jobs among `every`, and chats as far as the pace of all allows."""
    jobs = "SELECT name, due_at FROM turn WHERE due_at <= :now AND name NOT LIKE 'chat %' ORDER BY due_at, name"
    rows = db.rows(jobs, now=to_micros(now))
    return Due(
        {row["name"]: from_micros(row["due_at"]) for row in rows if row["name"] in every},
        _free_places(db, now, _allowed(db, now)),
    )


def _free_places(db: Connection, now: datetime, most: int) -> tuple[Place, ...]:
    """Chats whose turn it is, those with something new before those in which something is to be rewritten."""
    if not most:
        return ()
    new, old = (
        db.rows(f"SELECT chat_id, thread_id {waiting} LIMIT :limit", now=to_micros(now), limit=LOOKED_AT)
        for waiting in (_NEW, _TO_REWRITE)
    )
    # One topic of a chat at a time: its pace is the chat's.
    first: dict[int, Place] = {}
    for place in map(outbox.place_of, (*new, *old)):
        first.setdefault(place.chat_id, place)
    return tuple(first.values())[:most]


def hand_out(db: Connection, every: Mapping[str, timedelta], now: datetime) -> Due:
    """Puts what is due into the queue that all replicas work off, each piece once, and plans its next turn."""
    # One replica at a time; whoever comes second finds nothing left that is due.
    db.row("SELECT pg_advisory_xact_lock(:turns)", turns=TURNS)
    due = look(db, every, now)
    _plan(db, {name: _next(due_at, every[name], now) for name, due_at in due.names.items()})
    _plan(db, {_chat(place): now + (PRIVATE if place.chat_id > 0 else GROUP) for place in due.places})
    if due.places:
        _plan(db, {_ALL_CHATS: max(_paced_at(db), now - BURST * EVERYBODY) + len(due.places) * EVERYBODY})
    jobs = [{"task": WORK, "lock": name, "args": {"name": name}} for name in due.names]
    jobs += [
        {"task": CHAT, "lock": _chat(place), "args": {"chat_id": place.chat_id, "thread_id": place.thread_id}}
        for place in due.places
    ]
    db.rows(_QUEUE, jobs=json.dumps(jobs))
    return due


def show_life(db: Connection, workers: Sequence[int]) -> None:
    """Those who work off the queue are there: what they do is theirs."""
    for worker in workers:
        db.row("SELECT procrastinate_update_heartbeat_v1(:worker)", worker=worker)


def pause(db: Connection, until: datetime) -> None:
    """Telegram cannot be reached, or asked the whole bot to wait."""
    if _paced_at(db) < until:
        _plan(db, {_ALL_CHATS: until})


def bring_forward(db: Connection, names: Iterable[str], now: datetime) -> None:
    """These are due at once: whoever had their turn is gone."""
    db.many("UPDATE turn SET due_at = ? WHERE name = ?", [(to_micros(now), name) for name in names])


def once(db: Connection, name: str, now: datetime, quiet_for: timedelta) -> bool:
    """Whether nobody has had this turn of late; the caller has it now."""
    row = db.row("SELECT due_at FROM turn WHERE name = :name", name=name)
    if row and row["due_at"] > to_micros(now):
        return False
    _plan(db, {name: now + quiet_for})
    return True


def forget_chats(db: Connection, now: datetime) -> None:
    """Removes the turns of chats that have nothing to wait for."""
    db.run("DELETE FROM turn WHERE name LIKE 'chat %' AND due_at < :before", before=to_micros(now - timedelta(hours=1)))


def _next(due_at: datetime, every: timedelta, now: datetime) -> datetime:
    """In step with when it was due: what was late together once would else be due together for ever."""
    return due_at + every * ((now - due_at) // every + 1)


def _allowed(db: Connection, now: datetime) -> int:
    ahead = now - _paced_at(db)
    return max(min(ahead // EVERYBODY, BURST), 0) if ahead >= timedelta() else 0


def _paced_at(db: Connection) -> datetime:
    row = db.row("SELECT due_at FROM turn WHERE name = :name", name=_ALL_CHATS)
    return from_micros(row["due_at"] if row else 0)


def _plan(db: Connection, turns: Mapping[str, datetime]) -> None:
    db.many(
        "INSERT INTO turn (name, due_at) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET due_at = excluded.due_at",
        [(name, to_micros(at)) for name, at in turns.items()],
    )


def _chat(place: Place) -> str:
    return f"chat {place.chat_id}"


def chats_of(locks: Sequence[str]) -> list[int]:
    """The chats among the locks of jobs."""
    return [int(lock.removeprefix("chat ")) for lock in locks if lock.startswith("chat ")]
