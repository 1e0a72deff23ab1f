"""What is PostgreSQL's own: a server that goes and comes back, replicas that write in turn, months in tables."""

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import postgres
import psycopg
import pytest
from builders import BAKERY, NOW, SHOP, an_operation

from bot.errors import StoreError
from bot.model import Window
from bot.store import operations, sources
from bot.store.driver import Connection, Store
from bot.store.postgres import WRITERS, PostgresStore

SECOND = timedelta(seconds=1)
BACK_WITHIN = 10.0
ALWAYS = Window(NOW - timedelta(days=99), NOW + timedelta(days=99))


@pytest.fixture(autouse=True)
def _only_where_there_is_one() -> None:
    postgres.skip_unless_there()


@pytest.fixture
def url() -> Iterator[str]:
    url = postgres.new_url()
    yield url
    postgres.give_back(url)


@pytest.fixture
async def store(url: str) -> AsyncIterator[Store]:
    store = PostgresStore(url)
    yield store
    await store.close()


@pytest.fixture(scope="module")
def server() -> Iterator[postgres.Server]:
    """One to be stopped, in which what is said to be kept is kept."""
    server = postgres.Server(settings=())
    yield server
    server.remove()


def count(db: Connection) -> int:
    row = db.row("SELECT COUNT(*) AS count FROM inbox")
    return int(row["count"]) if row else 0


def everything(db: Connection) -> list[str]:
    row = db.row("SELECT * FROM source LIMIT 1")
    return list(row or ())


def insert(db: Connection, update_id: int, body: str = "") -> None:
    db.run("INSERT INTO inbox (update_id, body, received_at) VALUES (:id, :body, 0)", id=update_id, body=body)


async def comes_back(store: Store) -> float:
    """Seconds until the store works again."""
    begun = time.monotonic()
    while time.monotonic() - begun < BACK_WITHIN:
        with suppress(StoreError):
            await store.read(count)
            return time.monotonic() - begun
        await asyncio.sleep(0.1)
    raise AssertionError(f"the store does not work {BACK_WITHIN} s after its server")


@pytest.mark.parametrize("mode", ["fast", "immediate"])
async def test_a_server_that_was_away_is_found_again_with_everything_that_was_written(
    server: postgres.Server, mode: str
) -> None:
    url = server.url(server.create())
    store = PostgresStore(url)
    begun, go_on = threading.Event(), threading.Event()

    def half(db: Connection) -> None:
        insert(db, 2)
        begun.set()
        assert go_on.wait(20)
        insert(db, 3)

    await asyncio.gather(store.write(insert, 1), *(store.read(count) for _ in range(3)))
    writing = asyncio.create_task(store.write(half))
    await asyncio.to_thread(begun.wait, 5)
    await asyncio.to_thread(server.stop, mode)
    go_on.set()
    with pytest.raises(StoreError, match="the database cannot be used"):
        await writing
    ended = await asyncio.gather(store.read(count), store.write(insert, 4), return_exceptions=True)
    assert [type(one) for one in ended] == [StoreError, StoreError]
    assert {str(one) for one in ended} == {"the database cannot be used: the server does not answer"}
    await asyncio.to_thread(server.start)
    assert await comes_back(store) < BACK_WITHIN
    await store.write(insert, 5)
    assert [row["update_id"] for row in await store.read(lambda db: db.rows("SELECT * FROM inbox ORDER BY 1"))] == [
        1,
        5,
    ]
    await store.close()


async def test_a_connection_that_is_cut_costs_the_change_it_is_in_and_no_other(store: Store) -> None:
    def cut(db: Connection) -> None:
        db.row("SELECT pg_terminate_backend(pg_backend_pid())")

    def cut_half_way(db: Connection) -> None:
        insert(db, 1)
        cut(db)

    for broken in (store.write(cut_half_way), store.read(cut)):
        with pytest.raises(StoreError, match="the database cannot be used"):
            await broken
    assert await asyncio.gather(*(store.read(count) for _ in range(6))) == [0] * 6
    await store.write(insert, 2)


async def test_a_connection_that_died_in_the_pool_is_no_error(store: Store, url: str) -> None:
    await asyncio.gather(store.write(insert, 1), *(store.read(count) for _ in range(3)))
    with psycopg.connect(url, autocommit=True) as other:
        other.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    await store.write(insert, 2)
    assert await store.read(count) == 2


async def test_changes_of_two_programs_come_one_after_another(store: Store, url: str) -> None:
    """Each reads, thinks and writes: what both read at once would be lost."""
    other = PostgresStore(url)

    def one_more(db: Connection) -> None:
        number = count(db)
        time.sleep(0.002)
        insert(db, number)

    await asyncio.gather(*(one.write(one_more) for _ in range(30) for one in (store, other)))
    assert await store.read(count) == 60
    await other.close()


async def test_readers_do_not_wait_for_a_writer_nor_it_for_them(store: Store, url: str) -> None:
    other = PostgresStore(url)
    begun, go_on = threading.Event(), threading.Event()

    def slow(db: Connection) -> int:
        insert(db, 1)
        begun.set()
        assert go_on.wait(5)
        return count(db)

    writing = asyncio.create_task(store.write(slow))
    await asyncio.to_thread(begun.wait, 5)
    assert await asyncio.gather(*(one.read(count) for one in (store, other) for _ in range(3))) == [0] * 6
    go_on.set()
    assert await writing == 1
    await other.close()


async def test_a_writer_that_holds_up_all_others_is_waited_for_and_then_told(url: str) -> None:
    impatient = PostgresStore(url, patience=SECOND / 5)
    with psycopg.connect(url) as holder:
        holder.execute(f"SELECT pg_advisory_xact_lock({WRITERS})")
        with pytest.raises(StoreError, match="lock timeout"):
            await impatient.write(insert, 1)
        assert await impatient.read(count) == 0
    await impatient.write(insert, 1)
    await impatient.close()


async def test_text_with_what_postgres_cannot_keep_is_kept_without_it(store: Store) -> None:
    await store.write(insert, 1, "a\0b\0")
    sql = "INSERT INTO inbox (update_id, body, received_at) VALUES (?, ?, 0)"
    await store.write(lambda db: db.many(sql, [(2, "\0")]))
    rows = await store.read(lambda db: db.rows("SELECT body FROM inbox WHERE body <> :none ORDER BY 1", none="\0\0"))
    assert [row["body"] for row in rows] == ["ab"]


WRONG = {
    "nobody listens": ("127.0.0.1:{closed}/db", "refused"),
    "no such database": ("127.0.0.1:{port}/nowhere", 'database "nowhere" does not exist'),
    "no such host": ("nowhere.invalid/db", "resolve host"),
    "a port of letters": ("127.0.0.1:port/db", "is no address of PostgreSQL"),
    "a half host": ("[::1/db", "is no address of PostgreSQL"),
    "an unknown option": ("127.0.0.1/db?nonsense=1", "is no address of PostgreSQL"),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_what_is_wrong_is_said_at_once_and_never_with_the_password(wrong: str) -> None:
    address, sentence = WRONG[wrong]
    known = postgres.server().url().rpartition(":")[2].partition("/")[0]
    where = address.format(closed=1, port=known)
    begun = time.monotonic()
    with pytest.raises(StoreError) as told:
        PostgresStore(f"postgresql://epay:s3cret@{where}")
    assert time.monotonic() - begun < 4
    assert sentence in str(told.value)
    assert "\n" not in str(told.value)
    assert "s3cret" not in repr([told.value, told.value.__cause__])


@pytest.mark.parametrize(
    "password", ["s3 cret", "s3cret%zz", "s3cret/x", "s3cret@x", "s3cret:x/1", "s3cret#[", "5678/s3cret"]
)
def test_a_password_that_makes_the_address_unreadable_is_not_told(password: str) -> None:
    with pytest.raises(StoreError) as told:
        PostgresStore(f"postgresql://epay:{password}@127.0.0.1:1/db")
    assert "s3" not in repr([told.value, told.value.__cause__])


def tables(db: Connection) -> list[str]:
    rows = db.rows("SELECT inhrelid::regclass::text AS name FROM pg_inherits JOIN pg_class ON oid = inhrelid "
                   "WHERE relkind = 'r' ORDER BY 1")  # fmt: skip
    return [row["name"] for row in rows]


def keep(db: Connection, *created: datetime, of: object = SHOP) -> None:
    made = [an_operation(f"{at:%Y-%m-%dT%H:%M:%S.%f}", created_at=at, merchant_id=of) for at in created]
    operations.apply(db, SHOP if of == SHOP else BAKERY, made, history_before=NOW, now=NOW)


async def test_every_month_of_universal_time_is_a_table_made_with_its_first_operation(store: Store) -> None:
    midnight = datetime(2027, 1, 1, tzinfo=UTC)
    await store.write(keep, midnight, midnight - timedelta(microseconds=1), datetime(2024, 2, 29, 23, tzinfo=UTC))
    await store.write(keep, midnight + timedelta(days=30, hours=23, minutes=59), datetime(1999, 7, 31, tzinfo=UTC))
    assert await store.read(tables) == [
        "operation_1999_07",
        "operation_2024_02",
        "operation_2026_12",
        "operation_2027_01",
    ]
    rows = await store.read(lambda db: db.rows("SELECT tableoid::regclass::text AS name, id FROM operation ORDER BY 2"))
    assert [row["id"][:7].replace("-", "_") for row in rows] == [row["name"][-7:] for row in rows]
    assert len(rows) == 5


async def test_a_new_month_waits_for_no_reader_and_no_reader_for_it(store: Store) -> None:
    await store.write(keep, NOW)
    begun, go_on = threading.Event(), threading.Event()

    def slow(db: Connection) -> tuple[int, int]:
        first = operations.count_in(db, SHOP, ALWAYS)
        begun.set()
        assert go_on.wait(5)
        return first, operations.count_in(db, SHOP, ALWAYS)

    reading = asyncio.create_task(store.read(slow))
    await asyncio.to_thread(begun.wait, 5)
    async with asyncio.timeout(3):
        await store.write(keep, NOW + timedelta(days=40))
    go_on.set()
    assert await reading == (1, 1)


async def test_two_programs_begin_a_month_at_once(store: Store, url: str) -> None:
    other = PostgresStore(url)
    await asyncio.gather(
        store.write(keep, NOW), other.write(keep, NOW + SECOND, of=BAKERY), store.write(keep, NOW - SECOND)
    )
    assert await other.read(tables) == [f"operation_{NOW:%Y_%m}"]
    await other.close()


async def test_a_step_of_the_schema_does_not_fail_who_reads_with_older_plans(store: Store, url: str) -> None:
    """A replica of the next version adds a column; a statement that is prepared may not return it."""
    await store.write(sources.begin, SHOP, NOW)
    for _ in range(8):
        before = await asyncio.gather(*(store.read(everything) for _ in range(4)))
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("ALTER TABLE source ADD COLUMN later BIGINT")
        try:
            after = await asyncio.gather(*(store.read(everything) for _ in range(4)))
        finally:
            connection.execute("ALTER TABLE source DROP COLUMN later")
    assert after == [[*before[0], "later"]] * 4
