"""Faults of PostgreSQL."""

import asyncio
from pathlib import Path
from time import monotonic

import postgres
from replicas import PATIENCE, Replicas
from verdicts import Spread

from benchmarks.replicas.process import make_slow
from benchmarks.replicas.under import Result, under


async def stops(folder: Path, *, full: bool) -> Result:
    """Stopped at once, as by a power cut, for some seconds, again and again."""
    times = 6 if full else 1
    server = await asyncio.to_thread(lambda: postgres.Server(settings=("fsync=on",)))
    url = server.url(await asyncio.to_thread(server.create))

    async def stop(scene: Replicas) -> str:
        make_slow(scene)
        back = []
        for number in range(times):
            await asyncio.to_thread(server.stop)
            # Once for longer than any pool waits.
            await asyncio.sleep(40 if full and number == 0 else scene.rng.uniform(2, 6))
            await asyncio.to_thread(server.start)
            back.append(await _first_word(scene))
            await asyncio.sleep(scene.rng.uniform(8, 14) if full else 3)
        return f"{times} stops, the first word after {Spread.of(back)}"

    try:
        return await under(folder, stop, url)
    finally:
        await asyncio.to_thread(server.remove)


async def _first_word(scene: Replicas) -> float:
    """Seconds until a chat is told something."""
    api, begun = scene.outside.api, monotonic()
    before = len(api.deliveries)
    await api.wait_for(lambda: len(api.deliveries) > before, PATIENCE)
    return monotonic() - begun
