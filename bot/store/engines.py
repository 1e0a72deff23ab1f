"""Which engine an address means. PostgreSQL's libraries are loaded only where it is used."""

import re
from contextlib import AbstractContextManager

from bot.store import files, sqlite
from bot.store.driver import Store
from bot.store.schema import list_migrations


def is_on_server(url: str) -> bool:
    """Whether the address means PostgreSQL, which several replicas may share."""
    return url.startswith("postgresql://")


def open_store(url: str, password: str | None = None, *, exclusive: bool = True, half: bool = False) -> Store:
    """The database behind an address. Raises StoreError.

    `exclusive`: for this process alone, where it is a file. `half`: also one that is not copied whole yet.
    """
    if is_on_server(url):
        from bot.store.postgres import PostgresStore

        return PostgresStore(url, password, half=half)
    return sqlite.SqliteStore(files.path_of(url), exclusive=exclusive, half=half)


def conninfo(url: str, password: str | None = None) -> str | None:
    """How else the server is reached, as by the queue of several replicas; None for a file."""
    if not is_on_server(url):
        return None
    from bot.store import server

    return server.conninfo(url, password)


def claim(url: str, password: str | None = None) -> AbstractContextManager[None]:
    """Nobody else changes the database meanwhile. Raises StoreError while a bot uses it."""
    if is_on_server(url):
        from bot.store import server

        return server.alone(url, password)
    return files.alone(files.path_of(url))


def list_steps(url: str, password: str | None = None) -> set[str]:
    """The steps of the schema that a database has taken; none where there is none. Nothing is changed there."""
    if is_on_server(url):
        from bot.store import server

        return server.list_steps(url, password)
    return files.list_steps(files.path_of(url))


def list_known_steps(url: str) -> set[str]:
    """The steps this program knows for the engine of an address."""
    if is_on_server(url):
        from bot.store.postgres import list_known_steps

        return list_known_steps()
    return {step.name for step in list_migrations()}


def name_of(url: str) -> str:
    """One name for one database, whatever the way to it; without who asks and how."""
    if is_on_server(url):
        return re.sub(r"(?<=//)[^@/]*@|\?.*", "", url)
    return f"sqlite:///{files.path_of(url).absolute()}"
