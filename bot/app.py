"""The composition root: builds every object once, starts them in order and stops them in order."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

import aiohttp

from bot import __version__
from bot.backups import Backups
from bot.charts import Charts
from bot.chat.commands import COMMANDS, list_commands
from bot.chat.desk import Desk
from bot.chat.dispatch import Dispatch
from bot.chat.intake import Intake
from bot.chat.telegram import Gateway
from bot.condition import Condition, poll_of
from bot.config import MerchantSettings, Settings
from bot.delivery import Delivery
from bot.digests import Digests
from bot.epay import Dialect, EpayClient
from bot.errors import ConfigurationError, PingFailed, Problem, StoreError
from bot.guests import Guests
from bot.heartbeat import Heartbeat
from bot.incidents import Incidents
from bot.ingest import Ingest
from bot.model import Destination, Merchant, MerchantId, NoticeAlert, Terminal, TerminalId
from bot.recounting import Recounting
from bot.retention import Retained
from bot.rules import Rulebook
from bot.schedule import DELIVERY, JOBS, Job, Schedule, Works
from bot.store import backup, chats, copying, engines, outbox, people, sources
from bot.store.driver import Connection, Store
from bot.store.files import path_of
from bot.store.server_clock import ServerClock
from bot.supervisor import Supervisor
from bot.texts import Voices
from bot.trouble import Trouble
from bot.vitals import TELEGRAM, Vitals
from bot.watchdog import Deadlines, LastResort, Loop, Watchdog
from bot.watching import Watching
from bot.web import Doors, Web

log = logging.getLogger(__name__)

DRAIN = timedelta(seconds=6)
DATABASE_PAUSE = timedelta(seconds=2)


def utc_now() -> datetime:
    """The clock of this machine."""
    return datetime.now(UTC)


def open_store(settings: Settings, *, exclusive: bool = True) -> Store:
    """The configured database, `exclusive`: for this process alone, where it is a file. Raises StoreError."""
    return engines.open_store(settings.storage.url, settings.storage.secret, exclusive=exclusive)


def database_of(settings: Settings) -> Path:
    """The file of the configured database. Raises ConfigurationError for an engine that has none."""
    if engines.is_on_server(settings.storage.url):
        raise ConfigurationError(
            Problem("storage.url", "PostgreSQL is copied and restored by its own programs: docs/runbook.md says how")
        )
    return path_of(settings.storage.url)


def merchant_of(settings: MerchantSettings) -> Merchant:
    """The merchant as the rest of the program knows it: without secrets."""
    terminals = tuple(Terminal(TerminalId(known.id), known.name, known.uuid) for known in settings.terminals)
    return Merchant(MerchantId(settings.id), settings.name, terminals)


@dataclass(frozen=True, slots=True)
class Parts:
    """What is open while the bot works."""

    store: Store
    gateway: Gateway
    http: aiohttp.ClientSession
    clients: dict[MerchantId, EpayClient]
    condition: Condition


class App:
    """The bot. `run` works until `stop` is set; DeliveryError from it means that Telegram refuses the token."""

    def __init__(
        self,
        settings: Settings,
        *,
        now: Callable[[], datetime] = utc_now,
        deadlines: Deadlines | None = None,
        jobs: Sequence[Job] = JOBS,
    ) -> None:
        self._settings = settings
        self._jobs = jobs
        self._clock = ServerClock(now)
        self._now = now = self._clock.now
        self._store: Store
        self._deadlines = deadlines or Deadlines()
        self._supervisor = Supervisor.of_environment()
        self._last_resort = LastResort()
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
        """Raises StoreError when the database cannot be opened, DeliveryError when Telegram refuses it, Stalled."""
        async with AsyncExitStack() as stack:
            stack.callback(self._last_resort.disarm)
            store = await self._open_store(stop)
            if store is None:
                return
            stack.push_async_callback(store.close)
            self._store = store
            gateway = Gateway(self._settings.telegram.token, self._settings.telegram.api_url)
            stack.push_async_callback(gateway.close)
            http = await stack.enter_async_context(aiohttp.ClientSession())
            await store.write(copying.take_over)
            await store.write(_know_owners, self._owners, self._now())
            if not store.shared:
                await store.write(backup.find_copy, self._now())
            clients = await self._clients(store, http)
            condition = Condition(store, self._merchants, self._vitals, now=self._now)
            await self._work(stop, ready, Parts(store, gateway, http, clients, condition))

    async def _open_store(self, stop: asyncio.Event) -> Store | None:
        """The database; one on a server is waited for, unless the bot is to stop before it is there."""
        waiting = False
        while not stop.is_set():
            try:
                return await asyncio.to_thread(open_store, self._settings)
            except StoreError as error:
                if not engines.is_on_server(self._settings.storage.url):
                    raise
                if not waiting:
                    log.warning("%s. The bot waits until it can be", error)
                waiting = True
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), DATABASE_PAUSE.total_seconds())
        return None

    async def tell(self, notice: NoticeAlert) -> None:
        """Tells the owners while it works. Raises StoreError."""
        key = f"own/{notice.at.isoformat()}"
        await self._store.write(outbox.announce, [(key, notice)], self._owners, notice.at)

    async def _listen(self, condition: Condition, intake: Intake) -> Web | None:
        if self._settings.server.listen is None:
            return None
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

    async def _work(self, stop: asyncio.Event, ready: Callable[[], None], parts: Parts) -> None:
        voices = Voices(self._settings.language)
        delivery = Delivery(parts.gateway, parts.store, voices, now=self._now, vitals=self._vitals)
        charts = Charts()
        dispatch = self._dispatch(parts, voices, charts)
        webhook = self._settings.telegram.webhook
        intake = Intake(parts.gateway, parts.store, dispatch, now=self._now, vitals=self._vitals, webhook=webhook)
        trouble = Trouble(delivery, self._owners, self._now)
        heartbeat = self._heartbeat(parts)
        schedule = Schedule(self._works(parts, delivery, heartbeat), trouble.tell, self._vitals, self._jobs)
        web = await self._listen(parts.condition, intake)
        await delivery.recover()
        schedule.start()
        reading = asyncio.create_task(intake.run(), name="intake")
        guarding = asyncio.create_task(self._watchdog(schedule, intake).run(), name="watchdog")
        stopping = asyncio.create_task(stop.wait(), name="stop")
        log.info("epay-bot %s is running for %s", __version__, ", ".join(known.id for known in self._merchants))
        ready()
        try:
            await asyncio.wait({reading, guarding, stopping}, return_when=asyncio.FIRST_COMPLETED)
            await _say_why(heartbeat, reading, guarding)
        finally:
            stopping.cancel()
            guarding.cancel()
            await asyncio.gather(intake.stop(DRAIN), dispatch.errands.close(DRAIN), delivery.drain(DRAIN))
            await charts.close()
            await schedule.stop()
            if web:
                await web.stop()
        with suppress(asyncio.CancelledError):
            await guarding
        await reading

    def _watchdog(self, schedule: Schedule, intake: Intake) -> Watchdog:
        deadlines = self._deadlines
        polls = [poll_of(merchant.id) for merchant in self._merchants]
        loops = [Loop(name, deadlines.poll, partial(schedule.restart, name)) for name in polls]
        loops.append(Loop(DELIVERY, deadlines.deliver, partial(schedule.restart, DELIVERY)))
        loops.append(Loop(TELEGRAM, deadlines.intake, intake.restart))
        return Watchdog(
            loops,
            self._vitals,
            tick=deadlines.tick,
            fresh=self._supervisor.alive,
            last_resort=self._last_resort.arm,
        )

    def _heartbeat(self, parts: Parts) -> Heartbeat:
        url = self._settings.server.ping_url
        return Heartbeat(parts.condition.missing, self._supervisor, parts.http, url.get_secret_value() if url else None)

    def _dispatch(self, parts: Parts, voices: Voices, charts: Charts) -> Dispatch:
        desk = Desk(
            store=parts.store,
            clients=parts.clients,
            merchants=self._merchants,
            voices=voices,
            now=self._now,
            version=__version__,
            started_at=self._now(),
            zone=ZoneInfo(self._settings.timezone),
            listed=list_commands,
            incidents=self._incidents,
            show_menu=parts.gateway.set_chat_menu,
            me=parts.gateway.me,
            find_channel=parts.gateway.find_channel,
            charts=charts,
            upload_limit=self._settings.telegram.upload_mb * 1_000_000,
            day_starts=self._settings.day_starts,
            volume=self._volume,
        )
        return Dispatch(desk, parts.gateway, COMMANDS)

    def _works(self, parts: Parts, delivery: Delivery, heartbeat: Heartbeat) -> Works:
        ingests = {
            merchant.id: Ingest(
                merchant,
                parts.clients[merchant.id],
                store=parts.store,
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
            retained=Retained(self._merchants, self._settings.retention, parts.store, now=self._now),
            backups=None
            if parts.store.shared
            else Backups(database_of(self._settings), self._settings.backup, parts.store, now=self._now),
            recounting=Recounting(parts.store, self._vitals, zone=ZoneInfo(self._settings.timezone), now=self._now),
            heartbeat=heartbeat,
            digests=Digests(self._merchants, day_starts=self._settings.day_starts, now=self._now),
            guests=Guests(parts.store, parts.gateway.leave, now=self._now),
            store=parts.store,
            polling=self._settings.polling,
            keep_audit=timedelta(days=self._settings.access.audit_days),
            vitals=self._vitals,
            now=self._now,
        )


async def _say_why(heartbeat: Heartbeat, *tasks: asyncio.Task[None]) -> None:
    """Whoever misses the bot is told why it ends, if it does so by itself."""
    for task in tasks:
        if task.done() and not task.cancelled() and (error := task.exception()):
            with suppress(PingFailed):
                await heartbeat.fail(str(error))


def _know_owners(db: Connection, owners: Sequence[Destination], now: datetime) -> None:
    """The configured owners, and no former one, own every merchant and get alerts in their private chats."""
    people.configure(db, [owner.chat_id for owner in owners], now)
    for owner in owners:
        chats.subscribe(db, owner)
