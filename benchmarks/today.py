"""Figures over a million stored operations, from Telegram's update to the rendered answer."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from time import perf_counter
from zoneinfo import ZoneInfo

from bot.chat.commands import COMMANDS, list_commands
from bot.chat.desk import Desk
from bot.chat.dispatch import Dispatch
from bot.chat.telegram import read_update
from bot.incidents import Incidents
from bot.model import (
    EPOCH,
    Destination,
    Merchant,
    MerchantId,
    Message,
    Operation,
    OperationId,
    Outcome,
    ReasonClass,
    TerminalId,
)
from bot.rules import Rulebook
from bot.store import operations, people, sources
from bot.store.sqlite import SqliteStore
from bot.texts import Voices

ROWS = 1_000_000
DAYS = 56
ASKS = 100
OWNER = 5
GOALS = {
    "/today": 20,
    "/today 98151553": 20,
    "/yesterday": 20,
    "/week": 60,
    "/month": 60,
    "/summary 30d": 60,
    "/summary 30d 98151553": 60,
    "/compare month": 60,
}
TERMINALS = tuple(f"981515{number}" for number in range(52, 64))
REASONS = (484, 484, 484, 455, 455, 458, 528, 529, 454, 473, 488, 493)
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
            terminal_id=TerminalId(random.choice(TERMINALS)),
            amount=random.randrange(10_000, 5_000_000),
            currency="KZT",
            outcome=Outcome.FAILED if failed else Outcome.PAID,
            status="error" if failed else "ok",
            reason_code=random.choice(REASONS) if failed else 0,
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


class Recorder:
    """Stands where Telegram is reached and keeps what would have been said."""

    def __init__(self) -> None:
        self.said: list[Message] = []

    async def send(self, _: Destination, message: Message, **__: object) -> int:
        self.said.append(message)
        return len(self.said)

    async def is_administrator(self, *_: int) -> bool:
        """Nobody asks in a group."""
        return False

    async def typing(self, destination: Destination) -> None:
        """Nobody looks."""


class Asker:
    """Asks through the bot's own reading and dispatch, at moments of the last forty days."""

    def __init__(self, store: SqliteStore) -> None:
        self._random = Random(1)
        self._recorder = Recorder()
        self._now = END
        self._number = 0
        desk = Desk(
            store=store,
            clients={},
            merchants=(SHOP,),
            voices=Voices("ru"),
            now=lambda: self._now,
            version="bench",
            started_at=END,
            zone=ALMATY,
            listed=list_commands,
            incidents=Incidents([SHOP], Rulebook.from_settings({}), now=lambda: self._now),
            show_menu=_no_menu,
            me=None,  # type: ignore[arg-type]
            find_channel=None,  # type: ignore[arg-type]
            charts=None,  # type: ignore[arg-type]
        )
        self._dispatch = Dispatch(desk, self._recorder, COMMANDS)  # type: ignore[arg-type]

    async def seconds(self, text: str) -> float:
        """From the update as Telegram sends it to the answer as it would leave."""
        self._now = END - timedelta(minutes=self._random.randrange(60 * 24 * 20))
        self._number += 1
        person = {"id": OWNER, "is_bot": False, "first_name": "A", "language_code": "ru"}
        message = {"message_id": self._number, "date": int(self._now.timestamp()), "text": text, "from": person}
        update = {"update_id": self._number, "message": message | {"chat": {"id": OWNER, "type": "private"}}}
        begun = perf_counter()
        incoming = read_update(update, username="bot", now=self._now)
        assert incoming is not None
        await self._dispatch.handle(incoming)
        spent = perf_counter() - begun
        assert "Оплачено" in self._recorder.said[-1].text, self._recorder.said[-1].text
        return spent


async def _no_menu(destination: Destination, commands: Sequence[tuple[str, str]]) -> None:
    """Nobody chooses a language here."""


async def _ready(store: SqliteStore) -> None:
    await fill(store)
    await store.write(people.configure, [OWNER], END)
    if await store.read(sources.find, SHOP.id) is None:
        await store.write(sources.begin, SHOP.id, END)
        await store.write(sources.advance, SHOP.id, END)


async def measure(folder: Path) -> tuple[str, bool]:
    """A line for the table and whether every 95th percentile is below its goal."""
    store = SqliteStore(folder / "million.db")
    await _ready(store)
    asker = Asker(store)
    lines, met = [], True
    for text, goal in GOALS.items():
        times = sorted([await asker.seconds(text) for _ in range(ASKS)])
        p50, p95 = times[ASKS // 2] * 1000, times[ASKS * 95 // 100] * 1000
        lines.append(f"{text} p50 {p50:.1f} p95 {p95:.1f} (goal {goal})")
        met = met and p95 < goal
    await store.close()
    return f"figures of {ROWS:,} operations, update to answer, ms: {'; '.join(lines)}", met
