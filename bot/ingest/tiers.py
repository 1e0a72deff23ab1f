"""Which older stretch of time is to be read again now, and in how large pieces; pure."""

from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.model import MerchantId, Operation, Window
from bot.store.sources import Tier, TierName

SMALLEST_SLICE = timedelta(seconds=30)
FIRST_SLICE = timedelta(days=1)
LARGEST_SLICE = timedelta(days=7)
ROWS_A_SLICE = 2000
REST = timedelta(minutes=2)
RECHECK_AROUND = timedelta(seconds=1)
RECHECK_TOGETHER = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class TierPlan:
    """Reads again what lies between `nearest` and `reach` before now, `every` so often."""

    name: TierName
    nearest: timedelta
    reach: timedelta
    every: timedelta


# facts/reliability.md 1.4: without the cold tier every simulated run lost operations that appear late.
TIERS = (
    TierPlan(TierName.WARM, timedelta(), timedelta(hours=2), timedelta(minutes=10)),
    TierPlan(TierName.COLD, timedelta(hours=2), timedelta(hours=48), timedelta(hours=1)),
    TierPlan(TierName.AUDIT, timedelta(hours=2), timedelta(days=45), timedelta(days=1)),
)
# Only what differs in number from the store is read: changes of state are left to the audit.
BY_COUNT = frozenset({TierName.COLD})


def due_tier(
    merchant_id: MerchantId, known: Mapping[TierName, Tier], now: datetime, resting: Container[str] = ()
) -> Tier | None:
    """The most urgent re-read with something left to do; a run that is over begins anew when it is due.

    History comes last. Those that are `resting` are passed over.
    """
    for plan in TIERS:
        tier = known[plan.name]
        # Due further off than one period: the bank's clock was wrong when it was planned.
        if is_done(tier) and not now < tier.due_at <= now + plan.every:
            end = now.replace(microsecond=0)
            left = Window(end - plan.reach, end - plan.nearest)
            tier = Tier(merchant_id=merchant_id, name=plan.name, left=left, due_at=now + plan.every)
        if not is_done(tier) and plan.name not in resting:
            return tier
    history = known[TierName.BACKFILL]
    return None if is_done(history) or history.name in resting else history


def is_done(tier: Tier) -> bool:
    """Whether nothing of this run is left."""
    return tier.left.start >= tier.left.end


def first_tiers(merchant_id: MerchantId, history: Window, now: datetime) -> Iterator[Tier]:
    """What a new merchant begins with: history to fill backwards, every re-read due one period from now."""
    for plan in TIERS:
        yield Tier(merchant_id=merchant_id, name=plan.name, left=Window(now, now), due_at=now + plan.every)
    yield Tier(merchant_id=merchant_id, name=TierName.BACKFILL, left=history, due_at=now)


def next_slice(tier: Tier, size: timedelta) -> tuple[Window, Tier]:
    """The piece to be read now, and the tier once it is read: history backwards, everything else forwards."""
    start, end = tier.left.start, tier.left.end
    if tier.name is TierName.BACKFILL:
        middle = max(end - size, start)
        return Window(middle, end), replace(tier, left=Window(start, middle))
    middle = min(start + size, end)
    return Window(start, middle), replace(tier, left=Window(middle, end))


def newest_first(window: Window, size: Callable[[], timedelta]) -> Iterator[Window]:
    """The window in pieces, so that today's failures come before the rest; `size` is asked before each."""
    end = window.end
    while end > window.start:
        start = max(end - size(), window.start)
        yield Window(start, end)
        end = start


class Slices:
    """How much of each re-read is asked for at once: less after a failure or a flood of rows, slowly more again.

    One that failed rests a while, so that the others go on.
    """

    def __init__(self) -> None:
        self._sizes: dict[str, timedelta] = {}
        self._rest_until: dict[str, datetime] = {}

    def size(self, name: str) -> timedelta:
        return self._sizes.get(name, FIRST_SLICE)

    def failed(self, name: str, span: timedelta, now: datetime) -> None:
        """`span` is what was asked for: less than the size where there was no more to read."""
        self._shrink(name, span)
        self._rest_until[name] = now + REST

    def read(self, name: str, span: timedelta, rows: int) -> None:
        if self.fits(name, span, rows):
            self._resize(name, 1.5)
        self._rest_until.pop(name, None)

    def fits(self, name: str, span: timedelta, rows: int) -> bool:
        """Whether so many rows may be held at once. If not, less is asked for the next time."""
        fits = rows <= ROWS_A_SLICE or span <= SMALLEST_SLICE
        if not fits:
            self._shrink(name, span)
        return fits

    def resting(self, now: datetime) -> frozenset[str]:
        """Whose last reading failed a short while ago."""
        return frozenset(name for name, until in self._rest_until.items() if timedelta() < until - now <= REST)

    def _shrink(self, name: str, span: timedelta) -> None:
        self._sizes[name] = min(self.size(name), span)
        self._resize(name, 0.5)

    def _resize(self, name: str, factor: float) -> None:
        seconds = int(self.size(name).total_seconds() * factor)
        self._sizes[name] = min(max(timedelta(seconds=seconds), SMALLEST_SLICE), LARGEST_SLICE)


def around(undecided: Iterable[Operation]) -> Iterator[Window]:
    """Narrow windows around these operations, those near each other in one."""
    window: Window | None = None
    for operation in sorted(undecided, key=lambda known: known.created_at):
        start, end = operation.created_at - RECHECK_AROUND, operation.created_at + RECHECK_AROUND
        if window and start <= window.end + RECHECK_TOGETHER:
            window = Window(window.start, end)
            continue
        if window:
            yield window
        window = Window(start, end)
    if window:
        yield window
