"""Several replicas of the real program on one PostgreSQL, each with wires of its own to all it talks to."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any, Protocol
from urllib.parse import urlsplit

import psycopg
import yaml
from postgres import free_port
from running import Outside, now
from wires import Balancer, Wire

from bot.demo.bank.merchants import BankMerchant

CHATS = (101, 103, 104, 105, 106)
ASKING = 107
DATABASE, BANK, TELEGRAM = "database", "bank", "telegram"
PATIENCE = 30.0


@dataclass(frozen=True, slots=True)
class Lodging:
    """Where a replica lives: the address at which it finds us, and what its program is started with."""

    host: str = "127.0.0.1"
    within: tuple[str, ...] = ()


HERE = Lodging()


class Run(Protocol):
    """One run of a replica."""

    output: str

    async def stop(self) -> int: ...

    async def kill(self) -> None: ...

    async def says(self, text: str) -> None: ...

    def hears(self, number: int) -> None: ...


@dataclass(slots=True, eq=False)
class Replica:
    """One of them; `program` is its newest run. Its wires are made anew by nobody: they outlive its runs."""

    number: int
    lodging: Lodging
    config: Path
    wires: dict[str, Wire]
    program: Run | None = None
    runs: list[Run] = field(default_factory=list)

    @property
    def running(self) -> Run:
        assert self.program is not None
        return self.program

    def goes_on_as(self, program: Run) -> None:
        self.program = program
        self.runs.append(program)


class Replicas:
    """A bank with two merchants, a Telegram with several owners, one of whom only asks, and the replicas between."""

    def __init__(
        self, folder: Path, database: str, lodgings: Sequence[Lodging] = (HERE, HERE, HERE), *, seed: int = 1
    ) -> None:
        self.outside = Outside(folder)
        self.rng = Random(seed)
        self.database = database
        self.replicas: list[Replica] = []
        self.trade: Trade
        self._lodgings = lodgings
        self._balancer: Balancer | None = None
        for owner in CHATS[1:]:
            self.outside.api.private_chat(self.outside.api.person(owner, f"Owner {owner}"))
        self.asking = self.outside.api.person(ASKING, "Asking", "en")
        self.outside.api.private_chat(self.asking)

    async def open(self) -> "Replicas":
        """Everything but the programs."""
        await self.outside.open()
        for number, lodging in enumerate(self._lodgings):
            self.replicas.append(await self._wired(number, lodging))
        return self

    async def close(self) -> None:
        await self.outside.close()
        if self._balancer:
            await self._balancer.close()
        await asyncio.gather(*(wire.close() for one in self.replicas for wire in one.wires.values()))

    async def _wired(self, number: int, lodging: Lodging) -> Replica:
        roots = {DATABASE: self.database, BANK: self.outside.bank_url, TELEGRAM: self.outside.api.root}
        wires = {}
        for name, root in roots.items():
            address = urlsplit(root)
            assert address.hostname
            assert address.port
            wires[name] = await Wire(address.hostname, address.port).open(lodging.host)
        return Replica(number, lodging, self._config(number, lodging.host, roots, wires), wires)

    def _config(self, number: int, host: str, roots: dict[str, str], wires: dict[str, Wire]) -> Path:
        incidents = {"edit_interval": "1s", "keep_firing": "4s", "between_sounds": "1s", "many": 1000}
        path = self.outside.config(
            f"replica-{number}.yaml",
            access={"owners": [*CHATS, ASKING]},
            merchants=[self.outside.merchant(0), self.outside.merchant(1)],
            storage={"url": self.database},
            alerts={"incidents": incidents},
        )
        text = path.read_text(encoding="utf-8")
        for name, root in roots.items():
            theirs = urlsplit(root)
            assert theirs.hostname
            ours = theirs.netloc.replace(f"{theirs.hostname}:{theirs.port}", f"{host}:{wires[name].port}")
            text = text.replace(theirs.netloc, ours)
        path.write_text(text, encoding="utf-8")
        return path

    async def use_webhook(self) -> None:
        """Before any of them runs: Telegram posts updates to whichever of them a balancer chooses."""
        ports = [free_port() for _ in self.replicas]
        self._balancer = await Balancer("127.0.0.1", ports).open()
        url = f"http://127.0.0.1:{self._balancer.port}/telegram"
        for one, port in zip(self.replicas, ports, strict=True):
            sections = yaml.safe_load(one.config.read_text(encoding="utf-8"))
            sections["telegram"]["webhook"] = {"url": url, "secret": "a-secret_of-Replicas"}
            sections["server"] = {"listen": f"127.0.0.1:{port}"}
            one.config.write_text(yaml.safe_dump(sections, allow_unicode=True), encoding="utf-8")

    async def start(self, replica: Replica) -> None:
        """Begins a new run of a replica and does not wait for anything."""
        words = ("run", "--config", replica.config)
        if within := replica.lodging.within:
            replica.goes_on_as(await self.outside.start_anew(*words, within=within))
        else:
            replica.goes_on_as(await self.outside.start(*words))

    async def run(self) -> None:
        """All of them, until they work."""
        await asyncio.gather(*(self.start(one) for one in self.replicas))
        await asyncio.gather(*(one.running.says("is running") for one in self.replicas))
        await self.has_read()

    async def has_read(self) -> None:
        """Waits until both merchants' operations have been read: what happens from then on is news."""
        await self.until(lambda: self.count("SELECT COUNT(*) FROM source WHERE through_at IS NOT NULL") == 2)

    async def stop(self) -> list[int]:
        """The exit codes."""
        return await asyncio.gather(*(one.running.stop() for one in self.replicas))

    async def until(self, holds: Callable[[], bool], patience: float = PATIENCE) -> None:
        """Looks again and again: what is looked at lies in a database."""
        async with asyncio.timeout(patience):
            while not await asyncio.to_thread(holds):  # noqa: ASYNC110 - other processes make it so
                await asyncio.sleep(0.1)

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.database, autocommit=True) as connection:
            return connection.execute(sql).fetchall()  # type: ignore[arg-type]

    def count(self, sql: str) -> int:
        return int(self.rows(sql)[0][0])


class Trade:
    """Operations at both merchants without end: some fail, some later, some are listed late. `failed`: when seen."""

    def __init__(self, scene: Replicas, pause: tuple[float, float] = (0.8, 2.2)) -> None:
        self.failed: dict[str, datetime] = {}
        self._scene = scene
        self._pause = pause
        self._task = asyncio.create_task(self._go())

    async def stop(self) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        self.fail(self._scene.outside.shop)

    def fail(self, shop: BankMerchant, **how: Any) -> str:
        """A payment fails; its invoice."""
        at = how.setdefault("created_at", now())
        row = self._scene.outside.world.add(shop.id, shop.terminals[0].tid, Decimal(1), outcome="failed", **how)
        self.failed[row.invoice_id] = at
        return row.invoice_id

    async def _go(self) -> None:
        while True:
            self._make(self._scene.rng.choice(("paid", "failed", "failed", "undecided")))
            await asyncio.sleep(self._scene.rng.uniform(*self._pause))

    def _make(self, outcome: str) -> None:
        rng, world, at = self._scene.rng, self._scene.outside.world, now()
        shop = rng.choice(world.merchants)
        late = at + timedelta(seconds=rng.choice((0, 0, 0, 1)))
        how: dict[str, Any] = {"outcome": outcome, "created_at": at, "visible_at": late}
        if outcome == "failed":
            how["reason_code"] = rng.choice((458, 484))
        row = world.add(shop.id, rng.choice(shop.terminals).tid, Decimal(rng.randrange(100, 10**7)) / 100, **how)
        if outcome == "undecided":
            row = world.change(row.id, rng.choice(("failed", "paid")), at + timedelta(seconds=1))
        if row.changes[-1].outcome == "failed":
            self.failed[row.invoice_id] = max(late, row.changes[-1].at)


class Questions:
    """A person who asks every few seconds, each time for something else. `asked`: the word and when."""

    def __init__(self, scene: Replicas, pause: tuple[float, float] = (2.0, 4.0)) -> None:
        self.asked: dict[str, datetime] = {}
        self._scene = scene
        self._pause = pause
        self._task = asyncio.create_task(self._go())

    async def stop(self) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _go(self) -> None:
        api, person = self._scene.outside.api, self._scene.asking
        while True:
            word = f"Q{len(self.asked) + 1001}Q"
            self.asked[word] = now()
            await api.says(person, api.private_chat(person), f"/find {word}")
            await asyncio.sleep(self._scene.rng.uniform(*self._pause))

    def answers(self) -> dict[str, Sequence[datetime]]:
        """When each question was answered, by messages of the bot that name it."""
        api = self._scene.outside.api
        found: dict[str, list[datetime]] = {word: [] for word in self.asked}
        for message in api.messages(ASKING):
            if message.sender and message.sender.user_id == ASKING:
                continue
            for version in message.versions:
                if word := next((word for word in found if word in version.content.text), None):
                    found[word].append(version.at)
                    break
        return found
