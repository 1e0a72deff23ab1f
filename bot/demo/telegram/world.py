"""The state of the local Telegram and what may be observed of it. It changes only through methods (bot) and people."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Literal, TypeVar

from bot.demo.telegram.bell import Bell
from bot.demo.telegram.press import Press
from bot.demo.telegram.records import Called, Chat, Content, Delivery, Message, Person, Upload, Version
from bot.demo.telegram.refusal import Json, bad
from bot.demo.telegram.updates import Updates

Found = TypeVar("Found")
KEPT_CALLS = 2_000
KEPT_DELIVERIES = 20_000
KEPT_MESSAGES_A_CHAT = 5_000


class World:
    """Chats, people, messages, updates, and the logs tests read. Every change rings `bell`."""

    def __init__(self, me: Person, now: Callable[[], datetime]) -> None:
        self.me = me
        self.now = now
        self.bell = Bell()
        self.updates = Updates(self.bell)
        self.people: dict[int, Person] = {me.user_id: me}
        self.chats: dict[int, Chat] = {}
        self.files: dict[str, Upload] = {}
        self.pressed: dict[str, Press] = {}
        self.deliveries: deque[Delivery] = deque(maxlen=KEPT_DELIVERIES)
        self.calls: deque[Called] = deque(maxlen=KEPT_CALLS)
        self.commands: dict[tuple[str, str], list[Json]] = {}
        self.profile: dict[tuple[str, str], Any] = {}
        self.revision = 0

    def messages(self, chat_id: int, thread_id: int | None = None) -> list[Message]:
        """What the chat (or one topic of it) shows now, oldest first; deleted ones are gone."""
        chat = self.chats.get(chat_id)
        shown = [] if chat is None else [message for message in chat.messages.values() if message.deleted_at is None]
        return [message for message in shown if thread_id is None or message.thread_id == thread_id]

    async def wait_for(self, predicate: Callable[[], Found], timeout: float = 5.0) -> Found:  # noqa: ASYNC109 - the tests' word
        """The first truthy value of `predicate()`, asked after every change; TimeoutError after real seconds."""
        try:
            async with asyncio.timeout(timeout):
                while not (found := predicate()):
                    await self.bell.heard()
                return found
        except TimeoutError:
            last = ", ".join(f"{call.method}({call.chat_id}) {call.status}" for call in list(self.calls)[-5:])
            raise TimeoutError(f"nothing matched within {timeout} s; last calls: {last or 'none'}") from None

    def touch(self, *things: Chat | Message) -> None:
        """Give changed chats and messages a new revision and wake whoever waits."""
        self.revision += 1
        for thing in things:
            thing.revision = self.revision
        self.bell.ring()

    def post(self, chat: Chat, sender: Person | None, content: Content, **about: Any) -> Message:
        """Add a message to a chat: `about` holds thread_id, reply_to, silent, album."""
        message = Message(chat, chat.next_message_id, sender, [Version(self.now(), content)], **about)
        chat.next_message_id += 1
        chat.messages[message.message_id] = message
        if len(chat.messages) > KEPT_MESSAGES_A_CHAT:
            del chat.messages[next(iter(chat.messages))]
        self.touch(chat, message)
        return message

    def rewrite(self, message: Message, content: Content) -> None:
        """Give a message its next version."""
        message.versions.append(Version(self.now(), content))
        self.touch(message.chat, message)

    def deliver(self, method: str, message: Message, parameters: Mapping[str, Any]) -> None:
        """Log an accepted send or edit, before its answer leaves."""
        self.deliveries.append(Delivery(method, message.chat.chat_id, message, message.content, self.now(), parameters))
        self.bell.ring()

    def find_message(self, chat: Chat, message_id: int | None) -> Message | None:
        """A message that still exists."""
        message = chat.messages.get(message_id or 0)
        return message if message is not None and message.deleted_at is None else None

    def keep(self, kind: Literal["photo", "document"], name: str, mime: str, data: bytes) -> Upload:
        """Store an upload; a picture must be one. Refusal 400 IMAGE_PROCESS_FAILED or PHOTO_INVALID_DIMENSIONS."""
        size = picture_size(data) if kind == "photo" else (0, 0)
        if size is None:
            raise bad("IMAGE_PROCESS_FAILED")
        width, height = size
        if kind == "photo" and (width + height > 10_000 or max(width, height) > 20 * max(1, min(width, height))):
            raise bad("PHOTO_INVALID_DIMENSIONS")
        file_id = f"F{len(self.files) + 1:06d}{kind}"
        upload = self.files[file_id] = Upload(file_id, kind, name, mime, data, width, height)
        return upload


def picture_size(data: bytes) -> tuple[int, int] | None:
    """Width and height in pixels of a PNG or JPEG, None for anything else."""
    if data.startswith(b"\x89PNG\r\n\x1a\n") and data[12:16] == b"IHDR":
        return int.from_bytes(data[16:20]), int.from_bytes(data[20:24])
    return _jpeg_size(data) if data.startswith(b"\xff\xd8") else None


def _jpeg_size(data: bytes) -> tuple[int, int] | None:
    at = 2
    while at + 9 < len(data) and data[at] == 0xFF:
        if data[at + 1] in {0xC0, 0xC1, 0xC2}:
            return int.from_bytes(data[at + 7 : at + 9]), int.from_bytes(data[at + 5 : at + 7])
        at += 2 + int.from_bytes(data[at + 2 : at + 4])
    return None
