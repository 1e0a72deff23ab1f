"""`epay-bot demo`: the real bot between a simulated bank and a local Telegram, with a chat page in the browser."""

import asyncio
import json
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from zoneinfo import ZoneInfo

from bot.app import App
from bot.config import Settings
from bot.demo.bank import LIST_PATH, TOKEN_PATH, BankMerchant, SimulatedBank, World, default_merchants
from bot.demo.telegram import Action, BotApi, Page

TOKEN = "100200300:demo-token-demo-token-demo-token-0000"  # noqa: S105
OWNER, SUPPORT, STRANGER = 101, 102, 103
HISTORY = timedelta(days=57)
PER_DAY = 300
SIMULATED_PER_DAY = 100
FIRST_FAILURE_AFTER = 4.0
SILENCE = timedelta(hours=2)


class Clock:
    """Time that may run faster: `speed` seconds of the demo in each real one."""

    def __init__(self, speed: float) -> None:
        self._speed = speed
        self._start = datetime.now(UTC)

    def __call__(self) -> datetime:
        return self._start + (datetime.now(UTC) - self._start) * self._speed


class Showcase:
    """The simulators and the bot, all on loopback, the store in a temporary folder."""

    def __init__(self, *, port: int, headless: bool, speed: float) -> None:
        self._port = port
        self._now = Clock(speed)
        self._merchant = default_merchants(PER_DAY)[0]
        self._world = World(seed=7, merchants=[self._merchant], start=self._now() - HISTORY)
        self._bank = SimulatedBank(self._world, now=self._now)
        self._api = BotApi(TOKEN, now=self._now)
        self._owner = self._api.person(OWNER, "Айгерим", "ru")
        self._api.person(SUPPORT, "Данияр", "kk")
        self._api.person(STRANGER, "Stranger", "en")
        self._chat = self._api.private_chat(self._owner)
        self._headless = headless
        if not headless:
            Page(self._api, self._actions(), self._facts)

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

            await App(settings, now=self._now).run(stop, ready)

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
        self._fail_one()

    def _fail_one(self) -> str:
        terminal = self._merchant.terminals[0]
        row = self._world.add(
            self._merchant.id, terminal.tid, Decimal(25_000), outcome="failed", reason_code=458, created_at=self._now()
        )
        return row.invoice_id

    def _actions(self) -> Mapping[str, Action]:
        """The buttons of the bank's panel."""
        first, second = self._merchant.terminals

        async def fail_one() -> str:
            return f"Invoice {self._fail_one()} failed at the bank"

        async def fail_terminal() -> str:
            self._world.fail_terminal(first.tid, 0.9, 458, self._now() + timedelta(minutes=5))
            return f"{first.name}: 9 of 10 transfers fail for five minutes"

        async def spike() -> str:
            self._world.spike(second.tid, 10, self._now() + timedelta(minutes=5))
            return f"{second.name}: ten times the usual transfers for five minutes"

        async def silence() -> str:
            self._world.silence(first.tid, self._now() + SILENCE)
            return (
                f"{first.name}: no transfers for two hours; told once a dozen are missing, by day in half an hour "
                "(with --speed 60 in half a minute)"
            )

        async def calm() -> str:
            for terminal in (first, second):
                self._world.calm(terminal.tid)
            self._bank.faults.down = False
            return "Everything at the bank is as usual"

        async def bank_down() -> str:
            self._bank.faults.down = True
            return "The bank does not answer until “As usual”"

        return {
            "fail_one": Action("One transfer fails", fail_one),
            "fail_terminal": Action(f"{first.name} fails for 5 min", fail_terminal),
            "spike": Action(f"{second.name} ×10 for 5 min", spike),
            "silence": Action(f"{first.name} is silent for 2 h", silence),
            "bank_down": Action("The bank goes away", bank_down),
            "calm": Action("As usual", calm),
        }

    def _facts(self) -> Mapping[str, Any]:
        """What the panel shows of the bank."""
        now = self._now()
        day = [row for row in self._world.truth(self._merchant.id, now) if row.created_at >= now - timedelta(hours=1)]
        return {
            "Time in Almaty": now.astimezone(ZoneInfo("Asia/Almaty")).strftime("%d.%m %H:%M:%S"),
            "Transfers in the last hour": len(day),
            "Failed in the last hour": sum(row.outcome == "failed" for row in day),
            "Requests of the bot": len(self._bank.requests),
            "Bank answers": "no" if self._bank.faults.down else "yes",
        }


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


async def simulate(stop: asyncio.Event, *, port: int, announce: Callable[[str], None]) -> None:
    """`epay-bot simulate`: the simulated bank alone, with a history, until `stop`."""
    now = Clock(1)
    world = World(seed=7, merchants=default_merchants(SIMULATED_PER_DAY), start=now() - HISTORY)
    bank = SimulatedBank(world, now=now)
    url = await bank.start(port=port)
    world.advance_to(now())
    merchants = {merchant.id: epay_settings(merchant, url) for merchant in world.merchants}
    announce(json.dumps({"bank": url, "merchants": merchants}))
    try:
        await stop.wait()
    finally:
        await bank.stop()
