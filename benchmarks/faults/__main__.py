"""`make faults`: one line a fault; exit code 1 when anything was lost. Names choose rows, --short is quicker."""

import asyncio
import logging
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.faults import ROWS
from benchmarks.faults.under import Result
from benchmarks.table import chosen


async def main(words: list[str]) -> bool:
    """Whether every row met its goal."""
    rows = chosen(ROWS, words)
    logging.disable(logging.CRITICAL)
    print(
        f"      {'fault':<16}{'operations':>11}{'alerts':>8}{'repeats':>9}{'unmarked':>10}{'recovery':>10}", flush=True
    )
    met = True
    for row in rows:
        with TemporaryDirectory(prefix="epay-bot-faults-") as folder:
            result = await row.run(Path(folder), full="--short" not in words)
        good = row.is_met(result)
        print(f"{'ok  ' if good else 'MISS'}  {row.name:<14}{as_columns(result)}", flush=True)
        met = met and good
    return met


def as_columns(result: Result) -> str:
    """The figures of a row, then its note."""
    lost = result.losses
    counts = f"{lost.operations:>12}{lost.alerts:>8}{lost.repeats:>9}{lost.unmarked:>10}"
    return f"{counts}{result.recovery:>8.1f} s  {'; '.join((result.note, *result.broken))}"


if __name__ == "__main__":
    sys.exit(not asyncio.run(main(sys.argv[1:])))
