"""How long a replica's work lies when it is killed in the middle of it."""

import asyncio
import signal
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from pathlib import Path

from replicas import BANK, PATIENCE, TELEGRAM, Replica, Replicas
from running import now
from verdicts import Spread

from benchmarks.replicas.under import Result, under

MOMENTS = {
    "reading": (BANK, b"/p2p/operations"),
    "sending": (TELEGRAM, b"/sendMessage"),
    "asking for updates": (TELEGRAM, b"/getUpdates"),
}


async def moments(folder: Path, *, full: bool) -> Result:
    """kill -9 at the moment of reading the bank, of sending, of asking for updates: until another replica does it."""
    times = 5 if full else 1
    taken: dict[str, list[float]] = {what: [] for what in MOMENTS}
    ends: dict[str, Callable[[Replicas, Replica, datetime], Awaitable[None]]] = dict(
        zip(MOMENTS, (_is_read, _is_sent, _is_asked), strict=True)
    )

    async def kill(scene: Replicas) -> str:
        scene.outside.api.faults.add(method="sendMessage", times=None, delay=0.3)
        for what, (name, sign) in list(MOMENTS.items()) * times:
            one = await heard(scene.replicas, name, sign, signal.SIGKILL)
            killed_at = now()
            await one.running.kill()
            await ends[what](scene, one, killed_at)
            taken[what].append((now() - killed_at).total_seconds())
            await scene.start(one)
            await asyncio.sleep(scene.rng.uniform(4, 6))
        scene.outside.api.faults.clear()
        return "taken over: " + ", ".join(f"{what} {Spread.of(took)}" for what, took in taken.items())

    return await under(folder, kill)


async def heard(replicas: Sequence[Replica], name: str, sign: bytes, number: int = 0) -> Replica:
    """The first of these replicas that says this on this wire; at that very moment it gets a signal."""
    found: asyncio.Future[Replica] = asyncio.get_running_loop().create_future()

    def listen(one: Replica) -> Callable[[bytes], None]:
        def hear(data: bytes) -> None:
            if sign in data and not found.done():
                one.running.hears(number)
                found.set_result(one)

        return hear

    for one in replicas:
        one.wires[name].heard = listen(one)
    return await asyncio.wait_for(found, PATIENCE)


async def _is_read(scene: Replicas, _dead: Replica, at: datetime) -> None:
    """What fails now at both merchants is stored. To be told it may have to wait for other words in its chat."""
    new = {scene.trade.fail(shop, created_at=at) for shop in scene.outside.world.merchants}
    await scene.until(lambda: new <= {invoice for (invoice,) in scene.rows("SELECT invoice_id FROM operation")})


async def _is_sent(scene: Replicas, _dead: Replica, at: datetime) -> None:
    """The chat whose message was cut off gets one."""
    api = scene.outside.api
    cut = await api.wait_for(lambda: [one for one in api.calls if one.at >= at and one.status is None and one.chat_id])
    await api.wait_for(
        lambda: any(one.at > cut[0].at and (one.chat_id, one.status) == (cut[0].chat_id, 200) for one in api.calls),
        PATIENCE,
    )


async def _is_asked(scene: Replicas, dead: Replica, _at: datetime) -> None:
    """Another replica asks for updates."""
    await heard([one for one in scene.replicas if one is not dead], *MOMENTS["asking for updates"])
