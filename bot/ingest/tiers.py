"""Which older stretch of time is to be read again now, and in how large pieces; pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.model import MerchantId, Window
from bot.store.sources import Tier, TierName

SMALLEST_SLICE = timedelta(seconds=30)
LARGEST_SLICE = timedelta(days=1)
ROWS_A_SLICE = 2000


@dataclass(frozen=True, slots=True)
class TierPlan:
    """Reads again what lies between `nearest` and `reach` before now, `every` so often.

    `by_count` first asks only for the number of operations and reads a slice when it differs from the store's.
    """

    name: TierName
    nearest: timedelta
    reach: timedelta
    every: timedelta
    by_count: bool = False


# facts/reliability.md 1.4: without the cold tier every simulated run lost operations that appear late.
TIERS = (
    TierPlan(TierName.WARM, timedelta(), timedelta(hours=2), timedelta(minutes=10)),
    TierPlan(TierName.COLD, timedelta(hours=2), timedelta(hours=48), timedelta(hours=1), by_count=True),
    TierPlan(TierName.AUDIT, timedelta(hours=48), timedelta(days=45), timedelta(days=1)),
)


def due_tier(merchant_id: MerchantId, known: Mapping[TierName, Tier], now: datetime) -> tuple[TierPlan, Tier] | None:
    """The most urgent re-read with something left to do; a run that is over begins anew when it is due."""
    for plan in TIERS:
        tier = known[plan.name]
        if tier.left.start >= tier.left.end and tier.due_at <= now:
            left = Window(now - plan.reach, now - plan.nearest)
            tier = Tier(merchant_id=merchant_id, name=plan.name, left=left, due_at=now + plan.every)
        if tier.left.start < tier.left.end:
            return plan, tier
    return None


def first_tiers(merchant_id: MerchantId, history: Window, now: datetime) -> Iterator[Tier]:
    """What a new merchant begins with: history to fill backwards, every re-read due one period from now."""
    for plan in TIERS:
        yield Tier(merchant_id=merchant_id, name=plan.name, left=Window(now, now), due_at=now + plan.every)
    yield Tier(merchant_id=merchant_id, name=TierName.BACKFILL, left=history, due_at=now)


def first_slice(tier: Tier, size: timedelta) -> tuple[Window, Tier]:
    """The oldest piece of what is left, and the tier once that is read."""
    middle = min(tier.left.start + size, tier.left.end)
    return Window(tier.left.start, middle), replace(tier, left=Window(middle, tier.left.end))


def last_slice(tier: Tier, size: timedelta) -> tuple[Window, Tier]:
    """The newest piece of what is left, and the tier once that is read."""
    middle = max(tier.left.end - size, tier.left.start)
    return Window(middle, tier.left.end), replace(tier, left=Window(tier.left.start, middle))


def newest_first(window: Window, size: timedelta) -> Iterator[Window]:
    """The window in pieces, so that today's failures come before the rest."""
    end = window.end
    while end > window.start:
        start = max(end - size, window.start)
        yield Window(start, end)
        end = start


class Slices:
    """How much of each tier is read at once: less after a failure or a flood of rows, slowly more again."""

    def __init__(self) -> None:
        self._sizes: dict[str, timedelta] = {}

    def size(self, name: str) -> timedelta:
        return self._sizes.get(name, LARGEST_SLICE)

    def failed(self, name: str) -> None:
        self._resize(name, 0.5)

    def read(self, name: str, rows: int) -> None:
        self._resize(name, 0.5 if rows > ROWS_A_SLICE else 1.5)

    def _resize(self, name: str, factor: float) -> None:
        self._sizes[name] = min(max(self.size(name) * factor, SMALLEST_SLICE), LARGEST_SLICE)
