"""`make bench`: one line a measurement; exit code 1 when a goal is missed."""

import asyncio
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks import ingest, memory, today


async def main() -> bool:
    """Runs every measurement in a folder of its own and prints its line."""
    met = True
    for measurement in (ingest, today, memory):
        with TemporaryDirectory(prefix="epay-bot-bench-") as folder:
            line, good = await measurement.measure(Path(folder))
        print(f"{'ok  ' if good else 'MISS'}  {line}", flush=True)
        met = met and good
    return met


if __name__ == "__main__":
    sys.exit(not asyncio.run(main()))
