"""The short form of `make faults-cluster`, some rows side by side: three replicas lose nothing, whatever goes wrong."""

import asyncio
from collections.abc import Mapping

import postgres
import pytest

from benchmarks.replicas import ROWS, Row
from benchmarks.replicas.under import Result

# The others take longer than a test may, or need root.
HERE = [row for row in ROWS if row.name in {"kill", "sigterm", "database-stop", "telegram-silent"}]


@pytest.fixture(scope="module")
async def results(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Mapping[str, Result | BaseException]:
    """What came of every row that is asked for in this run, all at the same time."""
    postgres.skip_unless_there()
    items = [item for item in request.session.items if item.path == request.path and hasattr(item, "callspec")]
    rows: list[Row] = [item.callspec.params["row"] for item in items]
    runs = [row.run(tmp_path_factory.mktemp(row.name), full=False) for row in rows]
    came = await asyncio.gather(*runs, return_exceptions=True)
    return dict(zip((row.name for row in rows), came, strict=True))


@pytest.mark.parametrize("row", HERE, ids=lambda row: row.name)
async def test_nothing_is_lost(row: Row, results: Mapping[str, Result | BaseException]) -> None:
    result = results[row.name]
    if isinstance(result, BaseException):
        raise result
    assert row.is_met(result), result
