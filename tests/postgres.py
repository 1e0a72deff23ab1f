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

import psycopg

from bot.store.postgres import migrate

_numbers = count(1)
_MISSING = "no PostgreSQL here: these tests need initdb and postgres (Debian: apt-get install postgresql)"


def missing() -> str:
    """Why there can be no server; empty when there can."""
    return "" if _folders() else _MISSING


class Server:
    """One server on a port of loopback. It needs no disk that keeps its word: nothing here outlives the run."""

    def __init__(self, *, settings: Sequence[str] = ("fsync=off", "full_page_writes=off")) -> None:
        self.port = _free_port()
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


@cache
def server() -> Server:
    """The server of this run, started when the first test asks for it."""
    return Server()


def new_url() -> str:
    """The address of a new database of the newest schema."""
    return server().url(server().create(_migrated()))


@cache
def _migrated() -> str:
    name = server().create()
    migrate(server().url(name))
    return name


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


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
