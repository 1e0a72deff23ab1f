"""A bot's delivery between its store and a local Telegram, on a clock of the test's own: real sockets, real SQLite."""

import asyncio
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path

import admitting
from clocks import Clock
from databases import open_store
from pydantic import SecretStr

from bot.chat.telegram import Gateway
from bot.delivery import Delivery
from bot.demo.telegram import BotApi, Chat
from bot.model import ChatKind, Destination, NoticeAlert
from bot.store import chats, outbox
from bot.store.driver import Row
from bot.texts import Voices

TOKEN = "700500:local-token-for-delivery"
OWNER, OTHER, GROUP, TOPIC = 1, 2, -500, 7
REPEAT = "a repeat"
SECOND = timedelta(seconds=1)
PATIENCE = timedelta(seconds=5)


def named(texts: Iterable[str]) -> list[str]:
    """The invoices named in these messages, in order."""
    return [word for text in texts for word in text.split() if word.startswith("INV")]


def failure(number: int, at: datetime) -> NoticeAlert:
    return NoticeAlert(text="{invoice} failed", values={"invoice": f"INV{number}"}, at=at)


class Stage:
    """A bot's delivery between its store and a local Telegram, on a clock of the test's own."""

    def __init__(self, folder: Path, *, limits: bool = False, patience: timedelta = PATIENCE) -> None:
        self._patience = patience
        self.now = Clock()
        self.api = BotApi(TOKEN, now=self.now, limits=limits)
        self.store = open_store(folder / "bot.db")
        self._announced = 0

    async def open(self) -> "Stage":
        await self.api.start()
        self.gateway = Gateway(SecretStr(TOKEN), self.api.root, patience=self._patience)
        self.restart()
        return self

    async def close(self) -> None:
        await self.delivery.drain(SECOND)
        await self.gateway.close()
        await self.store.close()
        await self.api.stop()

    def restart(self) -> None:
        """A new process knows only what is in the store."""
        self.delivery = Delivery(self.gateway, self.store, Voices("en"), now=self.now)

    async def crash(self) -> None:
        """Ends what is in flight in the middle, and starts anew."""
        for task in self.in_flight():
            task.cancel()
        await self.settle()
        self.restart()
        await self.delivery.recover()

    async def private(self, *user_ids: int) -> None:
        for user_id in user_ids:
            self.api.private_chat(self.api.person(user_id, f"Person {user_id}"))
            await self.subscribe(Destination(chat_id=user_id, language="en"))

    async def group(self, *, topic: int | None = None) -> Chat:
        """A group that gets the alerts, in one of its topics if it has any."""
        kind = ChatKind.SUPERGROUP if topic else ChatKind.GROUP
        chat = self.api.group(
            GROUP, "Shop", [self.api.person(9, "Head")], kind.value, {topic: "Alerts"} if topic else {}
        )
        await self.subscribe(Destination(chat_id=GROUP, thread_id=topic, kind=kind, title="Shop", language="en"))
        return chat

    async def subscribe(self, destination: Destination) -> None:
        await self.store.write(admitting.subscribe, destination)

    async def fail(self, count: int = 1, *chat_ids: int) -> list[str]:
        """So many payments fail and are put into the outbox of these chats, of all without any; their invoices."""
        numbers = range(self._announced + 1, self._announced + count + 1)
        self._announced += count
        subscribed = await self.store.read(chats.list_subscribed)
        to = [destination for destination in subscribed if not chat_ids or destination.chat_id in chat_ids]
        new = [(f"failure/{number}", failure(number, self.now())) for number in numbers]
        await self.store.write(outbox.announce, new, to, self.now())
        return [f"INV{number}" for number in numbers]

    async def notice(self, text: str, chat_id: int) -> None:
        self._announced += 1
        alert = NoticeAlert(text=text, at=self.now())
        key = f"notice/{self._announced}"
        await self.store.write(outbox.announce, [(key, alert)], [Destination(chat_id=chat_id)], self.now())

    async def step(self) -> None:
        """One step, and the end of whatever it began."""
        await self.delivery.step()
        await self.settle()

    async def settle(self) -> None:
        while sending := self.in_flight():
            await asyncio.wait(sending)

    def in_flight(self) -> list[asyncio.Task[object]]:
        return [task for task in asyncio.all_tasks() if task.get_name().startswith("deliver ")]

    async def end_hanging(self) -> None:
        """Telegram answers at last whatever it had not answered."""
        self.api.closing.set()
        await self.settle()
        self.api.closing.clear()

    async def pass_by(self, span: timedelta = timedelta(minutes=10), every: timedelta = SECOND) -> None:
        """Time passes, with a step after each piece of it, until there is nothing left to send."""
        end = self.now.at + span
        while self.now.at < end and "waiting" in await self.states():
            await self.step()
            self.now.at += every

    async def rows(self) -> list[Row]:
        return await self.store.read(lambda db: db.rows("SELECT * FROM outbox ORDER BY id"))

    async def states(self) -> set[str]:
        return {row["state"] for row in await self.rows()}

    def sent(self, chat_id: int = OWNER) -> list[str]:
        return [delivery.text for delivery in self.api.deliveries if delivery.chat_id == chat_id]

    def invoices(self, chat_id: int = OWNER, *, marked: bool = False) -> list[str]:
        """What was told of, in the order of telling, in messages that are marked as a repeat or not."""
        unmarked = self.unmarked(chat_id)
        return named([text for text in self.sent(chat_id) if text not in unmarked] if marked else unmarked)

    def unmarked(self, chat_id: int = OWNER) -> list[str]:
        """The messages that do not say of themselves that they are a repeat."""
        return [text for text in self.sent(chat_id) if REPEAT not in text]
