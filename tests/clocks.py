"""Time for tests."""

from datetime import UTC, datetime

MORNING = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)


class Clock:
    """Time that stands still until it is moved."""

    def __init__(self, at: datetime = MORNING) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at
