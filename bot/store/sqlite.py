"""SQLite through sqlite-utils: one thread owns the writing connection, a few others read."""

import json
import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar, cast

from bot.errors import StoreError
from bot.store import copying, files
from bot.store.driver import Connection, Row
from bot.store.numberless import Database, Migrations
from bot.store.schema import list_migrations
from bot.store.threads import Threads

P = ParamSpec("P")
T = TypeVar("T")
LONGEST_CHECK = 5.0
# FULL: a forgotten "sent" mark after a power loss would be an unmarked repeat.
_SETTINGS = (
    "PRAGMA busy_timeout = 5000",
    "PRAGMA foreign_keys = ON",
    "PRAGMA temp_store = MEMORY",
    "PRAGMA secure_delete = FAST",
)


class SqliteConnection:
    """The Connection protocol over sqlite3."""

    version = f"SQLite {sqlite3.sqlite_version}"
    parted = False

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        connection.row_factory = sqlite3.Row

    def rows(self, sql: str, /, **values: object) -> list[Row]:
        return cast(list[Row], self._execute(sql, values).fetchall())

    def row(self, sql: str, /, **values: object) -> Row | None:
        return cast(Row | None, self._execute(sql, values).fetchone())

    def tuples(self, sql: str, /, **values: object) -> list[tuple[Any, ...]]:
        cursor = self._connection.cursor()
        cursor.row_factory = None
        return cursor.execute(sql, values).fetchall()

    def run(self, sql: str, /, **values: object) -> int:
        return self._execute(sql, values).rowcount

    def many(self, sql: str, rows: Iterable[Sequence[object]], /) -> None:
        self._connection.executemany(sql, rows)

    def _execute(self, sql: str, values: dict[str, object]) -> sqlite3.Cursor:
        for name, value in values.items():
            if isinstance(value, list):
                sql = sql.replace(f"IN (:{name})", f"IN (SELECT value FROM json_each(:{name}))")
                values = values | {name: json.dumps(value)}
        return self._connection.execute(sql, values)


class SqliteStore:
    """A database file. Raises StoreError when it cannot be opened; `exclusive` keeps a second bot out."""

    shared = False

    def __init__(self, path: Path, *, exclusive: bool = True, half: bool = False) -> None:
        self._path = path
        self._lock = files.claim(path) if exclusive else None
        self._local = threading.local()
        self._opened: list[sqlite3.Connection] = []
        self._threads = Threads()
        try:
            with files.named(path):
                self._database = self._threads.begin(lambda: _open(path, exclusive=exclusive, half=half))
        except StoreError:
            self._threads.abandon()
            self._release()
            raise

    @property
    def waiting(self) -> int:
        return self._threads.waiting

    async def write(self, change: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        def work() -> T:
            connection = self._database.conn
            return _in_transaction(connection, "BEGIN IMMEDIATE", lambda db: change(db, *args, **kwargs))

        with self._named():
            return await self._threads.write(work)

    async def write_apart(
        self, change: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        return await self.write(change, *args, **kwargs)

    async def read(self, query: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        def work() -> T:
            return _in_transaction(self._reader(), "BEGIN", lambda db: query(db, *args, **kwargs))

        with self._named():
            return await self._threads.read(work)

    async def close(self) -> None:
        """The last connection to go is the writing one: it leaves everything in the one file."""
        await self._threads.close_readers()
        for connection in self._opened:
            connection.close()
        with suppress(sqlite3.Error):
            await self._threads.close(self._database.conn.close)
        self._release()

    @contextmanager
    def _named(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise StoreError(f"the database {self._path} cannot be used: {files.told(error)}") from error

    def _reader(self) -> sqlite3.Connection:
        """This thread's own connection, which cannot write."""
        reader: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if reader is None:
            uri = f"{self._path.absolute().as_uri()}?mode=ro"
            reader = sqlite3.connect(uri, uri=True, check_same_thread=False, isolation_level=None)
            self._opened.append(reader)
            for setting in (*_SETTINGS, "PRAGMA query_only = ON"):
                reader.execute(setting)
            _speak_unicode(reader)
            self._local.connection = reader
        return reader

    def _release(self) -> None:
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


def _in_transaction(connection: sqlite3.Connection, begin: str, work: Callable[[Connection], T]) -> T:
    """All of the work or nothing; a reader sees one moment of the database, however long it takes."""
    connection.execute(begin)
    try:
        result = work(SqliteConnection(connection))
        connection.execute("COMMIT")
    except BaseException:
        connection.rollback()
        raise
    return result


def migrations() -> Migrations:
    """Every file of migrations/ in the order of its number; each runs once, in one transaction."""
    ordered = Migrations("epay-bot")
    for migration in list_migrations():
        ordered(name=migration.name)(running(migration.statements))
    return ordered


def running(statements: Iterable[str]) -> Callable[[Database], None]:
    """The statements as a migration: sqlite3's own executescript would commit half of it."""

    def apply(database: Database) -> None:
        for statement in statements:
            database.conn.execute(statement)

    return apply


def _speak_unicode(connection: sqlite3.Connection) -> None:
    """SQLite's own LOWER knows ASCII only."""
    connection.create_function("lower_unicode", 1, str.lower, deterministic=True)


def _open(path: Path, *, exclusive: bool, half: bool) -> Database:
    """As `open_for_writing`; for one bot alone it must be sound, and whole unless half a copy will do."""
    database = _open_sound(path) if exclusive else open_for_writing(path)
    try:
        if not half:
            copying.refuse_half(SqliteConnection(database.conn))
    except BaseException:
        database.close()
        raise
    return database


def _open_sound(path: Path) -> Database:
    """As `open_for_writing`, unless a page is found damaged; a large file is looked at for some seconds only."""
    database = open_for_writing(path)
    try:
        found = _find_damage(database.conn)
    except BaseException:
        database.close()
        raise
    if found:
        database.close()
        raise sqlite3.DatabaseError(f"it is damaged ({found}); {files.ADVICE['SQLITE_CORRUPT']}")
    return database


def _find_damage(connection: sqlite3.Connection) -> str:
    until = time.monotonic() + LONGEST_CHECK
    connection.set_progress_handler(lambda: time.monotonic() > until, 100_000)
    try:
        (found,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.OperationalError as error:
        if error.sqlite_errorname != "SQLITE_INTERRUPT":
            raise
        return ""
    finally:
        connection.set_progress_handler(None, 0)
    return "" if found == "ok" else str(found)


def open_for_writing(path: Path) -> Database:
    """The database file, made if there is none, with the newest schema."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    database = Database(path)
    try:
        for setting in ("PRAGMA journal_mode = WAL", "PRAGMA synchronous = FULL", *_SETTINGS):
            database.conn.execute(setting)
        _speak_unicode(database.conn)
        migrations().apply(database)
    except BaseException:
        database.close()
        raise
    return database
