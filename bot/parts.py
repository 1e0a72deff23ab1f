"""What the bot is put together from: the pieces that need many others, built once each."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import aiohttp

from bot import __version__
from bot.backups import Backups
from bot.charts import Charts
from bot.chat.commands import COMMANDS, list_commands
from bot.chat.desk import Desk
from bot.chat.dispatch import Dispatch
from bot.chat.telegram import Gateway
from bot.condition import Condition
from bot.config import MerchantSettings, Settings
from bot.digests import Digests
from bot.epay import EpayClient
from bot.errors import ConfigurationError, Problem
from bot.guests import Guests
from bot.heartbeat import Heartbeat
from bot.incidents import Incidents
from bot.ingest import Ingest
from bot.model import Merchant, MerchantId, Terminal, TerminalId
from bot.recounting import Recounting
from bot.retention import Retained
from bot.rules import Rulebook
from bot.runner import Runner
from bot.schedule import Works
from bot.store import engines
from bot.store.driver import Store
from bot.store.files import path_of
from bot.texts import Voices
from bot.vitals import Vitals
from bot.watching import Watching


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What is decided by the configuration alone: rules, incidents, and the watch over volume."""

    rulebook: Rulebook
    incidents: Incidents
    watching: Watching

    @classmethod
    def of(cls, settings: Settings, merchants: Sequence[Merchant], now: Callable[[], datetime]) -> "Rules":
        rulebook = Rulebook.from_settings(settings.alerts)
        incidents = Incidents(merchants, rulebook, now=now)
        zone, interval = ZoneInfo(settings.timezone), settings.polling.interval
        watching = Watching(rulebook.volume, incidents, zone=zone, interval=interval)
        return cls(rulebook=rulebook, incidents=incidents, watching=watching)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What is open while the bot works."""

    settings: Settings
    merchants: tuple[Merchant, ...]
    rules: Rules
    now: Callable[[], datetime]
    vitals: Vitals
    store: Store
    gateway: Gateway
    http: aiohttp.ClientSession
    clients: dict[MerchantId, EpayClient]
    condition: Condition
    charts: Charts
    voices: Voices
    runner: Runner

    def dispatch(self) -> Dispatch:
        """What people say and press, answered."""
        settings = self.settings
        desk = Desk(
            store=self.store,
            clients=self.clients,
            merchants=self.merchants,
            voices=self.voices,
            now=self.now,
            version=__version__,
            started_at=self.now(),
            zone=ZoneInfo(settings.timezone),
            listed=list_commands,
            incidents=self.rules.incidents,
            show_menu=self.gateway.set_chat_menu,
            me=self.gateway.me,
            find_channel=self.gateway.find_channel,
            charts=self.charts,
            upload_limit=settings.telegram.upload_mb * 1_000_000,
            day_starts=settings.day_starts,
            volume=self.rules.rulebook.volume,
        )
        return Dispatch(desk, self.gateway, COMMANDS)

    def works(self, heartbeat: Heartbeat) -> Works:
        """What the jobs work on."""
        settings, store = self.settings, self.store
        ingests = {
            merchant.id: Ingest(
                merchant,
                self.clients[merchant.id],
                store=self.runner.store_of(merchant.id),
                incidents=self.rules.incidents,
                polling=settings.polling,
                now=self.now,
                watching=self.rules.watching,
            )
            for merchant in self.merchants
        }
        return Works(
            ingests=ingests,
            delivery=self.runner.delivery,
            incidents=self.rules.incidents,
            watching=self.rules.watching,
            retained=Retained(self.merchants, settings.retention, store, now=self.now),
            backups=None if store.shared else Backups(database_of(settings), settings.backup, store, now=self.now),
            recounting=Recounting(store, self.vitals, zone=ZoneInfo(settings.timezone), now=self.now),
            heartbeat=heartbeat,
            digests=Digests(self.merchants, day_starts=settings.day_starts, now=self.now),
            guests=Guests(store, self.gateway.leave, now=self.now),
            store=store,
            polling=settings.polling,
            keep_audit=timedelta(days=settings.access.audit_days),
            vitals=self.vitals,
            now=self.now,
        )
