"""How long a bank that refuses us, or asks us to wait, is left alone. In memory: a restart may ask once more."""

from collections.abc import Callable
from datetime import datetime, timedelta

from bot.errors import SourceDenied, SourceError, SourceUnavailable

# A login asked for every few seconds may end locked.
AFTER_DENIAL = timedelta(minutes=2)
LONGEST = timedelta(minutes=10)


class Patience:
    """Remembers the last error that asked for a pause."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._error: SourceError | None = None
        self._until = now()

    def check(self) -> None:
        """Raises the error once more while its pause lasts."""
        if self._error and timedelta() < self._until - self._now() <= LONGEST:
            raise self._error.with_traceback(None)
        self._error = None

    def note(self, error: SourceError) -> None:
        """Begins the pause this error asks for, if it does."""
        pause = AFTER_DENIAL if isinstance(error, SourceDenied) else _asked_for(error)
        if pause and error is not self._error:
            self._error = error
            self._until = self._now() + min(pause, LONGEST)


def _asked_for(error: SourceError) -> timedelta | None:
    return error.retry_after if isinstance(error, SourceUnavailable) else None
