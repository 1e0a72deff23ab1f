"""Faults of the network between one replica and what it needs."""

import asyncio
from collections.abc import Callable
from pathlib import Path

from replicas import DATABASE, TELEGRAM, Replicas
from wires import Wire

from benchmarks.replicas.under import Fault, Result, under


async def cut_off(folder: Path, *, full: bool) -> Result:
    """One replica after the other loses the database: its connections are reset and no new one is made."""
    return await under(folder, _one_after_another(DATABASE, Wire.cut, times=6 if full else 1, full=full))


async def swallowed(folder: Path, *, full: bool) -> Result:
    """The same, but nobody tells it: the connections look well and nothing comes back."""
    return await under(folder, _one_after_another(DATABASE, Wire.swallow, times=6 if full else 1, full=full))


async def deaf(folder: Path, *, full: bool) -> Result:
    """One replica after the other cannot reach Telegram and is not told so."""
    return await under(folder, _one_after_another(TELEGRAM, Wire.swallow, times=3 if full else 1, full=full))


def _one_after_another(name: str, break_it: Callable[[Wire], None], *, times: int, full: bool) -> Fault:
    async def part(scene: Replicas) -> str:
        for number in range(times):
            wire = scene.replicas[number % len(scene.replicas)].wires[name]
            break_it(wire)
            await asyncio.sleep(scene.rng.uniform(9, 40) if full else 8)
            wire.mend()
            await asyncio.sleep(8 if full else 2)
        return f"{times} times"

    return part
