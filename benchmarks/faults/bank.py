"""Faults of the bank."""

import asyncio
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

from running import Outside, Program, now
from virtual import DAY, HOUR, MINUTE, life

from benchmarks.faults.under import Over, Result, under
from bot.demo.bank import Fault
from bot.demo.bank.faults import SURVIVABLE

GARBAGE = (*SURVIVABLE, "error_in_200", "huge_body", "not_found", "conflict", "redirect")


async def slow(folder: Path, *, full: bool) -> Result:
    """Every answer takes three seconds."""

    async def slow_down(outside: Outside, program: Program) -> Over:
        outside.bank.faults.always("list", Fault.slow_headers(3))
        await asyncio.sleep(30 if full else 5)
        outside.bank.faults.clear()
        return Over(program)

    return await under(folder, slow_down)


async def garbage(folder: Path, *, full: bool) -> Result:
    """Three answers of five are wrong in one of two dozen ways."""

    async def go_mad(outside: Outside, program: Program) -> Over:
        faults = outside.bank.faults
        faults.kinds, faults.delay, faults.probability = GARBAGE, 0.05, 0.6
        await asyncio.sleep(60 if full else 4)
        faults.clear()
        return Over(program)

    return await under(folder, go_mad)


async def big_page(folder: Path, *, full: bool) -> Result:  # noqa: ARG001 - every row is called like this
    """A page of ten megabytes: a thousand operations with long descriptions, within what every poll reads."""

    async def write_much(outside: Outside, program: Program) -> Over:
        tid = outside.shop.terminals[0].tid
        for number in range(1000):
            at = now() - number * timedelta(seconds=0.1)
            outside.world.add(outside.shop.id, tid, Decimal(1), created_at=at, description="д" * 5_000)
        await outside.asked()
        return Over(program, "1,000 operations of 10 kB")

    return await under(folder, write_much)


async def day_away(folder: Path, *, full: bool) -> Result:
    """The bank is away for 24 hours of virtual time; then one word about it, not one for each failure."""
    async with life(folder, per_day=2_000 if full else 300) as world:
        await world.live(HOUR, MINUTE)
        before = len(world.sent())
        world.bank.faults.down = True
        await world.live(DAY, MINUTE if full else 5 * MINUTE)
        told = len(world.sent()) - before
        world.bank.faults.down = False
        recovery = await world.recovers()
        said = len(world.sent()) - before - told
        note = f"of a day; {told} messages while away, {said} after it, {world.count()} operations"
        assert await world.news() == ["lost", "back"]
        assert told <= 30, note
        assert said <= 8, note
        return Result(await world.losses(), recovery, note)
