"""How often one person may ask: a bucket of tokens each. Pure, the time is an argument; memory is bounded."""

from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

BURST = 20
REFILL = timedelta(seconds=1)
REMEMBERED = 10_000


class Pass(StrEnum):
    """YES: ask; TELL: too fast, say so once; NO: too fast and told."""

    YES = "yes"
    TELL = "tell"
    NO = "no"


@dataclass(slots=True)
class _Bucket:
    tokens: float
    at: datetime
    told: bool = False


class Throttle:
    """A person may ask `burst` times at once, and once each `refill` after that; the last REMEMBERED are known."""

    def __init__(self, *, burst: int = BURST, refill: timedelta = REFILL) -> None:
        self._burst = burst
        self._refill = refill
        self._buckets: OrderedDict[int, _Bucket] = OrderedDict()

    def take(self, user_id: int, at: datetime) -> Pass:
        """Whether this person may ask now. Who was told is told again only after having waited."""
        bucket = self._buckets.setdefault(user_id, _Bucket(self._burst, at))
        self._buckets.move_to_end(user_id)
        if len(self._buckets) > REMEMBERED:
            self._buckets.popitem(last=False)
        bucket.tokens = min(self._burst, bucket.tokens + max((at - bucket.at) / self._refill, 0))
        bucket.at = at
        if bucket.tokens < 1:
            told, bucket.told = bucket.told, True
            return Pass.NO if told else Pass.TELL
        bucket.tokens -= 1
        bucket.told = bucket.told and bucket.tokens < self._burst / 2
        return Pass.YES
