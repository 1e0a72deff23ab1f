"""`epay-bot demo`: the real bot between a simulated bank and a local Telegram, with a chat page in the browser."""

import asyncio
import json
from collections.abc import Callable, Iterable
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bot.app import App
from bot.config import Settings
from bot.demo.bank import LIST_PATH, TOKEN_PATH, BankMerchant, SimulatedBank, World, default_merchants, loaded_world
from bot.demo.clock import DemoClock
from bot.demo.panel import DemoPanel
from bot.demo.telegram import BotApi, Page
from bot.schedule import JOBS, Job, Works

TOKEN = "100200300:demo-token-demo-token-demo-token-0000"  # noqa: S105
OWNER, SUPPORT, STRANGER = 101, 102, 103
HISTORY = timedelta(days=57)
PER_DAY = 300
SIMULATED_PER_DAY = 100
# A bank that has been at work for as long as the bot looks back at each poll.
READ_AGAIN = timedelta(minutes=31)
FIRST_FAILURE_AFTER = 4.0
GROUP = -1001700200300
TOPICS = {2: "Сбои"}
BRISK = timedelta(seconds=2)
HALF_A_MINUTE = timedelta(seconds=30)
TOUR = """
Open {page} in a browser: a Telegram with the bot in it. Ctrl-C ends it.
  1. A payment fails by itself within seconds: press ✋ under the alert, and everybody sees who has it.
  2. Write /today, /chart, or the invoice number of the alert; the menu is at ☰.
  3. Behind the scenes (on the right, on a phone at the top): fail a terminal, silence it, take the bank away.
  4. Let time run 60 times as fast and see incidents end; or leap to tomorrow.
  5. Be somebody else (on the left), write in the team's group: /subscribe there brings it the alerts."""


class Showcase:
    """The simulators and the bot, all on loopback, the store in a temporary folder."""

    def __init__(self, *, port: int, headless: bool, speed: float) -> None:
        self._port = port
        self._now = DemoClock(speed)
        self._merchant = default_merchants(PER_DAY)[0]
        self._world = World(seed=7, merchants=[self._merchant], start=self._now() - HISTORY)
        self._bank = SimulatedBank(self._world, now=self._now)
        self._api = BotApi(TOKEN, now=self._now)
        self._owner = self._api.person(OWNER, "Айгерим", "ru")
        support = self._api.person(SUPPORT, "Данияр", "kk")
        self._api.person(STRANGER, "Alex", "en")
        self._chat = self._api.private_chat(self._owner)
        self._api.group(GROUP, "Команда", [self._owner, support], "supergroup", TOPICS)
        self._panel = DemoPanel(self._now, self._world, self._bank, self._api)
        self._headless = headless
        if not headless:
            Page(self._api, self._panel)

    async def run(self, stop: asyncio.Event, announce: Callable[[str], None]) -> None:
        """Runs until `stop`; `announce` gets one JSON line with the addresses when everything answers."""
        async with AsyncExitStack() as stack:
            folder = Path(stack.enter_context(TemporaryDirectory(prefix="epay-bot-demo-")))
            telegram_url = await self._api.start(port=self._port)
            stack.push_async_callback(self._api.stop)
            bank_url = await self._bank.start()
            stack.push_async_callback(self._bank.stop)
            self._world.advance_to(self._now())
            settings = self._settings(bank_url, telegram_url, folder)
            story = asyncio.create_task(self._tell_story())
            stack.callback(story.cancel)

            def ready() -> None:
                announce(json.dumps(self._addresses(bank_url, telegram_url, folder), ensure_ascii=False))

            await App(settings, now=self._now, jobs=brisk(JOBS)).run(stop, ready)

    def _settings(self, bank_url: str, telegram_url: str, folder: Path) -> Settings:
        terminals = [{"id": known.tid, "name": known.name, "uuid": known.uuid} for known in self._merchant.terminals]
        return Settings.model_validate(
            {
                "telegram": {"token": TOKEN, "api_url": telegram_url},
                "access": {"owners": [OWNER]},
                "merchants": [
                    {
                        "id": "shop",
                        "name": "Samal",
                        "epay": epay_settings(self._merchant, bank_url),
                        "terminals": terminals,
                    }
                ],
                "storage": {"url": f"sqlite:///{folder / 'epay-bot.db'}"},
                "polling": {"interval": "2s"},
                # Who looks at a demo should not have to wait for the second failure.
                "alerts": {"failed_operation": {"system": {"min_count": 1}}},
                "server": {"listen": None},
            }
        )

    def _addresses(self, bank_url: str, telegram_url: str, folder: Path) -> dict[str, Any]:
        page = {} if self._headless else {"page": telegram_url + "/"}
        store = f"sqlite:///{folder / 'epay-bot.db'}"
        return page | {"telegram": telegram_url, "token": TOKEN, "bank": bank_url, "store": store, "owner": OWNER}

    async def _tell_story(self) -> None:
        """The owner opens the chat; a little later a transfer fails, so that an alert comes by itself."""
        await self._api.says(self._owner, self._chat, "/start")
        await asyncio.sleep(FIRST_FAILURE_AFTER)
        await self._panel.act("fail_one", {})


def brisk(jobs: Iterable[Job]) -> tuple[Job, ...]:
    """The same jobs; those of every half minute become `BRISK`, for what is due is judged by a clock that leaps."""
    return tuple(replace(job, every=partial(_hurried, job.every)) for job in jobs)


def _hurried(every: Callable[[Works], timedelta], works: Works) -> timedelta:
    usual = every(works)
    return min(usual, BRISK) if usual <= HALF_A_MINUTE else usual


def epay_settings(merchant: BankMerchant, bank_url: str) -> dict[str, str]:
    """The `epay` section of a configuration that talks to the simulated bank."""
    return {
        "username": merchant.username,
        "password": merchant.password,
        "client_id": merchant.client_id,
        "client_secret": merchant.client_secret,
        "oauth_url": f"{bank_url}{TOKEN_PATH}",
        "p2p_url": f"{bank_url}{LIST_PATH}",
        "api_url": bank_url,
    }


async def simulate(
    stop: asyncio.Event, *, port: int, announce: Callable[[str], None], merchants: int = 0, rate: float = 1
) -> None:
    """`epay-bot simulate`: the simulated bank alone until `stop`, with a history, or so many merchants and from now on
    `rate` operations a second of all of them."""
    now = DemoClock()
    if merchants:
        world = loaded_world(merchants, rate, now() - READ_AGAIN)
    else:
        world = World(seed=7, merchants=default_merchants(SIMULATED_PER_DAY), start=now() - HISTORY)
    bank = SimulatedBank(world, now=now)
    url = await bank.start(port=port)
    world.advance_to(now())
    keys = {merchant.id: epay_settings(merchant, url) for merchant in world.merchants}
    announce(json.dumps({"bank": url, "merchants": keys, "since": now().isoformat()}))
    try:
        await stop.wait()
    finally:
        await bank.stop()
