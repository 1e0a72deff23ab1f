"""Whole simulated days of a bad bank and a bad machine: the properties P1-P7 and P9-P12 of the facts on reliability.

Each seed draws its own reading of the bank's documents, its faults, stale answers, outages, crashes, restarts and
clocks. At the end everything heals, time passes, and the store must equal the truth.
"""

import asyncio
from collections import Counter
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from random import Random

import pytest
from builders import NOW, SHOP
from watching import DAY, HOUR, MINUTE, SECOND, SHOP_AT_BANK, Watch, watching

from bot.config import Polling
from bot.demo.bank import Habits, Switches, TruthRow, World
from bot.epay import Retries
from bot.model import Window
from bot.store import figures

HABITS = Habits(fail=0.3, pending=0.15, non_final=0.05, refund=0.05, disappear=0, late=0.15, twin=0.05)
STEPS = 40
SEEDS = range(6)


def busy_shop() -> World:
    places = tuple(replace(place, per_day=90) for place in SHOP_AT_BANK.terminals)
    merchant = replace(SHOP_AT_BANK, terminals=places)
    return World(11, merchants=(merchant,), habits=HABITS, start=NOW - 8 * HOUR)


class Day:
    """One seed: `step` by step, then `heal`."""

    def __init__(self, watch: Watch, seed: int) -> None:
        self.watch = watch
        self.random = Random(seed)
        self.began_at: datetime | None = None
        self.through_at: datetime | None = None
        self.cut_at = 0
        self.polling: asyncio.Task[bool] | None = None
        watch.retries = Retries(attempts=2, wait_initial=0, wait_max=0)
        watch.polling = Polling(backfill=6 * HOUR)
        watch.bank.before_request = self._before_request
        watch.bank.faults.delay = 0

    def _before_request(self, endpoint: str, _number: int) -> None:
        """A stale answer now and then; the crash of the program at the request drawn for it."""
        bank, stale = self.watch.bank, endpoint == "list" and self.random.random() < 0.05
        bank.clock_offset = (-40 if stale else 0) * SECOND
        self.cut_at -= 1
        if self.cut_at == 0 and self.polling:
            self.polling.cancel()

    async def step(self) -> None:
        """Something happens, time passes, one poll is made."""
        watch, random, faults = self.watch, self.random, self.watch.bank.faults
        dice = random.random()
        if dice < 0.12:
            faults.down_until = watch.now + random.choice([MINUTE, 20 * MINUTE, 90 * MINUTE])
        elif dice < 0.25:
            faults.probability = random.choice([0, 0, 0.1, 0.5])
        elif dice < 0.35:
            watch.skew = random.choice([timedelta(), DAY, -DAY, 3 * MINUTE, -HOUR])
        elif dice < 0.45:
            self._meddle()
        elif dice < 0.5:
            watch.bank.forget_tokens()
        watch.now += random.choice([2 * SECOND, 15 * SECOND, MINUTE, 5 * MINUTE, 20 * MINUTE, HOUR])
        if random.random() < 0.15:
            await watch.start()
        self.cut_at = random.randint(1, 12) if random.random() < 0.15 else 0
        await self._poll()

    def _meddle(self) -> None:
        """A person at the bank corrects a failure."""
        failed = [row for row in self.watch.world.truth("shop", self.watch.now) if row.outcome == "failed"]
        if failed:
            self.watch.world.change(self.random.choice(failed).id, "paid", self.watch.now)

    async def _poll(self) -> None:
        watch = self.watch
        visible = watch.world.truth("shop", watch.now - MINUTE)
        self.polling = asyncio.create_task(watch.ingests["shop"].poll())
        with suppress(asyncio.CancelledError):
            good = await self.polling
            if good and self.began_at is None:
                self.began_at = (await watch.source()).watching_since_at
            if good:
                await self._assert_read_through(visible)

    async def _assert_read_through(self, visible: list[TruthRow]) -> None:
        """P5: the mark never goes back, is never ahead of the bank, and nothing shown before it is missing."""
        source = await self.watch.source()
        assert source.through_at is not None
        since, self.through_at = self.through_at or source.through_at, source.through_at
        assert since <= source.through_at <= self.watch.now + SECOND
        due = {row.id for row in visible if since <= row.created_at < source.through_at - SECOND}
        assert due <= (await self.watch.stored()).keys()

    async def heal(self) -> None:
        """Everything works again for long enough that each re-read has come round."""
        self.watch.bank.faults.clear()
        self.watch.bank.before_request = None
        self.watch.bank.clock_offset = self.watch.skew = timedelta()
        await self.watch.start()
        for passing in (5 * MINUTE, 30 * MINUTE, 2 * HOUR, HOUR, DAY, DAY, HOUR, 20 * MINUTE, 2 * SECOND):
            self.watch.now += passing
            await self._poll()


@pytest.mark.parametrize("seed", SEEDS)
async def test_a_bad_day_loses_nothing_and_says_everything_once(tmp_path: Path, seed: int) -> None:
    async with watching(tmp_path, switches=Switches.mixed(seed), world=busy_shop()) as watch:
        day = Day(watch, seed)
        await watch.start()
        for _ in range(STEPS):
            await day.step()
        await day.heal()
        truth = watch.world.truth("shop", watch.now)
        assert len(truth) > 100
        assert day.began_at is not None
        await assert_stored(watch, truth)
        await assert_announced(watch, watch.world.rows("shop"), day.began_at)
        await assert_news_alternate(watch)


async def assert_stored(watch: Watch, truth: list[TruthRow]) -> None:
    """P1, P2, P6: every operation, in its state of now, and sums to the tiyn. A refund is seen within a day."""
    stored = await watch.stored()
    told = {key: (one.outcome.value, one.amount) for key, one in stored.items()}
    known = {}
    for row in truth:
        refunded_lately = row.outcome == "refunded" and row.changes[-1].at > watch.now - 25 * HOUR
        unseen = refunded_lately and told[row.id][0] == "paid"
        known[row.id] = ("paid" if unseen else row.outcome, int(row.amount * 100))
    assert told == known
    assert await watch.differences() == []
    window = Window(NOW - 10 * DAY, watch.now + HOUR)
    counted = (await watch.store.read(figures.of_window, SHOP, "", window)).currencies["KZT"]
    for outcome in ("paid", "failed", "refunded", "undecided"):
        amounts = [amount for state, amount in known.values() if state == outcome]
        assert (getattr(counted, outcome), getattr(counted, f"{outcome}_sum")) == (len(amounts), sum(amounts))


async def assert_announced(watch: Watch, rows: list[TruthRow], began_at: datetime) -> None:
    """P3, P4, P11: each failure since the watch began once; nothing that had failed before; nothing that never did."""
    alerts = Counter(await watch.failures())
    assert set(alerts.values()) <= {1}
    ever = {row.id for row in rows if any(change.outcome == "failed" for change in row.changes)}
    assert alerts.keys() <= ever
    still = {
        row.id
        for row in rows
        if row.is_visible(watch.now) and row.at(watch.now).outcome == "failed" and row.created_at > began_at
    }
    assert still <= alerts.keys()
    history = {
        row.id
        for row in rows
        if row.visible_at < began_at - MINUTE and row.changes[0].outcome == "failed" and len(row.changes) == 1
    }
    assert not history & alerts.keys()


async def assert_news_alternate(watch: Watch) -> None:
    """P12: never twice the same news in a row, and the last is good."""
    news = await watch.news()
    assert all(before != after for before, after in pairwise(news))
    assert not news or news[-1] == "back"
