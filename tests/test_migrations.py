"""From nothing to the newest schema: each step once, whole or not at all."""

import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from keeping import goes_on, row_for
from sqlite_utils import Database, Migrations

from bot.store import sqlite
from bot.store.schema import statements
from bot.store.sqlite import SqliteStore, open_for_writing

FOLDER = Path(__file__).parents[1] / "migrations"
FILES = sorted(FOLDER.glob("*.sql"))


def schema(path: Path) -> list[tuple[str, str]]:
    with sqlite3.connect(path) as connection:
        rows = connection.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY name").fetchall()
    connection.close()
    return [(name, re.sub(r"\s+", " ", sql)) for name, sql in rows]


def versions(path: Path) -> list[str]:
    with sqlite3.connect(path) as connection:
        rows = connection.execute("SELECT name FROM _sqlite_migrations ORDER BY id").fetchall()
    connection.close()
    return [name for (name,) in rows]


def test_an_empty_file_becomes_the_newest_schema(tmp_path: Path) -> None:
    path = tmp_path / "epay-bot.db"
    open_for_writing(path).close()
    assert versions(path) == [file.stem for file in FILES]
    names = {name for name, _ in schema(path)}
    assert names >= {"source", "tier", "operation", "invoice", "incident", "outbox", "inbox", "destination"}


async def test_a_second_start_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "epay-bot.db"
    await SqliteStore(path).close()
    before = (schema(path), versions(path), path.read_bytes())
    await SqliteStore(path).close()
    assert (schema(path), versions(path), path.read_bytes()) == before


@pytest.mark.parametrize("known", range(len(FILES)))
def test_every_older_version_goes_on_to_the_newest(tmp_path: Path, known: int) -> None:
    old, new = tmp_path / "old.db", tmp_path / "new.db"
    database = Database(old)
    sqlite.migrations().apply(database, stop_before=FILES[known].stem)
    database.close()
    for path in (old, new):
        open_for_writing(path).close()
    assert (schema(old), versions(old)) == (schema(new), versions(new))


@pytest.mark.parametrize("known", range(1, len(FILES)))
async def test_what_an_older_version_kept_is_there_afterwards(tmp_path: Path, known: int) -> None:
    """A row in every table of each released schema; the new program then reads and goes on with them."""
    path = tmp_path / "old.db"
    database = Database(path)
    sqlite.migrations().apply(database, stop_before=FILES[known].stem)
    fill(database.conn)
    kept = counts(database.conn)
    database.close()
    store = SqliteStore(path)
    with closing(sqlite3.connect(path)) as opened:
        now = counts(opened)
        assert opened.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    if FILES[known].stem <= EMPTIED["incident"]:
        kept["incident"] = 0
    assert {table: now.get(table) for table in kept} == kept
    await goes_on(store)
    await store.close()


# Tables a migration begins anew, since nothing was released with them.
EMPTIED = {"incident": "0007_incidents"}


def fill(connection: sqlite3.Connection) -> None:
    for (table,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table' AND sql LIKE '%STRICT'"):
        columns = connection.execute(f"PRAGMA table_info({table})").fetchall()
        row = row_for(table, {name: kind == "INTEGER" for _, name, kind, *_ in columns})
        places = ", ".join(f":{name}" for name in row)
        connection.execute(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({places})", row)
    connection.commit()


def counts(connection: sqlite3.Connection) -> dict[str, int]:
    tables = connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table' AND sql LIKE '%STRICT'").fetchall()
    return {name: connection.execute(f"SELECT COUNT(*) FROM {name}").fetchone()[0] for (name,) in tables}


def test_a_migration_that_fails_leaves_nothing(tmp_path: Path) -> None:
    database = Database(tmp_path / "epay-bot.db")
    steps = Migrations("epay-bot")
    steps(name="0001_good")(sqlite.running(["CREATE TABLE one (id INTEGER)"]))
    steps(name="0002_bad")(sqlite.running(["CREATE TABLE two (id INTEGER)", "INSERT INTO one VALUES (1)", "NONSENSE"]))
    with pytest.raises(sqlite3.OperationalError):
        steps.apply(database)
    assert set(database.table_names()) == {"_sqlite_migrations", "one"}
    assert list(database["one"].rows) == []
    assert [applied.name for applied in steps.applied(database)] == ["0001_good"]


def test_a_comment_or_a_missing_end_is_no_statement() -> None:
    script = "-- a; comment\nCREATE TABLE one (id INTEGER); -- another; one\n\nCREATE TABLE two (id INTEGER)"
    assert list(statements(script)) == ["CREATE TABLE one (id INTEGER)", "CREATE TABLE two (id INTEGER)"]


def test_files_are_numbered_one_by_one_and_hold_nothing_the_splitter_would_cut() -> None:
    of_any_engine = {file.name for file in FOLDER.rglob("*.sql")}
    assert sorted(int(name[:4]) for name in of_any_engine) == list(range(1, len(of_any_engine) + 1))
    for file in FILES:
        code = re.sub(r"--[^\n]*", "", file.read_text(encoding="utf-8"))
        assert not [text for text in re.findall(r"'([^']*)'", code) if ";" in text], file.name
        assert "TRIGGER" not in code.upper(), file.name


def test_every_table_is_strict() -> None:
    for file in FILES:
        code = file.read_text(encoding="utf-8")
        assert code.count("CREATE TABLE") == len(re.findall(r"^\) STRICT;", code, re.MULTILINE)), file.name
