"""Faults of the network between one replica and what it needs."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from pathlib import Path

from replicas import DATABASE, TELEGRAM, Lodging, Replicas
from wires import Wire

from benchmarks.replicas.namespaces import Cable, cable
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


async def parted(folder: Path, *, full: bool) -> Result:
    """Networks of their own: what one replica sends to the database, or to Telegram, is dropped by the kernel."""
    names = (DATABASE, DATABASE, TELEGRAM) * 2 if full else (DATABASE,)

    async with AsyncExitStack() as stack:
        cables = [await stack.enter_async_context(cable(number)) for number in range(3)]

        async def part(scene: Replicas) -> str:
            for number, name in enumerate(names):
                await _pull(scene, cables, number % len(cables), name, full=full)
            return f"{len(names)} times"

        return await under(folder, part, lodgings=[Lodging(one.address, one.within) for one in cables])


async def _pull(scene: Replicas, cables: Sequence[Cable], number: int, name: str, *, full: bool) -> None:
    await cables[number].pull(scene.replicas[number].wires[name].port)
    await asyncio.sleep(scene.rng.uniform(9, 40) if full else 8)
    await cables[number].plug()
    await asyncio.sleep(8 if full else 2)


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
