"""What PostgreSQL can do on this machine, on a server of our own whose disk keeps its word."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import postgres
import psycopg

from benchmarks import ingest, large
from bot.model import to_micros
from bot.store import partitions
from bot.store.binding import adapt, placed
from bot.store.operations import INSERT
from bot.store.postgres import PostgresConnection, PostgresStore, migrate

ROWS = 3_000_000
INGEST_GOAL = 0.4
ANSWER_GOAL = 0.010
DURABLE = ("shared_buffers=1GB", "max_wal_size=4GB")


async def measure(_: Path) -> tuple[str, bool]:
    """The line for the table and whether ingestion takes at most so much longer than bare psycopg."""
    if why := postgres.missing():
        return f"ingest on PostgreSQL: not measured, {why}", True
    with _server() as server:
        store, url = PostgresStore(_new(server)), _new(server)
        with closing(psycopg.connect(url)) as connection:
            adapt(connection)
            with connection.transaction():
                partitions.prepare(PostgresConnection(connection), [to_micros(ingest.START)])

            def floor(rows: list[tuple[object, ...]]) -> None:
                with connection.transaction(), connection.cursor() as cursor:
                    cursor.executemany(placed(INSERT), rows)

            ratio, told = await ingest.compared(store, floor)
        await store.close()
    return f"ingest a page of {ingest.PAGE} on PostgreSQL: {told} (goal {INGEST_GOAL})", ratio >= INGEST_GOAL


async def measure_large(_: Path) -> tuple[str, bool]:
    """A table of answers over three million operations and whether every 99th percentile is below its goal."""
    if why := postgres.missing():
        return f"answers of PostgreSQL: not measured, {why}", True
    with _server() as server:
        url = _new(server)
        store = PostgresStore(url)
        seconds = await large.fill(store, ROWS)
        _settle(url)
        times = await large.measure(store)
        await store.close()
    head = f"{ROWS:,} operations in PostgreSQL (made in {seconds:.0f} s; goal p99 {ANSWER_GOAL * 1000:.0f} ms)"
    return "\n      ".join([head, *large.table(times)]), large.p99(times) < ANSWER_GOAL


def _settle(url: str) -> None:
    """What the server does by itself in the minutes after so much was written, and would do during the questions."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("VACUUM (ANALYZE)")
        connection.execute("CHECKPOINT")


@contextmanager
def _server() -> Iterator[postgres.Server]:
    server = postgres.Server(settings=DURABLE)
    try:
        yield server
    finally:
        server.remove()


def _new(server: postgres.Server) -> str:
    url = server.url(server.create())
    migrate(url)
    return url
