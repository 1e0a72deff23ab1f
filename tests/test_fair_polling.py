"""Many merchants in one process: they take turns, and a slow or broken bank delays nobody but its own merchant."""

import asyncio
import itertools
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from databases import ENGINE, SQLITE
from running import PATIENCE, Outside, now

from bot.demo.bank import CALM, LIST_PATH, TOKEN_PATH, Fault, SimulatedBank, World, default_merchants

INTERVAL = timedelta(seconds=1)
# A replica looks for what is due twice a second.
LATE = timedelta(seconds=0.5 if ENGINE == SQLITE else 1)
CROWD = 110  # more than the hundred connections that aiohttp opens by itself


@pytest.fixture
async def outside(tmp_path: Path) -> AsyncIterator[Outside]:
    outside = await Outside(tmp_path).open()
    yield outside
    await outside.close()


class Bank:
    """A bank of its own for one merchant, and when it was asked for operations."""

    def __init__(self, id: str, fault: Fault | None = None) -> None:
        self.id = id
        self.asked_at: list[float] = []
        self.heard = asyncio.Event()
        self._bank = SimulatedBank(World(merchants=default_merchants(per_day=0), habits=CALM, start=now()), now=now)
        self._bank.before_request = self._notice
        if fault:
            self._bank.faults.always("list", fault)

    async def open(self, outside: Outside) -> dict[str, Any]:
        """Its merchant in the configuration."""
        url = await self._bank.start()
        addresses = {"oauth_url": url + TOKEN_PATH, "p2p_url": url + LIST_PATH, "api_url": url}
        return outside.merchant(**addresses) | {"id": self.id, "name": self.id}

    async def close(self) -> None:
        await self._bank.stop()

    def _notice(self, endpoint: str, _number: int) -> None:
        if endpoint == "list":
            self.asked_at.append(asyncio.get_running_loop().time())
            self.heard.set()

    async def asked(self, times: int) -> None:
        async with asyncio.timeout(PATIENCE):
            while len(self.asked_at) < times:
                self.heard.clear()
                await self.heard.wait()


async def test_a_slow_and_a_broken_bank_delay_nobody(outside: Outside) -> None:
    slow, broken = Bank("slow", Fault.slow_headers(8)), Bank("broken", Fault("reset"))
    good = [Bank(f"good{number}") for number in range(3)]
    banks = [slow, *good, broken]
    await outside.begin(merchants=[outside.merchant(), *[await bank.open(outside) for bank in banks]])
    program = await outside.run()
    await asyncio.gather(*(bank.asked(6) for bank in good))
    invoice, made_at = outside.fail(), now()
    await outside.told(invoice)
    assert now() - made_at < INTERVAL + timedelta(seconds=2)
    for bank in good:
        # The first polls ask several things at once.
        times = bank.asked_at[3:]
        gaps = [later - earlier for earlier, later in itertools.pairwise(times)]
        assert max(gaps) < (INTERVAL + LATE).total_seconds(), bank.id
    assert len(slow.asked_at) == 1
    assert broken.asked_at
    assert await program.stop() == 0
    await asyncio.gather(*(bank.close() for bank in banks))


async def test_a_hundred_banks_that_hang_leave_a_connection_to_the_next(outside: Outside) -> None:
    dead = Bank("dead", Fault.slow_headers(60))
    hanging = await dead.open(outside)
    crowd = [hanging | {"id": f"dead{number}", "terminals": []} for number in range(CROWD)]
    await outside.begin(merchants=[outside.merchant(), *crowd])
    program = await outside.run()
    await dead.asked(CROWD)
    invoice, made_at = outside.fail(), now()
    await outside.told(invoice)
    assert now() - made_at < INTERVAL + timedelta(seconds=2)
    assert await program.stop() == 0
    await dead.close()
