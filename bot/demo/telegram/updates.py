"""The queue of updates: what the bot has not confirmed yet, and the long poll over it."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from bot.demo.telegram.bell import Bell
from bot.demo.telegram.refusal import Json, Refusal

ONLY_ON_REQUEST = frozenset({"chat_member", "message_reaction", "message_reaction_count"})
FIRST_UPDATE_ID = 700_000_001
NEWER_POLL = "terminated by other getUpdates request; make sure that only one bot instance is running"
WEBHOOK_ACTIVE = "can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first"


@dataclass(frozen=True, slots=True)
class Webhook:
    """Where updates are posted instead of being polled."""

    url: str
    secret: str = ""
    max_connections: int = 40


class Updates:
    """Updates in order, each kept until its id is confirmed."""

    def __init__(self, bell: Bell) -> None:
        self.pending: deque[Json] = deque()
        self.allowed: frozenset[str] | None = None
        self.webhook: Webhook | None = None
        self.last_failure: tuple[datetime, str] | None = None
        self._bell = bell
        self._next_id = FIRST_UPDATE_ID
        self._poll: object | None = None
        self.closed = False

    @property
    def polling(self) -> bool:
        """Whether a long poll waits now."""
        return self._poll is not None

    def put(self, kind: str, payload: Json) -> None:
        """Queue one update, unless the bot has not asked for this kind."""
        wanted = kind not in ONLY_ON_REQUEST if self.allowed is None else kind in self.allowed
        if not wanted:
            return
        self.pending.append({"update_id": self._next_id, kind: payload})
        self._next_id += 1
        self._bell.ring()

    def allow(self, kinds: Iterable[str] | None) -> None:
        """Remember which kinds the bot wants: None leaves it as it was, an empty list means the default."""
        if kinds is not None:
            self.allowed = frozenset(kinds) or None

    def confirm(self, offset: int) -> None:
        """Forget every update below `offset`; a negative one keeps only the last `-offset`."""
        if offset < 0:
            offset = self._next_id + offset
        while self.pending and self.pending[0]["update_id"] < offset:
            self.pending.popleft()
        self._bell.ring()

    def use(self, webhook: Webhook | None) -> None:
        """Switch to a webhook, or back to polling."""
        self.webhook, self.last_failure = webhook, None
        self._bell.ring()

    async def poll(self, *, limit: int, seconds: float) -> list[Json]:
        """Up to `limit` updates, waiting at most `seconds` for one; Refusal 409: a newer poll, or a webhook is set."""
        self._refuse_while_webhook()
        mine = self._poll = object()
        self._bell.ring()
        try:
            await self._wait(mine, seconds)
            self._refuse_unless_latest(mine)
            return list(self.pending)[:limit]
        finally:
            if self._poll is mine:
                self._poll = None

    async def _wait(self, mine: object, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while not self.pending and not self.closed:
                    await self._bell.heard()
                    self._refuse_unless_latest(mine)

    def _refuse_unless_latest(self, mine: object) -> None:
        if self._poll is not mine:
            raise Refusal(409, f"Conflict: {NEWER_POLL}")
        self._refuse_while_webhook()

    def _refuse_while_webhook(self) -> None:
        if self.webhook is not None:
            raise Refusal(409, f"Conflict: {WEBHOOK_ACTIVE}")
