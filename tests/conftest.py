"""Options of the test run, and databases to work on."""

import re
from collections.abc import AsyncIterator, Iterator
from functools import cache
from pathlib import Path

import postgres
import pytest
from databases import ENGINE, ENGINES, POSTGRES, SQLITE, give_back, open_store, writing

from bot.store.driver import Connection, Store


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-messages",
        action="store_true",
        help="write the reviewed messages and the catalogues' list of texts anew, then read the difference",
    )

    parser.addoption("--fuzz", type=int, default=1_500, help="how many forged updates the bot is given")


def pytest_sessionstart() -> None:
    """The server starts before a test changes where temporary files are."""
    if ENGINE == POSTGRES:
        postgres.server()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """On a server only what may open a store is run: all else is the same as without one."""
    if ENGINE == SQLITE:
        return
    kept = [item for item in items if reaches_stores(Path(item.path)) or "engine" in getattr(item, "fixturenames", ())]
    config.hook.pytest_deselected(items=[item for item in items if item not in set(kept)])
    items[:] = kept


@cache
def reaches_stores(path: Path) -> bool:
    """Whether a module of the tests uses `databases`, itself or through another one."""
    if path.stem in {"databases", "postgres"}:
        return True
    names = re.findall(r"^(?:from|import) (\w+)", path.read_text(encoding="utf-8"), re.MULTILINE)
    near = [path.with_name(f"{name}.py") for name in names]
    return "benchmarks" in names or any(reaches_stores(one) for one in near if one.exists())


@pytest.fixture(scope="session")
def update_messages(request: pytest.FixtureRequest) -> bool:
    return bool(request.config.getoption("--update-messages"))


@pytest.fixture(scope="module", params=ENGINES if ENGINE == SQLITE else [ENGINE])
def engine(request: pytest.FixtureRequest) -> str:
    """What holds for the store holds on both."""
    if request.param == POSTGRES:
        postgres.skip_unless_there()
    return str(request.param)


@pytest.fixture
def db(engine: str, tmp_path: Path) -> Iterator[Connection]:
    """A new database, open for writing inside one transaction."""
    with writing(tmp_path / "epay-bot.db", engine) as db:
        yield db


@pytest.fixture(scope="module")
def shared(engine: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connection]:
    """One database for the many examples of a module's tests, each `undone`."""
    with writing(tmp_path_factory.mktemp("shared") / "epay-bot.db", engine) as db:
        yield db


@pytest.fixture
async def store(engine: str, tmp_path: Path) -> AsyncIterator[Store]:
    """A new store on its own database."""
    store = open_store(tmp_path / "epay-bot.db", engine)
    yield store
    await store.close()


@pytest.fixture(autouse=True)
def _databases_are_given_back(request: pytest.FixtureRequest) -> Iterator[None]:
    yield
    if folder := request.node.funcargs.get("tmp_path"):
        give_back(folder)
