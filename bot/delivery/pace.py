"""How fast may be sent: Telegram's published hints as sliding windows, its 429 as the truth. In memory only."""

from collections import defaultdict, deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta

Limit = tuple[int, timedelta]
# 30 a second in all, five of them left to answers; about one a second in a private chat; 20 a minute in a group.
EVERYBODY: tuple[Limit, ...] = ((25, timedelta(seconds=1)),)
PRIVATE: tuple[Limit, ...] = ((3, timedelta(seconds=3)),)
GROUP: tuple[Limit, ...] = ((4, timedelta(seconds=10)), (20, timedelta(minutes=1)))


@dataclass(slots=True)
class _Lane:
    """When the last messages of one chat, or of all, left."""

    limits: tuple[Limit, ...]
    sent: deque[datetime] = field(default_factory=deque)
    paused_until: datetime | None = None

    def free(self, now: datetime) -> bool:
        if self.paused_until and now < self.paused_until:
            return False
        longest = max(span for _, span in self.limits)
        while self.sent and now - self.sent[0] >= longest:
            self.sent.popleft()
        return all(sum(now - at < span for at in self.sent) < most for most, span in self.limits)


class Pace:
    """Lets messages go within the limits; a pause stops one chat or everybody. Private chats have positive ids."""

    def __init__(self) -> None:
        self._everybody = _Lane(EVERYBODY)
        self._private: defaultdict[int, _Lane] = defaultdict(lambda: _Lane(PRIVATE))
        self._groups: defaultdict[int, _Lane] = defaultdict(lambda: _Lane(GROUP))

    def is_open(self, now: datetime) -> bool:
        """Whether any message may leave now."""
        return self._everybody.free(now)

    def may_go(self, chat_id: int, now: datetime) -> bool:
        """Whether one more message may leave to this chat now; if so it counts as gone."""
        lane = self._lane(chat_id)
        if not (self._everybody.free(now) and lane.free(now)):
            return False
        self._everybody.sent.append(now)
        lane.sent.append(now)
        return True

    def pause(self, chat_id: int, until: datetime) -> None:
        """Telegram asked this chat to wait."""
        self._lane(chat_id).paused_until = until

    def pause_everybody(self, until: datetime) -> None:
        """Telegram cannot be reached, or asked the whole bot to wait."""
        self._everybody.paused_until = until

    @property
    def paused_until(self) -> datetime | None:
        """Until when nobody is to be sent anything, if that was asked for."""
        return self._everybody.paused_until

    def forget(self) -> None:
        """The clock was set back: nothing known of what was sent when holds any more."""
        self._everybody = _Lane(EVERYBODY)
        self._private.clear()
        self._groups.clear()

    def _lane(self, chat_id: int) -> _Lane:
        return (self._private if chat_id > 0 else self._groups)[chat_id]
