"""Chats, what people ask there and what they are answered; free of Telegram types."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from markupsafe import Markup

from bot.model.subscriptions import QuietHours

BELOW, IN_PLACE = "v1", "e1"
"""How a button's data begins: a press is answered below its message, or rewrites that message."""
DATA_BYTES = 64
"""As much data as Telegram takes with a button."""


class ChatKind(StrEnum):
    PRIVATE = "private"
    GROUP = "group"
    SUPERGROUP = "supergroup"
    CHANNEL = "channel"


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """Where messages go: a chat, perhaps one topic of it, how its people read, and when without sound."""

    chat_id: int
    thread_id: int | None = None
    kind: ChatKind = ChatKind.PRIVATE
    title: str = ""
    language: str = "ru"
    timezone: str = "Asia/Almaty"
    disabled_reason: str | None = None
    language_chosen: bool = False
    quiet: QuietHours | None = None


@dataclass(frozen=True, slots=True)
class FoundChat:
    """A chat as Telegram describes it; `is_mine`: this bot may post there; `is_theirs`: who asked administers it."""

    chat_id: int
    kind: ChatKind
    title: str
    is_mine: bool
    is_theirs: bool


@dataclass(frozen=True, slots=True)
class Button:
    """A button: `data` comes back when it is pressed, or `copy` goes to the clipboard.

    What of `data` is longer than DATA_BYTES is kept in the store by the chat that sends it.
    """

    text: str
    data: str | None = None
    copy: str | None = None


@dataclass(frozen=True, slots=True)
class File:
    """A file on this machine, to be sent under `name`; it must stay there until that is done."""

    path: Path
    name: str


@dataclass(frozen=True, slots=True)
class Message:
    """What goes to a chat: Telegram HTML within 4096 UTF-16 units, and rows of buttons.

    Beside a `picture` (PNG) or a `file`, never both, the text is its caption: within 1024 units, perhaps empty.
    """

    text: Markup
    buttons: Sequence[Sequence[Button]] = ()
    silent: bool = False
    picture: bytes | None = field(default=None, repr=False)
    file: File | None = None


@dataclass(frozen=True, slots=True)
class Toast:
    """An answer to a pressed button that only the person who pressed it sees: plain text, at most 200 characters.

    A `passing` one goes by itself.
    """

    text: str
    passing: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What a person asked, free of Telegram types. `arguments` are the words after the command.

    Plain text has the command "" and its whole `text`. `answer_to` is the message to reply to. A button press has
    `press_id`, to be answered, the `text` that would ask the same, and `pressed` instead of `answer_to` when the
    message with the button is to change. `saved` is the id of the words, where those did not fit into the button.
    `quotes` is the message of the bot that was replied to.
    """

    user_id: int
    user_name: str
    user_language: str | None
    chat: Destination
    command: str
    arguments: tuple[str, ...] = ()
    text: str = ""
    at: datetime
    answer_to: int | None = None
    pressed: int | None = None
    press_id: str | None = None
    saved: str | None = None
    quotes: int | None = None
