"""The real program on a disk that is really full: what is known leaves, the owner is told once, nothing is lost."""

import asyncio
import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from databases import SQLITE, only_sqlite
from running import Outside

from bot.errors import StoreError
from bot.store import recount
from bot.store.driver import Connection
from bot.store.sqlite import SqliteStore

pytestmark = only_sqlite("the disk of a server is its own")


@pytest.fixture(scope="module")
def engine() -> str:
    return SQLITE


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Three megabytes, as the system's administrator may have them."""
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(tmp_path)], check=False, capture_output=True
    )
    if mounted.returncode != 0:
        pytest.skip("only root may mount a disk")
    yield tmp_path
    subprocess.run(["umount", "-l", str(tmp_path)], check=True)


@pytest.fixture
async def outside(small_disk: Path) -> AsyncIterator[Outside]:
    outside = await Outside(small_disk).open()
    yield outside
    await outside.close()


def fill(path: Path) -> None:
    def write() -> None:
        while True:
            file.write(b"\0" * 4096)

    with path.open("wb", buffering=0) as file, pytest.raises(OSError, match="No space left"):
        write()


def troubles(outside: Outside) -> list[str]:
    return [text for text in outside.sent() if "базой данных" in text or "База данных" in text]


async def test_a_full_disk_is_told_once_holds_up_nothing_known_and_loses_nothing(outside: Outside) -> None:
    await outside.begin()
    program = await outside.run()
    waits = outside.api.faults.add(method="sendMessage", status=429, parameters={"retry_after": 3})
    known = outside.fail()
    await outside.api.wait_for(lambda: waits.hits)
    fill(outside.folder / "filler")
    unread = [outside.fail(description="x" * 4000, outcome="paid", reason_code=0) for _ in range(300)]
    await program.says("poll shop fails")
    await outside.told(known)
    await outside.api.says(outside.owner, outside.chat, "/id")
    await outside.asked()
    await outside.asked()
    assert len(troubles(outside)) == 1
    assert "free some space" in troubles(outside)[0]
    (outside.folder / "filler").unlink()
    await outside.told(outside.fail())
    await outside.api.wait_for(lambda: len(troubles(outside)) == 2)
    assert await program.stop() == 0
    assert len(troubles(outside)) == 2
    assert outside.opened() == {1: 1}
    assert "Traceback" not in program.output
    store = SqliteStore(outside.database)
    stored = {row["invoice_id"] for row in await store.read(lambda db: db.rows("SELECT invoice_id FROM operation"))}
    assert stored >= {known, *unread}
    assert await store.read(recount.list_differences) == []
    await store.close()


async def test_a_read_only_disk_is_an_error_with_advice_and_reading_goes_on(store: SqliteStore) -> None:
    def change(db: Connection) -> int:
        return db.run("INSERT INTO last_terminal (chat_id, thread_id, terminal_id) VALUES (1, 0, '2')")

    await store.write(lambda db: db.rows("PRAGMA query_only = ON"))
    results = await asyncio.gather(store.write(change), store.write(change), return_exceptions=True)
    assert all(isinstance(result, StoreError) for result in results)
    assert "check the rights to the file and its folder" in str(results[0])
    assert await store.read(lambda db: db.rows("SELECT * FROM last_terminal")) == []
