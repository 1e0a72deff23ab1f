"""A day of mixed traffic at two terminals, with an hour of trouble: how often the phone of a support person rings."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path

from builders import NOW, OWNER, SHOP_LLP
from delivering import TOKEN
from pydantic import SecretStr
from troubles import EDIT, QUIET, SOUND
from watching import HOUR, MINUTE, Watch, watching

from bot.chat.telegram import Gateway
from bot.delivery import Delivery
from bot.demo.bank import World, default_merchants
from bot.demo.telegram import BotApi
from bot.demo.telegram.records import Delivery as Sent
from bot.incidents import Incidents
from bot.rules import Rulebook
from bot.texts import Voices

PER_DAY, SYSTEM = 600, 458
OUTAGE_AFTER, OUTAGE = 19 * HOUR, 40 * MINUTE
SHOP_AT_BANK = default_merchants(per_day=PER_DAY)[0]


class Phone:
    """What rings, buzzes or changes on the owner's phone while the bot watches the shop."""

    def __init__(self, watch: Watch) -> None:
        self._watch = watch
        self.api = BotApi(TOKEN, now=self.now, limits=True)
        self.incidents = Incidents([SHOP_LLP], Rulebook.from_settings({}), now=self.now)

    def now(self) -> datetime:
        return self._watch.now

    async def minute(self, delivery: Delivery) -> None:
        await self._watch.poll(MINUTE)
        await self._watch.store.write(self.incidents.tick)
        await delivery.step()
        while sending := [task for task in asyncio.all_tasks() if task.get_name().startswith("deliver ")]:
            await asyncio.wait(sending)

    def heard(self) -> list[tuple[datetime, str]]:
        """Each message and edit with its time, whether it rings first."""
        return [(one.at, f"{_sign(one)} {one.text}") for one in self.api.deliveries]


def _sign(one: Sent) -> str:
    if one.method.startswith("edit"):
        return EDIT
    return QUIET if one.message.silent else SOUND


@asynccontextmanager
async def shop(folder: Path) -> AsyncIterator[tuple[Watch, Phone, Delivery]]:
    world = World(11, merchants=[SHOP_AT_BANK], start=NOW - HOUR)
    async with watching(folder, world=world) as watch:
        await watch.start(SHOP_AT_BANK)
        phone = Phone(watch)
        phone.api.private_chat(phone.api.person(OWNER.chat_id, "Aigerim"))
        await phone.api.start()
        gateway = Gateway(SecretStr(TOKEN), phone.api.root)
        delivery = Delivery(gateway, watch.store, Voices("en"), now=phone.now)
        yield watch, phone, delivery
        await delivery.drain(MINUTE)
        await gateway.close()
        await phone.api.stop()


async def test_a_day_rings_for_what_is_wrong_and_for_little_else(tmp_path: Path) -> None:
    async with shop(tmp_path) as (watch, phone, delivery):
        began_at = watch.now + OUTAGE_AFTER
        for _ in range(24 * 60):
            if watch.now == began_at:
                watch.world.fail_terminal(SHOP_AT_BANK.terminals[0].tid, 0.9, SYSTEM, began_at + OUTAGE)
            await phone.minute(delivery)
        heard = phone.heard()
    rang = [(at, text) for at, text in heard if text.startswith(SOUND)]
    trouble = [(at, text) for at, text in rang if began_at <= at < began_at + HOUR]
    (first_at, first), *later = trouble
    assert first_at - began_at <= 5 * MINUTE
    assert "🔴" in first
    assert any("⏫" in text for _, text in later)
    over = [at for at, text in heard if text.startswith(f"{QUIET} 🟢") and at > first_at]
    assert over[0] - began_at - OUTAGE <= HOUR
    assert len(trouble) <= 6
    assert len(rang) <= 9
    assert sum(text.startswith(QUIET) for _, text in heard) <= 55
