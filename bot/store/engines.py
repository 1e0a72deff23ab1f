"""Which engine an address means. PostgreSQL's libraries are loaded only where it is used."""

from bot.store.driver import Store
from bot.store.sqlite import SqliteStore, path_of


def is_on_server(url: str) -> bool:
    """Whether the address means PostgreSQL, which several replicas may share."""
    return url.startswith("postgresql://")


def conninfo(url: str) -> str | None:
    """How else the server is reached, as by the queue of several replicas; None for a file."""
    if not is_on_server(url):
        return None
    from bot.store import postgres

    return postgres.conninfo(url)


def open_store(url: str, *, exclusive: bool = True) -> Store:
    """The database behind an address; `exclusive`: for this process alone, where it is a file. Raises StoreError."""
    if is_on_server(url):
        from bot.store.postgres import PostgresStore

        return PostgresStore(url)
    return SqliteStore(path_of(url), exclusive=exclusive)
