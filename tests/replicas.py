"""Several replicas of the real program on one PostgreSQL, each with wires of its own to all it talks to."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import urlsplit

import psycopg
from running import Outside, Program, now
from wires import Wire

CHATS = (101, 103, 104, 105, 106)
ASKING = 107
DATABASE, BANK, TELEGRAM = "database", "bank", "telegram"
PATIENCE = 30.0


@dataclass(slots=True, eq=False)
class Replica:
    """One of them; `program` is its newest run. Its wires are made anew by nobody: they outlive its runs."""

    number: int
    config: Path
    wires: dict[str, Wire]
    program: Program | None = None
    outputs: list[Program] = field(default_factory=list)

    @property
    def running(self) -> Program:
        assert self.program is not None
        return self.program


class Replicas:
    """A bank with two merchants, a Telegram with several owners, one of whom only asks, and the replicas between."""

    def __init__(self, folder: Path, database: str, *, count: int = 3, seed: int = 1) -> None:
        self.outside = Outside(folder)
        self.rng = Random(seed)
        self.database = database
        self.replicas: list[Replica] = []
        self._count = count
        for owner in CHATS[1:]:
            self.outside.api.private_chat(self.outside.api.person(owner, f"Owner {owner}"))
        self.asking = self.outside.api.person(ASKING, "Asking", "en")
        self.outside.api.private_chat(self.asking)

    async def open(self, host: str = "127.0.0.1") -> "Replicas":
        """Everything but the programs; `host`: where the replicas' wires are to listen."""
        await self.outside.open()
        for number in range(self._count):
            self.replicas.append(await self._wired(number, host))
        return self

    async def close(self) -> None:
        await self.outside.close()
        await asyncio.gather(*(wire.close() for one in self.replicas for wire in one.wires.values()))

    async def _wired(self, number: int, host: str) -> Replica:
        roots = {DATABASE: self.database, BANK: self.outside.bank_url, TELEGRAM: self.outside.api.root}
        wires = {}
        for name, root in roots.items():
            address = urlsplit(root)
            assert address.hostname and address.port
            wires[name] = await Wire(address.hostname, address.port).open(host)
        return Replica(number, self._config(number, host, roots, wires), wires)

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

    async def start(self, replica: Replica, *within: str) -> None:
        """Begins a new run of a replica and does not wait for anything."""
        if within:
            replica.program = await self.outside.start_anew("run", "--config", replica.config, within=within)
        else:
            replica.program = await self.outside.start("run", "--config", replica.config)
        replica.outputs.append(replica.program)

    async def run(self, *within: str) -> None:
        """All of them, until both merchants' operations are read: what happens from now on is news."""
        await asyncio.gather(*(self.start(one, *within) for one in self.replicas))
        await asyncio.gather(*(one.running.says("is running") for one in self.replicas))
        await self.until(lambda: self.count("SELECT COUNT(*) FROM source WHERE through_at IS NOT NULL") == 2)

    async def stop(self) -> list[int]:
        """The exit codes."""
        return await asyncio.gather(*(one.running.stop() for one in self.replicas))

    async def until(self, holds: Callable[[], bool], patience: float = PATIENCE) -> None:
        """Looks again and again: what is looked at lies in a database."""
        async with asyncio.timeout(patience):
            while not await asyncio.to_thread(holds):
                await asyncio.sleep(0.1)

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.database, autocommit=True) as connection:
            return connection.execute(sql).fetchall()  # type: ignore[arg-type]

    def count(self, sql: str) -> int:
        return int(self.rows(sql)[0][0])


class Trade:
    """Operations at both merchants without end: some fail, some later, some are listed late. `failed`: when seen."""

    def __init__(self, scene: Replicas, pause: tuple[float, float] = (0.5, 1.5)) -> None:
        self.failed: dict[str, datetime] = {}
        self._scene = scene
        self._pause = pause
        self._task = asyncio.create_task(self._go())

    async def stop(self) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        self._make("failed")

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
