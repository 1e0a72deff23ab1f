"""Days of work in minutes: memory, descriptors and the write-ahead log must not grow with them."""

import asyncio
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random
from statistics import mean, median
from typing import NamedTuple

from running import OWNER, Outside, Program
from traffic import Traffic, count_losses

from benchmarks.faults.under import Result, everything_told
from bot.demo.telegram import Person

# What runs every ten minutes runs twice in the long form: the second time must take no more than the first.
FULL, SHORT = 1500, 4
# Answers are no alerts: they go to an owner of their own.
ASKING = 104
MEGABYTE = 1_000_000
COMMANDS = ("/today", "/health", "/failed", "/last", "/terminals", "/alerts", "/find 1", "/week")


class Measured(NamedTuple):
    """What a tenth of the time takes as a rule (`memory`) and at most; megabytes, but for the descriptors."""

    memory: float
    descriptors: int
    log: float
    database: float


async def soak(folder: Path, *, full: bool) -> Result:
    """The real program at some 25 operations a second (a shop's week in ten minutes), asked all the time."""
    seconds = FULL if full else SHORT
    outside = await Outside(folder).open()
    try:
        # What is read again each time, and held for a moment, is then the same from the second minute on.
        polling = {"interval": "1s", "overlap": "1m", "backfill": "0s"}
        await outside.begin(access={"owners": [OWNER, ASKING]}, polling=polling)
        asking = outside.api.person(ASKING, "Asking")
        outside.api.private_chat(asking)
        program = await outside.run()
        traffic = Traffic(outside, Random(5))
        measured = [await _tenth(outside, program, asking, seconds / 10) for _ in range(10)]
        await traffic.stop()
        traffic.failed.add(outside.fail())
        await everything_told(outside, traffic)
        assert await program.stop() == 0
        losses = count_losses(outside, traffic.failed)
        rows = len(outside.world.rows(outside.shop.id))
        note = f"{rows} operations in {seconds} s; " + ", ".join(_told(measured, name) for name in Measured._fields)
        broken = [line for line in program.output.splitlines() if "did not end within" in line or " fails: " in line]
        return Result(losses, 0, note, (*broken, *(_growing(measured) if full else ())))
    finally:
        await outside.close()


async def _tenth(outside: Outside, program: Program, asking: Person, seconds: float) -> Measured:
    """How things stand during a while of work, looked at each second: an instant may be in the midst of a poll."""
    looks = []
    for number in range(max(int(seconds), 1)):
        await outside.api.says(asking, outside.api.chats[ASKING], COMMANDS[number % len(COMMANDS)])
        await asyncio.sleep(seconds / max(int(seconds), 1))
        looks.append(await asyncio.to_thread(_measure, program.pid, outside.database))
    return Measured(
        median(look.memory for look in looks),
        max(look.descriptors for look in looks),
        max(look.log for look in looks),
        looks[-1].database,
    )


def _measure(pid: int, database: Path) -> Measured:
    status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    resident = next(int(line.split()[1]) / 1000 for line in status.splitlines() if line.startswith("VmRSS"))
    wal = database.with_name(database.name + "-wal")
    descriptors = len(list(Path(f"/proc/{pid}/fd").iterdir()))
    return Measured(resident, descriptors, _size(wal), _size(database))


def _size(path: Path) -> float:
    """Of a database on a server nothing is here."""
    return path.stat().st_size / MEGABYTE if path.exists() else 0.0


def _growing(measured: Sequence[Measured]) -> Iterator[str]:
    """By the middle all caches are full and every job has run; from then on nothing may grow."""
    settled, last = measured[4:7], measured[-3:]
    growth = mean(one.memory for one in last) / mean(one.memory for one in settled) - 1
    if growth > 0.05:
        yield f"memory grows by {growth:.1%}: {[round(one.memory) for one in measured]}"
    if max(one.descriptors for one in last) > max(one.descriptors for one in settled) + 2:
        yield f"descriptors grow: {[one.descriptors for one in measured]}"
    if max(one.log for one in measured) >= 64:
        yield f"the write-ahead log grows: {[round(one.log) for one in measured]}"


def _told(measured: Sequence[Measured], name: str) -> str:
    values = [getattr(one, name) for one in measured]
    return f"{name} {values[0]:.0f} / {values[len(values) // 2]:.0f} / {values[-1]:.0f}"
