"""Business days have no gap and no overlap, whatever zone and hour they are cut by; people's words become periods."""

from contextlib import suppress
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.chat.periods import read_period, read_periods
from bot.errors import UsageError
from bot.model import Calendar, Period, PeriodKind
from bot.model.periods import last_of_month

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
ZONES = (
    "Asia/Almaty",
    "Asia/Kolkata",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "America/St_Johns",
    "Asia/Beirut",
    "Africa/Casablanca",
    "UTC",
)
START, END = datetime(2010, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)
calendars = st.builds(
    Calendar, st.sampled_from(ZONES).map(ZoneInfo), st.times().map(lambda at: at.replace(second=0, microsecond=0))
)
instants = st.integers(0, int((END - START).total_seconds() * 1000)).map(lambda ms: START + timedelta(milliseconds=ms))
dates = st.dates(date(2010, 1, 1), date(2027, 1, 1))
periods = st.builds(
    lambda kind, first, days: Period(kind, first, first + days * DAY),
    st.sampled_from(PeriodKind),
    dates,
    st.integers(0, 400),
)
ALMATY = Calendar(ZoneInfo("Asia/Almaty"))
NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
TODAY = date(2026, 11, 24)


@given(calendars, instants)
def test_every_instant_is_in_the_one_day_it_is_said_to_be_in(calendar: Calendar, at: datetime) -> None:
    on = calendar.day_of(at)
    window = calendar.window(calendar.day(on))
    assert window.start <= at < window.end
    for other in (on - DAY, on + DAY):
        beside = calendar.window(calendar.day(other))
        assert not beside.start <= at < beside.end


@given(calendars, dates)
def test_days_follow_each_other_without_gap_or_overlap(calendar: Calendar, on: date) -> None:
    one, two = calendar.window(calendar.day(on)), calendar.window(calendar.day(on + DAY))
    assert one.end == two.start
    assert timedelta() <= one.span <= 26 * HOUR


@given(calendars, dates)
def test_a_day_begins_when_the_clocks_say_so_unless_they_never_do(calendar: Calendar, on: date) -> None:
    start = calendar.start_of(on).astimezone(calendar.zone)
    wall = datetime.combine(on, calendar.day_starts)
    if start.replace(tzinfo=None) != wall:
        assert wall.replace(tzinfo=calendar.zone).astimezone(UTC).astimezone(calendar.zone).replace(tzinfo=None) != wall


@given(calendars, periods, instants)
def test_a_series_covers_its_window_once(calendar: Calendar, period: Period, at: datetime) -> None:
    window = calendar.until(period, at)
    marks = calendar.marks(period, window)
    assert len(marks) <= 31
    assert list(marks) == sorted(marks)
    assert all(window.start <= mark < window.end for mark in marks)
    assert marks[:1] == (() if window.start == window.end else (window.start,))


@given(calendars, periods, instants)
def test_an_earlier_period_is_cut_inside_itself_and_only_while_the_later_one_goes_on(
    calendar: Calendar, period: Period, at: datetime
) -> None:
    for other in period.earlier():
        cut, whole = calendar.alike(other, period, at), calendar.window(other)
        assert cut.start == whole.start
        assert whole.start <= cut.end <= whole.end
        if at >= calendar.window(period).end:
            assert cut == whole


@given(st.sampled_from(("UTC", "Asia/Kolkata", "Asia/Kathmandu")), periods, instants, instants)
def test_more_time_never_cuts_an_earlier_period_shorter(
    zone: str, period: Period, one: datetime, two: datetime
) -> None:
    calendar = Calendar(ZoneInfo(zone), time(5, 30))
    for other in period.earlier():
        cuts = [calendar.alike(other, period, at).end for at in sorted((one, two))]
        assert cuts == sorted(cuts)


@given(calendars, dates, st.times())
def test_a_day_is_compared_with_others_cut_at_the_same_time_of_day(calendar: Calendar, on: date, clock: time) -> None:
    day = calendar.day(on)
    at = datetime.combine(on, clock, tzinfo=calendar.zone).astimezone(UTC)
    if calendar.day_of(at) != on:
        return
    for other in day.earlier():
        cut, whole = calendar.alike(other, day, at), calendar.window(other)
        if whole.start < cut.end < whole.end:
            assert cut.end.astimezone(calendar.zone).time() == at.astimezone(calendar.zone).time() or clocks_move(
                calendar, other
            )


def clocks_move(calendar: Calendar, period: Period) -> bool:
    window = calendar.window(period)
    return calendar.zone.utcoffset(window.start) != calendar.zone.utcoffset(window.end)


def test_the_29_february_2024_of_almaty_has_25_hours_and_no_other_day_has() -> None:
    spans = {on: ALMATY.window(ALMATY.day(on)).span for on in (date(2024, 2, 28), date(2024, 2, 29), date(2024, 3, 1))}
    assert list(spans.values()) == [24 * HOUR, 25 * HOUR, 24 * HOUR]
    assert ALMATY.start_of(date(2024, 3, 1)) == datetime(2024, 2, 29, 19, tzinfo=UTC)


def test_a_business_day_of_six_oclock_holds_the_night_before() -> None:
    shifts = Calendar(ZoneInfo("Asia/Almaty"), time(6))
    night = datetime(2026, 11, 24, 0, 30, tzinfo=UTC)
    assert shifts.day_of(night) == date(2026, 11, 23)
    assert shifts.today(night) == shifts.day(date(2026, 11, 23))
    cut = shifts.alike(shifts.day(date(2026, 11, 22)), shifts.today(night), night)
    assert cut.end == night - DAY
    assert shifts.week(night).first == date(2026, 11, 23)
    assert shifts.month(datetime(2026, 11, 30, 20, 0, tzinfo=UTC)).first == date(2026, 11, 1)


def period_words(period: Period) -> str:
    """The period so that `read_period` finds the same days whenever it is asked."""
    ends = period.first.isoformat(), period.last.isoformat()
    if period.kind is PeriodKind.MONTH and period.last == last_of_month(period.first):
        return ends[0][:7]
    return ends[0] if period.days == 1 else " ".join(ends)


@pytest.mark.parametrize(
    ("period", "earlier"),
    [
        (
            (PeriodKind.DAY, TODAY, TODAY),
            [(date(2026, 11, 23), date(2026, 11, 23)), (date(2026, 11, 17), date(2026, 11, 17))],
        ),
        ((PeriodKind.WEEK, date(2026, 11, 23), TODAY), [(date(2026, 11, 16), date(2026, 11, 17))]),
        ((PeriodKind.MONTH, date(2026, 11, 1), TODAY), [(date(2026, 10, 1), date(2026, 10, 24))]),
        ((PeriodKind.MONTH, date(2026, 10, 1), date(2026, 10, 31)), [(date(2026, 9, 1), date(2026, 9, 30))]),
        ((PeriodKind.MONTH, date(2026, 3, 1), date(2026, 3, 30)), [(date(2026, 2, 1), date(2026, 2, 28))]),
        ((PeriodKind.MONTH, date(2026, 2, 1), date(2026, 2, 28)), [(date(2026, 1, 1), date(2026, 1, 31))]),
        ((PeriodKind.DAYS, date(2026, 11, 1), date(2026, 11, 7)), [(date(2026, 10, 25), date(2026, 10, 31))]),
    ],
)
def test_what_a_period_is_compared_with(
    period: tuple[PeriodKind, date, date], earlier: list[tuple[date, date]]
) -> None:
    assert [(one.first, one.last) for one in Period(*period).earlier()] == earlier


@pytest.mark.parametrize(
    ("text", "first", "last", "rest"),
    [
        ("2026-11-01 2026-11-07", (11, 1), (11, 7), ""),
        ("2026-11-01", (11, 1), (11, 1), ""),
        ("01.11", (11, 1), (11, 1), ""),
        ("1.11 7.11 Samal-2", (11, 1), (11, 7), "Samal-2"),
        ("01/11/2026", (11, 1), (11, 1), ""),
        ("01.11.26..07.11.26", (11, 1), (11, 7), ""),
        ("01.11-07.11", (11, 1), (11, 7), ""),
        ("01.11.2026–07.11.2026", (11, 1), (11, 7), ""),
        ("7d", (11, 18), (11, 24), ""),
        ("7д", (11, 18), (11, 24), ""),
        ("7к", (11, 18), (11, 24), ""),
        ("2w", (11, 11), (11, 24), ""),
        ("1d", (11, 24), (11, 24), ""),
        ("yesterday", (11, 23), (11, 23), ""),
        ("Вчера", (11, 23), (11, 23), ""),
        ("кеше Dostyk", (11, 23), (11, 23), "Dostyk"),
        ("Dostyk today", (11, 24), (11, 24), "Dostyk"),
        ("week", (11, 23), (11, 24), ""),
        ("ай", (11, 1), (11, 24), ""),
        ("2026-10", (10, 1), (10, 31), ""),
        ("10.2026", (10, 1), (10, 31), ""),
        ("2026-11", (11, 1), (11, 24), ""),
        ("20.11 today", (11, 20), (11, 24), ""),
    ],
)
def test_people_write_periods_in_many_ways(text: str, first: tuple[int, int], last: tuple[int, int], rest: str) -> None:
    period, left = read_period(text.split(), ALMATY, NOW)
    assert period is not None
    assert (period.first, period.last, " ".join(left)) == (date(2026, *first), date(2026, *last), rest)


@pytest.mark.parametrize(("text", "year"), [("25.11", 2025), ("24.11", 2026), ("31.12", 2025), ("29.02", 2024)])
def test_a_date_without_a_year_is_the_last_that_has_come(text: str, year: int) -> None:
    period, _ = read_period([text], ALMATY, NOW)
    assert period is not None
    assert period.first.year == year


@pytest.mark.parametrize("text", ["Samal-2", "98151552", "all", "Store 24", "7", "d7", "12dd", "", "week-end"])
def test_the_name_of_a_terminal_is_no_period(text: str) -> None:
    assert read_period(text.split(), ALMATY, NOW) == (None, tuple(text.split()))


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("2026-13-01", "cannot read"),
        ("32.01", "cannot read"),
        ("29.02.2025", "cannot read"),
        ("0d", "cannot read"),
        ("9999d", "cannot read"),
        ("1999-01-01", "cannot read"),
        ("01.13", "cannot read"),
        ("13.2026", "cannot read"),
        ("11.", "cannot read"),
        ("2026-11-25", "still to come"),
        ("2027-01", "still to come"),
        ("01.11 31.12.2026", "still to come"),
        ("07.11 01.11", "before it begins"),
        ("9999-12-31", "still to come"),
    ],
)
def test_what_cannot_be_is_refused_in_words(text: str, what: str) -> None:
    with pytest.raises(UsageError, match=what):
        read_period(text.split(), ALMATY, NOW)


@pytest.mark.parametrize(
    ("text", "found", "rest"),
    [
        ("2026-09 2026-10 Dostyk", ["2026-09", "2026-10"], ("Dostyk",)),
        ("Dostyk yesterday today", ["2026-11-23", "2026-11-24"], ("Dostyk",)),
        ("01.10 07.10 08.10 14.10", ["2026-10-01 2026-10-07", "2026-10-08 2026-10-14"], ()),
        ("week", ["2026-11-23 2026-11-24"], ()),
        ("Dostyk", [], ("Dostyk",)),
    ],
)
def test_two_periods_are_read_from_words_around_a_terminal(text: str, found: list[str], rest: tuple[str, ...]) -> None:
    periods, left = read_periods(text.split(), ALMATY, NOW)
    assert ([period_words(period) for period in periods], left) == (found, rest)


def test_three_periods_are_too_many_to_compare() -> None:
    with pytest.raises(UsageError, match="Two periods"):
        read_periods(["2026-08", "2026-09", "2026-10"], ALMATY, NOW)


@given(periods)
def test_the_words_for_a_period_mean_its_days_for_ever(period: Period) -> None:
    found, left = read_period(period_words(period).split(), ALMATY, datetime(2031, 1, 1, tzinfo=UTC))
    assert found is not None
    assert (found.first, found.last, left) == (period.first, period.last, ())


@given(st.lists(st.text("0123456789-./dwдк–. абв", max_size=12), max_size=4))
def test_no_words_break_the_reader(words: list[str]) -> None:
    for read in (read_period, read_periods):
        with suppress(UsageError):
            read(words, ALMATY, NOW)
