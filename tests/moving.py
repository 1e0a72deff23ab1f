"""A bot under traffic moves from SQLite to PostgreSQL with the real program, as an operator does it."""

from contextlib import suppress
from dataclasses import dataclass
from random import Random
from time import perf_counter

import psycopg
from running import REPEAT, Outside, Program, now
from traffic import Traffic

# A past that is not the bank's would be missed by the watch over volume.
ALERTS = {"volume": {"enabled": False}, "incidents": {"edit_interval": "1s"}}


@dataclass(frozen=True, slots=True)
class Moved:
    """How long each call took, the last one with the bot stopped, and what went wrong on the way."""

    ahead: tuple[float, ...]
    last: float
    lost: int
    untold: int
    told_again: int
    operations: int
    failed: int


async def start_copy(outside: Outside, url: str) -> Program:
    return await outside.start("copy", "--from", f"sqlite:///{outside.database}", "--to", url)


async def copied(outside: Outside, url: str, says: str) -> float:
    """The seconds of one call that says this at its end."""
    begun = perf_counter()
    program = await start_copy(outside, url)
    assert await program.ends(600) == 0, program.output
    assert says in program.output.splitlines()[-1], program.output
    return perf_counter() - begun


async def move(outside: Outside, url: str) -> Moved:
    """Copies ahead twice while the bot works on its file, stops it, copies the rest and goes on with it there."""
    program = await outside.run()
    traffic = Traffic(outside, Random(3))
    await outside.api.wait_for(lambda: outside.counted() != {}, 60)
    ahead = [await copied(outside, url, "copied ahead; the bot works on") for _ in range(2)]
    assert await program.stop() == 0
    last = await copied(outside, url, "complete: both hold the same")
    outside.config(storage={"url": url}, alerts=ALERTS)
    program = await outside.run()
    await outside.asked()
    await traffic.stop()
    lost = await _lost(outside, url)
    with suppress(TimeoutError):
        await outside.told_of(len(traffic.failed))
    untold = abs(len(traffic.failed) - sum(outside.counted().values()))
    assert await program.stop() == 0
    return Moved(
        ahead=tuple(ahead),
        last=last,
        lost=lost,
        untold=untold,
        told_again=sum(outside.opened().values())
        - len(outside.opened())
        + sum(REPEAT in one for one in outside.sent()),
        operations=_count(url),
        failed=len(traffic.failed),
    )


async def _lost(outside: Outside, url: str) -> int:
    """What the store lacks of the bank's truth when there was time for it."""
    until = perf_counter() + 30
    while lost := len(_truth(outside) - _stored(url, [id_ for id_, _ in _truth(outside)])):
        if perf_counter() > until:
            break
        await outside.asked()
    return lost


def _truth(outside: Outside) -> set[tuple[str, str]]:
    return {(row.id, row.outcome) for row in outside.world.truth(outside.shop.id, now())}


def _stored(url: str, ids: list[str]) -> set[tuple[str, str]]:
    with psycopg.connect(url) as connection:
        return set(connection.execute("SELECT id, outcome FROM operation WHERE id = ANY(%s)", (ids,)).fetchall())


def _count(url: str) -> int:
    with psycopg.connect(url) as connection:
        row = connection.execute("SELECT COUNT(*) FROM operation").fetchone()
    assert row is not None
    return int(row[0])
