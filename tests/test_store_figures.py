"""Figures of any window, in any zone, are what counting the rows one by one gives."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from zoneinfo import ZoneInfo

import pytest
from builders import DOSTYK, NOW, SAMAL, SHOP, SHOP_LLP, an_operation

from bot.model import (
    Calendar,
    Figures,
    Operation,
    Outcome,
    Period,
    PeriodKind,
    PeriodReport,
    Tally,
    Window,
)
from bot.store import figures, operations, sources
from bot.store.driver import Store
from bot.store.sources import Tier, TierName

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
MIDDLE = datetime(2024, 2, 29, 12, tzinfo=UTC)
CALENDARS = [
    Calendar(ZoneInfo("Asia/Almaty")),
    Calendar(ZoneInfo("Asia/Almaty"), time(6, 30)),
    Calendar(ZoneInfo("Asia/Kolkata")),
    Calendar(ZoneInfo("Asia/Kathmandu"), time(4)),
    Calendar(ZoneInfo("UTC"), time(23, 45)),
]
AN_HOUR_APART = (-HOUR, timedelta(), timedelta(microseconds=1), HOUR)


def drawn(random: Random, count: int) -> list[Operation]:
    """Operations of twelve days around the change of Almaty's clocks, many of them on the hour."""
    found = []
    for number in range(count):
        at = MIDDLE + timedelta(seconds=random.randrange(-6 * 86400, 6 * 86400))
        if random.random() < 0.3:
            at = at.replace(minute=random.choice((0, 15, 30, 45)), second=0)
        found.append(
            an_operation(
                str(number),
                created_at=at,
                invoice_id=str(random.randrange(count // 2)),
                terminal_id=random.choice((SAMAL, DOSTYK)),
                amount=random.randrange(1, 10**9),
                currency=random.choice(("KZT", "KZT", "USD")),
                outcome=random.choice(list(Outcome)),
                reason_code=random.choice((0, 484, 455)),
            )
        )
    return found


def later(random: Random, operation: Operation) -> Operation:
    """Another state of the same operation, of no lower rank."""
    higher = [outcome for outcome in Outcome if outcome.rank >= operation.outcome.rank]
    return replace(operation, outcome=random.choice(higher), amount=random.randrange(1, 10**9))


def tallies(rows: Iterable[Operation]) -> dict[str, Tally]:
    sums: dict[str, Counter[str]] = {}
    for row in rows:
        counter = sums.setdefault(row.currency, Counter())
        counter[row.outcome] += 1
        counter[f"{row.outcome}_sum"] += row.amount
    return {currency: Tally(**counter) for currency, counter in sums.items()}


def check(told: Figures, rows: list[Operation], terminal_id: str) -> None:
    """Counts, sums, reasons, invoices and every bar against the rows."""
    window = told.window
    mine = [row for row in rows if terminal_id in ("", row.terminal_id)]
    here = [row for row in mine if window.start <= row.created_at < window.end]
    assert told.currencies == tallies(here)
    failed = Counter(row.reason_code for row in here if row.outcome is Outcome.FAILED)
    assert {reason.code: reason.count for reason in told.reasons} == failed
    attempts: dict[str, list[Operation]] = {}
    for row in sorted(rows, key=lambda row: row.created_at):
        attempts.setdefault(row.invoice_id, []).append(row)
    begun = [
        max(found, key=lambda row: row.outcome.rank).outcome
        for found in attempts.values()
        if window.start <= found[0].created_at < window.end and terminal_id in ("", found[0].terminal_id)
    ]
    paid = sum(outcome in (Outcome.PAID, Outcome.REFUNDED) for outcome in begun)
    assert (told.invoices.paid, told.invoices.decided) == (paid, paid + begun.count(Outcome.FAILED))
    edges = [*(bar.at for bar in told.bars), window.end]
    for bar, end in zip(told.bars, edges[1:], strict=True):
        assert bar.currencies == tallies(row for row in here if bar.at <= row.created_at < end)


def checked(report: PeriodReport, rows: list[Operation]) -> None:
    terminal_id = report.terminal.id if report.terminal else ""
    for one in (report.asked, *report.earlier):
        check(one.figures, rows, terminal_id)


@pytest.mark.parametrize("seed", range(6))
async def test_days_weeks_and_months_are_what_counting_gives(store: Store, seed: int) -> None:
    random = Random(seed)
    rows = {row.id: row for row in drawn(random, 400)}
    await store.write(sources.begin, SHOP, NOW)
    await store.write(sources.advance, SHOP, NOW)
    await store.write(operations.apply, SHOP, list(rows.values()), history_before=NOW, now=NOW)
    for _ in range(2):
        changed = [later(random, rows[id_]) for id_ in random.sample(sorted(rows), 60)]
        rows |= {row.id: row for row in changed}
        await store.write(operations.apply, SHOP, changed, history_before=NOW, now=NOW)
    for calendar in CALENDARS:
        now = MIDDLE + timedelta(seconds=random.randrange(-2 * 86400, 5 * 86400))
        spans = [calendar.today(now), calendar.yesterday(now), calendar.week(now), calendar.month(now)]
        spans.append(Period(PeriodKind.DAYS, date(2024, 1, 20), date(2024, 3, 20)))
        for period in spans:
            terminal = random.choice((None, *SHOP_LLP.terminals))
            report = await store.read(figures.period_report, SHOP_LLP, terminal, period, calendar=calendar, now=now)
            checked(report, list(rows.values()))
            window = report.asked.figures.window
            split = await store.read(figures.by_terminal, SHOP, window)
            for terminal_id in (SAMAL, DOSTYK):
                here = [r for r in rows.values() if r.terminal_id == terminal_id]
                told = tallies(r for r in here if window.start <= r.created_at < window.end)
                assert split.get(terminal_id, {}) == told


@pytest.mark.parametrize("seed", range(4))
async def test_a_window_of_any_ends_is_what_counting_gives(store: Store, seed: int) -> None:
    random = Random(seed)
    rows = drawn(random, 300)
    await store.write(operations.apply, SHOP, rows, history_before=NOW, now=NOW)
    for _ in range(40):
        ends = sorted(random.choice(rows).created_at + random.choice(AN_HOUR_APART) for _ in range(2))
        terminal_id = random.choice(("", SAMAL))
        check(await store.read(figures.of_window, SHOP, terminal_id, Window(*ends)), rows, terminal_id)


async def begun(store: Store, through_at: datetime, *, left: Window | None = None) -> None:
    await store.write(sources.begin, SHOP, NOW - 9 * DAY)
    await store.write(sources.advance, SHOP, through_at)
    if left:
        tier = Tier(merchant_id=SHOP, name=TierName.BACKFILL, left=left, due_at=NOW)
        await store.write(sources.save_tier, tier)


async def test_everything_is_cut_where_the_reading_ends(store: Store) -> None:
    await begun(store, NOW - 2 * HOUR)
    calendar = CALENDARS[0]
    report = await store.read(figures.period_report, SHOP_LLP, None, calendar.today(NOW), calendar=calendar, now=NOW)
    ends = [one.figures.window.end for one in (report.asked, *report.earlier)]
    assert ends == [NOW - 2 * HOUR, NOW - 2 * HOUR - DAY, NOW - 2 * HOUR - 7 * DAY]


async def test_a_day_that_began_after_the_bank_was_lost_is_empty(store: Store) -> None:
    await begun(store, NOW - 2 * DAY)
    calendar = CALENDARS[0]
    report = await store.read(figures.period_report, SHOP_LLP, None, calendar.today(NOW), calendar=calendar, now=NOW)
    window = report.asked.figures.window
    assert window.start == window.end
    assert all(one.figures.window.span == timedelta() for one in report.earlier)


@pytest.mark.parametrize(
    ("left", "since", "filling"),
    [
        (None, None, False),
        (Window(NOW - 56 * DAY, NOW - 20 * DAY), NOW - 20 * DAY, True),
        (Window(NOW - 56 * DAY, NOW - 56 * DAY), NOW - 56 * DAY, False),
    ],
)
async def test_how_far_back_the_history_goes_is_known(
    store: Store, left: Window | None, since: datetime | None, filling: bool
) -> None:
    await begun(store, NOW, left=left)
    freshness = await store.read(sources.get_freshness, SHOP)
    assert (freshness.since_at, freshness.filling) == (since, filling)


@pytest.mark.parametrize(
    ("periods", "ends"),
    [
        (("month", "today"), (0, 0)),
        (("week-before", "week"), (-7, 0)),
        (("yesterday", "today"), (-1, 0)),
    ],
)
async def test_two_periods_are_cut_alike_where_they_are_alike(
    store: Store, periods: tuple[str, str], ends: tuple[int, int]
) -> None:
    await begun(store, NOW)
    calendar = CALENDARS[0]
    known = {
        "month": calendar.month(NOW),
        "today": calendar.today(NOW),
        "yesterday": calendar.yesterday(NOW),
        "week": calendar.week(NOW),
        "week-before": Period(PeriodKind.DAYS, date(2026, 11, 9), date(2026, 11, 15)),
    }
    report = await store.read(
        figures.comparison_report,
        SHOP_LLP,
        None,
        (known[periods[0]], known[periods[1]]),
        calendar=calendar,
        now=NOW,
    )
    assert [side.figures.window.end for side in report.sides] == [NOW + days * DAY for days in ends]
