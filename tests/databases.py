"""New databases without the wait, on the engine of this run: migrated once, every test gets a copy of what they made.

Tests name a database by the path it has or would have as a file; `EPAY_BOT_TEST_ENGINE=postgres` puts all on a server.
"""

import json
import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import postgres
import psycopg
import pytest

from bot.store.binding import adapt
from bot.store.driver import Connection, Row, Store
from bot.store.engines import open_store as open_url
from bot.store.postgres import WRITERS
from bot.store.sqlite import SqliteConnection, open_for_writing

SQLITE, POSTGRES = ENGINES = ("sqlite", "postgres")
ENGINE = os.environ.get("EPAY_BOT_TEST_ENGINE", SQLITE)
_given: dict[Path, str] = {}


def only_sqlite(reason: str) -> pytest.MarkDecorator:
    """For what has no meaning on a server."""
    return pytest.mark.skipif(ENGINE != SQLITE, reason=f"SQLite only: {reason}")


def url_of(path: Path, engine: str = ENGINE) -> str:
    """The address of a database; one on a server is made when it is first named."""
    if engine == SQLITE:
        return f"sqlite:///{path}"
    if path not in _given:
        postgres.skip_unless_there()
        _given[path] = postgres.new_url()
    return _given[path]


def open_store(path: Path, engine: str = ENGINE, *, exclusive: bool = True) -> Store:
    """A store on a database, empty if it is new."""
    if engine == SQLITE and not path.exists():
        new_file(path)
    return open_url(url_of(path, engine), exclusive=exclusive)


def new_file(path: Path) -> Path:
    """An empty SQLite database of the newest schema."""
    path.write_bytes(_migrated())
    path.chmod(0o600)
    return path


def copy_of(path: Path, folder: Path) -> Path:
    """A database with the same in it; nobody may be using the first one."""
    to = folder / "bot.db"
    give_back(to)
    if ENGINE == SQLITE:
        shutil.copy(path, to)
    else:
        _given[to] = postgres.copy_of(url_of(path))
    return to


def give_back(folder: Path) -> None:
    """Nobody will look at the databases of this folder any more."""
    for path in [path for path in _given if path.is_relative_to(folder)]:
        postgres.give_back(_given.pop(path))


@contextmanager
def writing(path: Path, engine: str = ENGINE) -> Iterator[Connection]:
    """A new database, open for writing inside one transaction that is never kept."""
    if engine == SQLITE:
        with closing(open_for_writing(new_file(path)).conn) as opened:
            opened.execute("BEGIN IMMEDIATE")
            yield SqliteConnection(opened)
    else:
        with psycopg.connect(url_of(path, engine), autocommit=True) as connection:
            adapt(connection)
            connection.execute("BEGIN")
            yield postgres.BothWays(connection)


@contextmanager
def held(path: Path) -> Iterator[None]:
    """Somebody beside the program writes, and goes on doing so."""
    if ENGINE == SQLITE:
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            yield
    else:
        with psycopg.connect(url_of(path)) as other:
            other.execute(f"SELECT pg_advisory_xact_lock({WRITERS})")  # type: ignore[call-overload]
            yield


@contextmanager
def undone(db: Connection) -> Iterator[None]:
    """What is done meanwhile is forgotten, the transaction goes on."""
    db.run("SAVEPOINT before")
    try:
        yield
    finally:
        db.run("ROLLBACK TO SAVEPOINT before")
        db.run("RELEASE SAVEPOINT before")


def changed_rows(db: Connection) -> int:
    """A number that grows with every row that is inserted, updated or deleted in a transaction."""
    stats = "SELECT SUM(n_tup_ins + n_tup_upd + n_tup_del) AS count FROM pg_stat_xact_user_tables"
    row = db.row(stats if db.parted else "SELECT total_changes() AS count")
    return int(row["count"] or 0) if row else 0


def list_tables(db: Connection) -> list[str]:
    """The tables of the schema, without those of single months."""
    on_server = "SELECT relname AS name FROM pg_class WHERE relkind IN ('r', 'p') AND NOT relispartition "
    on_server += "AND relnamespace = 'public'::regnamespace"
    rows = db.rows(on_server if db.parted else "SELECT name FROM sqlite_schema WHERE type = 'table'")
    return sorted(row["name"] for row in rows)


def in_order(db: Connection, table: str) -> list[Row]:
    """The rows of a table nothing was deleted from, as they came."""
    return db.rows(f"SELECT * FROM {table} ORDER BY {'ctid' if db.parted else 'rowid'}")


def dump(db: Connection) -> str:
    """Everything that is kept anywhere."""
    rows = [dict(row) for table in list_tables(db) for row in db.rows(f"SELECT * FROM {table}")]
    return json.dumps(rows, ensure_ascii=False, default=str)


def ask(path: Path, sql: str) -> list[tuple[Any, ...]]:
    """What somebody beside the program sees in a database, or changes there."""
    if ENGINE == SQLITE:
        with closing(sqlite3.connect(path, isolation_level=None)) as database:
            return database.execute(sql).fetchall()
    with psycopg.connect(url_of(path), autocommit=True) as connection:
        cursor = connection.execute(sql)  # type: ignore[call-overload]
        return cursor.fetchall() if cursor.description else []


@cache
def _migrated() -> bytes:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "empty.db"
        open_for_writing(path).close()
        return path.read_bytes()
