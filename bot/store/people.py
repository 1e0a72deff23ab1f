"""Who holds which role at which merchant, and how much of a merchant may appear in which chat."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from bot.model import (
    ALL_MERCHANTS,
    CEILINGS,
    RIGHTS,
    ChatKind,
    Colleague,
    Destination,
    Level,
    Right,
    Role,
    Standing,
    from_micros,
    to_micros,
)
from bot.store import subscriptions
from bot.store.driver import Connection, Row
from bot.store.outbox import Place

_PEOPLE = (
    "SELECT person.*, destination.title FROM person LEFT JOIN destination "
    "ON destination.chat_id = person.user_id AND destination.thread_id = 0"
)


def configure(db: Connection, owner_ids: Sequence[int], now: datetime) -> None:
    """These own every merchant from now on, and no one who was configured before; strangers hear nothing more."""
    db.run("DELETE FROM person WHERE merchant_id = :merchant_id", merchant_id=ALL_MERCHANTS)
    for user_id in owner_ids:
        owner = Colleague(user_id=user_id, name="", merchant_id=ALL_MERCHANTS, role=Role.OWNER, given_at=now)
        give(db, owner, by=0)
    db.run(
        "UPDATE destination SET subscribed = 0 WHERE kind = 'private' AND chat_id NOT IN (SELECT user_id FROM person)"
    )
    # A private chat has a positive id.
    db.run(
        "DELETE FROM outbox WHERE state IN ('waiting', 'dead') AND chat_id > 0 "
        "AND chat_id NOT IN (SELECT user_id FROM person)"
    )


def give(db: Connection, colleague: Colleague, *, by: int) -> None:
    """A person holds this role at this merchant from now on; `by`: the id of who gave it, 0 for the configuration."""
    db.run(
        "INSERT INTO person (user_id, merchant_id, role, name, given_by, given_at) "
        "VALUES (:user_id, :merchant_id, :role, :name, :given_by, :given_at) "
        "ON CONFLICT (user_id, merchant_id) DO UPDATE SET "
        "role = excluded.role, name = excluded.name, given_by = excluded.given_by, given_at = excluded.given_at",
        user_id=colleague.user_id,
        merchant_id=colleague.merchant_id,
        role=colleague.role,
        name=colleague.name,
        given_by=by,
        given_at=to_micros(colleague.given_at),
    )


def change(db: Connection, user_id: int, merchant_id: str, role: Role, *, by: int) -> None:
    """A person who has a role at a merchant has this one from now on."""
    db.run(
        "UPDATE person SET role = :role, given_by = :given_by WHERE user_id = :user_id AND merchant_id = :merchant_id",
        role=role,
        given_by=by,
        user_id=user_id,
        merchant_id=merchant_id,
    )


def remove(db: Connection, user_id: int, merchant_id: str) -> None:
    """A person holds no role at a merchant any more: what was to be said or kept true in private is dropped."""
    here = {"user_id": user_id, "merchant_id": merchant_id}
    db.run("DELETE FROM person WHERE user_id = :user_id AND merchant_id = :merchant_id", **here)
    of_merchant = "SELECT number FROM incident WHERE merchant_id = :merchant_id"
    db.run(f"DELETE FROM living WHERE chat_id = :user_id AND incident IN ({of_merchant})", **here)
    db.run(
        f"DELETE FROM outbox WHERE chat_id = :user_id AND state IN ('waiting', 'dead') "
        f"AND (incident IS NULL OR incident IN ({of_merchant}))",
        **here,
    )
    if not roles_of(db, user_id):
        subscriptions.leave(db, Place(user_id, None))


def roles_of(db: Connection, user_id: int) -> dict[str, Role]:
    """The person's roles by merchant."""
    rows = db.rows("SELECT merchant_id, role FROM person WHERE user_id = :user_id", user_id=user_id)
    return {row["merchant_id"]: Role(row["role"]) for row in rows}


def list_people(db: Connection, merchant_ids: Sequence[str]) -> list[Colleague]:
    """Everybody with a role at one of these merchants, by merchant and since when."""
    rows = db.rows(f"{_PEOPLE} ORDER BY merchant_id, given_at, user_id")
    return [_colleague(row) for row in rows if row["merchant_id"] in merchant_ids]


def find_colleague(db: Connection, user_id: int, merchant_id: str) -> Colleague | None:
    """The person's role at this very merchant."""
    row = db.row(
        f"{_PEOPLE} WHERE user_id = :user_id AND merchant_id = :merchant_id",
        user_id=user_id,
        merchant_id=merchant_id,
    )
    return _colleague(row) if row else None


def levels_of(db: Connection, chat_id: int) -> dict[str, Level]:
    """How much of each merchant may appear in a chat; empty for one nobody linked."""
    rows = db.rows("SELECT merchant_id, level FROM chat_level WHERE chat_id = :chat_id", chat_id=chat_id)
    return {row["merchant_id"]: Level(row["level"]) for row in rows}


def standing_of(db: Connection, user_id: int, chat: Destination) -> Standing:
    """Roles and levels; who administers a group only Telegram knows."""
    levels = {} if chat.kind is ChatKind.PRIVATE else levels_of(db, chat.chat_id)
    return Standing(roles=roles_of(db, user_id), levels=levels)


def link(db: Connection, chat_id: int, merchant_ids: Sequence[str], level: Level) -> None:
    """So much of these merchants may appear in a chat, which is let in with that."""
    db.many(
        "INSERT INTO chat_level (chat_id, merchant_id, level) VALUES (?, ?, ?) "
        "ON CONFLICT (chat_id, merchant_id) DO UPDATE SET level = excluded.level",
        [(chat_id, merchant_id, level) for merchant_id in merchant_ids],
    )
    db.run("DELETE FROM unlinked_chat WHERE chat_id = :chat_id", chat_id=chat_id)


def let_in(db: Connection, chat: Destination, merchant_ids: Sequence[str]) -> None:
    """Links a group that is not linked yet; one that is keeps what it has."""
    if chat.kind is not ChatKind.PRIVATE and not levels_of(db, chat.chat_id):
        link(db, chat.chat_id, merchant_ids, Level.FIGURES)


def welcome(db: Connection, chat: Destination, user_id: int, now: datetime) -> bool:
    """Somebody has added the bot to a group: whether it is linked. The link of earlier holds if an owner of what it
    links has done so; else nothing may appear there, and the group waits to be linked from now on."""
    standing = standing_of(db, user_id, chat)
    if any(standing.role(merchant_id) is Role.OWNER for merchant_id in standing.levels):
        return True
    db.run("DELETE FROM chat_level WHERE chat_id = :chat_id", chat_id=chat.chat_id)
    db.run("DELETE FROM living WHERE chat_id = :chat_id", chat_id=chat.chat_id)
    db.run("DELETE FROM outbox WHERE chat_id = :chat_id AND state IN ('waiting', 'dead')", chat_id=chat.chat_id)
    db.run(
        "INSERT INTO unlinked_chat (chat_id, added_at) VALUES (:chat_id, :now) "
        "ON CONFLICT (chat_id) DO UPDATE SET added_at = excluded.added_at",
        chat_id=chat.chat_id,
        now=to_micros(now),
    )
    return False


def list_unlinked(db: Connection, before: datetime) -> list[int]:
    """Chats that have waited to be linked since before then."""
    rows = db.rows("SELECT chat_id FROM unlinked_chat WHERE added_at <= :before", before=to_micros(before))
    return [row["chat_id"] for row in rows]


def forget_unlinked(db: Connection, chat_id: int) -> None:
    """A chat no longer waits to be linked."""
    db.run("DELETE FROM unlinked_chat WHERE chat_id = :chat_id", chat_id=chat_id)


def may_hear(db: Connection, to: Destination, merchant_id: str, right: Right) -> bool:
    """Whether what takes `right` at a merchant may be said in a chat unasked."""
    private = to.kind is ChatKind.PRIVATE
    known = Standing(roles=roles_of(db, to.chat_id)) if private else Standing(levels=levels_of(db, to.chat_id))
    return _allowed(known, to, merchant_id, right)


def list_hearing(db: Connection, near: Sequence[Destination], merchant_id: str, right: Right) -> list[Destination]:
    """Those of the chats that have to do with a merchant which `may_hear`, asked about all at once."""
    roles, levels = defaultdict[int, dict[str, Role]](dict), defaultdict[int, dict[str, Level]](dict)
    private = {to.chat_id: to.kind is ChatKind.PRIVATE for to in near}
    here = "WHERE merchant_id IN ('', :merchant_id)"
    for row in db.rows(f"SELECT user_id, merchant_id, role FROM person {here}", merchant_id=merchant_id):
        if private.get(row["user_id"]) is True:
            roles[row["user_id"]][row["merchant_id"]] = Role(row["role"])
    for row in db.rows(f"SELECT chat_id, merchant_id, level FROM chat_level {here}", merchant_id=merchant_id):
        if private.get(row["chat_id"]) is False:
            levels[row["chat_id"]][row["merchant_id"]] = Level(row["level"])
    known = {to.chat_id: Standing(roles=roles[to.chat_id], levels=levels[to.chat_id]) for to in near}
    return [to for to in near if _allowed(known[to.chat_id], to, merchant_id, right)]


def _allowed(known: Standing, to: Destination, merchant_id: str, right: Right) -> bool:
    if to.kind is ChatKind.PRIVATE:
        role = known.role(merchant_id)
        return role is not None and right in RIGHTS[role]
    level = known.level(merchant_id)
    return level is not None and right in CEILINGS[level]


def is_owners(db: Connection, to: Destination) -> bool:
    """Whether a chat may know of all merchants."""
    return may_hear(db, to, ALL_MERCHANTS, Right.PEOPLE if to.kind is ChatKind.PRIVATE else Right.ALERTS)


def move_chat(db: Connection, old_id: int, new_id: int) -> None:
    """A group became a supergroup: what may appear there goes with it. Repeating it changes nothing."""
    for table in ("chat_level", "unlinked_chat"):
        if db.row(f"SELECT 1 AS known FROM {table} WHERE chat_id = :old_id LIMIT 1", old_id=old_id):
            db.run(f"DELETE FROM {table} WHERE chat_id = :new_id", new_id=new_id)
            db.run(f"UPDATE {table} SET chat_id = :new_id WHERE chat_id = :old_id", old_id=old_id, new_id=new_id)
    if levels_of(db, new_id):
        forget_unlinked(db, new_id)


def _colleague(row: Row) -> Colleague:
    return Colleague(
        user_id=row["user_id"],
        name=row["title"] or row["name"],
        merchant_id=row["merchant_id"],
        role=Role(row["role"]),
        given_at=from_micros(row["given_at"]),
    )
