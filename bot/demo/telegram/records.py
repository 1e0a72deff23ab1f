"""What exists in the local Telegram: people, chats, messages with their history, files. No behaviour of the API."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from bot.demo.telegram.refusal import Json

ChatKind = Literal["private", "group", "supergroup", "channel"]
Standing = Literal["member", "administrator", "left", "kicked", "deactivated"]


@dataclass(frozen=True, slots=True)
class Person:
    """A user of Telegram; the bot itself is one too."""

    user_id: int
    first_name: str
    language_code: str = "ru"
    username: str | None = None
    is_bot: bool = False


@dataclass(frozen=True, slots=True)
class Upload:
    """A stored file; `width` and `height` in pixels when it is a picture, else 0."""

    file_id: str
    kind: Literal["photo", "document"]
    name: str
    mime: str
    data: bytes = field(repr=False)
    width: int = 0
    height: int = 0

    @property
    def path(self) -> str:
        """The `file_path` of getFile."""
        return f"{self.kind}s/{self.file_id}/{self.name}"


@dataclass(frozen=True, slots=True)
class Content:
    """What a message says at one moment. `text` is the caption when there is media; entity offsets are UTF-16 units."""

    text: str = ""
    entities: tuple[Json, ...] = ()
    media: Upload | None = None
    markup: Json | None = None
    service: Json | None = None


@dataclass(frozen=True, slots=True)
class Version:
    """One state of a message and since when it holds."""

    at: datetime
    content: Content


@dataclass(frozen=True, slots=True)
class Typing:
    """What the bot says it is doing; every new word of it has a new `number`."""

    thread_id: int | None
    action: str
    number: int


@dataclass(slots=True, eq=False)
class Chat:
    """A chat as the server knows it. `standing` is the bot's; `revision` grows with every change."""

    chat_id: int
    kind: ChatKind
    title: str
    members: dict[int, Person]
    topics: dict[int, str] = field(default_factory=dict)
    closed_topics: set[int] = field(default_factory=set)
    administrators: set[int] = field(default_factory=set)
    standing: Standing = "member"
    muted: bool = False
    migrated_to: int | None = None
    messages: dict[int, Message] = field(default_factory=dict)
    next_message_id: int = 1
    typing: Typing | None = None
    revision: int = 0

    @property
    def is_private(self) -> bool:
        """Whether this is a talk with one person."""
        return self.kind == "private"


@dataclass(slots=True, eq=False)
class Message:
    """A message with every version it had. `silent` is `disable_notification`; `sender` is None for channel posts."""

    chat: Chat
    message_id: int
    sender: Person | None
    versions: list[Version]
    thread_id: int | None = None
    reply_to: Message | None = None
    silent: bool = False
    album: str | None = None
    reactions: tuple[str, ...] = ()
    pinned: bool = False
    deleted_at: datetime | None = None
    revision: int = 0

    @property
    def content(self) -> Content:
        """What it says now."""
        return self.versions[-1].content

    @property
    def text(self) -> str:
        """Text or caption now, entities resolved."""
        return self.content.text

    @property
    def sent_at(self) -> datetime:
        """When it first appeared."""
        return self.versions[0].at

    @property
    def edited_at(self) -> datetime | None:
        """When it was last edited, None if never."""
        return self.versions[-1].at if len(self.versions) > 1 else None

    @property
    def buttons(self) -> list[list[Json]]:
        """The inline keyboard now, row by row, as the bot sent it."""
        rows: list[list[Json]] = (self.content.markup or {}).get("inline_keyboard", [])
        return rows

    def data(self, label: str) -> str:
        """The callback data of the one button whose text contains `label`; LookupError names the buttons there are."""
        buttons = [button for row in self.buttons for button in row]
        found = [button for button in buttons if label in button["text"] and "callback_data" in button]
        if len(found) != 1:
            raise LookupError(f"{len(found)} buttons match {label!r} among {[button['text'] for button in buttons]}")
        return str(found[0]["callback_data"])


@dataclass(frozen=True, slots=True)
class Delivery:
    """One accepted send or edit, as it was at that moment. `parameters` are the call's own values."""

    method: str
    chat_id: int
    message: Message
    content: Content
    at: datetime
    parameters: Mapping[str, Any] = field(repr=False)

    @property
    def text(self) -> str:
        """Text or caption as sent then."""
        return self.content.text

    @property
    def silent(self) -> bool:
        """Whether it made no sound: an edit never does."""
        return self.message.silent or self.method.startswith("edit")


@dataclass(frozen=True, slots=True)
class Called:
    """One call that came in. `status` is None when no answer left (cut, hung, or the client gave up)."""

    method: str
    chat_id: int | None
    status: int | None
    at: datetime
