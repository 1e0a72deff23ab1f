"""One poll of one merchant: the newest minutes first, then what was missed, then older stretches once more."""

import asyncio
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import count

from bot.config import Polling
from bot.epay import EpayClient
from bot.errors import SourceError
from bot.ingest import news, tiers
from bot.ingest.keeping import Keeper, Slice
from bot.model import Merchant, MerchantId, Operation, Window
from bot.rules import Rulebook
from bot.store import operations, sources
from bot.store.driver import Connection, Store
from bot.store.sources import Source, Tier, TierName

AHEAD = timedelta(seconds=5)
RECHECKS_A_POLL = 50
RECHECK_AROUND = timedelta(seconds=1)


class Ingest:
    """Reads one merchant. One poll at a time; all it must remember is in the store."""

    def __init__(
        self,
        merchant: Merchant,
        client: EpayClient,
        *,
        store: Store,
        rulebook: Rulebook,
        polling: Polling,
        now: Callable[[], datetime],
    ) -> None:
        self._merchant = merchant
        self._client = client
        self._store = store
        self._polling = polling
        self._now = now
        self._keeper = Keeper(merchant, rulebook=rulebook, overlap=polling.overlap, now=now)
        self._slices = tiers.Slices()
        self._clock_heard = False

    async def poll(self) -> bool:
        """Reads what is due. False when the bank could not be read; loss and return are told once each."""
        try:
            source = await self._source()
            await self._read_newest(source)
            await self._recheck(source)
            await self._read_older(source)
        except SourceError as error:
            await self._store.write(self._record_loss, error)
            return False
        return True

    async def backfill(self, span: timedelta, progress: Callable[[Window], None]) -> None:
        """Reads history back over `span` without one alert, going on where an earlier call stopped.

        `progress` is told what is left before each slice, and of the end by an empty window.
        Raises SourceError when the bank cannot be read; what was read until then is kept.
        """
        source = await self._source()
        if source.through_at is None:
            await self._read_newest(source)
        await self._store.write(_widen_backfill, source, source.watching_since_at - span)
        while tier := await self._store.read(_find_backfill, self._merchant.id):
            progress(tier.left)
            await self._read_backwards(source, tier)
        progress(Window(source.watching_since_at, source.watching_since_at))

    async def _source(self) -> Source:
        """The stored source, begun if this is the first time, once the bank's clock has been heard."""
        if not self._clock_heard:
            now = self._now()
            await self._client.count(Window(now - timedelta(minutes=1), now))
            self._clock_heard = True
        if known := await self._store.read(sources.find, self._merchant.id):
            return known
        return await self._store.write(_begin, self._merchant.id, self._polling, self._bank_now())

    async def _read_newest(self, source: Source) -> None:
        bank_now = self._bank_now()
        hot = Window(bank_now - self._polling.overlap, bank_now + AHEAD)
        for piece in tiers.newest_first(hot, self._slices.size("hot")):
            await self._read("hot", source, piece)
        if await self._close_gap(source, hot.start):
            dialect = self._client.dialect.to_json()
            now = self._now()
            await self._store.write(news.record_answer, self._merchant, dialect=dialect, through_at=bank_now, now=now)

    def _bank_now(self) -> datetime:
        """The bank's clock: our own only paces."""
        return self._now() + self._client.clock_offset

    async def _close_gap(self, source: Source, until: datetime) -> bool:
        """After a time away: what lies between the last reading and the newest minutes, oldest first.

        False when there is more than one poll should read: the newest minutes come first again.
        """
        through = source.through_at or until
        pace = self._pace()
        while through < until and pace():
            end = min(through + self._slices.size("gap"), until)
            await self._read("gap", source, Window(through - self._polling.overlap, end), through_at=end)
            through = end
        return through >= until

    def _pace(self) -> Callable[[], bool]:
        """True for half of the time until the next poll, and at least once."""
        clock = asyncio.get_running_loop().time
        calls = count()
        until = clock() + self._polling.interval.total_seconds() / 2
        return lambda: next(calls) == 0 or clock() < until

    async def _read(
        self,
        name: str,
        source: Source,
        window: Window,
        *,
        through_at: datetime | None = None,
        tier: Tier | None = None,
        settled: bool = False,
    ) -> None:
        try:
            reading = await self._client.read(window)
        except SourceError:
            self._slices.failed(name)
            raise
        self._slices.read(name, len(reading.operations))
        piece = Slice(window=window, reading=reading, through_at=through_at, tier=tier, settled=settled)
        await self._store.write(self._keeper.keep, source, piece, self._bank_now())

    async def _recheck(self, source: Source) -> None:
        """Looks again at what the bank had not decided; the newest minutes have just been read anyway."""
        bank_now = self._bank_now()
        due = await self._store.read(operations.list_to_recheck, self._merchant.id, bank_now, RECHECKS_A_POLL)
        older = (operation for operation in due if operation.created_at < bank_now - self._polling.overlap)
        for window in _around(older):
            await self._read("recheck", source, window)
        if due:
            await self._store.write(operations.put_off_recheck, due, bank_now)

    async def _read_older(self, source: Source) -> None:
        pace = self._pace()
        while pace() and await self._read_one_older(source):
            pass

    async def _read_one_older(self, source: Source) -> bool:
        known = await self._store.read(sources.list_tiers, self._merchant.id)
        due = tiers.due_tier(self._merchant.id, known, self._bank_now())
        if due:
            await self._read_again(source, *due)
        elif backfill := await self._store.read(_find_backfill, self._merchant.id):
            await self._read_backwards(source, backfill)
        else:
            return False
        return True

    async def _read_again(self, source: Source, plan: tiers.TierPlan, tier: Tier) -> None:
        window, rest = tiers.first_slice(tier, self._slices.size(plan.name))
        if plan.by_count and await self._same_count(window):
            await self._store.write(sources.save_tier, rest)
        else:
            await self._read(plan.name, source, window, tier=rest, settled=True)

    async def _same_count(self, window: Window) -> bool:
        listed = await self._client.count(window)
        return listed == await self._store.read(operations.count_in, self._merchant.id, window)

    async def _read_backwards(self, source: Source, tier: Tier) -> None:
        window, rest = tiers.last_slice(tier, self._slices.size(tier.name))
        await self._read(tier.name, source, window, tier=rest)

    def _record_loss(self, db: Connection, error: SourceError) -> None:
        source = _begin(db, self._merchant.id, self._polling, self._bank_now())
        news.record_loss(db, self._merchant, source, error=error, now=self._now())


def _begin(db: Connection, merchant_id: MerchantId, polling: Polling, bank_now: datetime) -> Source:
    source = sources.find(db, merchant_id)
    if source is None:
        source = sources.begin(db, merchant_id, bank_now)
        history = Window(bank_now - polling.backfill, bank_now - polling.overlap)
        for tier in tiers.first_tiers(merchant_id, history, bank_now):
            sources.save_tier(db, tier)
    return source


def _find_backfill(db: Connection, merchant_id: MerchantId) -> Tier | None:
    tier = sources.list_tiers(db, merchant_id).get(TierName.BACKFILL)
    return tier if tier and tier.left.start < tier.left.end else None


def _widen_backfill(db: Connection, source: Source, start: datetime) -> None:
    tier = sources.list_tiers(db, source.merchant_id)[TierName.BACKFILL]
    if start < tier.left.start:
        sources.save_tier(db, replace(tier, left=Window(start, tier.left.end)))


def _around(undecided: Iterable[Operation]) -> Iterator[Window]:
    """Narrow windows around these operations, neighbours joined."""
    window: Window | None = None
    for operation in sorted(undecided, key=lambda known: known.created_at):
        start, end = operation.created_at - RECHECK_AROUND, operation.created_at + RECHECK_AROUND
        if window and start <= window.end:
            window = Window(window.start, end)
            continue
        if window:
            yield window
        window = Window(start, end)
    if window:
        yield window
