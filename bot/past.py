"""What a command line does about history: reading it into the store, replaying it through the rules. Sends nothing."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

import aiohttp

from bot.backtest import backtest
from bot.condition import poll_of
from bot.config import Settings
from bot.epay import EpayClient
from bot.errors import LeaseLost
from bot.incidents import Incidents
from bot.ingest import Ingest
from bot.model import MerchantId, Window
from bot.parts import merchant_of, open_store, utc_now
from bot.rules import Rulebook
from bot.store import sessions
from bot.store.driver import Store
from bot.store.fenced import Fenced
from bot.store.server_clock import ServerClock

LOOK = timedelta(seconds=2)


async def backfill_all(
    settings: Settings,
    span: timedelta,
    progress: Callable[[str, Window], None],
    now: Callable[[], datetime] = utc_now,
) -> None:
    """Reads history of every merchant into the store; `progress` gets the merchant and what is left.

    Where bots share the database and work on it, they read it. Raises SourceError or StoreError; what was read until
    then is kept.
    """
    store = open_store(settings)
    merchants = [merchant_of(given) for given in settings.merchants]
    incidents = Incidents(merchants, Rulebook.from_settings(settings.alerts), now=now)
    try:
        async with aiohttp.ClientSession() as http:
            for given, merchant in zip(settings.merchants, merchants, strict=True):
                turns = await _Turns.at(store, merchant.id, now)
                client = EpayClient(merchant.id, given.epay, http=http, now=now)
                ingest = Ingest(
                    merchant, client, store=turns.store, incidents=incidents, polling=settings.polling, now=now
                )
                await ingest.backfill(span, partial(progress, merchant.id), turns.take)
    finally:
        await store.close()


class _Turns:
    """Whose turn it is to read a merchant. `store`: what is written there is refused out of turn."""

    def __init__(self, fenced: Fenced | None, store: Store) -> None:
        self.store = fenced or store
        self._fenced = fenced

    @classmethod
    async def at(cls, store: Store, merchant_id: MerchantId, now: Callable[[], datetime]) -> "_Turns":
        if not store.shared:
            return cls(None, store)
        clock = ServerClock(now)
        await clock.set(store)
        return cls(Fenced(store, poll_of(merchant_id), owner=f"backfill {os.getpid()}", now=clock.now), store)

    @asynccontextmanager
    async def take(self) -> AsyncIterator[bool]:
        """Waits until nobody reads the merchant. False: a bot works on it, so it is left to that, with a pause."""
        if self._fenced is None:
            yield True
            return
        while not await self._fenced.hold():  # noqa: ASYNC110 - who has it is another process
            await asyncio.sleep(LOOK.total_seconds() / 4)
        company = await self.store.read(sessions.has_company)
        try:
            with suppress(LeaseLost):
                yield not company
        finally:
            await self._fenced.release()
        if company:
            await asyncio.sleep(LOOK.total_seconds())


async def list_past_changes(
    settings: Settings, *, days: int, file: Path | None, as_json: bool, progress: Callable[[str, Window], None]
) -> AsyncIterator[tuple[str, bool]]:
    """What would have been told: a line for each change of an incident, and whether it makes a sound.

    Raises StoreError, or ConfigurationError for a file that cannot be read.
    """
    merchants = {merchant.id: merchant for merchant in map(merchant_of, settings.merchants)}
    zone = ZoneInfo(settings.timezone)
    store = open_store(settings, exclusive=False) if file is None else None
    try:
        past = backtest(settings, list(merchants.values()), store, days=days, file=file, progress=progress)
        async for change in past:
            merchant = merchants[change.incident.merchant_id]
            yield (change.to_json() if as_json else change.to_line(merchant, zone)), change.aloud
    finally:
        if store:
            await store.close()
