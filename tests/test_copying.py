"""`epay-bot copy`: every table arrives whole, goes on where it was ended, and refuses what it would destroy."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import postgres
import psycopg
import pytest
from builders import NOW, SHOP, an_alert
from databases import new_file, only_sqlite
from sqlite_utils import Database
from test_migrations import FILES, fill

from bot.config import Storage
from bot.copying import copy
from bot.errors import ConfigurationError, StoreError
from bot.store import copying, engines, files, outbox, sqlite
from bot.store.copying import Stretch
from bot.store.driver import Connection
from bot.store.outbox import Place
from bot.store.sqlite import SqliteConnection, open_for_writing
from bot.store.tables import list_tables

pytestmark = only_sqlite("each test names its engines")

# What is copied only when the bot is stopped, since it is small or unique in more than its key. A table that grows with
# the payments belongs into bot/store/copying.py.
AT_THE_END = {
    "bad_record",
    "chat_level",
    "destination",
    "digest_plan",
    "forgotten",
    "horizon",
    "inbox",
    "invitation",
    "last_terminal",
    "living",
    "outbox",
    "person",
    "saved_query",
    "setup_walk",
    "silence",
    "source",
    "subscription",
    "terminal_name",
    "tier",
    "unlinked_chat",
    "volume_preset",
    "volume_state",
    "volume_verdict",
    "volume_watch",
    "wrong_key",
}
INVOICE = "INSERT INTO invoice VALUES (?, ?, ?, '98151552', 'KZT', 'paid')"


@pytest.fixture(autouse=True, scope="module")
def _there() -> None:
    postgres.skip_unless_there()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A database with a row in every table."""
    path = new_file(tmp_path / "bot.db")
    with closing(sqlite3.connect(path)) as opened:
        fill(opened)
        opened.execute("DELETE FROM copied")
        opened.commit()
    return path


def new_server() -> Storage:
    """An empty database."""
    return Storage(url=postgres.new_url())


def in_file(path: Path) -> Storage:
    return Storage(url=f"sqlite:///{path}")


def quiet(table: str, done: float) -> None:
    assert 0 <= done <= 1, table


def change(path: Path, sql: str, rows: Sequence[Sequence[object]] = ((),)) -> None:
    with closing(sqlite3.connect(path)) as opened:
        opened.executemany(sql, rows)
        opened.commit()


def asked(storage: Storage, sql: str) -> list[Any]:
    with psycopg.connect(storage.url) as connection:
        return connection.execute(sql).fetchall()  # type: ignore[call-overload]


@contextmanager
def opened(path: Path) -> Iterator[Connection]:
    database = open_for_writing(path)
    yield SqliteConnection(database.conn)
    database.close()


def everything(path: Path) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table, without the marks of copies and migrations."""
    with opened(path) as db:
        tables = [one for one in list_tables(db).values() if one.name not in {"copied", "_sqlite_migrations"}]
        return {
            one.name: sorted(db.tuples(f"SELECT {', '.join(one.columns)} FROM {one.name}"), key=repr) for one in tables
        }


async def test_every_table_arrives_and_comes_back(file: Path, tmp_path: Path) -> None:
    """Neither end needs a schema before."""
    server, back = Storage(url=postgres.server().url(postgres.server().create())), tmp_path / "back.db"
    assert await copy(in_file(file), server, quiet) == []
    assert await copy(server, in_file(back), quiet) == []
    before = everything(file)
    assert [name for name, rows in before.items() if not rows] == []
    assert everything(back) == before


def test_a_new_table_is_copied_at_the_end_unless_it_is_thought_of(file: Path) -> None:
    with opened(file) as db:
        tables = list_tables(db)
    walks = copying.plan(tables, tables)
    assert {walk.name for walk in walks} == tables.keys() - {"copied"}
    assert {walk.name for walk in walks if not walk.ahead} - {"_sqlite_migrations"} == AT_THE_END


async def test_what_only_one_engine_has_is_left_alone(file: Path) -> None:
    server = new_server()
    await copy(in_file(file), server, quiet)
    assert asked(server, "SELECT COUNT(*) FROM lease") == [(0,)]
    assert asked(server, "SELECT invoice_tail FROM operation") == [("7",)]


async def test_copied_ahead_and_finished_once_the_bot_is_stopped(file: Path) -> None:
    """Rows are added, changed and deleted behind the walk; many of one instant are never torn apart."""
    server = new_server()
    change(file, INVOICE, [(SHOP, f"old{number}", number // 15_000) for number in range(40_000)])
    with files.alone(file):
        assert await copy(in_file(file), server, quiet) is None
    assert asked(server, "SELECT COUNT(*) FROM invoice") == [(40_001,)]
    assert asked(server, "SELECT COUNT(*) FROM outbox") == [(0,)]
    change(file, "UPDATE invoice SET outcome = 'refunded' WHERE invoice_id IN ('old3', 'old39999')")
    change(file, "UPDATE invoice SET first_at = 0 WHERE invoice_id = 'old39998'")
    change(file, "UPDATE invoice SET first_at = 2 WHERE invoice_id = 'old4'")
    change(file, "DELETE FROM invoice WHERE invoice_id LIKE 'old1__'")
    change(file, INVOICE, [("another", "new", 5), (SHOP, "new", 2)])
    with pytest.raises(StoreError, match=r"half copied from sqlite:///.+/bot\.db; stop the bot that works there"):
        engines.open_store(server.url)
    assert await copy(in_file(file), server, quiet) == []
    rows = asked(server, "SELECT * FROM invoice ORDER BY merchant_id, invoice_id")
    with opened(file) as db:
        assert rows == db.tuples("SELECT * FROM invoice ORDER BY merchant_id, invoice_id")


def test_an_operation_that_has_another_time_by_now_moves(file: Path) -> None:
    """In a file its id alone names it: its place of before is looked at only later."""
    with opened(file) as db:
        tables = list_tables(db)
        (walk,) = [walk for walk in copying.plan(tables, tables) if walk.name == "operation"]
        (row,) = copying.read(db, Stretch(walk, SHOP))
        place = walk.table.columns.index("created_at")
        moved = (*row[:place], 5, *row[place + 1 :])
        copying.put(db, Stretch(walk, SHOP, high=10), [moved])
        assert copying.read(db, Stretch(walk)) == [moved]


async def test_a_copy_of_more_than_one_call_may_have_lost_merchants_and_numbers_meanwhile(file: Path) -> None:
    server = new_server()
    change(file, INVOICE, [("gone", "1", 5)])
    assert await copy(in_file(file), server, quiet) == []
    for table in ("invoice", "audit", "outbox"):
        change(file, f"DELETE FROM {table}")
    assert await copy(in_file(file), server, quiet) == []
    assert asked(server, "SELECT (SELECT COUNT(*) FROM invoice) + (SELECT COUNT(*) FROM audit)") == [(0,)]


async def test_new_rows_get_numbers_behind_the_copied_ones(file: Path) -> None:
    server = new_server()
    change(file, "UPDATE outbox SET id = 41")
    change(file, "UPDATE unlinked_chat SET chat_id = -1001")
    await copy(in_file(file), server, quiet)
    store = engines.open_store(server.url)
    await store.write(outbox.put, Place(5, None), "new", an_alert(), NOW)
    await store.close()
    assert asked(server, "SELECT MAX(id) FROM outbox") == [(42,)]


async def test_what_differs_is_said_in_words(file: Path) -> None:
    server = new_server()
    spoil = (
        "CREATE FUNCTION spoil() RETURNS trigger LANGUAGE plpgsql AS "
        "'BEGIN NEW.amount := NEW.amount + 1; RETURN NEW; END'",
        "CREATE TRIGGER spoil BEFORE INSERT ON operation FOR EACH ROW EXECUTE FUNCTION spoil()",
        "CREATE RULE lose AS ON INSERT TO silence DO INSTEAD NOTHING",
    )
    with psycopg.connect(server.url) as connection:
        for statement in spoil:
            connection.execute(statement)  # type: ignore[call-overload]
    assert await copy(in_file(file), server, quiet) == [
        "operation of shop: sum of amount 15000 in the source, 15001 in the copy",
        f"silence of {SHOP}: rows 1 in the source, 0 in the copy",
    ]
    with pytest.raises(StoreError, match="is half copied"):
        engines.open_store(server.url)


async def test_text_with_a_nul_is_copied_without_it(file: Path) -> None:
    server = new_server()
    change(file, "UPDATE operation SET description = 'a' || char(0) || 'b'")
    assert await copy(in_file(file), server, quiet) == []
    assert asked(server, "SELECT description FROM operation") == [("ab",)]


async def test_nothing_is_copied_over_another_bots_data(file: Path, tmp_path: Path) -> None:
    server = new_server()
    store = engines.open_store(server.url)
    await store.write(outbox.put, Place(5, None), "known", an_alert(), NOW)
    await store.close()
    with pytest.raises(StoreError, match="holds the data of a bot already; name an empty one"):
        await copy(in_file(file), server, quiet)
    assert asked(server, "SELECT COUNT(*) FROM operation") == [(0,)]


async def test_a_bot_that_has_begun_on_the_copy_keeps_it(file: Path) -> None:
    server = new_server()
    await copy(in_file(file), server, quiet)
    store = engines.open_store(server.url)
    await store.write(copying.take_over)
    await store.close()
    with pytest.raises(StoreError, match="holds the data of a bot already"):
        await copy(in_file(file), server, quiet)


async def test_half_a_copy_of_one_bot_is_not_finished_from_another(file: Path, tmp_path: Path) -> None:
    server, other = new_server(), new_file(tmp_path / "other.db")
    with files.alone(file):
        await copy(in_file(file), server, quiet)
    with pytest.raises(StoreError, match=r"half copied from sqlite:///.+/bot\.db; name an empty one"):
        await copy(in_file(other), server, quiet)


@pytest.mark.parametrize("make", [in_file, lambda _: new_server()], ids=["file", "server"])
async def test_both_ends_of_one_engine_are_refused(file: Path, make: Any) -> None:
    with pytest.raises(ConfigurationError, match="copy moves a bot from SQLite to PostgreSQL, or back"):
        await copy(make(file), make(file), quiet)


async def test_a_source_that_is_none_is_refused_and_not_made(tmp_path: Path) -> None:
    path = tmp_path / "none.db"
    bare = Storage(url=postgres.server().url(postgres.server().create()))
    for source in (in_file(path), bare):
        target = in_file(tmp_path / "to.db") if source.url.startswith("p") else new_server()
        with pytest.raises(StoreError, match="there is no bot to copy in"):
            await copy(source, target, quiet)
    assert not path.exists()


async def test_a_source_of_an_older_version_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "old.db"
    database = Database(path)
    sqlite.migrations().apply(database, stop_before=FILES[-1].stem)
    database.close()
    with pytest.raises(StoreError, match="is of an older epay-bot; stop it and call epay-bot migrate first"):
        await copy(in_file(path), new_server(), quiet)
    assert FILES[-1].stem not in files.list_steps(path)


async def test_a_newer_version_is_refused_at_either_end(file: Path) -> None:
    server = new_server()
    with psycopg.connect(server.url) as connection:
        connection.execute("INSERT INTO schema_step (name) VALUES ('9999_later')")
    with pytest.raises(StoreError, match="is of a newer epay-bot; copy with that one"):
        await copy(in_file(file), server, quiet)


async def test_a_bot_that_works_on_a_server_is_seen(file: Path, tmp_path: Path) -> None:
    """Another process has another name among the sessions."""
    server, back = new_server(), tmp_path / "back.db"
    await copy(in_file(file), server, quiet)
    with psycopg.connect(server.url, application_name="epay-bot 1 elsewhere"):
        assert await copy(server, in_file(back), quiet) is None
    assert await copy(server, in_file(back), quiet) == []
