"""`make bench`: a line a measurement; exit code 1 when a goal is missed. `make bench-large`: over millions of rows."""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks import export, find, ingest, memory, on_postgres, on_sqlite, today

Measure = Callable[[Path], Awaitable[tuple[str, bool]]]
USUAL: tuple[Measure, ...] = (
    ingest.measure,
    on_postgres.measure,
    today.measure,
    find.measure,
    export.measure,
    memory.measure,
)
LARGE: tuple[Measure, ...] = (on_postgres.measure_large, on_sqlite.measure_large)


async def main(measurements: tuple[Measure, ...]) -> bool:
    """Runs every measurement and prints its line; what one has stored the next may use."""
    met = True
    with TemporaryDirectory(prefix="epay-bot-bench-") as folder:
        for measure in measurements:
            line, good = await measure(Path(folder))
            print(f"{'ok  ' if good else 'MISS'}  {line}", flush=True)
            met = met and good
    return met


if __name__ == "__main__":
    sys.exit(not asyncio.run(main(LARGE if "large" in sys.argv[1:] else USUAL)))
