"""The short form of `make faults`, some rows side by side: nothing is lost, whatever goes wrong outside the program."""

import asyncio
from collections.abc import Mapping
from pathlib import Path

import pytest
from databases import ENGINE, SQLITE

from benchmarks.faults import ROWS, Row
from benchmarks.faults.under import Result

AT_ONCE = 4
# What other tests have in a short form of their own.
ELSEWHERE = {
    "kill": "test_kill",
    "sigterm": "test_app",
    "token": "test_app",
    "backups": "test_backup",
    "bank-garbage": "test_app",
    "telegram-429": "test_delivery",
    "telegram-drop": "test_delivery",
}
ONLY_SQLITE = {"disk-full"}
HERE = [row for row in ROWS if row.name not in ELSEWHERE]


@pytest.fixture(scope="module")
async def results(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Mapping[str, Result | BaseException]:
    """What came of every row that is asked for in this run."""
    items = [item for item in request.session.items if item.path == request.path and hasattr(item, "callspec")]
    rows: list[Row] = [item.callspec.params["row"] for item in items]
    if ENGINE != SQLITE:
        rows = [row for row in rows if row.name not in ONLY_SQLITE]
    places = asyncio.Semaphore(AT_ONCE)

    async def run(row: Row) -> Result:
        async with places:
            return await row.run(tmp_path_factory.mktemp(row.name), full=False)

    came = await asyncio.gather(*map(run, rows), return_exceptions=True)
    return dict(zip((row.name for row in rows), came, strict=True))


@pytest.mark.parametrize("row", HERE, ids=lambda row: row.name)
async def test_nothing_is_lost(row: Row, results: Mapping[str, Result | BaseException]) -> None:
    if row.name not in results:
        pytest.skip("SQLite only: the disk of a server is its own")
    result = results[row.name]
    if isinstance(result, BaseException):
        raise result
    assert row.is_met(result), result


def test_what_is_tested_elsewhere_is_a_row_and_its_test_is_there() -> None:
    assert ELSEWHERE.keys() <= {row.name for row in ROWS}
    assert all((Path(__file__).parent / f"{name}.py").exists() for name in ELSEWHERE.values())
