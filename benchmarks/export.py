"""A hundred thousand operations as XLSX: how long, how much memory above idle, how long the event loop stood still."""

import asyncio
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from time import perf_counter

from bot.chat.exporting import Source, written
from bot.exports import Format
from bot.model import Merchant, MerchantId, Operation, OperationId, Outcome, ReasonClass, Terminal, TerminalId, Window
from bot.store import operations
from bot.store.sqlite import SqliteStore
from bot.texts import Voices
from bot.views import Listing, Sight

ROWS = 100_000
SECONDS, MEGABYTES, STALL = 12.0, 150.0, 0.1
LIMIT = 49_000_000
TICK = 0.005
SHOP = Merchant(MerchantId("shop"), "Shop", (Terminal(TerminalId("98151552"), "Samal-2"),))
START = datetime(2026, 11, 1, tzinfo=UTC)
WINDOW = Window(START, START + timedelta(days=30))
NAMES = ("Айгерим Ахметова", "Данияр Сериков", "Асель Жумабаева", "Нұрлан Қайратұлы", "Sergey Kim")
BANKS = ("Halyk Bank", "Kaspi Bank", "ForteBank", "Jusan Bank")


def rows() -> Iterator[Operation]:
    """Operations with every field filled that a file shows; every tenth failed."""
    random = Random(5)
    for number in range(ROWS):
        failed = number % 10 == 0
        yield Operation(
            merchant_id=SHOP.id,
            id=OperationId(f"{random.getrandbits(128):032x}"),
            created_at=START + timedelta(days=30) * (number / ROWS),
            invoice_id=str(100_000_000 + number),
            terminal_id=TerminalId("98151552"),
            amount=random.randrange(10_000, 5_000_000),
            currency="KZT",
            outcome=Outcome.FAILED if failed else Outcome.PAID,
            status="error" if failed else "ok",
            reason_code=random.choice((484, 455, 458, 528)) if failed else 0,
            reason_class=ReasonClass.PAYER if failed else None,
            reference=f"{random.randrange(10**12):012}",
            account_id=str(random.randrange(10**10)),
            description=f"Оплата заказа {number}",
            sender_card=f"{random.randrange(10**4):04}",
            sender_brand=random.choice(("VISA", "MASTERCARD")),
            sender_issuer=random.choice(BANKS),
            receiver_card=f"{random.randrange(10**4):04}",
            receiver_brand="VISA",
            receiver_issuer=random.choice(BANKS),
            payer_name=random.choice(NAMES),
            payer_phone=f"+7707{random.randrange(10**7):07}",
            payer_email=f"user{number}@example.com",
        )


class Watch:
    """The longest time between two turns of the event loop, and the most memory of this program and its children."""

    def __init__(self) -> None:
        self.stall = 0.0
        self.most = self.idle = self._resident()
        self._task = asyncio.create_task(self._look())

    async def end(self) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _look(self) -> None:
        turn = 0
        while True:
            begun = perf_counter()
            await asyncio.sleep(TICK)
            self.stall = max(self.stall, perf_counter() - begun - TICK)
            turn += 1
            if turn % 20 == 0:
                self.most = max(self.most, self._resident())

    def _resident(self) -> float:
        """Megabytes."""
        if not sys.platform.startswith("linux"):
            return 0.0
        pids = ["self", *_children()]
        return sum(_resident(pid) for pid in pids)


def _children() -> list[str]:
    """Processes this thread, or another of this program, has started."""
    tasks = Path("/proc/self/task").iterdir()
    return [pid for task in tasks for pid in (task / "children").read_text(encoding="utf-8").split()]


def _resident(pid: str) -> float:
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    except OSError:
        return 0.0
    return next((int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS")), 0) / 1024


async def measure(folder: Path) -> tuple[str, bool]:
    """The line for the table and whether time, memory and stalls are within their goals."""
    store = SqliteStore(folder / "export.db")
    piece: list[Operation] = []
    for operation in rows():
        piece.append(operation)
        if len(piece) == 20_000:
            await store.write(operations.apply, SHOP.id, piece, history_before=WINDOW.end, now=WINDOW.end)
            piece = []
    listing = Listing(Voices().voice("ru", "Asia/Almaty"), Sight.FULL, several=False)
    source = Source(store=store, places=[(SHOP, None)], window=WINDOW, row=listing.row, totals=listing.totals)

    async def progress(_: int) -> None: ...

    watch, begun = Watch(), perf_counter()
    async with written(source, listing.table(Format.XLSX, LIMIT), progress) as (paths, counted):
        seconds = perf_counter() - begun
        size = sum(path.stat().st_size for path in paths) / 1e6
    await watch.end()
    await store.close()
    memory = watch.most - watch.idle
    line = (
        f"XLSX of {counted.done:,} operations: {seconds:.1f} s, {memory:.0f} MB above idle, {size:.1f} MB, "
        f"longest loop stall "
        f"{watch.stall * 1000:.0f} ms (goals {SECONDS:.0f} s, {MEGABYTES:.0f} MB, {STALL * 1000:.0f} ms)"
    )
    good = seconds < SECONDS and memory < MEGABYTES and watch.stall < STALL
    return line, good and counted.done == ROWS
