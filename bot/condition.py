"""Whether the bot is ready, and its figures for a monitor: from the store and from the vitals of this run."""

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import TypeVar

from bot.errors import StoreError
from bot.model import Merchant
from bot.store import reports, sources
from bot.store.driver import Connection, Store
from bot.vitals import TELEGRAM, Vitals

T = TypeVar("T")
STORE_ANSWERS_WITHIN = timedelta(seconds=5)
# A long poll ends after fifty seconds by itself.
TELEGRAM_ANSWERS_WITHIN = timedelta(minutes=3)
NAMED = 5


def poll_of(merchant_id: str) -> str:
    """The name of a merchant's poll among the loops."""
    return f"poll {merchant_id}"


class Condition:
    """One bot's state for machines."""

    def __init__(
        self, store: Store, merchants: Sequence[Merchant], vitals: Vitals, *, now: Callable[[], datetime]
    ) -> None:
        self._store = store
        self._merchants = merchants
        self._vitals = vitals
        self._now = now

    async def missing(self) -> list[str]:
        """What keeps the bot from being ready, in sentences; empty when it is."""
        found = ["the store does not answer"] if await self._told(reports.outbox_waiting) is None else []
        unread = await self._unread()
        if len(unread) > NAMED:
            first = ", ".join(unread[:NAMED])
            found.append(f"{len(unread)} merchants have not been read since the start: {first}, …")
        else:
            found += [f"merchant {one} has not been read since the start" for one in unread]
        if not self._vitals.has_done_well(TELEGRAM):
            found.append("Telegram has not answered since the start")
        elif (silent := self._vitals.bad_for(TELEGRAM)) > TELEGRAM_ANSWERS_WITHIN.total_seconds():
            found.append(f"Telegram has not answered for {silent:.0f} s")
        return found

    async def _unread(self) -> list[str]:
        """Merchants that this bot has not read yet; with several replicas: that none of them ever has."""
        if not self._store.shared:
            return [one.id for one in self._merchants if not self._vitals.has_done_well(poll_of(one.id))]
        read = await self._told(sources.list_read) or {}
        return [one.id for one in self._merchants if read.get(one.id) is None]

    async def metrics(self) -> bytes:
        """The text for Prometheus; what only the store knows is left out while it does not answer."""
        vitals = self._vitals
        vitals.put("epay_bot_updates_age_seconds", vitals.bad_for(TELEGRAM))
        vitals.put("epay_bot_database_queue", self._store.waiting)
        for label, age in (await self._worst_ages()).items():
            vitals.put("epay_bot_poll_age_seconds", age, label)
        pulse = await self._told(reports.pulse)
        for name in ("epay_bot_operations", "epay_bot_incidents_open"):
            vitals.clear(name)
        if pulse is not None:
            self._put(pulse)
        return vitals.exposition()

    def _put(self, pulse: reports.Pulse) -> None:
        oldest, label = pulse.outbox_oldest_at, self._vitals.labels.merchant
        self._vitals.put("epay_bot_outbox_waiting", pulse.outbox_waiting)
        self._vitals.put("epay_bot_outbox_age_seconds", max((self._now() - oldest).total_seconds(), 0) if oldest else 0)
        operations: Counter[tuple[str, str]] = Counter()
        for (merchant_id, outcome), count in pulse.operations.items():
            operations[label(merchant_id), outcome] += count
        for labels, count in operations.items():
            self._vitals.put("epay_bot_operations", count, *labels)
        open_now: Counter[str] = Counter()
        for merchant in self._merchants:
            open_now[label(merchant.id)] += pulse.incidents.get(merchant.id, 0)
        for named, count in open_now.items():
            self._vitals.put("epay_bot_incidents_open", count, named)

    async def _worst_ages(self) -> dict[str, float]:
        """Since each merchant was read; of several under one label the one that was not read for longest."""
        read = await self._told(sources.list_read) or {} if self._store.shared else {}
        ages: dict[str, float] = {}
        for merchant in self._merchants:
            at, label = read.get(merchant.id), self._vitals.labels.merchant(merchant.id)
            age = (self._now() - at).total_seconds() if at else self._vitals.bad_for(poll_of(merchant.id))
            ages[label] = max(ages.get(label, 0), age)
        return ages

    async def _told(self, question: Callable[[Connection], T]) -> T | None:
        """The store's answer, or None when there is none in time."""
        try:
            async with asyncio.timeout(STORE_ANSWERS_WITHIN.total_seconds()):
                return await self._store.read(question)
        except (StoreError, TimeoutError):
            return None
