"""A live bot moves from SQLite to PostgreSQL with the real program: nothing is lost, nothing is told again."""

import signal
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import postgres
import psycopg
import pytest
from databases import only_sqlite
from moving import ALERTS, copied, move, start_copy
from running import Outside

pytestmark = only_sqlite("it is copied from a file")


@pytest.fixture(autouse=True, scope="module")
def _there() -> None:
    postgres.skip_unless_there()


@pytest.fixture
async def outside(tmp_path: Path) -> AsyncIterator[Outside]:
    outside = await Outside(tmp_path).open()
    yield outside
    await outside.close()


async def test_a_live_bot_moves(outside: Outside) -> None:
    await outside.begin(alerts=ALERTS)
    moved = await move(outside, postgres.new_url())
    assert (moved.lost, moved.untold, moved.told_again) == (0, 0, 0)
    assert min(moved.failed, moved.operations) > 10


async def test_a_copy_that_is_killed_goes_on_and_a_bot_waits_for_the_whole(outside: Outside) -> None:
    await outside.begin()
    url = postgres.new_url()
    with closing(sqlite3.connect(outside.database)) as database:
        rows = ((f"{number}", number) for number in range(60_000))
        database.executemany("INSERT INTO invoice VALUES ('shop', ?, ?, '98151552', 'KZT', 'paid')", rows)
        database.commit()
    program = await start_copy(outside, url)
    await program.says("%: ", times=3)
    assert await program.stop(signal.SIGKILL) != 0
    path = outside.config(storage={"url": url})
    checked = await outside.start("check", "--config", path)
    assert await checked.ends() == 1
    assert "FAIL  store: the database is half copied from sqlite:///" in checked.output
    early = await outside.start("run", "--config", path)
    await early.says("call epay-bot copy again until it says complete. The bot waits until it can be")
    await copied(outside, url, "complete")
    await early.says("is running")
    assert await early.stop() == 0
    with psycopg.connect(url) as connection:
        assert connection.execute("SELECT COUNT(*) FROM invoice").fetchone() == (60_000,)


async def test_a_copy_says_in_a_sentence_what_is_wrong(outside: Outside) -> None:
    await outside.begin()
    program = await start_copy(outside, "sqlite:///other.db")
    assert await program.ends() == 2
    assert "--to: copy moves a bot from SQLite to PostgreSQL, or back" in program.output
    program = await start_copy(outside, "mysql://host/db")
    assert await program.ends() == 2
    assert "--to: a database is written like sqlite:///data/epay-bot.db or postgresql://" in program.output
    program = await start_copy(outside, "postgresql://u:hush%20hush@127.0.0.1:1/db")
    assert await program.ends() == 1
    assert "the database cannot be used: connection failed" in program.output
    assert "hush" not in program.output
