"""What the volume detector takes and gives: minutes in, signals out. Values only."""

from dataclasses import dataclass
from datetime import date
from typing import Literal, NamedTuple

Kind = Literal["silence", "drop", "spike", "fail", "amount", "decay"]
State = Literal["open", "close"]
Group = Literal["low", "high", "fail", "amount", "decay"]

GROUP_OF: dict[Kind, Group] = {
    "silence": "low",
    "drop": "low",
    "spike": "high",
    "fail": "fail",
    "amount": "amount",
    "decay": "decay",
}
BUDGETS = {"calm": 0.05, "normal": 0.15, "everything": 0.45}


class Failure(NamedTuple):
    """One failed operation. `key` tells a retry: the same amount, and payer or card where the bank gives one."""

    at: float
    key: str
    reason: str


class Minute(NamedTuple):
    """One terminal's operations that began in `[start_at, start_at + 60)`.

    `start_at` is epoch seconds. `offset` is the seconds local time is ahead of UTC in that minute: weekdays, opening
    hours and holidays are local, so the caller hands over what the time zone said then. Amounts are in any one unit.
    """

    start_at: int
    n: int
    failures: tuple[Failure, ...] = ()
    log_sum: float = 0.0
    log_squares: float = 0.0
    offset: int = 0


@dataclass(frozen=True, slots=True)
class VolumeSettings:
    """How much noise a terminal's owner accepts, and what only he can know.

    `budget` is the number of false alarms a month each of the tests may cost. `hours` are local minutes of the day
    `[opens, closes)` (closes <= opens: over midnight); outside of them nothing is called missing. `lowest` and
    `highest` are fixed limits on the operations of the last hour, beside the learned ones.
    """

    budget: float = BUDGETS["normal"]
    hours: tuple[int, int] | None = None
    lowest: int | None = None
    highest: int | None = None
    holidays: frozenset[date] = frozenset()

    @classmethod
    def preset(cls, name: str, **others: object) -> "VolumeSettings":
        """The settings of a preset: calm, normal or everything. Raises KeyError for another name."""
        return cls(budget=BUDGETS[name], **others)  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class Signal:
    """What a test says now, with the figures that explain it.

    `expected` is the usual range of `observed` (90 %). `sample` is the number of operations looked at, `ratio` what
    was seen over what was expected, `limit` the owner's own one that was broken. For `fail` the observed are failures
    and `reason` is the code that grew most; for `amount` they are typical (geometric mean) amounts; otherwise
    operations.
    """

    kind: Kind
    state: State
    at: int
    since_at: int
    observed: float
    expected: tuple[float, float]
    sample: int
    ratio: float
    reason: str | None = None
    limit: int | None = None


class Slot(NamedTuple):
    """What came in the time that begins at `start_at` (epoch seconds), what was meant to, and where nine of ten lie."""

    start_at: int
    seen: float
    mean: float
    low: float
    high: float
