"""A PostgreSQL server of our own for the length of a test run, where the programs of one are installed."""

import atexit
import os
import shutil
import socket
import subprocess
from collections.abc import Sequence
from functools import cache
from itertools import count
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import psycopg
import pytest

from bot.store.driver import Row
from bot.store.postgres import PostgresConnection, migrate

_numbers = count(1)
_used: list[str] = []
_END_OTHERS = """
    SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()
"""
_SCHEMA = """
    SELECT string_agg(format('%s.%s', relname, attname), ' ' ORDER BY relname, attname)
    FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
    WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition
"""
_CLEANING = """
    SELECT format('DROP TABLE %s', inhrelid::regclass) FROM pg_inherits JOIN pg_class ON oid = inhrelid
    WHERE relkind = 'r'
    UNION ALL SELECT format('DELETE FROM %I', tablename) FROM pg_tables
    WHERE schemaname = 'public' AND tablename <> 'schema_step'
        AND NOT EXISTS (SELECT 1 FROM pg_inherits WHERE inhrelid::regclass::text = tablename)
    UNION ALL SELECT format('ALTER SEQUENCE %I RESTART', sequencename) FROM pg_sequences WHERE last_value IS NOT NULL
"""
_MISSING = "no PostgreSQL here: these tests need initdb and postgres (Debian: apt-get install postgresql)"


def missing() -> str:
    """Why there can be no server; empty when there can."""
    return "" if _folders() else _MISSING


def skip_unless_there() -> None:
    """Where PostgreSQL must be there, its absence is a failure."""
    skip_if(missing())


def skip_if(why: str) -> None:
    """Why something of PostgreSQL's is missing, if it is: where that must be there, its absence is a failure."""
    if why:
        if os.environ.get("EPAY_BOT_REQUIRE_POSTGRES"):
            pytest.fail(f"{why}, and EPAY_BOT_REQUIRE_POSTGRES is set")
        pytest.skip(why)


class Server:
    """One server on a port of loopback. It needs no disk that keeps its word: nothing here outlives the run."""

    def __init__(self, *, settings: Sequence[str] = ("fsync=off", "full_page_writes=off", "autovacuum=off")) -> None:
        self.port = free_port()
        self._folder = Path(mkdtemp(prefix="epay-bot-postgres-"))
        self._settings = settings
        self._as_user = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
        if self._as_user:
            shutil.chown(self._folder, "postgres")
        atexit.register(self.remove)
        self._call("initdb", "-D", self.data, "-U", "epay", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
        self.start()

    @property
    def data(self) -> str:
        return str(self._folder / "data")

    def url(self, database: str = "postgres") -> str:
        return f"postgresql://epay@127.0.0.1:{self.port}/{database}"

    def start(self) -> None:
        options = f"-p {self.port} -k {self._folder} -c max_connections=200 -c listen_addresses=127.0.0.1"
        options += "".join(f" -c {setting}" for setting in self._settings)
        self._call("pg_ctl", "-D", self.data, "-w", "-l", str(self._folder / "log"), "-o", options, "start")

    def stop(self, mode: str = "immediate") -> None:
        self._call("pg_ctl", "-D", self.data, "-m", mode, "-w", "stop")

    def create(self, template: str = "template1") -> str:
        """The name of a new database, made as a copy of another."""
        name = f"test_{next(_numbers)}"
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")  # type: ignore[arg-type]
        return name

    def remove(self) -> None:
        atexit.unregister(self.remove)
        if self._folder.exists():
            subprocess.run(
                [*self._as_user, program("pg_ctl"), "-D", self.data, "-m", "immediate", "stop"],
                check=False,
                capture_output=True,
                cwd="/",
            )
            shutil.rmtree(self._folder, ignore_errors=True)

    def _call(self, name: str, *words: str) -> None:
        command = [*self._as_user, program(name), *words]
        # A server that inherits our pipes would keep them open.
        done = subprocess.run(command, check=False, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, cwd="/")
        if done.returncode:
            raise RuntimeError(f"{name}: {done.stderr.decode()}")


class BothWays(PostgresConnection):
    """A connection that asks every question as a reader's too, whose statements are prepared."""

    def __init__(self, connection: psycopg.Connection[dict[str, Any]]) -> None:
        super().__init__(connection)
        self._reader = PostgresConnection(connection, prepared=True)

    def rows(self, sql: str, /, **values: object) -> list[Row]:
        self._read(sql, values)
        return super().rows(sql, **values)

    def row(self, sql: str, /, **values: object) -> Row | None:
        self._read(sql, values)
        return super().row(sql, **values)

    def _read(self, sql: str, values: dict[str, object]) -> None:
        if sql.lstrip().startswith(("SELECT", "WITH")):
            self._reader.run("SAVEPOINT reading")
            self._reader.rows(sql, **values)
            self._reader.run("ROLLBACK TO SAVEPOINT reading")


@cache
def server() -> Server:
    """The server of this run, started when the first test asks for it."""
    return Server()


def new_url() -> str:
    """The address of an empty database of the newest schema: a used one made clean, or else a new one."""
    while _used:
        url = _used.pop()
        if _clean(url):
            return url
    return server().url(server().create(_migrated()))


def copy_of(url: str) -> str:
    """The address of a database with the same in it, which nobody may be using."""
    return server().url(server().create(url.rpartition("/")[2]))


def give_back(url: str) -> None:
    """Nobody needs what is in this database any more. To make another takes far longer than to clean one."""
    _used.append(url)


def _clean(url: str) -> bool:
    """As the migrations left it: without rows, without the tables of months, numbers beginning at one.

    False when its tables are not what the migrations made: it must not be used again.
    """
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(_END_OTHERS)
        # No foreign key wants an order of its own.
        connection.execute("SET session_replication_role = replica")
        if connection.execute(_SCHEMA).fetchone() != _schema():
            return False
        todo = [statement for (statement,) in connection.execute(_CLEANING)]
        connection.execute("; ".join(todo))  # type: ignore[arg-type]
        return True


@cache
def _migrated() -> str:
    name = server().create()
    migrate(server().url(name))
    return name


@cache
def _schema() -> tuple[object, ...] | None:
    with psycopg.connect(server().url(_migrated())) as connection:
        return connection.execute(_SCHEMA).fetchone()


def program(name: str) -> str:
    """Where one of PostgreSQL's own programs is; the newest there is."""
    folder = next((folder for folder in _folders() if (folder / name).exists()), None)
    assert folder is not None, _MISSING
    return str(folder / name)


@cache
def _folders() -> tuple[Path, ...]:
    """Where the programs are that a server and its copies need."""
    needed = ("initdb", "pg_ctl", "pg_dump", "pg_restore")
    found = [Path(known).parent for known in (shutil.which("initdb"),) if known]
    found += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return tuple(folder for folder in found if all((folder / name).exists() for name in needed))


def free_port() -> int:
    """One on loopback that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
