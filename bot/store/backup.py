"""Copies of the database: made while it is used, checked, put in its place; what a restored one must forget."""

import logging
import os
import sqlite3
from contextlib import closing, suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from bot.errors import BackupError
from bot.model import IncidentState, NoticeAlert
from bot.store import chats, incidents, outbox, routes, subscriptions
from bot.store.driver import Connection
from bot.store.files import claim

log = logging.getLogger(__name__)

# In `user_version`, which nothing else uses: this file is a copy, and nobody has worked with it yet.
_COPY = 1


def copy(database: Path, to: Path) -> None:
    """A whole, checked copy under its final name, for its owner only. Raises BackupError, also when `to` is there."""
    if not database.is_file():
        raise BackupError(f"there is no database {database}")
    part = to.with_name(f".{to.name}.part")
    try:
        _refuse_to_overwrite(to)
        part.unlink(missing_ok=True)
        os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        with closing(sqlite3.connect(f"{database.absolute().as_uri()}?mode=ro", uri=True, timeout=30)) as source:
            source.execute("VACUUM INTO ?", (str(part),))
        with closing(sqlite3.connect(part, isolation_level=None)) as made:
            made.execute(f"PRAGMA user_version = {_COPY}")
            _check(made, "quick_check")
        _finish(part, to)
    except (sqlite3.Error, OSError) as error:
        raise BackupError(f"no copy of {database} could be made at {to}: {_why(error)}") from error
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)


def verify(path: Path) -> int:
    """How many operations a copy holds, once every page and index of it is checked. Raises BackupError."""
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True)) as opened:
            _check(opened, "integrity_check")
            (count,) = opened.execute("SELECT COUNT(*) FROM operation").fetchone()
    except sqlite3.Error as error:
        raise BackupError(f"{path} is no good copy: {error}") from error
    return int(count)


def restore(backup: Path, database: Path, now: datetime) -> Path | None:
    """Puts a checked copy in the database's place; returns where the former one is kept, if there was one.

    Raises BackupError, or StoreError while a bot uses it.
    """
    verify(backup)
    lock = claim(database)
    former = database.with_name(f"{database.name}.{now.astimezone(UTC):%Y%m%dT%H%M%SZ}.old")
    part = database.with_name(f".{database.name}.part")
    try:
        part.unlink(missing_ok=True)
        descriptor = os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        with backup.open("rb") as source, os.fdopen(descriptor, "wb") as target:
            while piece := source.read(1 << 20):
                target.write(piece)
        with closing(sqlite3.connect(part, isolation_level=None)) as made:
            made.execute(f"PRAGMA user_version = {_COPY}")
        was_there = database.exists()
        # A journal beside a file it does not belong to would destroy it, so all of them move.
        for tail in ("-wal", "-shm", ""):
            with suppress(FileNotFoundError):
                database.with_name(database.name + tail).rename(former.with_name(former.name + tail))
        _finish(part, database)
    except (sqlite3.Error, OSError) as error:
        raise BackupError(f"{backup} could not be put in the place of {database}: {_why(error)}") from error
    finally:
        os.close(lock)
    return former if was_there else None


def find_copy(db: Connection, now: datetime) -> bool:
    """Whether this file was a fresh copy; then the bot begins anew."""
    mark = db.row("PRAGMA user_version")
    if mark is None or mark["user_version"] != _COPY:
        return False
    begin_anew(db, now)
    db.run("PRAGMA user_version = 0")
    return True


def begin_anew(db: Connection, now: datetime) -> None:
    """What came between the making of this copy and now is history, which is never announced.

    The watch of every merchant begins now. What waited may have been said since, and so may what incidents, digests
    and people's messages would lead to.
    """
    log.warning("the database is a restored copy: what happened before now is read and not announced")
    db.run("UPDATE source SET through_at = NULL")
    db.run("UPDATE outbox SET state = 'dead', problem = 'restored from a backup' WHERE state IN ('waiting', 'dead')")
    db.run("DELETE FROM living")
    for row in db.rows("SELECT DISTINCT merchant_id FROM incident WHERE state <> 'resolved'"):
        for incident in incidents.list_open(db, row["merchant_id"]):
            incidents.save(db, replace(incident, state=IncidentState.RESOLVED, resolved_at=now), None)
    for update_id, _ in chats.list_unhandled_updates(db):
        chats.mark_update(db, update_id, now, "restored from a backup")
    for place, plan, _ in subscriptions.list_due_plans(db, now):
        to = chats.find_destination(db, place.chat_id, place.thread_id)
        zone = ZoneInfo(to.timezone) if to else ZoneInfo("UTC")
        subscriptions.put_plan(db, place, plan, plan.due_after(now, zone))
    text = "The bot has started from a backup. What happened since it was made is read again and not announced."
    notice = NoticeAlert(text=text, at=now)
    outbox.announce(db, [(f"restored/{now.isoformat()}", notice)], routes.list_for_notices(db), now)


def _refuse_to_overwrite(to: Path) -> None:
    if to.exists():
        raise BackupError(f"{to} exists already; name another file")


def _check(opened: sqlite3.Connection, how: str) -> None:
    (found,) = opened.execute(f"PRAGMA {how}(1)").fetchone()
    if found != "ok":
        raise sqlite3.DatabaseError(found)


def _finish(part: Path, to: Path) -> None:
    """On the disk before it has its name, and its name on the disk before anybody is told."""
    _sync(part)
    _refuse_to_overwrite(to)
    part.rename(to)
    _sync(to.parent)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _why(error: sqlite3.Error | OSError) -> str:
    return (error.strerror or str(error)) if isinstance(error, OSError) else str(error)
