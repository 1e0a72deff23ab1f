"""Faults of the disk and of the database."""

import asyncio
import resource
import sqlite3
from contextlib import closing
from pathlib import Path

from databases import held
from running import Outside, Program

from benchmarks.faults.under import Over, Result, under
from bot.store import backup, recount
from bot.store.sqlite import SqliteConnection


async def full_disk(folder: Path, *, full: bool) -> Result:
    """No file of the program may grow or be written: as a disk that is full. The owner is told once, and once more."""

    async def fill(outside: Outside, program: Program) -> Over:
        before = resource.prlimit(program.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(program.pid, resource.RLIMIT_FSIZE, (0, before[1]))
        await program.says("poll shop fails")
        await asyncio.sleep(30 if full else 2)
        resource.prlimit(program.pid, resource.RLIMIT_FSIZE, before)
        await program.says("poll shop is well again")
        await outside.api.wait_for(lambda: len(_told(outside)) == 2, 10)
        return Over(program, "the owner was told once, and once of its end")

    return await under(folder, fill)


def _told(outside: Outside) -> list[str]:
    return [text for text in outside.sent() if "базой данных" in text or "База данных" in text]


async def locked(folder: Path, *, full: bool) -> Result:
    """Another program holds the database for longer than anybody waits for it."""

    async def lock(outside: Outside, program: Program) -> Over:
        with held(outside.database):
            await asyncio.sleep(30 if full else 6)
        return Over(program)

    return await under(folder, lock)


async def copies(folder: Path, *, full: bool) -> Result:
    """A backup a second under load: each is a whole moment."""
    count = 60 if full else 3

    async def copy(outside: Outside, program: Program) -> Over:
        sizes = []
        for number in range(count):
            to = outside.folder / f"copy-{number}.db"
            await asyncio.to_thread(backup.copy, outside.database, to)
            sizes.append(backup.verify(to))
            with closing(sqlite3.connect(to)) as opened:
                opened.row_factory = sqlite3.Row
                assert recount.list_differences(SqliteConnection(opened)) == []
            to.unlink()
            await asyncio.sleep(1)
        assert sizes == sorted(sizes)
        return Over(program, f"{count} copies, {sizes[0]} to {sizes[-1]} operations, all consistent")

    return await under(folder, copy)
