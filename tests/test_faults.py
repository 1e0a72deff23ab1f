"""The short form of `make faults`: nothing is lost, whatever goes wrong outside the program."""

from pathlib import Path

import pytest

from benchmarks.faults import ROWS, Row

# What other tests have in their own short form already.
ELSEWHERE = {"kill": "test_kill", "token": "test_app"}


@pytest.mark.parametrize("row", [row for row in ROWS if row.name not in ELSEWHERE], ids=lambda row: row.name)
async def test_nothing_is_lost(row: Row, tmp_path: Path) -> None:
    result = await row.run(tmp_path, full=False)
    assert row.is_met(result), result


def test_what_is_tested_elsewhere_is_a_row_and_its_test_is_there() -> None:
    assert ELSEWHERE.keys() <= {row.name for row in ROWS}
    assert all((Path(__file__).parent / f"{name}.py").exists() for name in ELSEWHERE.values())
