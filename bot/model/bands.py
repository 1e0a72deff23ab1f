"""The counts of a time and the range they usually lie in, as a picture shows them. Values only."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from bot.model.operations import Window

Measure = Literal["operations", "failures", "amounts"]


@dataclass(frozen=True, slots=True)
class Stretch:
    """What was `seen` from `at` on, and where nine of ten such lie. Amounts are in tiyn, the others are counts."""

    at: datetime
    seen: int
    low: int
    high: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """Stretches of `step` each, the oldest first; the last goes on `until`. `alarms`: when something was odd."""

    measure: Measure
    step: timedelta
    stretches: tuple[Stretch, ...]
    until: datetime
    alarms: tuple[Window, ...]

    @property
    def window(self) -> Window:
        """From the first stretch to the end of the last."""
        return Window(self.stretches[0].at, self.until)
