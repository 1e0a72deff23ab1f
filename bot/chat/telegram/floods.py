"""Tells one flooded chat from a flooded bot by how many chats Telegram slowed down at once."""

from collections import deque

CHATS = 3
SECONDS = 1.0


class Floods:
    """Remembers the last refusals 429 for a second; three different chats in it mean the whole bot."""

    def __init__(self) -> None:
        self._recent: deque[tuple[float, int]] = deque()

    def note(self, chat_id: int | None, at: float) -> bool:
        """Whether everybody must pause. `at` in seconds of any steady clock; None: the call named no chat."""
        if chat_id is None:
            return True
        self._recent.append((at, chat_id))
        while self._recent[0][0] < at - SECONDS:
            self._recent.popleft()
        return len({chat for _, chat in self._recent}) >= CHATS
