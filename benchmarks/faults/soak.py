"""Days of work in minutes: memory, descriptors and the write-ahead log must not grow with them."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from random import Random
from statistics import mean

from running import Outside, Program
from traffic import Traffic, count_losses

from benchmarks.faults.under import Result, everything_told

FULL, SHORT = 900, 4
MEGABYTE = 1_000_000
COMMANDS = ("/today", "/health", "/failed", "/last", "/terminals", "/alerts", "/find 1", "/week")


async def soak(folder: Path, *, full: bool) -> Result:
    """The real program at some 25 operations a second (a shop's week in ten minutes), asked all the time."""
    seconds = FULL if full else SHORT
    outside = await Outside(folder).open()
    try:
        await outside.begin()
        program = await outside.run()
        traffic = Traffic(outside, Random(5))
        measured = [await _hour(outside, program, seconds / 10) for _ in range(10)]
        await traffic.stop()
        traffic.failed.add(outside.fail())
        await everything_told(outside, traffic)
        assert await program.stop() == 0
        losses = count_losses(outside, traffic.failed)
        skipped = program.output.count("did not end within") + program.output.count(" fails: ")
        assert skipped == 0, program.output[-2000:]
        if full:
            _assert_flat(measured)
        rows = len(outside.world.rows(outside.shop.id))
        note = f"{rows} operations in {seconds} s; " + ", ".join(_told(measured, place) for place in range(3))
        return Result(losses, 0, f"{note}, database {outside.database.stat().st_size / MEGABYTE:.1f} MB")
    finally:
        await outside.close()


async def _hour(outside: Outside, program: Program, seconds: float) -> tuple[float, float, float]:
    """Resident megabytes, open descriptors and the log's megabytes after a while of work."""
    for number in range(max(int(seconds), 1)):
        await outside.api.says(outside.owner, outside.chat, COMMANDS[number % len(COMMANDS)])
        await asyncio.sleep(seconds / max(int(seconds), 1))
    return await asyncio.to_thread(_measure, program.pid, outside.database)


def _measure(pid: int, database: Path) -> tuple[float, float, float]:
    status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    resident = next(int(line.split()[1]) / 1000 for line in status.splitlines() if line.startswith("VmRSS"))
    wal = database.with_name(database.name + "-wal")
    return resident, len(list(Path(f"/proc/{pid}/fd").iterdir())), wal.stat().st_size / MEGABYTE


def _assert_flat(measured: Sequence[tuple[float, float, float]]) -> None:
    """The first two tenths are for caches to fill."""
    settled, last = measured[2:5], measured[-3:]
    assert mean(one[0] for one in last) <= 1.05 * mean(one[0] for one in settled), measured
    assert max(one[1] for one in last) <= max(one[1] for one in settled) + 2, measured
    assert max(one[2] for one in measured) < 64, measured


def _told(measured: Sequence[tuple[float, float, float]], place: int) -> str:
    name = ("memory MB", "descriptors", "log MB")[place]
    values = [one[place] for one in measured]
    return f"{name} {values[0]:.0f} / {values[len(values) // 2]:.0f} / {values[-1]:.0f}"
