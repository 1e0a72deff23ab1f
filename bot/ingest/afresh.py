"""How far back a poll reads again: the whole overlap while that is little, else mostly its newest part."""

from datetime import datetime, timedelta

from bot.store.sources import Source

# A busy shop makes thousands of operations in half an hour; to read all of them every few seconds would be most of the
# bot's work and the bank's.
ROWS = 100
WHOLE_EVERY = timedelta(minutes=3)
LEAST = timedelta(minutes=2)


class Afresh:
    """Knows by the source when the whole overlap was last read, by whichever replica, and what it held.

    `interval`: between two polls.
    """

    def __init__(self, overlap: timedelta, interval: timedelta) -> None:
        self._overlap = overlap
        self._least = max(LEAST, 4 * interval)

    def back(self, source: Source, now: datetime) -> timedelta:
        """How far back to read now: never less than to where everything is read."""
        whole_at, through_at = source.whole_at, source.through_at
        part = min(max(self._overlap * ROWS / max(source.whole_rows, ROWS), self._least), self._overlap)
        lately = whole_at is not None and timedelta() <= now - whole_at < WHOLE_EVERY
        reaches = through_at is not None and now - part / 2 <= through_at
        return part if lately and reaches else self._overlap

    def is_much(self, back: timedelta, rows: int) -> bool:
        """Whether so much was the whole overlap, and more than each poll should read."""
        return back == self._overlap and rows > ROWS
