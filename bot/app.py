"""The composition root: builds every object once, starts them in order and stops them in order."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

import aiohttp

from bot import __version__
from bot.backtest import backtest
from bot.backups import Backups
from bot.charts import Charts
from bot.chat.commands import COMMANDS, list_commands
from bot.chat.desk import Desk
from bot.chat.dispatch import Dispatch
from bot.chat.intake import Intake
from bot.chat.telegram import Gateway
from bot.condition import Condition
from bot.config import MerchantSettings, Settings
from bot.delivery import Delivery
from bot.digests import Digests
from bot.epay import Dialect, EpayClient
from bot.errors import ConfigurationError, Problem, StoreError
from bot.guests import Guests
from bot.incidents import Incidents
from bot.ingest import Ingest
from bot.model import Destination, Merchant, MerchantId, NoticeAlert, Terminal, TerminalId, Window
from bot.retention import Retained
from bot.rules import Rulebook
from bot.schedule import Schedule, Works
from bot.store import backup, chats, people, sources
from bot.store.driver import Connection, Store
from bot.store.sqlite import SqliteStore, path_of
from bot.texts import Voices
from bot.vitals import Vitals
from bot.watching import Watching
from bot.web import Doors, Web

log = logging.getLogger(__name__)

DRAIN = timedelta(seconds=6)


def utc_now() -> datetime:
    """The clock of this machine."""
    return datetime.now(UTC)


def open_store(settings: Settings, *, exclusive: bool = True) -> SqliteStore:
    """The configured database, `exclusive`: for this process alone.

    Raises StoreError, or ConfigurationError for an engine that is not there yet.
    """
    return SqliteStore(database_of(settings), exclusive=exclusive)


def database_of(settings: Settings) -> Path:
    """The file of the configured database. Raises ConfigurationError for an engine that has none."""
    if not settings.storage.url.startswith("sqlite:///"):
        raise ConfigurationError(Problem("storage.url", "only sqlite:///… is supported by this version"))
    return path_of(settings.storage.url)


def merchant_of(settings: MerchantSettings) -> Merchant:
    """The merchant as the rest of the program knows it: without secrets."""
    terminals = tuple(Terminal(TerminalId(known.id), known.name, known.uuid) for known in settings.terminals)
    return Merchant(MerchantId(settings.id), settings.name, terminals)


class App:
    """The bot. `run` works until `stop` is set; DeliveryError from it means that Telegram refuses the token."""

    def __init__(self, settings: Settings, *, now: Callable[[], datetime] = utc_now) -> None:
        self._settings = settings
        self._now = now
        self._vitals = Vitals()
        self._merchants = tuple(merchant_of(merchant) for merchant in settings.merchants)
        rulebook = Rulebook.from_settings(settings.alerts)
        self._incidents = Incidents(self._merchants, rulebook, now=now)
        self._volume = rulebook.volume
        self._watching = Watching(
            rulebook.volume, self._incidents, zone=ZoneInfo(settings.timezone), interval=settings.polling.interval
        )
        self._owners = tuple(
            Destination(chat_id=owner, language=settings.language, timezone=settings.timezone)
            for owner in settings.access.owners
        )

    async def run(self, stop: asyncio.Event, ready: Callable[[], None] = lambda: None) -> None:
        """Raises StoreError when the database cannot be opened, DeliveryError when Telegram refuses this bot."""
        async with AsyncExitStack() as stack:
            store = open_store(self._settings)
            stack.push_async_callback(store.close)
            gateway = Gateway(self._settings.telegram.token, self._settings.telegram.api_url)
            stack.push_async_callback(gateway.close)
            bank = await stack.enter_async_context(aiohttp.ClientSession())
            await store.write(_know_owners, self._owners, self._now())
            await store.write(backup.begin_anew, self._now())
            await self._work(stop, ready, store=store, gateway=gateway, clients=await self._clients(store, bank))

    async def _listen(self, store: Store, intake: Intake) -> Web | None:
        if self._settings.server.listen is None:
            return None
        condition = Condition(store, self._merchants, self._vitals, now=self._now)
        doors = Doors(missing=condition.missing, metrics=condition.metrics)
        if webhook := self._settings.telegram.webhook:
            doors = replace(doors, receive=intake.receive_one, secret=webhook.secret.get_secret_value())
        web = Web(self._settings.server.listen, doors)
        await web.start()
        return web

    async def _clients(self, store: Store, http: aiohttp.ClientSession) -> dict[MerchantId, EpayClient]:
        clients = {}
        for settings, merchant in zip(self._settings.merchants, self._merchants, strict=True):
            known = await store.read(sources.find, merchant.id)
            dialect = Dialect.from_json(known.dialect) if known else Dialect()
            clients[merchant.id] = EpayClient(merchant.id, settings.epay, http=http, now=self._now, dialect=dialect)
        return clients

    async def _work(
        self,
        stop: asyncio.Event,
        ready: Callable[[], None],
        *,
        store: Store,
        gateway: Gateway,
        clients: dict[MerchantId, EpayClient],
    ) -> None:
        voices = Voices(self._settings.language)
        delivery = Delivery(gateway, store, voices, now=self._now, vitals=self._vitals)
        charts = Charts()
        dispatch = self._dispatch(store, gateway, clients, voices, charts)
        intake = Intake(
            gateway, store, dispatch, now=self._now, vitals=self._vitals, webhook=self._settings.telegram.webhook
        )
        trouble = _Trouble(delivery, self._owners, self._now)
        schedule = Schedule(
            self._works(store, clients, delivery, Guests(store, gateway.leave, now=self._now)),
            trouble.tell,
            self._vitals,
        )
        web = await self._listen(store, intake)
        await delivery.recover()
        schedule.start()
        reading = asyncio.create_task(intake.run(), name="intake")
        stopping = asyncio.create_task(stop.wait(), name="stop")
        log.info("epay-bot %s is running for %s", __version__, ", ".join(known.id for known in self._merchants))
        ready()
        try:
            await asyncio.wait({reading, stopping}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            stopping.cancel()
            await asyncio.gather(intake.stop(DRAIN), dispatch.errands.close(DRAIN), delivery.drain(DRAIN))
            await charts.close()
            await schedule.stop()
            if web:
                await web.stop()
        await reading

    def _dispatch(
        self, store: Store, gateway: Gateway, clients: dict[MerchantId, EpayClient], voices: Voices, charts: Charts
    ) -> Dispatch:
        desk = Desk(
            store=store,
            clients=clients,
            merchants=self._merchants,
            voices=voices,
            now=self._now,
            version=__version__,
            started_at=self._now(),
            zone=ZoneInfo(self._settings.timezone),
            listed=list_commands,
            incidents=self._incidents,
            show_menu=gateway.set_chat_menu,
            me=gateway.me,
            charts=charts,
            upload_limit=self._settings.telegram.upload_mb * 1_000_000,
            day_starts=self._settings.day_starts,
            volume=self._volume,
        )
        return Dispatch(desk, gateway, COMMANDS)

    def _works(self, store: Store, clients: dict[MerchantId, EpayClient], delivery: Delivery, guests: Guests) -> Works:
        ingests = {
            merchant.id: Ingest(
                merchant,
                clients[merchant.id],
                store=store,
                incidents=self._incidents,
                polling=self._settings.polling,
                now=self._now,
                watching=self._watching,
            )
            for merchant in self._merchants
        }
        return Works(
            ingests=ingests,
            delivery=delivery,
            incidents=self._incidents,
            watching=self._watching,
            retained=Retained(self._merchants, self._settings.retention, store, now=self._now),
            backups=Backups(database_of(self._settings), self._settings.backup, now=self._now),
            digests=Digests(self._merchants, day_starts=self._settings.day_starts, now=self._now),
            guests=guests,
            store=store,
            polling=self._settings.polling,
            keep_audit=timedelta(days=self._settings.access.audit_days),
            vitals=self._vitals,
            now=self._now,
        )


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


def _know_owners(db: Connection, owners: Sequence[Destination], now: datetime) -> None:
    """The configured owners, and no former one, own every merchant and get alerts in their private chats."""
    people.configure(db, [owner.chat_id for owner in owners], now)
    for owner in owners:
        chats.subscribe(db, owner)


class _Trouble:
    """Tells the owners, past the store, that the store cannot be used, and that it can again."""

    def __init__(self, delivery: Delivery, owners: Sequence[Destination], now: Callable[[], datetime]) -> None:
        self._delivery = delivery
        self._owners = owners
        self._now = now
        self._told = False

    async def tell(self, error: StoreError | None) -> None:
        told, self._told = self._told, error is not None
        if error and not told:
            text = "The bot cannot use its database: {error}. Free space or repair the disk; nothing read is lost."
            await self._say(NoticeAlert(text=text, values={"error": str(error)}, at=self._now()))
        elif told and not error:
            await self._say(
                NoticeAlert(text="The database works again; what was missed is being read.", at=self._now())
            )

    async def _say(self, notice: NoticeAlert) -> None:
        await self._delivery.tell(notice, self._owners)
