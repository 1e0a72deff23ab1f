"""Who may do a piece of work until when; a holder that comes back late is fenced off by its epoch."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from bot.errors import LeaseLost
from bot.model import to_micros
from bot.store.driver import Connection

# What the names of leases begin with that say: this replica lives.
LIFE = "replica "


def take(db: Connection, name: str, owner: str, now: datetime, ttl: timedelta) -> int | None:
    """The epoch of a lease that is the caller's now, or None while somebody else's holds."""
    row = db.row(
        "INSERT INTO lease (name, owner, until_at, epoch) VALUES (:name, :owner, :until, 1) ON CONFLICT (name) "
        "DO UPDATE SET owner = excluded.owner, until_at = excluded.until_at, epoch = lease.epoch + 1 "
        "WHERE lease.owner = excluded.owner OR lease.until_at <= :now RETURNING epoch",
        name=name,
        owner=owner,
        until=to_micros(now + ttl),
        now=to_micros(now),
    )
    return int(row["epoch"]) if row else None


def extend(db: Connection, name: str, epoch: int, now: datetime, ttl: timedelta) -> None:
    """The holder goes on. Raises LeaseLost when somebody has taken it since."""
    until = to_micros(now + ttl)
    if not db.run(
        "UPDATE lease SET until_at = :until WHERE name = :name AND epoch = :epoch", name=name, epoch=epoch, until=until
    ):
        raise LeaseLost(f"{name} is done by another replica meanwhile")


def release(db: Connection, name: str, epoch: int) -> None:
    """The holder is done; whoever asks next has it."""
    db.run("UPDATE lease SET until_at = 0 WHERE name = :name AND epoch = :epoch", name=name, epoch=epoch)


def expire(db: Connection, names: Iterable[str]) -> None:
    """Their holder is gone; should it come back, its epoch is over once somebody else has taken them."""
    db.many("UPDATE lease SET until_at = 0 WHERE name = ?", [(name,) for name in names])


def life_of(replica: str) -> str:
    """The lease a replica holds for as long as it lives."""
    return f"{LIFE}{replica}"


def forget_lives(db: Connection, before: datetime) -> None:
    """Removes those of replicas that have not been there since then."""
    db.run(f"DELETE FROM lease WHERE name LIKE '{LIFE}%' AND until_at < :before", before=to_micros(before))


def end_silent(db: Connection, lock: int, after: timedelta) -> int:
    """Ends sessions that hold everybody's lock and have said nothing for so long: their replica is frozen or cut off.

    The server's own limit does not see one that stopped in the middle of a statement. Returns how many.
    """
    rows = db.rows(
        "SELECT pg_terminate_backend(held.pid) AS ended FROM pg_locks AS held JOIN pg_stat_activity AS known "
        "ON known.pid = held.pid WHERE held.locktype = 'advisory' AND held.granted AND held.classid = 0 "
        "AND held.objid = :lock AND known.wait_event_type = 'Client' AND held.database = "
        "(SELECT oid FROM pg_database WHERE datname = current_database()) "
        "AND known.state_change < clock_timestamp() - :seconds * interval '1 second'",
        lock=lock,
        seconds=after.total_seconds(),
    )
    return len(rows)
