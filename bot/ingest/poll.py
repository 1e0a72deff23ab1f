"""One poll of one merchant: the newest minutes first, then what was missed, then older stretches once more."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import count

from bot.config import Polling
from bot.epay import BadRecord, EpayClient, Reading
from bot.errors import SourceError
from bot.incidents import Incidents
from bot.ingest import beginning, tiers
from bot.ingest.afresh import Afresh
from bot.ingest.beginning import Outset
from bot.ingest.keeping import NOT_READ, Keeper, Slice
from bot.ingest.news import News
from bot.ingest.patience import Patience
from bot.ingest.reader import Reader
from bot.model import Merchant, Window
from bot.store import operations, sources
from bot.store.driver import Connection, Store
from bot.store.sources import Source, Tier, TierName
from bot.watching import Watching

log = logging.getLogger(__name__)

AHEAD = timedelta(seconds=5)
CLOCK_READINGS = 3

Turn = Callable[[], AbstractAsyncContextManager[bool]]


@asynccontextmanager
async def _always_ours() -> AsyncIterator[bool]:
    """Nobody else reads this merchant."""
    yield True


@dataclass(frozen=True, slots=True, kw_only=True)
class _Newest:
    """What the newest minutes have shown: how far they reach, how many records, those that could not be read.

    `last` is not stored yet: it goes together with what follows from having read all of them.
    """

    reached: datetime
    rows: int
    bad: Sequence[BadRecord]
    last: Slice


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
        self._watching = watching
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
            outset = await self._watched()
            back = await self._read_newest(outset)
        except SourceError as error:
            self._patience.note(error)
            await self._store.write(self._record_loss, error)
            return False
        await self._apart("recheck", self._recheck(outset, back))
        if self._due_tier(outset.tiers):
            await self._read_older(outset.source)
        return True

    async def backfill(self, span: timedelta, progress: Callable[[Window], None], turn: Turn = _always_ours) -> None:
        """Reads the history of the last `span` without one alert, going on where an earlier call stopped.

        `progress` is told what is left before each slice, and of the end by an empty window. Where `turn` gives False a
        bot reads it, and this only looks on. Raises SourceError when the bank cannot be read; what was read is kept.
        """
        await self._hear_clock()
        now, merchant_id = self._bank_now(), self._merchant.id
        goal = now - span
        async with turn():
            source = await self._store.write(beginning.widen_backfill, merchant_id, self._polling, now, goal)
        while left := await self._history_left(goal):
            progress(left)
            async with turn() as ours:
                if ours and (tier := await self._store.read(beginning.find_backfill, self._merchant.id)):
                    await self._read_again(source, tier)
        progress(Window(goal, goal))

    async def _history_left(self, goal: datetime) -> Window | None:
        """What of the history back to the goal is still to be read, if anything is."""
        tier = await self._store.read(beginning.find_backfill, self._merchant.id)
        return Window(max(tier.left.start, goal), tier.left.end) if tier and tier.left.end > goal else None

    async def _watched(self) -> Outset:
        """What the poll starts from. As long as nothing has been read the watch begins anew: all before is history."""
        await self._hear_clock()
        known = await self._store.read(beginning.find_outset, self._merchant.id, self._bank_now())
        if known is None:
            return await self._store.write(beginning.begin, self._merchant.id, self._polling, self._bank_now())
        if self._watching:
            await self._watching.refresh(self._store, self._merchant.id, known.watched, self._bank_now() + AHEAD)
        return known

    async def _hear_clock(self) -> None:
        if not self._clock_heard:
            now = self._now()
            await self._client.count(Window(now - timedelta(minutes=1), now))
            self._clock_heard = True

    def _bank_now(self) -> datetime:
        """The bank's clock: our own only paces."""
        return self._now() + self._client.clock_offset

    async def _read_newest(self, outset: Outset) -> timedelta:
        """Returns how much was read again."""
        source = outset.source
        back = self._afresh.back(source, self._bank_now())
        newest, closed = await self._read_hot(source, back), True
        if source.through_at and source.through_at < newest.reached - back:
            await self._keep(source, newest.last)
            newest = replace(newest, last=replace(newest.last, reading=NOT_READ))
            closed = await self._close_gap(source, newest.reached - back)
        await self._store.write(self._record, outset, newest, back if closed else None)
        return back

    def _record(self, db: Connection, outset: Outset, newest: _Newest, back: timedelta | None) -> None:
        """The newest minutes, and that everything up to now is read; `back` is None as long as a gap is before them."""
        source, now, bank_now = outset.source, self._now(), self._bank_now()
        if not newest.last.is_empty:
            self._keeper.keep(db, source, newest.last, bank_now)
        if back is not None:
            dialect = self._client.dialect.to_json()
            self._news.record_answer(db, source, dialect=dialect, through_at=newest.reached, bad=newest.bad, now=now)
            if self._afresh.is_much(back, newest.rows):
                sources.note_whole(db, self._merchant.id, newest.reached, newest.rows)
        operations.put_off_recheck(db, outset.due, bank_now)

    async def _read_hot(self, source: Source, back: timedelta) -> _Newest:
        """The newest minutes, once more if one of the clocks turns out to have jumped.

        The first time they end where the watch begins, so that nothing after it is taken for history.
        """
        last = Slice(window=Window(source.watching_since_at, source.watching_since_at))
        for _ in range(CLOCK_READINGS):
            offset = self._client.clock_offset
            reached = self._bank_now() if source.through_at else source.watching_since_at
            end = reached + AHEAD if source.through_at else reached
            rows, bad = 0, list[BadRecord]()
            for part in tiers.newest_first(Window(reached - back, end), lambda: self._slices.size("hot")):
                await self._keep(source, last)
                reading, last = await self._fetch("hot", Slice(window=part))
                rows += reading.total
                bad += reading.set_aside
            if abs(self._client.clock_offset - offset) < back / 2:
                break
        return _Newest(reached=min(reached, self._bank_now()), rows=rows, bad=bad, last=last)

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

    async def _read(self, name: str, source: Source, piece: Slice) -> None:
        _, piece = await self._fetch(name, piece)
        await self._keep(source, piece)

    async def _fetch(self, name: str, piece: Slice) -> tuple[Reading, Slice]:
        """What the bank lists in a slice, and the slice with what of it is to be kept."""
        with self._noting_failure(name, piece.window):
            reading, whole = await self._reader.read(piece.window)
        self._slices.read(name, piece.window.span, reading.total)
        piece = replace(piece, reading=reading, settled=piece.settled and whole)
        if not piece.settled:
            news = await self._store.read(operations.list_news, self._merchant.id, reading.operations)
            piece = replace(piece, reading=replace(reading, operations=news))
        return reading, piece

    async def _keep(self, source: Source, piece: Slice) -> None:
        if not piece.is_empty:
            await self._store.write(self._keeper.keep, source, piece, self._bank_now())

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

    async def _recheck(self, outset: Outset, back: timedelta) -> None:
        """Looks again at what the bank had not decided; what is not older than `back` has just been read anyway."""
        newest = self._bank_now() - back
        for window in tiers.around(operation for operation in outset.due if operation.created_at < newest):
            await self._read("recheck", outset.source, Slice(window=window))

    async def _read_older(self, source: Source) -> None:
        """Goes on with the re-reads as long as there is time. One that fails lets the others go first.

        What is due is asked for each time: meanwhile a person may have wished for a longer history.
        """
        pace = self._pace()
        while pace() and (tier := self._due_tier(await self._store.read(sources.list_tiers, self._merchant.id))):
            if not await self._apart(tier.name, self._read_again(source, tier)):
                return

    def _due_tier(self, known: Mapping[TierName, Tier]) -> Tier | None:
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
            source = beginning.begin(db, self._merchant.id, self._polling, self._bank_now()).source
        self._news.record_loss(db, source, error, self._now())
