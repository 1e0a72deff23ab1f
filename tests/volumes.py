"""Three terminals with weeks of history, a clock moved minute by minute, and what becomes of unusual volume."""

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from builders import DOSTYK, SAMAL, SHOP, an_operation
from databases import open_store
from volume_stream import poisson

from bot.errors import SourceUnavailable
from bot.incidents import Incidents
from bot.ingest.news import News
from bot.model import Incident, Merchant, Operation, OperationId, Outcome, ReasonClass, Terminal, TerminalId, Window
from bot.rules import Rulebook
from bot.store import incidents as kept
from bot.store import operations, sources
from bot.store.driver import Connection
from bot.store.sources import Tier, TierName
from bot.watching import SETTLED, Watching

ABAY = TerminalId("98151554")
PLACES = (SAMAL, DOSTYK, ABAY)
MERCHANT = Merchant(SHOP, "Shop LLP", tuple(map(Terminal, PLACES, ("Samal-2", "Dostyk", "Abay"))))
ALMATY = ZoneInfo("Asia/Almaty")
SECOND, MINUTE, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(days=1)
START = datetime(2026, 2, 1, 19, 0, tzinfo=UTC)  # the midnight before a Monday in Almaty
DAYS = 24


class Till:
    """Makes a terminal's operations, the same for the same seed."""

    def __init__(self, seed: int, rate: float = 0.6) -> None:
        self.random, self.rate, self.count, self.seed = Random(seed), rate, 0, seed

    def minute(self, place: TerminalId, at: datetime, change: float = 1.0, broken: float = 0.01) -> list[Operation]:
        open_now = 9 <= at.astimezone(ALMATY).hour < 21
        drawn = poisson(self.random, self.rate * change) if open_now else 0
        return [self.one(place, at + timedelta(seconds=60 * k / drawn), broken) for k in range(drawn)]

    def one(self, place: TerminalId, at: datetime, broken: float) -> Operation:
        self.count += 1
        amount = round(self.random.lognormvariate(13, 0.8))
        failing = self.random.random() < broken
        how = {"outcome": Outcome.FAILED, "reason_code": 458, "reason_class": ReasonClass.PAYER} if failing else {}
        id = OperationId(f"{place}-{self.seed}-{self.count}")
        return an_operation(id, terminal_id=place, created_at=at, amount=amount, **how)


def history(until: datetime, places: Iterable[TerminalId] = PLACES, start: datetime = START) -> list[Operation]:
    made = []
    for seed, place in enumerate(places):
        till, at = Till(seed), start
        while at < until:
            made += till.minute(place, at)
            at += MINUTE
    return sorted(made, key=lambda one: one.created_at)


def keep_history(db: Connection, made: list[Operation], now: datetime, left: Window | None = None) -> None:
    operations.apply(db, SHOP, made, history_before=now, now=now)
    sources.begin(db, SHOP, now)
    sources.advance(db, SHOP, now)
    left = left or Window(now, now)
    sources.save_tier(db, Tier(merchant_id=SHOP, name=TierName.BACKFILL, left=left, due_at=now))


class Volumes:
    """The store, incidents and detectors of one run; `restart` begins another on the same store."""

    def __init__(
        self,
        path: Path,
        now: datetime,
        *,
        zone: ZoneInfo = ALMATY,
        places: Sequence[TerminalId] = PLACES,
        **settings: Any,
    ) -> None:
        self.now, self.zone = now, zone
        self._rules = {"volume": settings, "failed_operation": {"enabled": False}}
        self.store = open_store(path)
        self.tills = {place: Till(100 + seed) for seed, place in enumerate(places)}
        self.late: list[Operation] = []
        self.restart()

    def restart(self) -> None:
        rulebook = Rulebook.from_settings(self._rules)
        self.incidents = Incidents([MERCHANT], rulebook, now=lambda: self.now)
        self.watching = Watching(rulebook.volume, self.incidents, zone=self.zone)
        self.news = News(MERCHANT, self.incidents, self.watching)

    async def ready(self) -> None:
        await self.watching.catch_up(self.store, SHOP)

    async def pass_minutes(
        self,
        count: int,
        change: Callable[[TerminalId], float] = lambda _: 1.0,
        *,
        broken: float = 0.01,
        readable: bool = True,
        hidden: float = 0.0,
    ) -> None:
        """So many minutes; those operations that are `hidden`, or made while nothing is readable, come later."""
        hiding = Random(7)
        for _ in range(count):
            made = [
                one for place, till in self.tills.items() for one in till.minute(place, self.now, change(place), broken)
            ]
            seen = [one for one in made if readable and hiding.random() >= hidden]
            self.late += [one for one in made if one not in seen]
            self.now += MINUTE
            if readable:
                await self.read(seen)
            else:
                await self.store.write(self._lose)

    async def read(self, made: list[Operation]) -> None:
        """The bank answers with these."""
        await self.store.write(self._read, made)

    async def read_late(self) -> None:
        late, self.late = self.late, []
        self.now += SECOND
        await self.read(late)
        self.now += MINUTE - SECOND

    async def volume(self) -> list[Incident]:
        """Every incident of the rule, oldest first."""
        rows = await self.store.read(
            lambda db: db.rows("SELECT number FROM incident WHERE rule = 'volume' ORDER BY number")
        )
        return [await self.store.read(kept.get, row["number"]) for row in rows]

    def _read(self, db: Connection, made: list[Operation]) -> None:
        now = self.now + SETTLED
        applied = operations.apply(db, SHOP, made, history_before=START - 99 * DAY, now=now)
        self.incidents.report(db, SHOP, applied.transitions, bank_now=now)
        source = sources.find(db, SHOP)
        assert source is not None
        self.news.record_answer(db, source, dialect="{}", through_at=now, bad=[], now=now)

    def _lose(self, db: Connection) -> None:
        source = sources.find(db, SHOP)
        assert source is not None
        self.news.record_loss(db, source, SourceUnavailable("HTTP 503"), self.now)
