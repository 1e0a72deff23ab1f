"""Whether the bot is ready, and its figures for a monitor: from the store and from the vitals of this run."""

import asyncio
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
        found += [f"merchant {id_} has not been read since the start" for id_ in unread]
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
        read = await self._told(sources.list_read) or {} if self._store.shared else {}
        for merchant in self._merchants:
            at = read.get(merchant.id)
            age = (self._now() - at).total_seconds() if at else vitals.bad_for(poll_of(merchant.id))
            vitals.put("epay_bot_poll_age_seconds", age, merchant.id)
        pulse = await self._told(reports.pulse)
        for name in ("epay_bot_operations", "epay_bot_incidents_open"):
            vitals.clear(name)
        if pulse is not None:
            self._put(pulse)
        return vitals.exposition()

    def _put(self, pulse: reports.Pulse) -> None:
        oldest = pulse.outbox_oldest_at
        self._vitals.put("epay_bot_outbox_waiting", pulse.outbox_waiting)
        self._vitals.put("epay_bot_outbox_age_seconds", max((self._now() - oldest).total_seconds(), 0) if oldest else 0)
        for (merchant_id, outcome), count in pulse.operations.items():
            self._vitals.put("epay_bot_operations", count, merchant_id, outcome)
        for merchant in self._merchants:
            self._vitals.put("epay_bot_incidents_open", pulse.incidents.get(merchant.id, 0), merchant.id)

    async def _told(self, question: Callable[[Connection], T]) -> T | None:
        """The store's answer, or None when there is none in time."""
        try:
            async with asyncio.timeout(STORE_ANSWERS_WITHIN.total_seconds()):
                return await self._store.read(question)
        except (StoreError, TimeoutError):
            return None
