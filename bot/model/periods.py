"""Days, weeks and months as a business counts them: on the clock of a zone, from an hour of its own. Pure."""

import calendar
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from bot.model.operations import Window

DAY = timedelta(days=1)
WEEK = timedelta(weeks=1)
MOST_BARS = 31


class PeriodKind(StrEnum):
    """What a period is compared with depends on what it was meant as."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    DAYS = "days"


@dataclass(frozen=True, slots=True)
class Period:
    """Whole business days from `first` to `last`, both included; the last may still be going on."""

    kind: PeriodKind
    first: date
    last: date

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1

    def step(self, bars: int) -> int:
        """How many days go together so that a series of the period has at most `bars`."""
        return -(-self.days // bars)

    def is_like(self, other: "Period") -> bool:
        """Whether the two can be cut at the same moment: months, a week and seven days, or as many days."""
        if self.kind is other.kind is PeriodKind.MONTH:
            return True
        return self.days == other.days or (self.kind is PeriodKind.WEEK and other.days == WEEK.days)

    def earlier(self) -> tuple["Period", ...]:
        """What it is compared with: a day with the day before and the same weekday last week, a month with the one
        before up to the same date, all others with as many days before."""
        match self.kind:
            case PeriodKind.DAY:
                return self._back(DAY), self._back(WEEK)
            case PeriodKind.WEEK:
                return (self._back(WEEK),)
            case PeriodKind.MONTH:
                return (self._month_before(),)
            case _:
                return (self._back(self.days * DAY),)

    def _back(self, span: timedelta) -> "Period":
        return replace(self, first=self.first - span, last=self.last - span)

    def _month_before(self) -> "Period":
        end = last_of_month(self.first - DAY)
        whole = self.last == last_of_month(self.last)
        return replace(self, first=end.replace(day=1), last=end if whole else min(end.replace(day=1) + self._span, end))

    @property
    def _span(self) -> timedelta:
        return self.last - self.first


def last_of_month(on: date) -> date:
    """The last day of the month of `on`."""
    return on.replace(day=calendar.monthrange(on.year, on.month)[1])


@dataclass(frozen=True, slots=True)
class Calendar:
    """Cuts time into business days that begin when the clocks of `zone` show `day_starts`.

    Every instant belongs to exactly one day, also where clocks are put forward or back.
    """

    zone: ZoneInfo
    day_starts: time = time()

    def start_of(self, on: date) -> datetime:
        """When the business day begins, in UTC."""
        return self._instant(on, self.day_starts)

    def day_of(self, at: datetime) -> date:
        """The business day an instant belongs to."""
        local = at.astimezone(self.zone)
        on = local.date() if local.time() >= self.day_starts else local.date() - DAY
        while at < self.start_of(on):
            on -= DAY
        while at >= self.start_of(on + DAY):
            on += DAY
        return on

    def window(self, period: Period) -> Window:
        """The whole period."""
        return Window(self.start_of(period.first), self.start_of(period.last + DAY))

    def day(self, on: date) -> Period:
        return Period(PeriodKind.DAY, on, on)

    def today(self, now: datetime) -> Period:
        return self.day(self.day_of(now))

    def yesterday(self, now: datetime) -> Period:
        return self.day(self.day_of(now) - DAY)

    def week(self, now: datetime) -> Period:
        """Monday to now."""
        on = self.day_of(now)
        return Period(PeriodKind.WEEK, on - on.weekday() * DAY, on)

    def month(self, now: datetime) -> Period:
        """The first of the month to now."""
        on = self.day_of(now)
        return Period(PeriodKind.MONTH, on.replace(day=1), on)

    def until(self, period: Period, at: datetime) -> Window:
        """The period as far as it has gone at `at`: empty before it begins, whole after it ends."""
        whole = self.window(period)
        return Window(whole.start, min(max(at, whole.start), whole.end))

    def alike(self, other: Period, period: Period, at: datetime) -> Window:
        """`other`, cut where `period` is cut at `at`: as many days on and at the same time of day.

        Whole when `period` is over, or has gone on longer than `other` lasts.
        """
        if at >= self.window(period).end:
            return self.window(other)
        at = max(at, self.start_of(period.first))
        here, local = self.day_of(at), at.astimezone(self.zone)
        there = other.first + (here - period.first)
        if there > other.last:
            return self.window(other)
        end = self._instant(there + (local.date() - here), local.time())
        day = self.window(self.day(there))
        return Window(self.start_of(other.first), min(max(end, day.start), day.end))

    def marks(self, period: Period, window: Window, bars: int = MOST_BARS) -> tuple[datetime, ...]:
        """Where a series over the window is cut: hours of a single day, else days, as many together as it takes
        to have at most `bars`. The first mark is the start of the window, its end is not among them."""
        if period.days == 1:
            hours = -(-window.span // timedelta(hours=1))
            return tuple(window.start + number * timedelta(hours=1) for number in range(hours))
        step = period.step(bars)
        starts = (self.start_of(period.first + number * DAY) for number in range(0, period.days, step))
        return tuple(start for start in starts if start < window.end)

    def _instant(self, on: date, at: time) -> datetime:
        return datetime.combine(on, at, tzinfo=self.zone).astimezone(UTC)
