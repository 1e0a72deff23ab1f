"""`make bench`: one line a measurement; exit code 1 when a goal is missed."""

import asyncio
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks import export, find, ingest, memory, today


async def main() -> bool:
    """Runs every measurement and prints its line; what one has stored the next may use."""
    met = True
    with TemporaryDirectory(prefix="epay-bot-bench-") as folder:
        for measurement in (ingest, today, find, export, memory):
            line, good = await measurement.measure(Path(folder))
            print(f"{'ok  ' if good else 'MISS'}  {line}", flush=True)
            met = met and good
    return met


if __name__ == "__main__":
    sys.exit(not asyncio.run(main()))
