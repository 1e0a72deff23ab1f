"""Who may do what. Denies by default; pure, the time is an argument."""

from collections import OrderedDict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from bot.model import ChatKind, Request

REFUSE_AGAIN_AFTER = timedelta(days=1)
REMEMBERED = 10_000


class Audience(StrEnum):
    """Who may use a command."""

    EVERYBODY = "everybody"
    OWNERS = "owners"


class Verdict(StrEnum):
    """What a request deserves: an answer, one polite refusal, or silence."""

    ANSWER = "answer"
    REFUSE = "refuse"
    IGNORE = "ignore"


@dataclass(frozen=True, slots=True)
class Access:
    """Telegram user ids with every right; no owners means nobody."""

    owners: Collection[int]

    def verdict(self, request: Request, audience: Audience) -> Verdict:
        """A stranger is met with silence in groups, since a word there reaches more than the stranger."""
        if request.user_id in self.owners:
            return Verdict.ANSWER
        if request.chat.kind is not ChatKind.PRIVATE:
            return Verdict.IGNORE
        return Verdict.ANSWER if audience is Audience.EVERYBODY else Verdict.REFUSE


class Refusals:
    """Remembers who was refused lately, the last REMEMBERED of them."""

    def __init__(self) -> None:
        self._told_at: OrderedDict[int, datetime] = OrderedDict()

    def is_due(self, user_id: int, at: datetime) -> bool:
        """True at most once a day for each person, and remembers that it was."""
        told_at = self._told_at.get(user_id)
        if told_at is not None and at - told_at < REFUSE_AGAIN_AFTER:
            return False
        self._told_at[user_id] = at
        self._told_at.move_to_end(user_id)
        if len(self._told_at) > REMEMBERED:
            self._told_at.popitem(last=False)
        return True
