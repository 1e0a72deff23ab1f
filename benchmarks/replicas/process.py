"""Faults of the replicas themselves: killed, stopped, frozen, with clocks that are wrong."""

import asyncio
import signal
from collections.abc import Callable
from pathlib import Path
from time import monotonic

from replicas import BANK, TELEGRAM, Replica, Replicas

from benchmarks.replicas.under import Result, under

# Longer than the longest lease, that of a message on its way.
ZOMBIE = 125.0


async def kills(folder: Path, *, full: bool) -> Result:
    """kill -9 of any of them at any moment, under faults of bank and Telegram; it is started again soon after."""
    times = 60 if full else 4

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

    result = await under(folder, kill)
    return result


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
    """Frozen for longer than every lease in the middle of reading, of sending, of waiting for updates; then it goes on."""
    moments = ((BANK, b"/p2p/operations"), (TELEGRAM, b"/sendMessage"), (TELEGRAM, b"/getUpdates"))
    frozen = ZOMBIE if full else 12.0

    async def freeze(scene: Replicas) -> str:
        for name, sign in moments if full else moments[1:2]:
            one = await caught(scene, name, sign)
            await asyncio.sleep(frozen)
            one.running.hears(signal.SIGCONT)
            await asyncio.sleep(5)
        return f"frozen for {frozen:.0f} s"

    return await under(folder, freeze)


async def caught(scene: Replicas, name: str, sign: bytes) -> Replica:
    """The first replica that says this on this wire, frozen at that moment."""
    found: asyncio.Future[Replica] = asyncio.get_running_loop().create_future()

    def listen(one: Replica) -> Callable[[bytes], None]:
        def heard(data: bytes) -> None:
            if sign in data and not found.done():
                one.running.hears(signal.SIGSTOP)
                found.set_result(one)

        return heard

    for one in scene.replicas:
        one.wires[name].heard = listen(one)
    return await found
