"""A replica in a network of its own, whose cable can be pulled: needs root and the tools of the kernel's network."""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

OURS, THEIRS = "10.213.{number}.1", "10.213.{number}.2"


def missing() -> str:
    """Why there can be none; empty when there can."""
    if os.geteuid() != 0:
        return "no root here, and networks of their own need it"
    return (
        ""
        if shutil.which("ip") and shutil.which("nft")
        else "ip and nft are needed (apt-get install iproute2 nftables)"
    )


class Cable:
    """To one network with nothing else in it. `address`: where the programs in it find us."""

    def __init__(self, number: int) -> None:
        self.name = f"epay-bot-{os.getpid()}-{number}"
        self.address = OURS.format(number=number)
        self._theirs = THEIRS.format(number=number)
        self._ends = (f"eb{os.getpid()}o{number}", f"eb{os.getpid()}t{number}")

    @property
    def within(self) -> tuple[str, ...]:
        """What a program that is to be in it is started with."""
        return ("ip", "netns", "exec", self.name)

    async def lay(self) -> None:
        ours, theirs = self._ends
        await _call("ip", "netns", "add", self.name)
        await _call("ip", "link", "add", ours, "type", "veth", "peer", "name", theirs, "netns", self.name)
        await _call("ip", "address", "add", f"{self.address}/30", "dev", ours)
        await _call("ip", "link", "set", ours, "up")
        await self._inside("ip", "address", "add", f"{self._theirs}/30", "dev", theirs)
        await self._inside("ip", "link", "set", theirs, "up")
        await self._inside("ip", "link", "set", "lo", "up")
        await self._inside("nft", "add table inet cut; add chain inet cut out { type filter hook output priority 0; }")
        await self._inside("nft", "add chain inet cut in { type filter hook input priority 0; }")

    async def pull(self, port: int) -> None:
        """Whatever goes to this port of ours, or comes from it, vanishes."""
        await self._inside(
            "nft", f"add rule inet cut out tcp dport {port} drop; add rule inet cut in tcp sport {port} drop"
        )

    async def plug(self) -> None:
        """Everything passes again."""
        await self._inside("nft", "flush table inet cut")

    async def take_away(self) -> None:
        """The other end of the cable goes with its network."""
        await _call("ip", "netns", "delete", self.name)

    async def _inside(self, *words: str) -> None:
        await _call(*self.within, *words)


@asynccontextmanager
async def cable(number: int) -> AsyncIterator[Cable]:
    """One that is gone afterwards."""
    one = Cable(number)
    try:
        await one.lay()
        yield one
    finally:
        await one.take_away()


async def _call(*words: str) -> None:
    process = await asyncio.create_subprocess_exec(*words, stderr=asyncio.subprocess.PIPE)
    _, said = await process.communicate()
    if process.returncode:
        raise RuntimeError(f"{' '.join(words)}: {said.decode()}")
