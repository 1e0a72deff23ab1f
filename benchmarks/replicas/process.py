"""Faults of the replicas themselves: killed, stopped, frozen, with clocks that are wrong."""

import asyncio
import signal
from datetime import timedelta
from pathlib import Path
from time import monotonic

from replicas import BANK, TELEGRAM, Replica, Replicas
from running import now

from benchmarks.replicas.takeover import MOMENTS, heard
from benchmarks.replicas.under import Fault, Result, judged, replicas, under
from bot.app import App
from bot.config import load
from bot.rules import check_settings

SKEW = timedelta(minutes=5)
# Longer than the longest lease, that of a message on its way.
ZOMBIE = 125.0


async def kills(folder: Path, *, full: bool) -> Result:
    """kill -9 of any of them at any moment, under faults of bank and Telegram; it is started again soon after."""
    return await under(folder, _killing(60 if full else 4))


async def posted(folder: Path, *, full: bool) -> Result:
    """The same while Telegram posts to whichever of them a balancer chooses."""
    async with replicas(folder) as scene:
        await scene.use_webhook()
        await scene.run()
        return await judged(scene, _killing(20 if full else 3))


def _killing(times: int) -> Fault:
    async def kill(scene: Replicas) -> str:
        make_slow(scene)
        coming: set[asyncio.Task[None]] = set()
        for _ in range(times):
            await asyncio.sleep(scene.rng.uniform(0.2, 7))
            one = scene.rng.choice([one for one in scene.replicas if one.program])
            await _kill(one)
            coming.add(asyncio.create_task(_start_again(scene, one)))
            if scene.rng.random() < 0.3:
                interfere(scene)
        await asyncio.gather(*coming)
        scene.outside.api.faults.clear()
        scene.outside.bank.faults.clear()
        return f"{times} kills"

    return kill


async def _kill(one: Replica) -> None:
    program, one.program = one.running, None
    await program.kill()


async def _start_again(scene: Replicas, one: Replica) -> None:
    await asyncio.sleep(scene.rng.uniform(1, 3))
    await scene.start(one)


def make_slow(scene: Replicas) -> None:
    """A tenth of the bank's answers is wrong, and Telegram takes its time."""
    scene.outside.bank.faults.probability, scene.outside.bank.faults.delay = 0.1, 0.02
    for one in scene.replicas:
        one.wires[TELEGRAM].delay = 0.05
        one.wires[BANK].delay = 0.02


def interfere(scene: Replicas) -> None:
    """Telegram answers a message with a pause, or takes long over it."""
    how = scene.rng.choice(({"status": 429, "parameters": {"retry_after": 1}}, {"delay": 0.5}, {"delay": 2}))
    scene.outside.api.faults.add(method="sendMessage", **how)


async def stops(folder: Path, *, full: bool) -> Result:
    """All three are started anew, one after the other, under load: no repeat, and no question waits long."""
    rounds = 3 if full else 1
    slowest = 0.0

    async def roll(scene: Replicas) -> str:
        nonlocal slowest
        for one in scene.replicas:
            one.wires[TELEGRAM].delay = 0.05
        for _ in range(rounds):
            for one in scene.replicas:
                begun = monotonic()
                assert await one.running.stop() == 0
                slowest = max(slowest, monotonic() - begun)
                await scene.start(one)
                await one.running.says("is running")
                await asyncio.sleep(scene.rng.uniform(0.5, 2))
        return f"{rounds * len(scene.replicas)} stops, the slowest in {slowest:.1f} s"

    return await under(folder, roll)


async def zombies(folder: Path, *, full: bool) -> Result:
    """Frozen for longer than every lease while it reads, sends, or waits for updates; then it goes on."""
    frozen, moments = (ZOMBIE, list(MOMENTS.values())) if full else (12.0, [MOMENTS["sending"]])

    async def freeze(scene: Replicas) -> str:
        for name, sign in moments:
            one = await heard(scene.replicas, name, sign, signal.SIGSTOP)
            await asyncio.sleep(frozen)
            one.running.hears(signal.SIGCONT)
            await asyncio.sleep(5)
        return f"frozen for {frozen:.0f} s"

    return await under(folder, freeze)


class Hosted:
    """A replica in our own process, with a clock of its own."""

    output = ""

    def __init__(self, config: Path, ahead: timedelta) -> None:
        self._stop, self._ready = asyncio.Event(), asyncio.Event()
        app = App(load(config, check_settings), now=lambda: now() + ahead)
        self._running = asyncio.create_task(app.run(self._stop, self._ready.set))

    async def stop(self) -> int:
        self._stop.set()
        await self._running
        return 0

    async def kill(self) -> None:
        self._running.cancel()

    async def says(self, _text: str) -> None:
        await self._ready.wait()

    def hears(self, number: int) -> None:
        raise NotImplementedError(number)


async def wrong_clocks(folder: Path, *, full: bool) -> Result:
    """One is five minutes ahead, another five behind: the database's clock rules."""

    async def wait(_: Replicas) -> str:
        await asyncio.sleep(60 if full else 8)
        return "-5 min, right, +5 min"

    async with replicas(folder) as scene:
        for one, ahead in zip(scene.replicas, (-SKEW, timedelta(), SKEW), strict=True):
            one.goes_on_as(Hosted(one.config, ahead))
            await one.running.says("is running")
        await scene.has_read()
        return await judged(scene, wait)
