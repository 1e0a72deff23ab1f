"""The server of PostgreSQL: how it is reached, who else works there, and what is wrong with it in words."""

import os
import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg_pool import PoolTimeout

from bot.errors import InUse, StoreError
from bot.store.sessions import OTHERS

# A network that swallows packets must not hang a replica for a quarter of an hour. The address itself may say else.
_PATIENCE: dict[str, Any] = {
    "connect_timeout": 3,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 5000,
    "target_session_attrs": "read-write",
}
_NO_ADDRESS = (
    "storage.url is no address of PostgreSQL: it is written postgresql://user:password@host/database, "
    "with %20, %2F, %40… for signs that are not letters or digits"
)


@contextmanager
def alone(url: str, password: str | None = None) -> Iterator[None]:
    """Raises InUse when a bot works on the database, at the beginning or at the end."""
    _refuse_others(url, password)
    yield
    _refuse_others(url, password)


def _refuse_others(url: str, password: str | None) -> None:
    with named(), psycopg.connect(conninfo(url, password)) as connection:
        if connection.execute(OTHERS).fetchone():
            raise InUse(f"another epay-bot is using {connection.info.dbname}; stop it first")


def list_steps(url: str, password: str | None = None) -> set[str]:
    """The steps of the schema that a database has taken. Nothing is changed in it."""
    with named(), psycopg.connect(conninfo(url, password)) as connection:
        known = connection.execute("SELECT to_regclass('schema_step')").fetchone()
        if known is None or known[0] is None:
            return set()
        return {name for (name,) in connection.execute("SELECT name FROM schema_step")}


def conninfo(url: str, password: str | None = None) -> str:
    """What psycopg connects to: the password from wherever it is kept, and how long a silent network is believed.

    Each process has a name of its own among the server's sessions. Raises StoreError.
    """
    try:
        given = psycopg.conninfo.conninfo_to_dict(url)
    except psycopg.Error:
        given = {"port": url}
    # A password with a slash in it looks like a port.
    if not re.fullmatch(r"[\d,]*", str(given.get("port", ""))):
        # What is wrong with it, and would be told, may be the password.
        raise StoreError(_NO_ADDRESS)
    name = f"epay-bot {os.getpid()} {socket.gethostname()}"
    secret = {"password": password} if password else {}
    return psycopg.conninfo.make_conninfo(**({"application_name": name} | _PATIENCE | given | secret))


@contextmanager
def named() -> Iterator[None]:
    try:
        yield
    except psycopg.Error as error:
        raise StoreError(f"the database cannot be used: {told(error)}") from error


def told(error: psycopg.Error) -> str:
    """What is wrong in one line; the password is in no message of PostgreSQL's."""
    if isinstance(error, PoolTimeout):
        return "the server does not answer"
    return " ".join(str(error).split()) or type(error).__name__
