"""`/today` in the store with a million stored operations."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from time import perf_counter
from zoneinfo import ZoneInfo

from bot.model import EPOCH, Merchant, MerchantId, Operation, OperationId, Outcome, ReasonClass, TerminalId
from bot.store import operations, reports
from bot.store.sqlite import SqliteStore

ROWS = 1_000_000
DAYS = 56
ASKS = 300
SHOP = Merchant(MerchantId("shop"), "Shop")
END = datetime(2026, 11, 24, 17, 40, 12, tzinfo=UTC)
ALMATY = ZoneInfo("Asia/Almaty")


def rows() -> Iterator[Operation]:
    """Operations spread over the days with the weight on waking hours, every tenth failed, some retried."""
    random = Random(5)
    start = END - timedelta(days=DAYS)
    for number in range(ROWS):
        at = start + timedelta(days=DAYS) * (number / ROWS) + timedelta(seconds=random.uniform(-3600, 0))
        failed = random.random() < 0.1
        yield Operation(
            merchant_id=SHOP.id,
            id=OperationId(f"{random.getrandbits(128):032x}"),
            created_at=at,
            invoice_id=str(100_000_000 + number - (number % 9 == 0)),
            terminal_id=TerminalId(random.choice(("98151552", "98151553", "98151554"))),
            amount=random.randrange(10_000, 5_000_000),
            currency="KZT",
            outcome=Outcome.FAILED if failed else Outcome.PAID,
            status="error" if failed else "ok",
            reason_code=random.choice((484, 455, 458, 528)) if failed else 0,
            reason_class=ReasonClass.PAYER if failed else None,
            reference=f"{random.randrange(10**12):012d}",
            sender_card=f"{random.randrange(10**4):04d}",
            receiver_card=f"{random.randrange(10**4):04d}",
        )


async def fill(store: SqliteStore) -> None:
    """Stores the rows as ingestion does, in large pieces, unless an earlier measurement has."""
    if await store.read(operations.list_terminals, SHOP.id, EPOCH):
        return
    piece: list[Operation] = []
    for operation in rows():
        piece.append(operation)
        if len(piece) == 20_000:
            await store.write(operations.apply, SHOP.id, piece, history_before=END, now=END)
            piece = []


async def measure(folder: Path) -> tuple[str, bool]:
    """The line for the table and whether the 95th percentile is under 10 ms."""
    store = SqliteStore(folder / "million.db")
    await fill(store)
    random = Random(1)
    times = []
    for _ in range(ASKS):
        now = END - timedelta(minutes=random.randrange(60 * 24 * 40))
        begun = perf_counter()
        await store.read(reports.day_report, SHOP, None, zone=ALMATY, now=now)
        times.append(perf_counter() - begun)
    await store.close()
    times.sort()
    p50, p95 = times[ASKS // 2] * 1000, times[ASKS * 95 // 100] * 1000
    return f"/today on {ROWS:,} operations: p50 {p50:.1f} ms, p95 {p95:.1f} ms (goal p95 10 ms)", p95 < 10
