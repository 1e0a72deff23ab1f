"""The demo's one clock, shared by bot, bank and page: it may run faster and leap ahead, never back."""

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta, tzinfo

FASTEST = 86_400


def real_now() -> datetime:
    """The clock of this machine."""
    return datetime.now(UTC)


class DemoClock:
    """Called, it tells the time of the demo: `speed` seconds of it in each real one, counted from the last change."""

    def __init__(self, speed: float = 1.0, *, real: Callable[[], datetime] = real_now) -> None:
        self._real = real
        self._leap(real(), speed)

    def __call__(self) -> datetime:
        return self.since + (self._real() - self.real_since) * self.speed

    def run(self, speed: float) -> None:
        """From now on at this speed. ValueError for one that would stop time, turn it back or run out of dates."""
        if not 0 < speed <= FASTEST:
            raise ValueError("time runs forward only, a day a second at most")
        self._leap(self(), speed)

    def leap_to(self, at: datetime) -> None:
        """It is `at` now. ValueError when that has passed."""
        if at < self():
            raise ValueError("time runs forward only")
        self._leap(at, self.speed)

    def next_day(self, hour: int, zone: tzinfo) -> datetime:
        """The next local day's full hour."""
        tomorrow = self().astimezone(zone).date() + timedelta(days=1)
        return datetime.combine(tomorrow, time(hour), zone).astimezone(UTC)

    def _leap(self, at: datetime, speed: float) -> None:
        self.since, self.real_since, self.speed = at, self._real(), speed
