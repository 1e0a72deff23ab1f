"""A merchant's ingest between a simulated bank and a store, on clocks of the test's own: real sockets, real SQLite."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import admitting
import aiohttp
from builders import NOW, OWNER, SHOP
from databases import in_order, open_store

from bot.config import Epay, Polling
from bot.demo.bank import (
    LIST_PATH,
    TOKEN_PATH,
    BankMerchant,
    SimulatedBank,
    Switches,
    TruthRow,
    World,
    default_merchants,
)
from bot.epay import Dialect, EpayClient, Retries
from bot.incidents import Incidents
from bot.ingest import Ingest
from bot.model import EPOCH, Incident, Merchant, MerchantId, Operation, OperationId, Terminal, TerminalId
from bot.rules import Rulebook
from bot.store import incidents, operations, recount, sources
from bot.store.driver import Connection, Store
from bot.store.sources import Source
from bot.watching import Watching

SHOP_AT_BANK, BAKERY_AT_BANK = default_merchants(per_day=0)
SAMAL = SHOP_AT_BANK.terminals[0].tid
SECOND, MINUTE, HOUR, DAY = (timedelta(seconds=seconds) for seconds in (1, 60, 3600, 86400))
INTERVAL = 15 * SECOND
ONCE = Retries(attempts=1, wait_initial=0, wait_max=0)


_NEWS = """
    SELECT what, body FROM incident_event JOIN incident USING (number)
    WHERE rule = 'source' AND what IN ('first', 'resolved') ORDER BY incident_event.id
"""


class Watch:
    """`now` is true time, moved by the test. The bank's clock is off by `bank.clock_offset`, ours by `skew`."""

    def __init__(self, bank: SimulatedBank, store: Store, http: aiohttp.ClientSession, url: str) -> None:
        self.now = NOW
        self.skew = timedelta()
        self.polling = Polling()
        self.retries = ONCE
        self.rules: dict[str, Any] = {}
        self.bank, self.store = bank, store
        self._http, self._url = http, url
        self.ingests: dict[str, Ingest] = {}
        self.watching: Watching | None = None

    @property
    def world(self) -> World:
        return self.bank.world

    def our_clock(self) -> datetime:
        return self.now + self.skew

    async def start(self, merchant: BankMerchant = SHOP_AT_BANK) -> None:
        """The program begins, or begins again, with nothing but the store."""
        merchant_id = MerchantId(merchant.id)
        known = await self.store.read(sources.find, merchant_id)
        client = EpayClient(
            merchant_id,
            self._settings(merchant),
            http=self._http,
            now=self.our_clock,
            dialect=Dialect.from_json(known.dialect) if known else Dialect(),
            retries=self.retries,
        )
        terminals = tuple(Terminal(TerminalId(place.tid), place.name) for place in merchant.terminals)
        known_as = Merchant(merchant_id, merchant.id.title(), terminals)
        self.ingests[merchant.id] = Ingest(
            known_as,
            client,
            store=self.store,
            incidents=Incidents([known_as], Rulebook.from_settings(self.rules), now=self.our_clock),
            polling=self.polling,
            now=self.our_clock,
            watching=self.watching,
        )

    def _settings(self, merchant: BankMerchant) -> Epay:
        return Epay.model_validate(
            {
                "username": merchant.username,
                "password": merchant.password,
                "client_id": merchant.client_id,
                "client_secret": merchant.client_secret,
                "oauth_url": self._url + TOKEN_PATH,
                "p2p_url": self._url + LIST_PATH,
                "api_url": self._url,
                "timeout": 5 * SECOND,
            }
        )

    async def poll(self, after: timedelta = timedelta(), merchant_id: str = "shop") -> bool:
        """One poll once that much time has passed."""
        self.now += after
        return await self.ingests[merchant_id].poll()

    async def poll_for(self, span: timedelta, every: timedelta = INTERVAL) -> None:
        """Polls at this pace until the span is over."""
        end = self.now + span
        while self.now < end:
            await self.poll(min(every, end - self.now))

    def add(self, amount: Decimal | int | str = 100, **details: Any) -> TruthRow:
        """An operation at Samal-2, created now by the bank's clock unless told otherwise."""
        details.setdefault("created_at", self.bank.clock())
        return self.world.add("shop", SAMAL, amount, **details)

    def fail(self, **details: Any) -> TruthRow:
        return self.add(outcome="failed", **details)

    async def said(self) -> list[tuple[str, dict[str, Any]]]:
        """Everything in the outbox: kind and values."""
        rows = await self.store.read(lambda db: db.rows("SELECT body FROM outbox ORDER BY id"))
        return [(kind, json.loads(values)) for kind, _, values in (row["body"].partition(" ") for row in rows)]

    async def failures(self) -> list[str]:
        """Ids of the operations that incidents were made of, in order; each was counted once."""
        rows = await self.store.read(in_order, "incident_operation")
        assert sum(one.count for one in await self.incidents() if not one.key) == len(rows)
        return [row["operation_id"] for row in rows]

    async def incidents(self) -> list[Incident]:
        """Every incident there ever was, as it is now, oldest first."""
        return [one for merchant_id in self.ingests for one in await self.store.read(_all_incidents, merchant_id)]

    async def news(self) -> list[str]:
        """What was told of the bank: how it was lost, and that it is back."""
        return await self.store.read(list_news)

    async def stored(self, merchant_id: str = "shop") -> dict[str, Operation]:
        return await self.store.read(_all_operations, MerchantId(merchant_id))

    async def missing(self) -> list[str]:
        """Ids of the operations the bank is known not to list any more."""
        rows = await self.store.read(lambda db: db.rows("SELECT id FROM operation WHERE missing_at IS NOT NULL"))
        return [row["id"] for row in rows]

    async def source(self) -> Source:
        source = await self.store.read(sources.find, SHOP)
        assert source is not None
        return source

    async def differences(self) -> list[str]:
        return await self.store.read(recount.list_differences)


def list_news(db: Connection) -> list[str]:
    """How the bank was lost, each time, and that it is back."""
    return [json.loads(row["body"])["key"] if row["what"] == "first" else "back" for row in db.rows(_NEWS)]


def _all_incidents(db: Connection, merchant_id: str) -> list[Incident]:
    return incidents.list_recent(db, MerchantId(merchant_id), EPOCH)[::-1]


def _all_operations(db: Connection, merchant_id: MerchantId) -> dict[str, Operation]:
    rows = db.rows("SELECT DISTINCT invoice_id FROM operation WHERE merchant_id = :id", id=merchant_id)
    found = (operations.list_by_invoice(db, merchant_id, row["invoice_id"]) for row in rows)
    return {OperationId(operation.id): operation for attempts in found for operation in attempts}


@asynccontextmanager
async def watching(
    folder: Path, *, switches: Switches | None = None, world: World | None = None
) -> AsyncIterator[Watch]:
    """Everything but the first `start`; the owner is subscribed."""
    world = world or World(5, merchants=(SHOP_AT_BANK, BAKERY_AT_BANK), start=NOW - HOUR)
    watch: Watch
    bank = SimulatedBank(world, now=lambda: watch.now, switches=switches or Switches())
    url = await bank.start()
    store = open_store(folder / "watch.db")
    await store.write(admitting.subscribe, OWNER)
    try:
        async with aiohttp.ClientSession() as http:
            watch = Watch(bank, store, http, url)
            yield watch
    finally:
        await store.close()
        await bank.stop()
    assert bank.money_calls == []
