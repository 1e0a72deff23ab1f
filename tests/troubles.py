"""Facts on a clock of the test's own, through incidents and delivery to a local Telegram, and what is heard there."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from builders import DOSTYK, SAMAL, SHOP, SHOP_LLP, an_operation, paid
from delivering import OWNER, SECOND, Stage

from bot.demo.telegram.records import Delivery
from bot.incidents import Incidents
from bot.model import (
    EPOCH,
    Incident,
    Mark,
    Operation,
    Outcome,
    ReasonClass,
    Severity,
    Silence,
    Symptom,
    TerminalId,
    from_micros,
)
from bot.rules import Rulebook
from bot.store import incidents, operations, sources
from bot.store.driver import Connection

CODES = {
    ReasonClass.SYSTEM: 458,
    ReasonClass.PAYER: 484,
    ReasonClass.ISSUER: 465,
    ReasonClass.LIMIT: 488,
    ReasonClass.MERCHANT: 464,
}
SOUND, QUIET, EDIT = "🔊", "🔈", "✏️"
_NEXT = """
    SELECT MIN(at) AS at FROM (
        SELECT due_at AS at FROM incident UNION ALL SELECT until_at FROM silence WHERE ended_at IS NULL
        UNION ALL SELECT due_at FROM living WHERE dirty = 1 UNION ALL SELECT due_at FROM outbox WHERE state = 'waiting'
    ) AS due
"""


class Troubles(Stage):
    """The stage of delivery, and what leads to it."""

    def __init__(self, folder: Path, *, rules: dict[str, Any] | None = None, **how: Any) -> None:
        self._rules = rules or {}
        self.failed: list[Operation] = []
        self.restarts = False
        super().__init__(folder, **how)

    async def open(self) -> "Troubles":
        await super().open()
        await self.store.write(lambda db: sources.begin(db, SHOP, self.now() - timedelta(days=30)))
        return self

    def restart(self) -> None:
        super().restart()
        self.incidents = Incidents([SHOP_LLP], Rulebook.from_settings(self._rules), now=self.now)

    async def happen(self, *changed: Operation) -> None:
        """The bank shows these operations as they are now."""
        await self.store.write(_keep, self.incidents, changed, self.now())

    async def fail(
        self,
        count: int = 1,
        terminal: TerminalId = SAMAL,
        reason: ReasonClass = ReasonClass.SYSTEM,
        *,
        ago: timedelta = timedelta(),
    ) -> list[Operation]:
        """So many payments of 1000.00 tenge fail."""
        made = [
            an_operation(
                f"op{number}",
                invoice_id=f"INV{number}",
                terminal_id=terminal,
                amount=100_000,
                outcome=Outcome.FAILED,
                reason_class=reason,
                reason_code=CODES[reason],
                created_at=self.now() - ago,
            )
            for number in range(len(self.failed) + 1, len(self.failed) + count + 1)
        ]
        self.failed += made
        await self.happen(*made)
        return made

    async def sell(self, count: int) -> None:
        """So many payments at Samal succeed."""
        at = self.now()
        names = (f"sold{number}-{at}" for number in range(count))
        await self.happen(*(paid(an_operation(name, invoice_id=name, created_at=at)) for name in names))

    async def pay(self, *failed: Operation) -> None:
        """The bank says now that these were paid after all."""
        await self.happen(*(paid(one) for one in failed))

    async def pay_again(self, failed: Operation) -> None:
        """Another try on the same invoice is paid."""
        await self.happen(paid(an_operation(f"{failed.id}-again", invoice_id=failed.invoice_id, created_at=self.now())))

    async def symptom(self, *, holds: bool = True, text: str = "It is odd", since: datetime | None = None) -> None:
        """A state that lasts, or no longer does."""
        seen = Symptom(
            rule="odd",
            merchant_id=SHOP,
            key="odd",
            holds=holds,
            severity=Severity.CRITICAL,
            since=since,
            terminals=(DOSTYK,),
            text=text,
        )
        await self.store.write(self.incidents.settle, SHOP, [seen])

    async def ack(self, name: str = "Aigerim", number: int = 1) -> Incident:
        return await self.store.write(self.incidents.acknowledge, number, self.mark(name))

    async def snooze(self, span: timedelta, name: str = "Aigerim", number: int = 1) -> Incident:
        return await self.store.write(self.incidents.snooze, number, self.mark(name), self.now() + span)

    async def silence(self, span: timedelta, name: str = "Aigerim", **what: Any) -> Silence:
        given = Silence(merchant_id=SHOP, until_at=self.now() + span, author=self.mark(name), **what)
        return await self.store.write(self.incidents.silence, given)

    async def unsilence(self, silence_id: int = 1, name: str = "Aigerim") -> Silence | None:
        return await self.store.write(self.incidents.unsilence, silence_id, self.mark(name))

    def mark(self, name: str) -> Mark:
        return Mark(OWNER, name, self.now())

    async def lose_bank(self) -> None:
        await self.store.write(lambda db: sources.record_loss(db, SHOP, error="HTTP 503", now=self.now()))

    async def find_bank(self) -> None:
        answer = {"dialect": "{}", "through_at": self.now(), "now": self.now()}
        await self.store.write(lambda db: sources.record_answer(db, SHOP, **answer))

    async def passes(self, span: timedelta = timedelta()) -> None:
        """Time passes from one moment that is due to the next; a restart at each of them, if the test says so."""
        end = self.now.at + span
        while True:
            await self._work()
            moment = await self.store.read(_next_moment)
            if moment is None or max(moment, self.now.at + SECOND) > end:
                break
            self.now.at = max(moment, self.now.at + SECOND)
        self.now.at = max(end, self.now.at)
        await self._work()

    async def _work(self) -> None:
        if self.restarts:
            await self.crash()
        await self.store.write(self.incidents.tick)
        await self.step()

    async def incident(self, number: int = 1) -> Incident:
        return await self.store.read(incidents.get, number)

    async def events(self, number: int = 1) -> list[str]:
        return [event.what for event in await self.store.read(incidents.list_events, number)]

    def heard(self, chat_id: int = OWNER, *, lines: int = 1) -> list[str]:
        """What came to a chat: its sound, whether it answers, and its first lines; not what only lost its buttons."""
        words = [one for one in self.api.deliveries if one.method != "editMessageReplyMarkup"]
        return [_heard(one, lines) for one in words if one.chat_id == chat_id]

    def living(self, chat_id: int = OWNER) -> str:
        """What the first message of a chat says now."""
        return self.api.messages(chat_id)[0].text.replace("\N{NO-BREAK SPACE}", " ")

    def labels(self, chat_id: int = OWNER, place: int = 0) -> list[str]:
        """The buttons of a message of a chat."""
        return [button["text"] for row in self.api.messages(chat_id)[place].buttons for button in row]


@asynccontextmanager
async def troubles(folder: Path, **how: Any) -> AsyncIterator[Troubles]:
    """The stage with the owner's private chat, closed at the end."""
    stage = await Troubles(folder, **how).open()
    try:
        await stage.private(OWNER)
        yield stage
    finally:
        await stage.close()


def _heard(one: Delivery, lines: int) -> str:
    sent = one.method.startswith("send")
    sign = (QUIET if one.message.silent else SOUND) if sent else EDIT
    answers = "↩" if sent and one.message.reply_to else ""
    return f"{sign}{answers} " + " / ".join(one.text.replace("\N{NO-BREAK SPACE}", " ").splitlines()[:lines])


def _keep(db: Connection, opened: Incidents, shown: Sequence[Operation], now: datetime) -> None:
    applied = operations.apply(db, SHOP, shown, history_before=EPOCH, now=now)
    opened.report(db, SHOP, applied.transitions, bank_now=now)
    sources.advance(db, SHOP, now)


def _next_moment(db: Connection) -> datetime | None:
    row = db.row(_NEXT)
    return from_micros(row["at"]) if row and row["at"] is not None else None
