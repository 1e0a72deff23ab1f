"""A Python process of ours that works apart from the bot: frames over its pipes. Knows nothing of the work itself.

It begins as a new interpreter, so it inherits neither sockets nor the store, and it gets no secrets of the environment.
"""

import asyncio
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import BinaryIO

from bot.errors import EpayBotError

LENGTH = 4
DONE, FAILED = b"+", b"-"
_ROOT = Path(__file__).parents[1]
_PASSED_ON = ("PATH", "LANG", "LC_ALL", "TMPDIR", "SYSTEMROOT")


class WorkerFailed(EpayBotError):
    """The process is gone, or it says what it could not do."""


class Worker:
    """One process that runs `module`. Every method raises WorkerFailed when the process is not there any more."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self._process = process
        self._into = process.stdin
        self._out = process.stdout

    @classmethod
    async def start(cls, module: str, environment: Mapping[str, str], *arguments: str) -> "Worker":
        """A new interpreter; Ctrl-C on the bot's terminal does not reach it."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", module, *arguments),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env={name: os.environ[name] for name in _PASSED_ON if name in os.environ}
            | {"PYTHONPATH": str(_ROOT), **environment},
            start_new_session=True,
        )
        return cls(process)

    @property
    def pid(self) -> int:
        return self._process.pid

    async def give(self, frame: bytes) -> None:
        """Hands one frame over; waits while the process has enough to do."""
        try:
            self._into.write(len(frame).to_bytes(LENGTH, "big") + frame)
            await self._into.drain()
        except (ConnectionError, RuntimeError) as error:
            raise WorkerFailed(f"the process is gone ({type(error).__name__})") from error

    async def take(self) -> bytes:
        """What the process answers. Raises WorkerFailed also with its own words when it could not do it."""
        try:
            size = int.from_bytes(await self._out.readexactly(LENGTH), "big")
            answer = await self._out.readexactly(size)
        except (asyncio.IncompleteReadError, ConnectionError) as error:
            raise WorkerFailed("the process is gone without an answer") from error
        if answer[:1] != DONE:
            raise WorkerFailed(answer[1:].decode(errors="replace"))
        return answer[1:]

    async def end(self) -> None:
        """Ends the process, whatever it does."""
        self._into.close()
        if self._process.returncode is None:
            self._process.kill()
        await self._process.wait()

    @property
    def is_gone(self) -> bool:
        """Whether the process has hung up: it says nothing more."""
        return self._out.at_eof()

    async def gone(self) -> None:
        """Waits until the process has ended."""
        await self._process.wait()


def read_frame(stream: BinaryIO) -> bytes | None:
    """In the process: the next frame, None when the bot has hung up."""
    head = stream.read(LENGTH)
    if len(head) < LENGTH:
        return None
    size = int.from_bytes(head, "big")
    frame = stream.read(size)
    return frame if len(frame) == size else None


def write_frame(stream: BinaryIO, state: bytes, answer: bytes) -> None:
    """In the process: DONE with the answer, or FAILED with words about why."""
    stream.write((len(answer) + 1).to_bytes(LENGTH, "big") + state + answer)
    stream.flush()


def complaint(error: Exception) -> bytes:
    """What may be said of an error: its kind and place, never its text, which may quote what people wrote."""
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    place = f"{Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}" if trace else "?"
    return f"{type(error).__name__} at {place}".encode()
