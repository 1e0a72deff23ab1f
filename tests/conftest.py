"""Options of the test run, and databases to work on."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from databases import new_database, new_store

from bot.store.driver import Connection
from bot.store.sqlite import SqliteConnection, SqliteStore, open_for_writing


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-messages",
        action="store_true",
        help="write the reviewed messages and the catalogues' list of texts anew, then read the difference",
    )

    parser.addoption("--fuzz", type=int, default=1_500, help="how many forged updates the bot is given")


@pytest.fixture(scope="session")
def update_messages(request: pytest.FixtureRequest) -> bool:
    return bool(request.config.getoption("--update-messages"))


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Connection]:
    """A new database file, open for writing inside one transaction."""
    connection = open_for_writing(new_database(tmp_path / "epay-bot.db")).conn
    connection.execute("BEGIN IMMEDIATE")
    yield SqliteConnection(connection)
    connection.close()


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    """A new store on its own file."""
    store = new_store(tmp_path / "epay-bot.db")
    yield store
    await store.close()
