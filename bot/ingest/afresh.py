"""How far back a poll reads again: the whole overlap while that is little, else mostly its newest part."""

from datetime import datetime, timedelta

# A busy shop makes thousands of operations in half an hour; to read all of them every few seconds would be most of the
# bot's work and the bank's.
ROWS = 300
WHOLE_EVERY = timedelta(minutes=3)
LEAST = timedelta(minutes=2)


class Afresh:
    """What the whole overlap held when it was last read. In memory: a restart reads all of it once more.

    `interval`: between two polls.
    """

    def __init__(self, overlap: timedelta, interval: timedelta) -> None:
        self._overlap = overlap
        self._least = max(LEAST, 4 * interval)
        self._part = overlap
        self._whole_at: datetime | None = None

    def back(self, now: datetime, through_at: datetime | None) -> timedelta:
        """How far back to read now, where everything is read up to `through_at`: never less than to there."""
        whole_at = self._whole_at
        lately = whole_at is not None and timedelta() <= now - whole_at < WHOLE_EVERY
        reaches = through_at is not None and now - self._part / 2 <= through_at
        return self._part if lately and reaches else self._overlap

    def read(self, back: timedelta, rows: int, now: datetime) -> None:
        """So many operations were there when so much was read."""
        if back == self._overlap:
            self._whole_at = now
            self._part = min(max(self._overlap * ROWS / max(rows, ROWS), self._least), self._overlap)
