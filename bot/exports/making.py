"""Asks the writing process for files: one process and one folder a table, both gone afterwards whatever happens."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from bot.errors import EpayBotError
from bot.exports.table import Row, Table
from bot.workers import Worker, WorkerFailed

PATIENCE = timedelta(minutes=2)


class NotMade(EpayBotError):
    """There is no file; the words hold no more than the kind of the error."""


class Making:
    """A table being written. Everything raises NotMade."""

    def __init__(self, worker: Worker, folder: Path, patience: timedelta) -> None:
        self.worker = worker
        self._folder = folder
        self._patience = patience.total_seconds()

    async def add(self, rows: Sequence[Row]) -> None:
        """More rows; waits while the process has enough to do."""
        await self.give(await asyncio.to_thread(encoded, rows))

    async def give(self, frame: bytes) -> None:
        """The same for rows that are `encoded` already."""
        try:
            async with asyncio.timeout(self._patience):
                await self.worker.give(frame)
        except TimeoutError:
            raise NotMade("the writing process does not go on") from None
        except WorkerFailed:
            await self._answer()

    async def finish(self, totals: Sequence[Row]) -> list[Path]:
        """The files, in order."""
        await self.give(json.dumps({"totals": totals}).encode())
        return [self._folder / name for name in json.loads(await self._answer())]

    async def _answer(self) -> bytes:
        try:
            async with asyncio.timeout(self._patience):
                return await self.worker.take()
        except (TimeoutError, WorkerFailed) as error:
            raise NotMade(str(error) or "the writing process does not end") from error


@asynccontextmanager
async def making(table: Table, *, patience: timedelta = PATIENCE) -> AsyncIterator[Making]:
    """A process that writes the table into a folder of its own; inside the block the files are there.

    `patience`: as long as one step may take. Raises NotMade.
    """
    try:
        folder = TemporaryDirectory(prefix="epay-bot-export-")
    except OSError as error:
        raise NotMade(f"no folder for it: {error.strerror}") from error
    try:
        try:
            worker = await Worker.start("bot.exports", {}, folder.name)
        except OSError as error:
            raise NotMade(f"no process for it: {error.strerror}") from error
        try:
            made = Making(worker, Path(folder.name), patience)
            await made.give(table.to_json())
            yield made
        finally:
            await worker.end()
    finally:
        await asyncio.to_thread(folder.cleanup)


def encoded(rows: Sequence[Row]) -> bytes:
    """Rows on their way through the pipe; takes milliseconds for thousands, so do it in a thread."""
    return json.dumps(rows).encode()
