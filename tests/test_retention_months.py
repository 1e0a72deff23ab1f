"""Where operations have a table a month, what is too old goes with the whole table."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from builders import BAKERY, NOW, SHOP, an_operation
from databases import POSTGRES, open_store, url_of

from bot.model import MerchantId, Operation, OperationId, Outcome, Window
from bot.store import figures, operations, partitions, recount, retention
from bot.store.driver import Connection, Store

JUNE = datetime(2024, 6, 1, tzinfo=UTC)
BEFORE = datetime(2024, 8, 15, tzinfo=UTC)
DAY = timedelta(days=1)
ALL = Window(JUNE - 90 * DAY + timedelta(minutes=7), NOW)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    store = open_store(tmp_path / "months.db", POSTGRES)
    yield store
    await store.close()


def made(merchant_id: MerchantId, name: str, at: datetime) -> Operation:
    outcome = Outcome.FAILED if name.endswith("x") else Outcome.PAID
    return an_operation(name, merchant_id=merchant_id, created_at=at, invoice_id=f"i{name}", outcome=outcome)


async def keep(store: Store, merchant_id: MerchantId, **made_at: datetime) -> list[OperationId]:
    """What of these is news."""
    shown = [made(merchant_id, name, at) for name, at in made_at.items()]
    applied = await store.write(operations.apply, merchant_id, shown, history_before=NOW, now=NOW)
    return [one.after.id for one in applied.transitions]


async def sum_up(store: Store, *merchants: MerchantId) -> None:
    for one in merchants:
        while await store.write(retention.drop_operations, one, BEFORE):
            pass


def months(db: Connection) -> list[str]:
    rows = db.rows("SELECT relname FROM pg_class WHERE relkind = 'r' AND relname LIKE 'operation_20%' ORDER BY relname")
    return [row["relname"] for row in rows]


def told(db: Connection) -> list[object]:
    """Every figure, cut at minutes too, so that single operations and sums of them must agree."""
    assert recount.list_differences(db) == []
    return [
        figures.of_window(db, one, "", Window(ALL.start + cut, ALL.end))
        for one in (SHOP, BAKERY)
        for cut in (timedelta(), 90 * DAY, 91 * DAY)
    ]


async def fill(store: Store) -> None:
    for one in (SHOP, BAKERY):
        await keep(store, one, a=JUNE, bx=JUNE + DAY, c=JUNE + 40 * DAY, d=JUNE + 61 * DAY, e=NOW - DAY)


async def test_a_month_goes_once_every_merchant_is_through_and_no_figure_changes(store: Store) -> None:
    await fill(store)
    known = await store.read(told)
    await sum_up(store, SHOP)
    assert not await store.write(retention.drop_months, BEFORE)
    assert await store.read(told) == known
    await sum_up(store, BAKERY)
    assert await store.read(told) == known
    gone = []
    while await store.write(retention.drop_months, BEFORE):
        gone.append(await store.read(months))
        assert await store.read(told) == known
    later = ["operation_2024_08", "operation_2026_11"]
    assert gone == [["operation_2024_07", *later], later]
    for one in (SHOP, BAKERY):
        assert not await store.write(retention.drop_left, one)
    assert await store.read(told) == known
    left = await store.read(lambda db: db.rows("SELECT invoice_id FROM invoice ORDER BY invoice_id"))
    assert [row["invoice_id"] for row in left] == ["id", "id", "ie", "ie"]


async def test_what_is_summed_up_takes_no_change_while_it_waits_for_its_month(store: Store) -> None:
    await fill(store)
    known = await store.read(told)
    await sum_up(store, SHOP)
    assert await keep(store, SHOP, ax=JUNE, new=JUNE + DAY, old=JUNE - DAY) == []
    assert await store.read(told) == known


async def test_a_long_reading_is_waited_for_and_holds_up_nobody(store: Store, tmp_path: Path) -> None:
    await fill(store)
    await sum_up(store, SHOP, BAKERY)
    async with await psycopg.AsyncConnection.connect(url_of(tmp_path / "months.db", POSTGRES)) as reading:
        await reading.execute("SELECT COUNT(*) FROM operation")
        assert not await store.write(retention.drop_months, BEFORE)
    assert await store.write(retention.drop_months, BEFORE)
    assert len(await store.read(months)) == 3


async def test_what_the_bank_shows_of_a_month_that_went_goes_by_itself(store: Store) -> None:
    await keep(store, SHOP, a=JUNE, bx=JUNE + DAY, e=NOW - DAY)
    await sum_up(store, SHOP)
    assert await store.write(retention.drop_months, BEFORE)
    assert await keep(store, BAKERY, late=JUNE, latex=JUNE + timedelta(hours=1)) == ["late", "latex"]
    known = await store.read(told)
    await sum_up(store, BAKERY)
    while await store.write(retention.drop_months, BEFORE):
        pass
    assert await store.read(told) == known
    assert "operation_2024_06" not in await store.read(months)


async def test_sums_of_what_another_store_has_dropped_find_their_table(store: Store) -> None:
    at = [partitions.month_of(int(JUNE.timestamp()) * 1_000_000).first]
    await store.write(partitions.prepare_sums, at)
    await store.write(partitions.prepare_sums, at)
    await store.write(
        lambda db: db.run("INSERT INTO dropped_sum VALUES ('shop', :at, 't', 'KZT', 'paid', 0, 1, 100)", at=at[0])
    )
    rows = await store.read(lambda db: db.rows("SELECT count FROM dropped_sum"))
    assert [row["count"] for row in rows] == [1]
