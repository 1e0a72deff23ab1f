"""The bot's two straight lines between a bank with its own traffic and a Telegram, on a clock that is moved."""

import re
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import aiohttp
from delivering import OWNER, REPEAT, Stage
from traffic import Losses
from watching import list_news

from bot.config import MerchantSettings, Polling
from bot.demo.bank import SimulatedBank, World, default_merchants
from bot.demo.telegram.records import Delivery
from bot.epay import EpayClient, Retries
from bot.incidents import Incidents
from bot.ingest import Ingest
from bot.parts import merchant_of
from bot.rules import Rulebook
from bot.showcase import epay_settings

SECOND, MINUTE, HOUR, DAY = (timedelta(seconds=seconds) for seconds in (1, 60, 3600, 86400))
INTERVAL = 15 * SECOND
LONGEST_RECOVERY = 30 * MINUTE
ONCE = Retries(attempts=1, wait_initial=0, wait_max=0)


@dataclass(slots=True)
class Life:
    """One merchant, one owner. What happened before `live` is history and is told nobody."""

    stage: Stage
    bank: SimulatedBank
    ingest: Ingest
    incidents: Incidents

    async def live(self, span: timedelta, every: timedelta = INTERVAL) -> None:
        """A poll, the passing of time and what is to be said then, at this pace."""
        begun = self.stage.now.at
        end = begun + span
        while self.stage.now.at < end:
            await self.ingest.poll()
            await self.stage.store.write(self.incidents.tick)
            await self.stage.pass_by(every)
            self.stage.now.at = max(self.stage.now.at, min(begun + every, end))
            begun = self.stage.now.at

    async def recovers(self) -> float:
        """Seconds until everything is stored and told."""
        begun = self.stage.now.at
        while self.stage.now.at < begun + LONGEST_RECOVERY:
            await self.live(INTERVAL)
            losses = await self.losses()
            if losses.operations == losses.alerts == 0 and "waiting" not in await self.stage.states():
                break
        return (self.stage.now.at - begun).total_seconds()

    async def losses(self) -> Losses:
        """What the store lacks of the bank, the incidents of the failures, and what was told too often."""
        truth = self.bank.world.truth("shop", self.bank.clock())
        rows = await self.stage.store.read(lambda db: db.rows("SELECT id, outcome FROM operation"))
        stored = {row["id"]: row["outcome"] for row in rows}
        noted = await self.stage.store.read(lambda db: db.rows("SELECT operation_id AS id FROM incident_operation"))
        failed = {row.id for row in truth if row.outcome == "failed"}
        texts = [one.text for one in self.sent() if one.message.reply_to is None]
        opened = Counter(head[1] for text in texts if REPEAT not in text and (head := re.match(r"\S+ #(\d+) ·", text)))
        return Losses(
            operations=sum(stored.get(row.id) != row.outcome for row in truth),
            alerts=len(failed - {row["id"] for row in noted}),
            repeats=sum(REPEAT in text for text in texts),
            unmarked=sum(count - 1 for count in opened.values()),
        )

    def sent(self) -> list[Delivery]:
        """Messages of their own that the owner got; rewritten ones make no noise."""
        return [one for one in self.stage.api.deliveries if one.method == "sendMessage"]

    async def news(self) -> list[str]:
        """What was told of the bank: that it was lost, that it is back."""
        return await self.stage.store.read(list_news)

    def count(self) -> int:
        """How many operations there are at the bank."""
        return len(self.bank.world.truth("shop", self.bank.clock()))


@asynccontextmanager
async def life(folder: Path, *, per_day: int) -> AsyncIterator[Life]:
    """The bot has met the bank and works."""
    stage = await Stage(folder).open()
    await stage.private(OWNER)
    shop = default_merchants(per_day)[0]
    bank = SimulatedBank(World(7, merchants=[shop], start=stage.now()), now=stage.now)
    settings = MerchantSettings.model_validate(
        {"id": "shop", "name": "Shop", "epay": epay_settings(shop, await bank.start())}
    )
    merchant = merchant_of(settings)
    incidents = Incidents([merchant], Rulebook.from_settings({}), now=stage.now)
    try:
        async with aiohttp.ClientSession() as http:
            client = EpayClient(merchant.id, settings.epay, http=http, now=stage.now, retries=ONCE)
            polling = Polling(backfill=timedelta())
            ingest = Ingest(merchant, client, store=stage.store, incidents=incidents, polling=polling, now=stage.now)
            assert await ingest.poll()
            yield Life(stage, bank, ingest, incidents)
    finally:
        await bank.stop()
        await stage.close()
