"""Faults of Telegram."""

import asyncio
from pathlib import Path

from running import TOKEN, Outside, Program
from virtual import HOUR, MINUTE, life

from benchmarks.faults.under import Over, Result, under

SENDING = ("sendMessage", "editMessageText")


async def floods(folder: Path, *, full: bool) -> Result:
    """Everything is answered with 429, one second to wait."""

    async def flood(outside: Outside, program: Program) -> Over:
        for method in SENDING:
            outside.api.faults.add(method=method, times=None, status=429, parameters={"retry_after": 1})
        await asyncio.sleep(30 if full else 3)
        outside.api.faults.clear()
        return Over(program)

    return await under(folder, flood)


async def dropped_answers(folder: Path, *, full: bool) -> Result:
    """Again and again a message or an edit arrives and its answer does not.

    Never that of the repeat as well: then an incident's growth would be told with its next sound only.
    """

    async def drop(outside: Outside, program: Program) -> Over:
        dropped = 0
        for _ in range(6 if full else 1):
            faults = [outside.api.faults.add(method=method, drop="after") for method in SENDING]
            await asyncio.sleep(8)
            outside.api.faults.clear()
            dropped += sum(fault.hits for fault in faults)
        return Over(program, f"{dropped} answers dropped; repeats are marked")

    return await under(folder, drop)


async def revoked(folder: Path, *, full: bool) -> Result:  # noqa: ARG001 - every row is called like this
    """The token is revoked: the program ends with a sentence; a person puts it right and starts it again."""

    async def revoke(outside: Outside, program: Program) -> Over:
        outside.api.token = "700600:another-token-that-came-instead-000"  # noqa: S105
        await outside.api.says(outside.owner, outside.chat, "/id")
        assert await program.ends() == 1
        assert "Check telegram.token" in program.output
        outside.api.token = TOKEN
        return Over(await outside.run(), "ended with code 1 and a sentence")

    return await under(folder, revoke)


async def hours_away(folder: Path, *, full: bool) -> Result:
    """Telegram is away for six hours of virtual time."""
    async with life(folder, per_day=2_000 if full else 300) as world:
        await world.live(HOUR, MINUTE)
        before = len(world.sent())
        port = int(world.stage.api.root.rpartition(":")[2])
        await world.stage.api.stop()
        await world.live(6 * HOUR, MINUTE if full else 5 * MINUTE)
        await world.stage.api.start(port=port)
        recovery = await world.recovers()
        said = len(world.sent()) - before
        note = f"of six hours; {said} messages after it, {world.count()} operations"
        assert said <= 30, note
        return Result(await world.losses(), recovery, note)
