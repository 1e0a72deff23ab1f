"""Options of the test run, and databases to work on."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import postgres
import pytest
from databases import new_database, new_store

from bot.store.driver import Connection, Store
from bot.store.postgres import PostgresStore
from bot.store.sqlite import SqliteConnection, open_for_writing


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


@pytest.fixture(params=["sqlite", "postgres"])
def engine(request: pytest.FixtureRequest) -> str:
    """What holds for the store holds on both."""
    if request.param == "postgres" and (why := postgres.missing()):
        pytest.skip(why)
    return str(request.param)


@pytest.fixture
def db(engine: str, tmp_path: Path) -> Iterator[Connection]:
    """A new database, open for writing inside one transaction."""
    if engine == "postgres":
        yield from postgres.connected(postgres.new_url())
        return
    opened = open_for_writing(new_database(tmp_path / "epay-bot.db")).conn
    opened.execute("BEGIN IMMEDIATE")
    yield SqliteConnection(opened)
    opened.close()


@pytest.fixture
async def store(engine: str, tmp_path: Path) -> AsyncIterator[Store]:
    """A new store on its own database."""
    store: Store = PostgresStore(postgres.new_url()) if engine == "postgres" else new_store(tmp_path / "epay-bot.db")
    yield store
    await store.close()
