"""New databases without the wait: the migrations run once a test run, every test gets a copy of what they made."""

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from bot.store.sqlite import SqliteStore, open_for_writing


def new_database(path: Path) -> Path:
    """An empty database of the newest schema."""
    path.write_bytes(_migrated())
    path.chmod(0o600)
    return path


def new_store(path: Path) -> SqliteStore:
    """A store on a new database."""
    return SqliteStore(new_database(path))


@cache
def _migrated() -> bytes:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "empty.db"
        open_for_writing(path).close()
        return path.read_bytes()
