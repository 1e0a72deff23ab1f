"""Operations made at the bank without end, and what of them was lost on the way to the store and to the owners."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from random import Random

from running import OWNER, REPEAT, Outside, now


@dataclass(frozen=True, slots=True)
class Losses:
    """`repeats` say that they are some; `unmarked` do not. Both count messages, the others operations."""

    operations: int
    alerts: int
    repeats: int
    unmarked: int


def count_losses(outside: Outside, failed: set[str], owners: Sequence[int] = (OWNER,)) -> Losses:
    """What the store lacks of the bank, and what the owners' messages lack of the failures, or have twice."""
    truth = {(row.id, row.outcome) for row in outside.world.truth(outside.shop.id, now())}
    stored = set(outside.ask("SELECT id, outcome FROM operation"))
    told = [sum(outside.counted(owner).values()) for owner in owners]
    return Losses(
        operations=len(truth - stored),
        alerts=sum(abs(len(failed) - count) for count in told),
        repeats=sum(REPEAT in delivery.text for delivery in outside.api.deliveries if delivery.method == "sendMessage"),
        unmarked=sum(count - 1 for owner in owners for count in outside.opened(owner).values()),
    )


class Traffic:
    """Operations made at the bank all the time: some fail, some fail later, some are listed late."""

    def __init__(self, outside: Outside, rng: Random) -> None:
        self.failed: set[str] = set()
        self._outside = outside
        self._rng = rng
        self._task = asyncio.create_task(self._go())

    async def stop(self) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _go(self) -> None:
        while True:
            self._make()
            await asyncio.sleep(self._rng.uniform(0, 0.08))

    def _make(self) -> None:
        rng, shop, at = self._rng, self._outside.shop, now()
        outcome = rng.choice(("paid", "paid", "failed", "undecided"))
        late = timedelta(seconds=rng.choice((0, 0, 0, 1)))
        amount = Decimal(rng.randrange(100, 10_000_000)) / 100
        tid = rng.choice(shop.terminals).tid
        code = 484 if outcome == "failed" else 0
        row = self._outside.world.add(
            shop.id, tid, amount, outcome=outcome, reason_code=code, created_at=at, visible_at=at + late
        )
        if outcome == "undecided":
            self._outside.world.change(row.id, rng.choice(("failed", "paid")), at + timedelta(seconds=1))
        if self._outside.world.get(row.id).changes[-1].outcome == "failed":
            self.failed.add(row.invoice_id)
