"""What the replicas live between: a simulated bank of many merchants, a Telegram, a database; and the replicas."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import postgres
import yaml

from bot.demo.bank import World, loaded_world
from bot.demo.telegram import BotApi
from bot.model import ChatKind, Destination, EventKind, Level, Subscription
from bot.store import chats, people, subscriptions
from bot.store.driver import Connection
from bot.store.engines import open_store
from bot.store.outbox import Place

TOKEN = "700600:local-token-for-the-bench-of-clusters-00"  # noqa: S105
OWNER = 101
# A commit's own time says when an operation was there for all to see.
SERVER = ("track_commit_timestamp=on", "shared_buffers=512MB", "max_wal_size=4GB")


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is run: so many merchants, operations a second of all of them, chats and replicas."""

    merchants: int
    rate: float
    chats: int
    replicas: int
    polling: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Scene:
    """Everything that runs."""

    plan: Plan
    server: postgres.Server
    url: str
    api: BotApi
    world: World
    bank: asyncio.subprocess.Process
    replicas: list[asyncio.subprocess.Process]
    metrics: list[str]


def now() -> datetime:
    return datetime.now(UTC)


@asynccontextmanager
async def scene(folder: Path, plan: Plan) -> AsyncIterator[Scene]:
    """Starts all of it and ends it."""
    async with AsyncExitStack() as stack:
        server = postgres.Server(settings=SERVER)
        stack.callback(server.remove)
        url = server.url(server.create())
        api = BotApi(TOKEN, now=now)
        api.private_chat(api.person(OWNER, "Owner", "ru"))
        await api.start()
        stack.push_async_callback(api.stop)
        bank = await _program("simulate", "--port", "0", "--merchants", str(plan.merchants), "--rate", str(plan.rate))
        stack.push_async_callback(_end, bank)
        assert bank.stdout is not None
        told = json.loads(await bank.stdout.readline())
        world = loaded_world(plan.merchants, plan.rate, datetime.fromisoformat(told["since"]))
        await _people(url, api, world, plan.chats)
        ports = [postgres.free_port() for _ in range(plan.replicas)]
        replicas = []
        for number, port in enumerate(ports):
            config = folder / f"replica-{number}.yaml"
            config.write_text(yaml.safe_dump(_config(plan, url, api, told["merchants"], port)), encoding="utf-8")
            config.chmod(0o600)
            log = (folder / f"replica-{number}.log").open("w")
            stack.callback(log.close)
            replicas.append(await _program("run", "--config", str(config), out=log))
            stack.push_async_callback(_end, replicas[-1])
        metrics = [f"http://127.0.0.1:{port}/metrics" for port in ports]
        yield Scene(plan, server, url, api, world, bank, replicas, metrics)


def _config(plan: Plan, url: str, api: BotApi, keys: dict[str, Any], port: int) -> dict[str, Any]:
    return {
        "telegram": {"token": TOKEN, "api_url": api.root},
        "access": {"owners": [OWNER]},
        "merchants": [{"id": one, "name": f"Shop {one}", "epay": epay} for one, epay in keys.items()],
        "storage": {"url": url},
        "polling": {"backfill": "0s"} | plan.polling,
        "server": {"listen": f"127.0.0.1:{port}", "merchant_metrics": plan.merchants},
    }


async def _people(url: str, api: BotApi, world: World, count: int) -> None:
    """Groups that hear of one merchant each; the owner of all hears of one as well."""
    store = await asyncio.to_thread(open_store, url)
    groups = [(-1_000_000 - number, world.merchants[number % len(world.merchants)].id) for number in range(count)]
    for chat_id, merchant_id in groups:
        api.group(chat_id, f"Team of {merchant_id}", [api.people[OWNER]])
    await store.write(_subscribe, groups)
    await store.close()


def _subscribe(db: Connection, groups: list[tuple[int, str]]) -> None:
    for chat_id, merchant_id in groups:
        people.link(db, chat_id, [merchant_id], Level.FIGURES)
        chats.subscribe(db, Destination(chat_id=chat_id, kind=ChatKind.GROUP, title=merchant_id))
    wishes = [Subscription(merchant_id=groups[0][1], kind=kind) for kind in EventKind] if groups else []
    subscriptions.put(db, Place(OWNER, None), wishes)


async def _program(*words: str, out: Any = asyncio.subprocess.PIPE) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", *words, stdout=out, stderr=out, limit=1 << 24
    )


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.terminate()
        try:
            await asyncio.wait_for(process.wait(), 15)
        except TimeoutError:
            process.kill()
            await process.wait()
