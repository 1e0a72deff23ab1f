"""What a command line does about history: reading it into the store, replaying it through the rules. Sends nothing."""

from collections.abc import AsyncIterator, Callable
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

import aiohttp

from bot.app import merchant_of, open_store, utc_now
from bot.backtest import backtest
from bot.config import Settings
from bot.epay import EpayClient
from bot.incidents import Incidents
from bot.ingest import Ingest
from bot.model import Window
from bot.rules import Rulebook


async def backfill_all(
    settings: Settings,
    span: timedelta,
    progress: Callable[[str, Window], None],
    now: Callable[[], datetime] = utc_now,
) -> None:
    """Reads history of every merchant into the store; `progress` gets the merchant and what is left.

    Raises SourceError or StoreError; what was read until then is kept.
    """
    store = open_store(settings)
    merchants = [merchant_of(given) for given in settings.merchants]
    incidents = Incidents(merchants, Rulebook.from_settings(settings.alerts), now=now)
    try:
        async with aiohttp.ClientSession() as http:
            for given, merchant in zip(settings.merchants, merchants, strict=True):
                client = EpayClient(merchant.id, given.epay, http=http, now=now)
                ingest = Ingest(merchant, client, store=store, incidents=incidents, polling=settings.polling, now=now)
                await ingest.backfill(span, partial(progress, merchant.id))
    finally:
        await store.close()


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
