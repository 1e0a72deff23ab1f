"""Idle memory of the whole bot against a bare python-telegram-bot program, both polling the local Bot API."""

import asyncio
import sys
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path

import yaml

from bot.demo.bank import SimulatedBank, World, default_merchants
from bot.demo.telegram import BotApi
from bot.showcase import epay_settings

TOKEN = "100200300:bench-token-bench-token-bench-token-0000"  # noqa: S105
SETTLE = 12.0
BARE = """
import sys
from telegram.ext import ApplicationBuilder, CommandHandler

async def ping(update, context):
    await update.message.reply_text("pong")

url, token = sys.argv[1:]
application = ApplicationBuilder().token(token).base_url(url + "/bot").build()
application.add_handler(CommandHandler("ping", ping))
application.run_polling()
"""


def now() -> datetime:
    return datetime.now(UTC)


async def resident(*command: str) -> float:
    """Resident megabytes of a program after it has settled."""
    process = await asyncio.create_subprocess_exec(*command, stderr=asyncio.subprocess.DEVNULL)
    try:
        await asyncio.sleep(SETTLE)
        status = _status_of(process.pid)
    finally:
        process.terminate()
        await process.wait()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS")) / 1024


def _status_of(pid: int) -> str:
    return Path(f"/proc/{pid}/status").read_text(encoding="utf-8")


async def measure(folder: Path) -> tuple[str, bool]:
    """The line for the table and whether the bot takes at most 1.6 times the bare program's memory."""
    if not sys.platform.startswith("linux"):
        return "idle memory: not measured, this system has no /proc", True
    async with AsyncExitStack() as stack:
        merchant = default_merchants(0)[0]
        bank = SimulatedBank(World(seed=1, merchants=[merchant], start=now()), now=now)
        bank_url = await bank.start()
        stack.push_async_callback(bank.stop)
        config = folder / "config.yaml"
        ours = bare = 0.0
        for program in ("bare", "bot"):
            api = BotApi(TOKEN, now=now)
            url = await api.start()
            if program == "bare":
                bare = await resident(sys.executable, "-c", BARE, url, TOKEN)
            else:
                config.write_text(yaml.safe_dump(_settings(url, epay_settings(merchant, bank_url), folder)))
                ours = await resident(sys.executable, "-m", "bot", "run", "--config", str(config))
            await api.stop()
    ratio = ours / bare
    return f"idle memory: {ours:.0f} MB, bare program {bare:.0f} MB, ratio {ratio:.2f} (goal 1.6)", ratio <= 1.6


def _settings(telegram_url: str, epay: dict[str, str], folder: Path) -> dict[str, object]:
    return {
        "telegram": {"token": TOKEN, "api_url": telegram_url},
        "access": {"owners": [1]},
        "merchants": [{"id": "shop", "name": "Shop", "epay": epay}],
        "storage": {"url": f"sqlite:///{folder / 'idle.db'}"},
        "polling": {"interval": "15s"},
    }
