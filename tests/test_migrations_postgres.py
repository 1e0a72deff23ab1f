"""PostgreSQL's schema: each step once, whole or not at all, beside programs that do not know it yet."""

import asyncio
import re
import threading
import time
from collections.abc import Iterator

import postgres
import psycopg
import pytest
from builders import NOW, SHOP, an_operation
from databases import list_tables
from keeping import AT, goes_on, row_for
from test_store_postgres import count, insert

from bot.errors import StoreError
from bot.store import operations, partitions, recount
from bot.store.driver import Connection
from bot.store.postgres import ENGINE, QUEUE, PostgresConnection, PostgresStore, adapt, migrate, take_steps
from bot.store.schema import Migration, list_migrations

STEPS = list_migrations(ENGINE)
# With this step the first version came out that knew PostgreSQL.
FIRST = next(number for number, step in enumerate(STEPS) if step.name == "0015_dropped_months")


@pytest.fixture(autouse=True)
def _only_where_there_is_one() -> None:
    postgres.skip_unless_there()


@pytest.fixture
def url() -> str:
    """A database with nothing in it at all."""
    return postgres.server().url(postgres.server().create())


@pytest.fixture
def db(url: str) -> Iterator[Connection]:
    with psycopg.connect(url, autocommit=True) as connection:
        adapt(connection)
        yield PostgresConnection(connection)


def schema(db: Connection) -> list[tuple[str, ...]]:
    columns = db.rows(
        "SELECT attrelid::regclass::text AS name, attname, format_type(atttypid, atttypmod) AS type, attnotnull, "
        "collname FROM pg_attribute LEFT JOIN pg_collation ON pg_collation.oid = attcollation "
        "WHERE attnum > 0 AND attrelid IN (SELECT oid FROM pg_class WHERE relnamespace = 'public'::regnamespace) "
        "ORDER BY 1, 2"
    )
    indexes = db.rows("SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1")
    return [tuple(map(str, dict(row).values())) for row in (*columns, *indexes)]


def steps(db: Connection) -> list[str]:
    return [row["name"] for row in db.rows("SELECT name FROM schema_step ORDER BY name")]


def ours(db: Connection) -> list[str]:
    return [name for name in list_tables(db) if not name.startswith("procrastinate") and name != "schema_step"]


def test_an_empty_database_becomes_the_newest_schema(url: str, db: Connection) -> None:
    migrate(url)
    assert steps(db) == [*(step.name for step in STEPS), QUEUE]
    assert set(ours(db)) >= {"source", "operation", "invoice", "incident", "outbox", "inbox", "lease", "turn"}


def test_a_second_start_changes_nothing(url: str, db: Connection) -> None:
    migrate(url)
    before = (schema(db), db.rows("SELECT * FROM schema_step"))
    migrate(url)
    assert (schema(db), db.rows("SELECT * FROM schema_step")) == before


@pytest.mark.parametrize("known", range(len(STEPS)))
def test_every_older_version_goes_on_to_the_newest(url: str, db: Connection, known: int) -> None:
    take_steps(db, STEPS[:known])
    migrate(url)
    newest = psycopg.connect(postgres.new_url(), autocommit=True)
    with newest:
        adapt(newest)
        assert schema(db) == schema(PostgresConnection(newest))


@pytest.mark.parametrize("known", range(FIRST + 1, len(STEPS) + 1))
async def test_what_an_older_version_kept_is_there_afterwards(url: str, db: Connection, known: int) -> None:
    take_steps(db, STEPS[:known])
    kept = fill(db)
    store = PostgresStore(url)
    assert {table: counted(db, table) for table in kept} == dict.fromkeys(kept, 1)
    await goes_on(store)
    await store.close()


def fill(db: Connection) -> list[str]:
    """A row in every table, its number given by the database; the tables."""
    partitions.prepare(db, [AT])
    partitions.prepare_sums(db, [AT])
    for table in ours(db):
        columns = db.rows(
            "SELECT attname, format_type(atttypid, NULL) AS type FROM pg_attribute WHERE attrelid = :name::regclass "
            "AND attnum > 0 AND NOT attisdropped AND attgenerated = '' AND attidentity = ''",
            name=table,
        )
        row = row_for(table, {column["attname"]: column["type"] == "bigint" for column in columns})
        places = ", ".join(f":{name}" for name in row)
        db.run(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({places})", **row)
    return ours(db)


def counted(db: Connection, table: str) -> int:
    row = db.row(f"SELECT COUNT(*) AS count FROM {table}")
    return int(row["count"]) if row else 0


GOOD = Migration("8888_good", ("CREATE TABLE one (id INTEGER)",))
BAD = Migration("9999_bad", ("CREATE TABLE two (id INTEGER)", "INSERT INTO one VALUES (1)", "NONSENSE"))


async def test_a_step_that_fails_leaves_nothing_and_the_program_goes_on(url: str, db: Connection) -> None:
    store = PostgresStore(url)
    before = (schema(db), steps(db))
    with pytest.raises(StoreError, match="NONSENSE"):
        await store.write(take_steps, [GOOD, BAD])
    assert (schema(db), steps(db)) == before
    await store.write(insert, 1)
    await store.write(take_steps, [GOOD])
    assert "one" in ours(db)
    await store.close()


def test_a_start_that_was_ended_half_way_is_finished_by_the_next(url: str, db: Connection) -> None:
    take_steps(db, STEPS[:1])
    with psycopg.connect(url) as holder:
        holder.execute("LOCK TABLE incident")
        ended: list[StoreError] = []
        starting = threading.Thread(target=lambda: ended.append(fails(url)))
        starting.start()
        while not (waits := db.rows("SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Lock'")):
            time.sleep(0.01)
        db.rows("SELECT pg_terminate_backend(:pid)", pid=waits[0]["pid"])
        starting.join()
    assert "terminat" in str(ended[0])
    assert steps(db) == [STEPS[0].name]
    migrate(url)
    assert steps(db) == [*(step.name for step in STEPS), QUEUE]


def fails(url: str) -> StoreError:
    with pytest.raises(StoreError) as told:
        migrate(url)
    return told.value


def test_many_programs_that_start_at_once_migrate_once(url: str, db: Connection) -> None:
    ended: list[StoreError | None] = []

    def start() -> None:
        try:
            migrate(url)
            ended.append(None)
        except StoreError as error:
            ended.append(error)

    threads = [threading.Thread(target=start) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert ended == [None] * 4
    assert steps(db) == [*(step.name for step in STEPS), QUEUE]


# What a version after this one might bring: a table, and columns in those that are written most.
NEXT = Migration(
    "9999_next",
    (
        "CREATE TABLE remark (id INTEGER PRIMARY KEY, body TEXT NOT NULL) STRICT",
        "ALTER TABLE operation ADD COLUMN remark TEXT NOT NULL DEFAULT ''",
        "ALTER TABLE operation_change ADD COLUMN remark TEXT NOT NULL DEFAULT ''",
        "ALTER TABLE outbox ADD COLUMN remark TEXT",
        "ALTER TABLE inbox ADD COLUMN remarked_at INTEGER",
        "CREATE INDEX inbox_remarked ON inbox (remarked_at) WHERE remarked_at IS NOT NULL",
    ),
)


async def test_a_program_goes_on_beside_a_newer_one_and_starts_beside_its_schema(url: str, db: Connection) -> None:
    running = PostgresStore(url)
    fill(db)
    begun, go_on = threading.Event(), threading.Event()

    def slow(db: Connection) -> int:
        before = count(db)
        begun.set()
        assert go_on.wait(5)
        return before

    reading = asyncio.create_task(running.read(slow))
    await asyncio.to_thread(begun.wait, 5)
    bringing_up = asyncio.create_task(running.write(take_steps, [NEXT]))
    go_on.set()
    assert await reading == 1
    await bringing_up
    started = PostgresStore(url)
    await goes_on(running)
    changed = [an_operation(f"n{number}", invoice_id="8") for number in range(2)]
    for store in (running, started):
        await store.write(operations.apply, SHOP, changed, history_before=NOW, now=NOW)
        assert len(await store.read(operations.list_by_invoice, SHOP, "8")) == 2
        assert await store.read(recount.list_differences) == []
        await store.close()


def test_steps_after_the_first_release_only_add() -> None:
    """Else a program of the version before could not go on beside them."""
    assert len({step.name[:4] for step in STEPS}) == len(STEPS)
    for step in STEPS[FIRST + 1 :]:
        for statement in step.statements:
            assert re.match(r"CREATE|ALTER TABLE \w+ ADD COLUMN|INSERT|UPDATE", statement), f"{step.name}: {statement}"
            assert "NOT NULL" not in statement or "DEFAULT" in statement or not statement.startswith("ALTER"), step.name
