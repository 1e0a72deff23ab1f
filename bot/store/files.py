"""The file of a database: its lock, what it has been through, and what is wrong with it in words."""

import fcntl
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from bot.errors import InUse, StoreError

ADVICE = {
    "SQLITE_FULL": "free some space",
    "SQLITE_CORRUPT": "put a backup in its place: epay-bot restore --config FILE BACKUP",
    "SQLITE_NOTADB": "put a backup in its place: epay-bot restore --config FILE BACKUP",
    "SQLITE_READONLY": "check the rights to the file and its folder",
    "SQLITE_CANTOPEN": "check the rights to the file and its folder",
    "SQLITE_IOERR": "check the disk",
    "SQLITE_BUSY": "another program holds it",
}


def path_of(url: str) -> Path:
    """The file behind `sqlite:///data/epay-bot.db` (relative) or `sqlite:////var/lib/…` (absolute)."""
    return Path(url.removeprefix("sqlite:///"))


def claim(path: Path) -> int:
    """Locks the file beside the database until this descriptor is closed.

    Raises InUse when another has it, StoreError when there can be no such file.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = os.open(path.with_name(path.name + ".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise StoreError(f"the folder {path.parent} cannot be written to: {error.strerror}") from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(lock)
        raise InUse(f"another epay-bot is using {path}; stop it first") from error
    return lock


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """No bot works on the file meanwhile. Raises InUse while one does."""
    lock = claim(path)
    try:
        yield
    finally:
        os.close(lock)


def list_steps(path: Path) -> set[str]:
    """The steps of the schema that a file has taken; none where there is no file. Nothing is changed in it."""
    if not path.is_file():
        return set()
    with named(path), closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as opened:
        known = opened.execute("SELECT 1 FROM sqlite_schema WHERE name = '_sqlite_migrations'").fetchone()
        return {name for (name,) in opened.execute("SELECT name FROM _sqlite_migrations")} if known else set()


@contextmanager
def named(path: Path) -> Iterator[None]:
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        raise StoreError(f"the database {path} cannot be opened: {told(error)}") from error


def told(error: sqlite3.Error | OSError) -> str:
    """What is wrong and what a person can do about it."""
    kind = getattr(error, "sqlite_errorname", "")
    advice = next((what for name, what in ADVICE.items() if kind.startswith(name)), "")
    return f"{error}; {advice}" if advice else str(error)
