"""The real program under steady traffic while a fault lasts, and what came of it."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random
from time import monotonic
from typing import Any

from running import Outside, Program
from traffic import Losses, Traffic, count_losses

LONGEST_RECOVERY = 90.0
# The fault may exchange the program for a new one; it returns once it is over, with a word for the table.
Fault = Callable[[Outside, Program], Awaitable["Over"]]


@dataclass(frozen=True, slots=True)
class Over:
    """A fault that is over, with the program that goes on."""

    program: Program
    note: str = ""


@dataclass(frozen=True, slots=True)
class Result:
    """`recovery`: seconds from the end of the fault until everything was told; `broken`: what else should not be."""

    losses: Losses
    recovery: float
    note: str = ""
    broken: tuple[str, ...] = ()


async def under(folder: Path, fault: Fault, **sections: Any) -> Result:
    """Failures go on all the time; those during the fault and one after it must be told in the end."""
    outside = await Outside(folder).open()
    try:
        await outside.begin(**sections)
        program = await outside.run()
        traffic = Traffic(outside, Random(1))
        await asyncio.sleep(1)
        over = await fault(outside, program)
        ended = monotonic()
        await traffic.stop()
        traffic.failed.add(outside.fail())
        await everything_told(outside, traffic)
        recovery = monotonic() - ended
        assert await over.program.stop() == 0
        return Result(count_losses(outside, traffic.failed), recovery, over.note)
    finally:
        await outside.close()


async def everything_told(outside: Outside, traffic: Traffic) -> None:
    """Waits for it; what is not told in time is counted as lost."""
    try:
        await outside.api.wait_for(lambda: sum(outside.counted().values()) >= len(traffic.failed), LONGEST_RECOVERY)
    except TimeoutError:
        return
