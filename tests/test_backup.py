"""Copies of the database: whole while the bot works, checked, rotated; a restored one announces nothing again."""

import asyncio
import json
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import admitting
import pytest
from builders import NOW, OWNER, an_alert, an_operation, hours
from databases import SQLITE, new_file, only_sqlite
from running import Outside, now

from bot.backups import Backups, list_surplus
from bot.config import Backup
from bot.errors import BackupError
from bot.store import backup, operations, outbox, recount
from bot.store.driver import Connection
from bot.store.outbox import Place
from bot.store.sqlite import SqliteConnection, SqliteStore

HOUR = timedelta(hours=1)

pytestmark = only_sqlite("a database on a server is copied by its own programs")


@pytest.fixture(scope="module")
def engine() -> str:
    return SQLITE


@pytest.fixture
async def outside(tmp_path: Path) -> AsyncIterator[Outside]:
    outside = await Outside(tmp_path).open()
    yield outside
    await outside.close()


async def ended(outside: Outside, *arguments: str | Path) -> tuple[int, str]:
    command, *rest = arguments
    program = await outside.start(command, "--config", outside.folder / "config.yaml", *rest)
    code = await program.ends()
    assert "Traceback" not in program.output
    return code, program.output


def read(path: Path, sql: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path)) as database:
        return database.execute(sql).fetchall()


async def test_a_copy_is_made_while_the_bot_runs_for_its_owner_only(outside: Outside) -> None:
    await outside.begin()
    await outside.run()
    await outside.told(outside.fail())
    to = outside.folder / "copy.db"
    code, output = await ended(outside, "backup", to, "--verify")
    assert (code, output) == (0, f"the database is copied to {to}: consistent, operations: 1\n")
    assert to.stat().st_mode & 0o777 == 0o600
    assert sorted(path.name for path in outside.folder.iterdir()) == ["config.yaml", "copy.db", "data"]


async def test_an_existing_file_is_never_overwritten(outside: Outside) -> None:
    await outside.begin()
    to = outside.folder / "copy.db"
    to.write_text("precious")
    code, output = await ended(outside, "backup", to)
    assert (code, output) == (1, f"{to} exists already; name another file\n")
    assert to.read_text() == "precious"


@pytest.mark.parametrize("trouble", ["no database", "no folder", "damaged"])
async def test_a_copy_that_cannot_be_made_is_told_and_leaves_nothing(outside: Outside, trouble: str) -> None:
    to = outside.folder / "copy.db"
    if trouble == "no database":
        outside.config()
        sentence = f"there is no database {outside.database}"
    else:
        await outside.begin()
        sentence = f"no copy of {outside.database} could be made at"
    if trouble == "no folder":
        to = outside.folder / "nowhere" / "copy.db"
    elif trouble == "damaged":
        damage(outside.database)
    code, output = await ended(outside, "backup", to)
    assert (code, sentence in output) == (1, True), output
    assert not list(outside.folder.glob("*copy.db*"))


def damage(path: Path) -> None:
    """Everything after the first page is noise."""
    content = path.read_bytes()
    path.write_bytes(content[:4096] + bytes(number % 251 for number in range(len(content) - 4096)))


async def test_every_copy_made_under_load_is_a_whole_moment(tmp_path: Path) -> None:
    """Each write adds one operation, its sums and one message: a copy has as many of each."""
    path = new_file(tmp_path / "bot.db")
    store = SqliteStore(path)
    writing = asyncio.create_task(load(store))
    counts = []
    for number in range(12):
        to = tmp_path / f"copy-{number}.db"
        await asyncio.to_thread(backup.copy, path, to)
        with closing(sqlite3.connect(to)) as opened:
            opened.row_factory = sqlite3.Row
            assert recount.list_differences(SqliteConnection(opened)) == []
        ((count, messages),) = read(to, "SELECT (SELECT COUNT(*) FROM operation), (SELECT COUNT(*) FROM outbox)")
        assert count == messages == backup.verify(to)
        counts.append(count)
    writing.cancel()
    await asyncio.gather(writing, return_exceptions=True)
    await store.close()
    assert counts == sorted(counts)
    assert counts[-1] > counts[0]


async def load(store: SqliteStore) -> None:
    number = 0
    while True:
        number += 1
        await store.write(one_more, number)


def one_more(db: Connection, number: int) -> None:
    one = an_operation(id=str(number), invoice_id=str(number))
    operations.apply(db, one.merchant_id, [one], history_before=NOW - hours(9), now=NOW)
    outbox.put(db, Place(OWNER.chat_id, None), str(number), an_alert(), NOW)


async def stored(outside: Outside, operations: int) -> None:
    """Waits until the bot has so many."""
    while read(outside.database, "SELECT COUNT(*) FROM operation") != [(operations,)]:
        await outside.asked()


async def test_a_restored_copy_announces_nothing_that_came_before_the_restore(outside: Outside) -> None:
    """The drill: backup, life goes on, the database is lost, restore, start."""
    outside.api.private_chat(outside.stranger)
    await outside.begin()
    program = await outside.run()
    first = outside.fail()
    await outside.told(first)
    to = outside.folder / "copy.db"
    assert (await ended(outside, "backup", to))[0] == 0
    second = outside.fail()
    await stored(outside, 2)
    assert await program.stop() == 0
    damage(outside.database)
    third = outside.fail(created_at=now() - timedelta(minutes=5))
    said = len(outside.sent())
    code, output = await ended(outside, "run")
    assert (code, "epay-bot restore --config FILE BACKUP" in output) == (1, True), output
    code, output = await ended(outside, "restore", to)
    assert (code, "the former database is kept as" in output) == (0, True), output
    program = await outside.run()
    await outside.api.wait_for(lambda: len(outside.sent()) > said)
    assert "резервной копии" in outside.sent()[said]
    await stored(outside, 3)
    await outside.asked()
    fourth = outside.fail()
    await outside.told(fourth)
    told = " ".join(outside.sent()[said:])
    assert [invoice in told for invoice in (first, second, third)] == [False] * 3, told
    assert await program.stop() == 0
    await outside.run()
    outside.fail()
    await stored(outside, 5)
    assert sum("резервной копии" in text for text in outside.sent()) == 1


async def test_a_restore_beside_a_running_bot_is_refused(outside: Outside) -> None:
    await outside.begin()
    await outside.run()
    to = outside.folder / "copy.db"
    assert (await ended(outside, "backup", to))[0] == 0
    code, output = await ended(outside, "restore", to)
    assert (code, "another epay-bot is using" in output) == (1, True)


async def test_a_bad_copy_replaces_nothing(outside: Outside) -> None:
    await outside.begin()
    before = outside.database.read_bytes()
    bad = outside.folder / "bad.db"
    bad.write_bytes(before)
    damage(bad)
    code, output = await ended(outside, "restore", bad)
    assert (code, "is no good copy" in output) == (1, True)
    assert outside.database.read_bytes() == before


def test_only_the_last_of_each_of_the_newest_days_and_weeks_is_kept() -> None:
    start = datetime(2026, 11, 2, 3, tzinfo=UTC)
    times = [start + 8 * HOUR * number for number in range(3 * 21)]
    gone = set(list_surplus(times, keep_daily=3, keep_weekly=2))
    kept = [at for at in times if at not in gone]
    assert [f"{at:%d %H}" for at in kept] == ["15 19", "20 19", "21 19", "22 19"]
    assert list_surplus(times[:1], keep_daily=1, keep_weekly=0) == []


async def test_copies_are_made_when_they_are_due_and_old_ones_go(tmp_path: Path, store: SqliteStore) -> None:
    at = [NOW]
    folder = tmp_path / "copies"
    settings = Backup(dir=str(folder), every=HOUR, keep_daily=2, keep_weekly=0)
    backups = Backups(tmp_path / "epay-bot.db", settings, store, now=lambda: at[0])
    await backups.step()
    (first,) = folder.iterdir()
    (folder / "mine.db").write_text("not a copy")
    at[0] += HOUR / 2
    await backups.step()
    assert len(list(folder.iterdir())) == 2
    for _ in range(60):
        at[0] += HOUR
        await backups.step()
    names = sorted(path.name for path in folder.iterdir())
    assert len(names) == 3
    assert "mine.db" in names
    assert first.name not in names


async def test_that_no_copy_can_be_made_is_told_once_and_so_is_the_next_one(tmp_path: Path, store: SqliteStore) -> None:
    await store.write(admitting.subscribe, OWNER)
    (tmp_path / "copies").write_text("no folder")
    at = [NOW]
    settings = Backup(dir=str(tmp_path / "copies"), every=HOUR)
    backups = Backups(tmp_path / "epay-bot.db", settings, store, now=lambda: at[0])
    for _ in range(3):
        with pytest.raises(BackupError, match="cannot be used"):
            await backups.step()
        await backups.step()
        at[0] += HOUR
    assert [text[:19] for text in await told(store)] == ["No backup can be ma"]
    (tmp_path / "copies").unlink()
    for _ in range(3):
        await backups.step()
        at[0] += HOUR
    assert (await told(store))[1:] == ["Backups are made again."]


async def told(store: SqliteStore) -> list[str]:
    rows = await store.read(lambda db: db.rows("SELECT body FROM outbox ORDER BY id"))
    return [json.loads(row["body"].partition(" ")[2])["text"] for row in rows]


async def test_a_bot_refuses_to_start_on_a_damaged_page_and_names_the_way_back(outside: Outside) -> None:
    """One index that says what its table does not: the schema is whole, only a check finds it."""
    await outside.begin()
    with closing(sqlite3.connect(outside.database)) as database:
        (page,) = database.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'tier'").fetchone()
    content = bytearray(outside.database.read_bytes())
    content[(page - 1) * 4096 + 8 : (page - 1) * 4096 + 200] = b"\xff" * 192
    outside.database.write_bytes(content)
    code, output = await ended(outside, "run")
    assert code == 1
    assert "it is damaged" in output or "malformed" in output
    assert "epay-bot restore --config FILE BACKUP" in output
