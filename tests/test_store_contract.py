"""What every store promises, whatever the engine: whole transactions, one writer, readers that cannot write."""

import asyncio
import threading
from pathlib import Path

import pytest
from builders import NOW, SHOP, an_operation
from databases import open_store

from bot.errors import StoreError
from bot.store import operations
from bot.store.driver import Connection, Row, Store


def count(db: Connection) -> int:
    row = db.row("SELECT COUNT(*) AS count FROM inbox")
    return int(row["count"]) if row else 0


def insert(db: Connection, update_id: int, body: str = "") -> None:
    db.run("INSERT INTO inbox (update_id, body, received_at) VALUES (:id, :body, 0)", id=update_id, body=body)


async def test_a_change_is_whole_or_nothing(store: Store) -> None:
    def half(db: Connection) -> None:
        insert(db, 1)
        raise ValueError("in the middle")

    with pytest.raises(ValueError, match="in the middle"):
        await store.write(half)
    assert await store.read(count) == 0
    await store.write(insert, 1)
    assert await store.read(count) == 1


async def test_a_broken_reading_of_many_leaves_nothing(store: Store) -> None:
    good, bad = an_operation("1"), an_operation("2", amount="much")
    with pytest.raises(StoreError):
        await store.write(operations.apply, SHOP, [good, bad], history_before=NOW, now=NOW)
    assert await store.read(operations.list_by_invoice, SHOP, good.invoice_id) == []


async def test_writes_come_one_after_another_in_order(store: Store) -> None:
    await asyncio.gather(*(store.write(insert, number) for number in range(50)))
    rows = await store.read(lambda db: db.rows("SELECT update_id FROM inbox ORDER BY received_at"))
    assert [row["update_id"] for row in rows] == list(range(50))


async def test_a_reader_cannot_write(store: Store) -> None:
    with pytest.raises(StoreError, match=r"read-?only"):
        await store.read(insert, 1)
    assert await store.read(count) == 0


async def test_a_question_sees_one_moment_however_long_it_takes(store: Store) -> None:
    asked, written = threading.Event(), threading.Event()

    def slow(db: Connection) -> tuple[int, int]:
        first = count(db)
        asked.set()
        assert written.wait(5)
        return first, count(db)

    reading = asyncio.create_task(store.read(slow))
    await asyncio.to_thread(asked.wait, 5)
    await store.write(insert, 1)
    written.set()
    assert await reading == (0, 0)
    assert await store.read(count) == 1


async def test_a_question_that_fails_leaves_the_reader_usable(store: Store) -> None:
    for _ in range(5):
        with pytest.raises(StoreError, match=r"no such table|does not exist"):
            await store.read(lambda db: db.rows("SELECT * FROM nowhere"))
    assert await store.read(count) == 0


async def test_a_cancelled_caller_leaves_a_whole_change(store: Store) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def slow(db: Connection) -> None:
        begun.set()
        assert go_on.wait(5)
        insert(db, 1)

    writing = asyncio.create_task(store.write(slow))
    await asyncio.to_thread(begun.wait, 5)
    writing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await writing
    go_on.set()
    assert await store.write(count) == 1


async def test_any_text_is_kept_as_it_is(store: Store) -> None:
    texts = ["%s %(id)s %%", ":id ?", "'; DROP TABLE inbox; --", "\\ \" '", "қ😀\u200b\n\t", "$$ $1"]
    sql = "INSERT INTO inbox (update_id, body, received_at, problem) VALUES (?, ?, 0, '100%')"
    await store.write(lambda db: db.many(sql, enumerate(texts)))
    for number, text in enumerate(texts):
        found = await store.read(rows_of, text)
        assert [dict(row) for row in found] == [{"update_id": number, "body": text}]
        await store.write(insert, 100 + number, text)
        assert len(await store.read(rows_of, text)) == 2


def rows_of(db: Connection, text: str) -> list[Row]:
    return db.rows(
        "SELECT update_id, body FROM inbox WHERE body = :body AND update_id % 100 < :most", body=text, most=50
    )


async def test_sums_are_whole_numbers_of_any_size(store: Store) -> None:
    most = 2**62
    sql = "INSERT INTO inbox (update_id, body, received_at) VALUES (?, '', ?)"
    await store.write(lambda db: db.many(sql, [(1, most), (2, most - 1)]))
    row = await store.read(lambda db: db.row("SELECT SUM(received_at) AS sum, COUNT(*) AS count FROM inbox"))
    assert row is not None
    assert [(type(value), value) for value in dict(row).values()] == [(int, 2 * most - 1), (int, 2)]


async def test_thousands_of_rows_are_one_change(store: Store) -> None:
    rows = [(number, "x" * 300, number) for number in range(20_000)]
    sql = "INSERT INTO inbox (update_id, body, received_at) VALUES (?, ?, ?)"
    await store.write(lambda db: db.many(sql, rows))
    assert await store.read(count) == 20_000
    with pytest.raises(StoreError):
        await store.write(lambda db: db.many(sql, [(-1, "", 0), rows[7]]))
    assert await store.read(count) == 20_000


async def test_a_row_is_a_mapping_by_the_names_asked_for(store: Store) -> None:
    await store.write(insert, 7, "text")
    row = await store.read(lambda db: db.row("SELECT update_id AS id, body, handled_at FROM inbox"))
    assert row is not None
    assert dict(row) == {"id": 7, "body": "text", "handled_at": None}


async def test_how_many_rows_a_change_touched_is_told(store: Store) -> None:
    for number in range(3):
        await store.write(insert, number)
    assert await store.write(lambda db: db.run("UPDATE inbox SET body = 'x' WHERE update_id > :id", id=0)) == 2
    assert await store.write(lambda db: db.run("DELETE FROM inbox WHERE update_id > :id", id=9)) == 0


async def test_a_store_that_is_closed_says_so(engine: str, tmp_path: Path) -> None:
    store = open_store(tmp_path / "epay-bot.db", engine)
    await store.close()
    for ask in (store.read, store.write, store.write_apart):
        with pytest.raises(StoreError, match="closed"):
            await ask(count)
