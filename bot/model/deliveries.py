"""What became of messages, chat by chat, for whoever looks after the bot."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatDeliveries:
    """One chat or topic where something waits, was given up, or may not have arrived.

    `problem` is why the newest of them has not gone, as it was said; `off` why the chat is switched off, or None.
    """

    chat: str
    topic: int | None
    waiting: int
    waiting_since: datetime | None
    uncertain: int
    dead: int
    problem: str
    off: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveriesReport:
    """Chats in trouble, the worst first. `sent`: messages sent in the last day."""

    chats: tuple[ChatDeliveries, ...]
    sent: int
    last_sent_at: datetime | None
    at: datetime
