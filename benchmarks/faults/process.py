"""Faults of the process and of the machine it runs on."""

import asyncio
import signal
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from time import monotonic

from killing import killed
from running import Outside, Program
from traffic import Losses, Traffic, count_losses

from benchmarks.faults.under import Over, Result, everything_told, under
from bot.app import App
from bot.config import load
from bot.rules import check_settings

HOUR = timedelta(hours=1)


async def kills(folder: Path, *, full: bool) -> Result:
    """kill -9 at random moments, in worlds side by side, under faults of bank and Telegram; asserts on each."""
    worlds, each = (4, 50) if full else (2, 3)
    folders = [folder / str(number) for number in range(worlds)]
    for one in folders:
        one.mkdir()
    begun = monotonic()
    told = await asyncio.gather(*(killed(one, seed, each) for seed, one in enumerate(folders)))
    repeats = sum(repeats for _, repeats in told)
    note = f"{worlds * each} kills, {sum(alerts for alerts, _ in told)} alerts in {monotonic() - begun:.0f} s"
    return Result(Losses(0, 0, repeats, 0), 0, f"{note}, {repeats / worlds / each:.2f} repeats a kill")


async def stops(folder: Path, *, full: bool) -> Result:
    """SIGTERM under load, again and again: no repeat at all."""
    times, rng = (50 if full else 8), Random(2)
    slowest = 0.0

    async def stop_and_start(outside: Outside, program: Program) -> Over:
        nonlocal slowest
        outside.api.faults.add(method="sendMessage", times=None, delay=0.05)
        for _ in range(times):
            await asyncio.sleep(rng.uniform(0, 0.4))
            begun = monotonic()
            assert await program.stop() == 0
            slowest = max(slowest, monotonic() - begun)
            program = await outside.run()
        return Over(program, f"{times} stops, the slowest in {slowest:.1f} s")

    return await under(folder, stop_and_start)


async def frozen(folder: Path, *, full: bool) -> Result:
    """SIGSTOP for a minute, as a machine that swaps or is moved."""

    async def freeze(_: Outside, program: Program) -> Over:
        program.hears(signal.SIGSTOP)
        await asyncio.sleep(60 if full else 2)
        program.hears(signal.SIGCONT)
        return Over(program)

    return await under(folder, freeze)


async def clock_steps(folder: Path, *, full: bool) -> Result:  # noqa: ARG001 - every row is called like this
    """Our clock jumps an hour ahead, then two back, then is right again."""
    offset = timedelta()
    outside = await Outside(folder).open()
    stop, ready = asyncio.Event(), asyncio.Event()
    try:
        await outside.begin()
        settings = load(outside.folder / "config.yaml", check_settings)
        app = App(settings, now=lambda: datetime.now(UTC) + offset)
        running = asyncio.create_task(app.run(stop, ready.set))
        await ready.wait()
        traffic = Traffic(outside, Random(1))
        for step in (HOUR, -HOUR, timedelta()):
            await asyncio.sleep(1.5)
            offset = step
        ended = monotonic()
        await asyncio.sleep(1)
        await traffic.stop()
        traffic.failed.add(outside.fail())
        await everything_told(outside, traffic)
        recovery = monotonic() - ended
        stop.set()
        await running
        return Result(count_losses(outside, traffic.failed), recovery)
    finally:
        await outside.close()
