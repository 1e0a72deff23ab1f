"""`make faults-cluster`: one line a fault; exit code 1 when a goal is missed. Names choose rows, --short is quicker."""

import asyncio
import logging
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import postgres

from benchmarks.replicas import ROWS
from benchmarks.replicas.under import Result
from benchmarks.table import chosen


async def main(words: list[str]) -> bool:
    """Whether every row met its goal."""
    rows = chosen(ROWS, words)
    if why := postgres.missing():
        print(why)
        return False
    logging.disable(logging.CRITICAL)
    print(f"      {'fault':<16}{'told':>6}{'lost':>6}{'unmarked':>9}{'disorder':>9}{'repeats':>8}", end="")
    print(f"{'unanswered/twice':>18}   {'lag':<20}{'answer':<20}{'silence':<9}(p50/p99/most)", flush=True)
    met = True
    for row in rows:
        if why := row.missing():
            print(f"skip  {row.name:<16}{why}", flush=True)
            continue
        with TemporaryDirectory(prefix="epay-bot-replicas-") as folder:
            result = await row.run(Path(folder), full="--short" not in words)
        good = row.is_met(result)
        print(f"{'ok  ' if good else 'MISS'}  {row.name:<16}{as_columns(result)}", flush=True)
        met = met and good
    return met


def as_columns(result: Result) -> str:
    """The figures of a row, then its note."""
    seen = result.verdict
    lost = seen.operations + seen.alerts
    counts = f"{seen.told:>6}{lost:>6}{seen.unmarked:>9}{seen.disorder:>9}{seen.repeats:>8}"
    answered = f"{f'{seen.unanswered}/{seen.answered_twice}':>18}"
    return f"{counts}{answered}   {seen.lag!s:<20}{seen.answer!s:<20}{seen.silence:<5.1f} s  {result.note}"


if __name__ == "__main__":
    sys.exit(not asyncio.run(main(sys.argv[1:])))
