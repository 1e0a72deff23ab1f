"""A wire between a program and a server it talks to: it can be slow, be cut, or swallow everything both ways."""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

CHUNK = 65_536


class Wire:
    """Listens and passes on. `delay`: seconds for each piece. `heard` sees every piece that the program sends.

    A wire that swallows keeps its connections and takes new ones; once it is mended those are of no use and end.
    """

    def __init__(self, host: str, port: int) -> None:
        self.port = 0
        self.delay = 0.0
        self.heard: Callable[[bytes], None] = lambda _: None
        self._target = host, port
        self._state = "whole"
        self._ends: set[asyncio.StreamWriter] = set()
        self._pumps: set[asyncio.Task[Any]] = set()
        self._passes = asyncio.Event()
        self._passes.set()
        self._server: asyncio.Server

    async def open(self, host: str = "127.0.0.1") -> "Wire":
        self._server = await asyncio.start_server(self._join, host, 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def close(self) -> None:
        self.cut()
        self._server.close()
        for pump in self._pumps:
            pump.cancel()
        await asyncio.gather(*self._pumps, return_exceptions=True)

    def cut(self) -> None:
        """Every connection is reset, and each new one at once."""
        self._state = "cut"
        self._passes.set()
        self._reset()

    def swallow(self) -> None:
        """Nothing arrives any more and nobody is told, not even that the other side is gone."""
        self._state = "swallowing"
        self._passes.clear()

    def mend(self) -> None:
        """It works again."""
        if self._state == "swallowing":
            self._reset()
        self._state = "whole"
        self._passes.set()

    def _reset(self) -> None:
        for end in self._ends:
            end.transport.abort()

    async def _join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._pumps.add(task := _current())
        self._ends.add(writer)
        try:
            if self._state == "whole":
                await self._connect(reader, writer)
            elif self._state == "swallowing":
                await self._pump(reader, None)
        finally:
            writer.transport.abort()
            self._ends.discard(writer)
            self._pumps.discard(task)

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            there_reader, there = await self._reach()
            self._ends.add(there)
            try:
                pumps = [
                    asyncio.create_task(self._pump(reader, there, self._hear)),
                    asyncio.create_task(self._pump(there_reader, writer)),
                ]
                await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for pump in pumps:
                    pump.cancel()
                there.transport.abort()
                self._ends.discard(there)

    async def _reach(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection(*self._target)

    def _hear(self, data: bytes) -> None:
        self.heard(data)

    async def _pump(
        self,
        source: asyncio.StreamReader,
        sink: asyncio.StreamWriter | None,
        heard: Callable[[bytes], None] = lambda _: None,
    ) -> None:
        with suppress(OSError):
            while data := await source.read(CHUNK):
                if self.delay:
                    await asyncio.sleep(self.delay)
                if self._state == "whole" and sink:
                    heard(data)
                    sink.write(data)
                    await sink.drain()
            # A swallowed goodbye: the other side believes that all is well until the wire is mended.
            await self._passes.wait()


class Balancer(Wire):
    """Passes each new connection on to the next of several servers that takes it."""

    def __init__(self, host: str, ports: Sequence[int]) -> None:
        super().__init__(host, 0)
        self._host = host
        self._ports = deque(ports)

    async def _reach(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        for _ in range(len(self._ports)):
            self._ports.rotate()
            with suppress(OSError):
                return await asyncio.open_connection(self._host, self._ports[0])
        raise ConnectionRefusedError("none of them takes it")


def _current() -> asyncio.Task[Any]:
    task = asyncio.current_task()
    assert task is not None
    return task
