"""SQLite through sqlite-utils: one thread owns the writing connection, a few others read."""

import asyncio
import fcntl
import os
import re
import sqlite3
import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar, cast

from sqlite_utils import Database, Migrations

from bot.errors import StoreError
from bot.store.driver import Connection, Row

P = ParamSpec("P")
T = TypeVar("T")
READERS = 3
# FULL: a forgotten "sent" mark after a power loss would be an unmarked repeat.
_SETTINGS = (
    "PRAGMA busy_timeout = 5000",
    "PRAGMA foreign_keys = ON",
    "PRAGMA temp_store = MEMORY",
    "PRAGMA cache_size = -16000",
)


def path_of(url: str) -> Path:
    """The file behind `sqlite:///data/epay-bot.db` (relative) or `sqlite:////var/lib/…` (absolute)."""
    return Path(url.removeprefix("sqlite:///"))


class SqliteConnection:
    """The Connection protocol over sqlite3."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        connection.row_factory = sqlite3.Row

    def rows(self, sql: str, /, **values: object) -> list[Row]:
        return cast(list[Row], self._connection.execute(sql, values).fetchall())

    def row(self, sql: str, /, **values: object) -> Row | None:
        return cast(Row | None, self._connection.execute(sql, values).fetchone())

    def run(self, sql: str, /, **values: object) -> int:
        return self._connection.execute(sql, values).rowcount

    def many(self, sql: str, rows: Iterable[Sequence[object]], /) -> None:
        self._connection.executemany(sql, rows)


class SqliteStore:
    """A database file. Raises StoreError when it cannot be opened; `exclusive` keeps a second bot out."""

    def __init__(self, path: Path, *, exclusive: bool = True) -> None:
        self._path = path
        self._lock = _claim(path) if exclusive else None
        self._local = threading.local()
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="store-read")
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="store-write")
        try:
            self._database = self._writer.submit(open_for_writing, path).result()
        except (sqlite3.Error, OSError) as error:
            self._release()
            raise StoreError(f"the database {path} cannot be opened: {error}") from error

    async def write(self, change: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        def work() -> T:
            return self._in_transaction(lambda: change(SqliteConnection(self._database.conn), *args, **kwargs))

        return await self._post(self._writer, work)

    async def read(self, query: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        def work() -> T:
            return query(self._reader(), *args, **kwargs)

        return await self._post(self._readers, work)

    async def close(self) -> None:
        await asyncio.to_thread(self._readers.shutdown)
        with suppress(sqlite3.Error):
            await asyncio.get_running_loop().run_in_executor(self._writer, self._database.conn.close)
        await asyncio.to_thread(self._writer.shutdown)
        self._release()

    async def _post(self, threads: ThreadPoolExecutor, work: Callable[[], T]) -> T:
        # A cancelled caller must not leave a half-known change behind: the work is always finished.
        running = asyncio.get_running_loop().run_in_executor(threads, work)
        try:
            return await asyncio.shield(running)
        except sqlite3.Error as error:
            raise StoreError(f"the database {self._path} cannot be used: {error}") from error

    def _in_transaction(self, work: Callable[[], T]) -> T:
        connection = self._database.conn
        connection.execute("BEGIN IMMEDIATE")
        try:
            result = work()
            connection.execute("COMMIT")
        except BaseException:
            connection.rollback()
            raise
        return result

    def _reader(self) -> Connection:
        reader: Connection | None = getattr(self._local, "connection", None)
        if reader is None:
            uri = f"file:{self._path.absolute().as_posix().replace('?', '%3f').replace('#', '%23')}?mode=ro"
            connection = sqlite3.connect(uri, uri=True, check_same_thread=False, isolation_level=None)
            for setting in (*_SETTINGS, "PRAGMA query_only = ON"):
                connection.execute(setting)
            _speak_unicode(connection)
            reader = self._local.connection = SqliteConnection(connection)
        return reader

    def _release(self) -> None:
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


def migrations() -> Migrations:
    """Every file of migrations/ in the order of its number; each runs once, in one transaction."""
    ordered = Migrations("epay-bot")
    for file in sorted(_folder().glob("[0-9]*.sql")):
        ordered(name=file.stem)(_statements(file.read_text(encoding="utf-8")))
    return ordered


def _folder() -> Path:
    """Inside an installed package, or beside it in a checkout."""
    package = Path(__file__).parents[1]
    installed = package / "migrations"
    return installed if installed.is_dir() else package.parent / "migrations"


def _statements(script: str) -> Callable[[Database], None]:
    """The script as a migration: sqlite3's own executescript would commit half of it."""
    statements = [part.strip() for part in re.sub(r"--[^\n]*", "", script).split(";") if part.strip()]

    def apply(database: Database) -> None:
        for statement in statements:
            database.conn.execute(statement)

    return apply


def _claim(path: Path) -> int:
    """Locks the file beside the database for as long as this process lives."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = os.open(path.with_name(path.name + ".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise StoreError(f"the folder {path.parent} cannot be written to: {error.strerror}") from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(lock)
        raise StoreError(f"another epay-bot is using {path}; stop it first") from error
    return lock


def _speak_unicode(connection: sqlite3.Connection) -> None:
    """SQLite's own LOWER knows ASCII only."""
    connection.create_function("lower", 1, str.lower, deterministic=True)


def open_for_writing(path: Path) -> Database:
    """The database file, made if there is none, with the newest schema."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    database = Database(path)
    for setting in ("PRAGMA journal_mode = WAL", "PRAGMA synchronous = FULL", *_SETTINGS):
        database.conn.execute(setting)
    _speak_unicode(database.conn)
    migrations().apply(database)
    return database
