"""Stored operations as the minutes that detectors of unusual volume are fed with."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from math import log
from zoneinfo import ZoneInfo

from bot.model import Outcome, TerminalId
from bot.rules.volume import Detector, Failure, Minute
from bot.store.driver import Row

Minutes = Mapping[TerminalId, Mapping[int, Minute]]


def minute_of(at: datetime) -> int:
    """The minute an instant lies in, counted from 1970."""
    return int(at.timestamp()) // 60


def minutes_of(rows: Sequence[Row], zone: ZoneInfo) -> Minutes:
    """The minutes with operations, by terminal."""
    grouped: defaultdict[tuple[TerminalId, int], list[Row]] = defaultdict(list)
    for row in rows:
        grouped[TerminalId(row["terminal_id"]), row["created_at"] // 60_000_000].append(row)
    minutes: defaultdict[TerminalId, dict[int, Minute]] = defaultdict(dict)
    for (terminal_id, i), own in grouped.items():
        minutes[terminal_id][i] = _minute(i, own, zone)
    return minutes


def due(detector: Detector, made: Mapping[int, Minute], span: range, zone: ZoneInfo) -> Iterable[Minute]:
    """A terminal's minutes of the span that its detector has not had; it begins with the first operation."""
    following = detector.following
    first = max(span.start, following) if following is not None else min(made, default=span.stop)
    return (made.get(i) or Minute(i * 60, 0, offset=_offset(zone, i // 15)) for i in range(first, span.stop))


def _minute(i: int, rows: Sequence[Row], zone: ZoneInfo) -> Minute:
    logs = [log(max(row["amount"], 1)) for row in rows]
    failures = tuple(_failure(row) for row in rows if row["outcome"] == Outcome.FAILED)
    return Minute(i * 60, len(rows), failures, sum(logs), sum(one * one for one in logs), _offset(zone, i // 15))


def _failure(row: Row) -> Failure:
    key = f"{row['amount']} {row['sender_card']}"
    return Failure(row["created_at"] / 1_000_000, key, str(row["reason_code"]))


@lru_cache(maxsize=4096)
def _offset(zone: ZoneInfo, quarter: int) -> int:
    offset = datetime.fromtimestamp(quarter * 900, zone).utcoffset()
    return int(offset.total_seconds()) if offset else 0
