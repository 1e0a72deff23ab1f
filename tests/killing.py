"""The program killed at random moments under traffic and faults, and nothing lost by it."""

import asyncio
from datetime import timedelta
from pathlib import Path
from random import Random

from running import OWNER, REPEAT, Outside, now
from traffic import Traffic

from bot.model import to_micros

OWNERS = (OWNER, 103, 104)
AT_ONCE = len(OWNERS)


async def killed(folder: Path, seed: int, kills: int) -> tuple[int, int]:
    """A world of its own for one program; how many alerts were told and repeats among them."""
    outside = await Outside(folder).open()
    try:
        failed = await live_and_die(outside, Random(seed), kills)
        for owner in OWNERS:
            check_told(outside, owner, failed)
        check_stored(outside)
    finally:
        await outside.close()
    repeats = sum(is_repeat(delivery.text) for delivery in outside.api.deliveries)
    assert repeats <= AT_ONCE * kills
    return len(failed) * len(OWNERS), repeats


async def live_and_die(outside: Outside, rng: Random, kills: int) -> set[str]:
    """The program is killed so many times under traffic, then left to finish; every invoice that failed."""
    for owner in OWNERS[1:]:
        outside.api.private_chat(outside.api.person(owner, f"Owner {owner}"))
    await outside.begin(access={"owners": list(OWNERS)})
    outside.bank.faults.probability, outside.bank.faults.delay = 0.1, 0.02
    traffic = Traffic(outside, rng)
    for _ in range(kills):
        outside.api.faults.clear()
        for owner in OWNERS:
            how = rng.choice(({}, {"delay": 0.1}, {"hang": True}))
            outside.api.faults.add(method="sendMessage", chat_id=owner, **how)
        program = await outside.start("run", "--config", outside.folder / "config.yaml")
        await asyncio.sleep(rng.uniform(0.05, 0.7))
        await program.kill()
    await traffic.stop()
    outside.api.faults.clear()
    outside.bank.faults.clear()
    program = await outside.run()
    traffic.failed.add(outside.fail(visible_at=now() + timedelta(seconds=1.5)))
    count = len(traffic.failed)
    await outside.api.wait_for(lambda: all(sum(outside.counted(owner).values()) == count for owner in OWNERS), 20)
    assert await program.stop() == 0
    return traffic.failed


def is_repeat(text: str) -> bool:
    return REPEAT in text


def check_told(outside: Outside, owner: int, failed: set[str]) -> None:
    """Every failure is counted, none but failures are named, and no incident has two unmarked messages."""
    assert sum(outside.counted(owner).values()) == len(failed)
    assert max(outside.opened(owner).values()) == 1
    known = {row.invoice_id for row in outside.world.rows(outside.shop.id)}
    assert outside.named(owner) & known <= failed
    waiting = outside.ask("SELECT COUNT(*) FROM outbox WHERE state = 'waiting'")
    noted = outside.ask("SELECT COUNT(*) FROM incident_operation")
    assert (waiting, noted) == ([(0,)], [(len(failed),)])


def check_stored(outside: Outside) -> None:
    """The store holds what the bank holds, and its sums are the bank's."""
    truth = outside.world.truth(outside.shop.id, now())
    stored = outside.ask("SELECT id, outcome, amount, created_at FROM operation")
    by_minute = outside.ask("SELECT outcome, SUM(count), SUM(sum) FROM rollup_minute GROUP BY outcome")
    by_hour = outside.ask("SELECT outcome, SUM(count), SUM(sum) FROM rollup_hour GROUP BY outcome")
    sums = [{row[0]: row[1:] for row in rows if row[1]} for rows in (by_minute, by_hour)]
    expected = {(row.id, row.outcome, int(row.amount * 100), to_micros(row.created_at)) for row in truth}
    assert set(stored) == expected
    outcomes = {row.outcome for row in truth}
    totals = {
        outcome: (
            sum(row.outcome == outcome for row in truth),
            sum(int(row.amount * 100) for row in truth if row.outcome == outcome),
        )
        for outcome in outcomes
    }
    assert sums == [totals, totals]
