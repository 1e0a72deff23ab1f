"""Telegram's rate limits as token buckets on the given clock: 30/s overall, 1/s a private chat, 20/min a group."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from bot.demo.telegram.records import Chat
from bot.demo.telegram.refusal import Refusal

ROUNDING = 1e-9


@dataclass(slots=True)
class _Bucket:
    capacity: float
    per_second: float
    filled_at: datetime
    level: float

    def wait(self, now: datetime, amount: int) -> float:
        """Seconds until `amount` fits, 0 when it does now."""
        passed = (now - self.filled_at).total_seconds()
        self.level = min(self.capacity, self.level + passed * self.per_second)
        self.filled_at = now
        missing = min(amount, self.capacity) - self.level
        return missing / self.per_second if missing > ROUNDING else 0.0


class Limits:
    """Counts sends and edits; a refused one is not counted."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._all = self._bucket(30, 30.0)
        self._chats: dict[int, _Bucket] = {}

    def take(self, chat: Chat, amount: int = 1) -> None:
        """Count `amount` messages into a chat; Refusal 429 with `retry_after` in whole seconds."""
        now = self._now()
        if chat.chat_id not in self._chats:
            self._chats[chat.chat_id] = self._bucket(3, 1.0) if chat.is_private else self._bucket(20, 20 / 60)
        buckets = (self._all, self._chats[chat.chat_id])
        wait = max(bucket.wait(now, amount) for bucket in buckets)
        if wait > 0:
            seconds = math.ceil(wait)
            raise Refusal(429, f"Too Many Requests: retry after {seconds}", {"retry_after": seconds})
        for bucket in buckets:
            bucket.level -= amount

    def _bucket(self, capacity: float, per_second: float) -> _Bucket:
        return _Bucket(capacity, per_second, self._now(), capacity)
