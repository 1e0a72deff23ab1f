"""One poll of one merchant: the newest minutes first, then what was missed, then older stretches once more."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import count

from bot.config import Polling
from bot.epay import BadRecord, EpayClient, Reading
from bot.errors import SourceError
from bot.incidents import Incidents
from bot.ingest import tiers
from bot.ingest.afresh import Afresh
from bot.ingest.keeping import Keeper, Slice
from bot.ingest.news import News
from bot.ingest.patience import Patience
from bot.ingest.reader import Reader
from bot.model import Merchant, MerchantId, Window
from bot.store import operations, sources
from bot.store.driver import Connection, Store
from bot.store.sources import Source, Tier, TierName
from bot.watching import Watching

log = logging.getLogger(__name__)

AHEAD = timedelta(seconds=5)
CLOCK_READINGS = 3
RECHECKS_A_POLL = 50


Turn = Callable[[], AbstractAsyncContextManager[bool]]


@asynccontextmanager
async def _always_ours() -> AsyncIterator[bool]:
    """Nobody else reads this merchant."""
    yield True


class Ingest:
    """Reads one merchant. One poll at a time; all it must remember is in the store.

    Without `watching` nobody asks whether there are too few or too many operations.
    """

    def __init__(  # noqa: PLR0913 - the collaborators of the one line from the bank to the store
        self,
        merchant: Merchant,
        client: EpayClient,
        *,
        store: Store,
        incidents: Incidents,
        polling: Polling,
        now: Callable[[], datetime],
        watching: Watching | None = None,
    ) -> None:
        self._merchant = merchant
        self._client = client
        self._store = store
        self._polling = polling
        self._now = now
        self._keeper = Keeper(merchant, incidents=incidents, overlap=polling.overlap)
        self._news = News(merchant, incidents, watching)
        self._reader = Reader(merchant, client, now)
        self._slices = tiers.Slices()
        self._afresh = Afresh(polling.overlap, polling.interval)
        self._patience = Patience(now)
        self._failing: set[str] = set()
        self._clock_heard = False

    async def poll(self) -> bool:
        """Reads what is due. False when the bank could not be read; loss and return are told once each."""
        try:
            self._patience.check()
            source = await self._watched()
            back = await self._read_newest(source)
        except SourceError as error:
            self._patience.note(error)
            await self._store.write(self._record_loss, error)
            return False
        await self._apart("recheck", self._recheck(source, back))
        await self._read_older(source)
        return True

    async def backfill(self, span: timedelta, progress: Callable[[Window], None], turn: Turn = _always_ours) -> None:
        """Reads the history of the last `span` without one alert, going on where an earlier call stopped.

        `progress` is told what is left before each slice, and of the end by an empty window. Where `turn` gives False a
        bot reads it, and this only looks on. Raises SourceError when the bank cannot be read; what was read is kept.
        """
        await self._hear_clock()
        goal = self._bank_now() - span
        async with turn():
            source = await self._store.write(_widen_backfill, self._merchant.id, self._polling, self._bank_now(), goal)
        while left := await self._history_left(goal):
            progress(left)
            async with turn() as ours:
                if ours and (tier := await self._store.read(_find_backfill, self._merchant.id)):
                    await self._read_again(source, tier)
        progress(Window(goal, goal))

    async def _history_left(self, goal: datetime) -> Window | None:
        """What of the history back to the goal is still to be read, if anything is."""
        tier = await self._store.read(_find_backfill, self._merchant.id)
        return Window(max(tier.left.start, goal), tier.left.end) if tier and tier.left.end > goal else None

    async def _watched(self) -> Source:
        """The stored source. The watch begins anew as long as nothing has been read: what was before is history."""
        await self._hear_clock()
        known = await self._store.read(sources.find, self._merchant.id)
        if known and known.through_at:
            return known
        return await self._store.write(_begin, self._merchant.id, self._polling, self._bank_now())

    async def _hear_clock(self) -> None:
        if not self._clock_heard:
            now = self._now()
            await self._client.count(Window(now - timedelta(minutes=1), now))
            self._clock_heard = True

    def _bank_now(self) -> datetime:
        """The bank's clock: our own only paces."""
        return self._now() + self._client.clock_offset

    async def _read_newest(self, source: Source) -> timedelta:
        """Returns how much was read again."""
        back = self._afresh.back(source, self._bank_now())
        reached, rows, bad = await self._read_hot(source, back)
        if await self._close_gap(source, reached - back):
            whole = rows if self._afresh.is_much(back, rows) else None
            await self._store.write(self._record_answer, reached, bad, whole)
        return back

    def _record_answer(self, db: Connection, reached: datetime, bad: Sequence[BadRecord], whole: int | None) -> None:
        """`whole`: how many operations the whole overlap held, if that was read and is worth knowing."""
        dialect, now = self._client.dialect.to_json(), self._now()
        self._news.record_answer(db, dialect=dialect, through_at=reached, bad=bad, now=now)
        if whole is not None:
            sources.note_whole(db, self._merchant.id, reached, whole)

    async def _read_hot(self, source: Source, back: timedelta) -> tuple[datetime, int, list[BadRecord]]:
        """The newest minutes, once more if one of the clocks turns out to have jumped.

        The first time they end where the watch begins, so that nothing after it is taken for history.
        Returns how far they reach, how many records were there, and those that could not be read.
        """
        for _ in range(CLOCK_READINGS):
            offset = self._client.clock_offset
            reached = self._bank_now() if source.through_at else source.watching_since_at
            end = reached + AHEAD if source.through_at else reached
            rows, bad = 0, list[BadRecord]()
            for part in tiers.newest_first(Window(reached - back, end), lambda: self._slices.size("hot")):
                reading = await self._read("hot", source, Slice(window=part))
                rows += reading.total
                bad += reading.set_aside
            if abs(self._client.clock_offset - offset) < back / 2:
                break
        return min(reached, self._bank_now()), rows, bad

    async def _close_gap(self, source: Source, until: datetime) -> bool:
        """After a time away: what lies between the last reading and the newest minutes, oldest first.

        False when there is more than one poll should read: the newest minutes come first again.
        """
        through = source.through_at or until
        start = through - self._polling.overlap
        pace = self._pace()
        while through < until and pace():
            through = min(through + self._slices.size("gap"), until)
            await self._read("gap", source, Slice(window=Window(start, through), through_at=through))
            start = through
        return through >= until

    def _pace(self) -> Callable[[], bool]:
        """True for half of the time until the next poll, and at least once."""
        clock = asyncio.get_running_loop().time
        calls = count()
        until = clock() + self._polling.interval.total_seconds() / 2
        return lambda: next(calls) == 0 or clock() < until

    async def _read(self, name: str, source: Source, piece: Slice) -> Reading:
        with self._noting_failure(name, piece.window):
            reading, whole = await self._reader.read(piece.window)
        self._slices.read(name, piece.window.span, reading.total)
        piece = replace(piece, reading=reading, settled=piece.settled and whole)
        if not piece.settled:
            news = await self._store.read(operations.list_news, self._merchant.id, reading.operations)
            piece = replace(piece, reading=replace(reading, operations=news))
        if not piece.is_empty:
            await self._store.write(self._keeper.keep, source, piece, self._bank_now())
        return reading

    @contextmanager
    def _noting_failure(self, name: str, window: Window) -> Iterator[None]:
        try:
            yield
        except SourceError:
            self._slices.failed(name, window.span, self._bank_now())
            raise

    async def _apart(self, name: str, reading: Awaitable[None]) -> bool:
        """Whether it could be read. If not, that is logged once; the newest minutes are read all the same."""
        try:
            await reading
        except SourceError as error:
            if name not in self._failing:
                log.warning("%s: the %s reading fails and is tried again: %s", self._merchant.id, name, error)
            self._failing.add(name)
            return False
        self._failing.discard(name)
        return True

    async def _recheck(self, source: Source, back: timedelta) -> None:
        """Looks again at what the bank had not decided; what is not older than `back` has just been read anyway."""
        bank_now = self._bank_now()
        due = await self._store.read(operations.list_to_recheck, self._merchant.id, bank_now, RECHECKS_A_POLL)
        if not due:
            return
        await self._store.write(operations.put_off_recheck, due, bank_now)
        older = (operation for operation in due if operation.created_at < bank_now - back)
        for window in tiers.around(older):
            await self._read("recheck", source, Slice(window=window))

    async def _read_older(self, source: Source) -> None:
        """Goes on with the re-reads as long as there is time. One that fails lets the others go first."""
        pace = self._pace()
        while pace() and (tier := await self._next_tier()):
            if not await self._apart(tier.name, self._read_again(source, tier)):
                return

    async def _next_tier(self) -> Tier | None:
        known = await self._store.read(sources.list_tiers, self._merchant.id)
        bank_now = self._bank_now()
        return tiers.due_tier(self._merchant.id, known, bank_now, self._slices.resting(bank_now))

    async def _read_again(self, source: Source, tier: Tier) -> None:
        window, rest = await self._next_slice(tier)
        if tier.name in tiers.BY_COUNT and await self._same_count(tier.name, window):
            await self._store.write(sources.save_tier, rest)
        else:
            settled = tier.name is not TierName.BACKFILL
            await self._read(tier.name, source, Slice(window=window, tier=rest, settled=settled))

    async def _next_slice(self, tier: Tier) -> tuple[Window, Tier]:
        """What is read at once is held at once, so no more than the store knows to be moderate."""
        while True:
            window, rest = tiers.next_slice(tier, self._slices.size(tier.name))
            stored = await self._store.read(operations.count_in, self._merchant.id, window)
            if self._slices.fits(tier.name, window.span, stored):
                return window, rest

    async def _same_count(self, name: str, window: Window) -> bool:
        with self._noting_failure(name, window):
            listed = await self._client.count(window)
        self._slices.read(name, window.span, listed)
        return listed == await self._store.read(operations.count_in, self._merchant.id, window)

    def _record_loss(self, db: Connection, error: SourceError) -> None:
        source = sources.find(db, self._merchant.id)
        if source is None:
            source = _begin(db, self._merchant.id, self._polling, self._bank_now())
        self._news.record_loss(db, source, error, self._now())


def _begin(db: Connection, merchant_id: MerchantId, polling: Polling, bank_now: datetime) -> Source:
    """Begins to watch, with all of history before now to be read; a longer history wished for earlier is kept."""
    now = bank_now.replace(microsecond=0)
    start = now - max(polling.backfill, polling.overlap)
    if wished := _find_backfill(db, merchant_id):
        start = min(start, wished.left.start)
    for tier in tiers.first_tiers(merchant_id, Window(start, now - polling.overlap), now):
        sources.save_tier(db, tier)
    return sources.begin(db, merchant_id, bank_now)


def _find_backfill(db: Connection, merchant_id: MerchantId) -> Tier | None:
    tier = sources.list_tiers(db, merchant_id).get(TierName.BACKFILL)
    return None if tier is None or tiers.is_done(tier) else tier


def _widen_backfill(
    db: Connection, merchant_id: MerchantId, polling: Polling, bank_now: datetime, goal: datetime
) -> Source:
    source = sources.find(db, merchant_id) or _begin(db, merchant_id, polling, bank_now)
    tier = sources.list_tiers(db, merchant_id)[TierName.BACKFILL]
    if goal < tier.left.start:
        sources.save_tier(db, replace(tier, left=Window(goal, tier.left.end)))
    return source
