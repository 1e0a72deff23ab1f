"""A live bot moves from SQLite to PostgreSQL with the real program: nothing is lost, nothing is told again."""

import asyncio
import signal
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path
from random import Random

import postgres
import psycopg
import pytest
from running import REPEAT, Outside, Program, now
from traffic import Traffic

pytestmark = pytest.mark.skipif(bool(postgres.missing()), reason=postgres.missing())


@pytest.fixture
async def outside(tmp_path: Path) -> AsyncIterator[Outside]:
    outside = await Outside(tmp_path).open()
    yield outside
    await outside.close()


async def start_copy(outside: Outside, url: str, *more: str) -> Program:
    return await outside.start("copy", "--from", f"sqlite:///{outside.database}", "--to", url, *more)


async def copied(outside: Outside, url: str) -> str:
    program = await start_copy(outside, url)
    assert await program.ends() == 0, program.output
    return program.output


def stored(url: str) -> set[tuple[str, str]]:
    with psycopg.connect(url) as connection:
        return set(connection.execute("SELECT id, outcome FROM operation").fetchall())


async def caught_up(outside: Outside, url: str, traffic: Traffic) -> None:
    """Waits until everything that happened is stored and told."""
    async with asyncio.timeout(30):
        while {(row.id, row.outcome) for row in outside.world.truth(outside.shop.id, now())} != stored(url):
            await outside.asked()
    await outside.told_of(len(traffic.failed))


async def test_a_live_bot_moves(outside: Outside) -> None:
    url = postgres.new_url()
    await outside.begin()
    program = await outside.run()
    traffic = Traffic(outside, Random(3))
    await outside.api.wait_for(lambda: outside.counted() != {}, 20)
    for _ in range(2):
        assert "copied ahead; the bot works on. Stop it and call this again" in await copied(outside, url)
    assert await program.stop() == 0
    assert "complete: both hold the same" in await copied(outside, url)
    outside.config(storage={"url": url})
    program = await outside.run()
    await outside.asked()
    await traffic.stop()
    await caught_up(outside, url, traffic)
    first = outside.fail()
    await outside.told(first)
    assert await program.stop() == 0
    assert set(outside.opened().values()) == {1}
    assert not [text for text in outside.sent() if REPEAT in text]


async def test_a_copy_that_is_killed_goes_on_and_no_bot_begins_on_half_of_it(outside: Outside) -> None:
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
    assert "complete" in await copied(outside, url)
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
