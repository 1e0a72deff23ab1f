"""Keys that give a role once. Only their hashes are here; who redeems first has it, and nobody after that."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from hashlib import sha256

from bot.model import ALL_MERCHANTS, Invitation, NoticeAlert, Redemption, Role, Standing, from_micros, to_micros
from bot.store import chats, outbox, people
from bot.store.driver import Connection, Row

TRIES = 5
TRIED_WITHIN = timedelta(hours=1)


def add(db: Connection, key: str, invitation: Invitation) -> int:
    """Keeps an invitation under the hash of its key; returns its id."""
    row = db.row(
        "INSERT INTO invitation (key_hash, merchant_id, role, author_id, author_name, created_at, ends_at) "
        "VALUES (:key_hash, :merchant_id, :role, :author_id, :author_name, :created_at, :ends_at) RETURNING id",
        key_hash=_hash(key),
        merchant_id=invitation.merchant_id,
        role=invitation.role,
        author_id=invitation.author_id,
        author_name=invitation.author_name,
        created_at=to_micros(invitation.created_at),
        ends_at=to_micros(invitation.ends_at),
    )
    assert row is not None
    return int(row["id"])


def find(db: Connection, key: str) -> Invitation | None:
    """The invitation of a key, whatever has become of it."""
    row = db.row("SELECT * FROM invitation WHERE key_hash = :key_hash", key_hash=_hash(key))
    return _invitation(row) if row else None


def list_open(db: Connection, merchant_ids: Sequence[str], now: datetime) -> list[Invitation]:
    """Those that can still be redeemed, the newest first."""
    rows = db.rows(
        "SELECT * FROM invitation WHERE used_at IS NULL AND revoked_at IS NULL AND ends_at > :now ORDER BY id DESC",
        now=to_micros(now),
    )
    return [_invitation(row) for row in rows if row["merchant_id"] in merchant_ids]


def revoke(db: Connection, id_: int, merchant_ids: Sequence[str], now: datetime) -> bool:
    """Ends an invitation of one of these merchants at once; whether it was still open."""
    if not any(one.id == id_ for one in list_open(db, merchant_ids, now)):
        return False
    return db.run("UPDATE invitation SET revoked_at = :now WHERE id = :id", now=to_micros(now), id=id_) > 0


def redeem(db: Connection, key: str, user_id: int, now: datetime, *, for_chat: bool) -> Redemption:
    """Takes the key, if it can be taken, from everybody else; a wrong one is counted, and too many are told once.

    `for_chat`: a person who has a role there already may still use it for a group.
    """
    if _is_throttled(db, user_id, now):
        return Redemption.THROTTLED
    row = db.row("SELECT * FROM invitation WHERE key_hash = :key_hash", key_hash=_hash(key))
    if row is None:
        return _wrong(db, user_id, now)
    if row["used_at"] is not None:
        return Redemption.USED
    if row["revoked_at"] is not None or not _may_invite(db, row["author_id"], row["merchant_id"]):
        return Redemption.REVOKED
    if row["ends_at"] <= to_micros(now):
        return Redemption.EXPIRED
    if not for_chat and Standing(roles=people.roles_of(db, user_id)).role(row["merchant_id"]):
        return Redemption.NEEDLESS
    taken = db.run(
        "UPDATE invitation SET used_at = :now, used_by = :user_id WHERE id = :id AND used_at IS NULL",
        now=to_micros(now),
        user_id=user_id,
        id=row["id"],
    )
    return Redemption.TAKEN if taken else Redemption.USED


def forget(db: Connection, before: datetime) -> int:
    """Removes invitations that ended before then, and wrong keys nobody has tried since; returns how many."""
    db.run("DELETE FROM wrong_key WHERE since_at < :before", before=to_micros(before))
    return db.run("DELETE FROM invitation WHERE ends_at < :before", before=to_micros(before))


def _may_invite(db: Connection, author_id: int, merchant_id: str) -> bool:
    return Standing(roles=people.roles_of(db, author_id)).role(merchant_id) is Role.OWNER


def _is_throttled(db: Connection, user_id: int, now: datetime) -> bool:
    since = to_micros(now - TRIED_WITHIN)
    db.run("DELETE FROM wrong_key WHERE user_id = :user_id AND since_at <= :since", user_id=user_id, since=since)
    row = db.row("SELECT tries FROM wrong_key WHERE user_id = :user_id", user_id=user_id)
    return row is not None and row["tries"] >= TRIES


def _wrong(db: Connection, user_id: int, now: datetime) -> Redemption:
    row = db.row(
        "INSERT INTO wrong_key (user_id, tries, since_at) VALUES (:user_id, 1, :now) "
        "ON CONFLICT (user_id) DO UPDATE SET tries = wrong_key.tries + 1 RETURNING tries",
        user_id=user_id,
        now=to_micros(now),
    )
    if row and row["tries"] == TRIES:
        _tell_owners(db, user_id, now)
    return Redemption.WRONG


def _tell_owners(db: Connection, user_id: int, now: datetime) -> None:
    notice = NoticeAlert(
        text="Somebody tries invitations: {tries} wrong keys from the Telegram id {user}. "
        "They must wait an hour now; nothing was shown to them.",
        values={"tries": TRIES, "user": user_id},
        at=now,
    )
    ids = [one.user_id for one in people.list_people(db, [ALL_MERCHANTS])]
    owners = [known for id_ in ids if (known := chats.find_destination(db, id_, None))]
    outbox.announce(db, [(f"wrong-keys/{user_id}/{now.isoformat()}", notice)], owners, now)


def _invitation(row: Row) -> Invitation:
    return Invitation(
        id=row["id"],
        merchant_id=row["merchant_id"],
        role=Role(row["role"]),
        author_id=row["author_id"],
        author_name=row["author_name"],
        created_at=from_micros(row["created_at"]),
        ends_at=from_micros(row["ends_at"]),
    )


def _hash(key: str) -> str:
    return sha256(key.encode()).hexdigest()
