"""The file itself: one program, one file, plain words when it cannot be used."""

import asyncio
import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from databases import SQLITE

from bot.errors import StoreError
from bot.store.driver import Connection, Store
from bot.store.files import path_of
from bot.store.sqlite import SqliteStore


def count(db: Connection) -> int:
    row = db.row("SELECT COUNT(*) AS count FROM inbox")
    return int(row["count"]) if row else 0


def files(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.iterdir())


def insert(db: Connection, update_id: int, body: str = "") -> None:
    db.run("INSERT INTO inbox (update_id, body, received_at) VALUES (:id, :body, 0)", id=update_id, body=body)


async def test_a_second_bot_is_kept_out_with_a_clear_sentence(tmp_path: Path) -> None:
    path = tmp_path / "epay-bot.db"
    store = SqliteStore(path)
    with pytest.raises(StoreError, match=rf"another epay-bot is using {path}; stop it first"):
        SqliteStore(path)
    await SqliteStore(path, exclusive=False).close()
    with pytest.raises(StoreError, match="another epay-bot"):
        SqliteStore(path)
    await store.close()
    await SqliteStore(path).close()


async def test_another_process_is_kept_out_and_the_lock_dies_with_its_holder(tmp_path: Path) -> None:
    path = tmp_path / "epay-bot.db"
    holder = "import sys; from pathlib import Path; from bot.store.sqlite import SqliteStore\n"
    holder += "store = SqliteStore(Path(sys.argv[1])); print('ready', flush=True); sys.stdin.read()"
    with subprocess.Popen(  # noqa: ASYNC220
        [sys.executable, "-c", holder, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "ready\n"
        with pytest.raises(StoreError, match="another epay-bot"):
            SqliteStore(path)
        other.kill()
    await SqliteStore(path).close()


async def test_a_closed_store_is_one_file(tmp_path: Path) -> None:
    """Somebody who copies the file after a stop must not leave the newest changes behind."""
    path = tmp_path / "epay-bot.db"
    store = SqliteStore(path)
    await store.write(insert, 1)
    assert await asyncio.gather(*(store.read(count) for _ in range(3))) == [1, 1, 1]
    await store.close()
    assert files(tmp_path) == ["epay-bot.db", "epay-bot.db.lock"]


async def test_only_the_owner_of_the_file_may_read_it(tmp_path: Path) -> None:
    path = tmp_path / "new folder" / "epay-bot.db"
    store = SqliteStore(path)
    await store.write(insert, 1)
    assert {file.stat().st_mode & 0o777 for file in path.parent.iterdir()} == {0o600}
    await store.close()


@pytest.mark.parametrize("engine", [SQLITE], indirect=True)
async def test_what_was_written_survives_the_loss_of_power(store: Store) -> None:
    settings = await store.write(
        lambda db: [next(iter(dict(db.rows(f"PRAGMA {name}")[0]).values())) for name in ("journal_mode", "synchronous")]
    )
    assert settings == ["wal", 2]


def test_a_folder_that_cannot_be_written_to_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match=rf"the folder {tmp_path}/file cannot be written to: (File exists|Not a dir)"):
        SqliteStore(tmp_path / "file" / "epay-bot.db")


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is unwritable for root")
def test_a_folder_without_the_right_to_write_is_named(tmp_path: Path) -> None:
    (tmp_path / "locked").mkdir(mode=0o500)
    with pytest.raises(StoreError, match="cannot be written to: Permission denied"):
        SqliteStore(tmp_path / "locked" / "epay-bot.db")


async def test_a_file_that_is_no_database_is_left_as_it_is_and_a_way_out_told(tmp_path: Path) -> None:
    path = tmp_path / "epay-bot.db"
    path.write_bytes(b"not a database, but somebody's precious notes" * 100)
    before = path.read_bytes()
    with pytest.raises(StoreError, match=rf"the database {path} cannot be opened: .*; put a backup in its place"):
        SqliteStore(path)
    assert path.read_bytes() == before
    path.unlink()
    await SqliteStore(path).close()


async def read_all(path: Path) -> None:
    store = SqliteStore(path)
    try:
        await store.read(lambda db: db.rows("SELECT * FROM inbox"))
    finally:
        await store.close()


async def test_a_damaged_page_is_told_with_a_way_out(tmp_path: Path) -> None:
    path = tmp_path / "epay-bot.db"
    store = SqliteStore(path)
    for number in range(50):
        await store.write(insert, number, "x" * 2000)
    await store.close()
    with path.open("r+b") as file:
        file.seek(path.stat().st_size // 2)
        file.write(b"\xff" * (path.stat().st_size // 2))
    with pytest.raises(StoreError, match=r"malformed; put a backup in its place"):
        await read_all(path)


@pytest.mark.parametrize("engine", [SQLITE], indirect=True)
async def test_a_full_disk_loses_nothing_and_work_goes_on_once_there_is_room(store: Store) -> None:
    await store.write(insert, 1)
    [pages] = await store.write(lambda db: [dict(row)["page_count"] for row in db.rows("PRAGMA page_count")])
    limit = await store.write(lambda db: dict(db.rows(f"PRAGMA max_page_count = {pages}")[0])["max_page_count"])
    assert limit == pages
    with pytest.raises(StoreError, match=r"cannot be used: database or disk is full; free some space"):
        await store.write(insert, 2, "x" * 100_000)
    assert await store.read(count) == 1
    await store.write(lambda db: db.rows("PRAGMA max_page_count = 1000000"))
    await store.write(insert, 2, "x" * 100_000)
    assert await store.read(count) == 2


async def test_a_database_another_program_holds_is_waited_for_and_then_told(tmp_path: Path) -> None:
    path = tmp_path / "epay-bot.db"
    store = SqliteStore(path)
    await store.write(lambda db: db.rows("PRAGMA busy_timeout = 50"))
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreError, match="database is locked"):
        await store.write(insert, 1)
    other.execute("ROLLBACK")
    other.close()
    await store.write(insert, 1)
    await store.close()


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("sqlite:///data/epay-bot.db", Path("data/epay-bot.db")),
        ("sqlite:////var/lib/epay-bot/epay-bot.db", Path("/var/lib/epay-bot/epay-bot.db")),
    ],
)
def test_an_address_names_a_file(url: str, path: Path) -> None:
    assert path_of(url) == path


async def test_a_folder_may_have_any_name(tmp_path: Path) -> None:
    path = tmp_path / "a?b #c%20 Ө" / "epay bot.db"
    store = SqliteStore(path)
    await store.write(insert, 1)
    assert await store.read(count) == 1
    await store.close()
    assert path.is_file()
