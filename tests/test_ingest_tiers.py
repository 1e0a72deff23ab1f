"""Which older stretch is read again, when and in how large pieces."""

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from builders import NOW, SHOP, hours, minutes

from bot.ingest import tiers
from bot.ingest.tiers import FIRST_SLICE, LARGEST_SLICE, REST, SMALLEST_SLICE, Slices
from bot.model import Window
from bot.store.sources import Tier, TierName

DAY = timedelta(days=1)
NOTHING = Window(NOW, NOW)
SOON = NOW + minutes(5)


def tier(name: TierName, left: Window = NOTHING, due_at: datetime = SOON) -> Tier:
    return Tier(merchant_id=SHOP, name=name, left=left, due_at=due_at)


def all_done(**changes: Tier) -> dict[TierName, Tier]:
    return {name: changes.get(name.value, tier(name)) for name in TierName}


def test_nothing_is_due_when_everything_is_done() -> None:
    assert tiers.due_tier(SHOP, all_done(), NOW) is None


@pytest.mark.parametrize(
    ("name", "nearest", "reach", "every"),
    [
        (TierName.WARM, timedelta(), hours(2), minutes(10)),
        (TierName.COLD, hours(2), hours(48), hours(1)),
        (TierName.AUDIT, hours(2), 45 * DAY, DAY),
    ],
)
def test_a_run_that_is_due_begins_anew_over_its_reach(
    name: TierName, nearest: timedelta, reach: timedelta, every: timedelta
) -> None:
    due = tiers.due_tier(SHOP, all_done(**{name.value: tier(name, due_at=NOW)}), NOW)
    assert due == tier(name, Window(NOW - reach, NOW - nearest), NOW + every)


def test_the_most_urgent_comes_first_and_history_last() -> None:
    piece = Window(NOW - hours(9), NOW - hours(8))
    known = {name: tier(name, piece) for name in TierName}
    order = []
    while due := tiers.due_tier(SHOP, known, NOW):
        order.append(due.name)
        known[due.name] = replace(due, left=NOTHING)
    assert order == [TierName.WARM, TierName.COLD, TierName.AUDIT, TierName.BACKFILL]


def test_one_that_rests_is_passed_over() -> None:
    piece = Window(NOW - hours(9), NOW - hours(8))
    known = {name: tier(name, piece) for name in TierName}
    assert tiers.due_tier(SHOP, known, NOW, {"warm", "cold", "audit"}) == tier(TierName.BACKFILL, piece)
    assert tiers.due_tier(SHOP, known, NOW, {"warm", "cold", "audit", "backfill"}) is None


def test_a_run_half_done_goes_on_and_does_not_begin_anew() -> None:
    half = tier(TierName.AUDIT, Window(NOW - 3 * DAY, NOW - DAY), due_at=NOW - hours(1))
    assert tiers.due_tier(SHOP, all_done(audit=half), NOW) == half


def test_a_run_planned_by_a_wrong_clock_is_not_waited_for() -> None:
    planned = tier(TierName.WARM, due_at=NOW + DAY)
    due = tiers.due_tier(SHOP, all_done(warm=planned), NOW)
    assert due is not None
    assert due.name is TierName.WARM


def test_the_edges_of_a_run_are_whole_seconds_so_that_counts_agree() -> None:
    now = NOW + timedelta(microseconds=123_456)
    due = tiers.due_tier(SHOP, all_done(cold=tier(TierName.COLD, due_at=NOW)), now)
    assert due is not None
    assert (due.left.start.microsecond, due.left.end.microsecond) == (0, 0)


def test_a_new_merchant_begins_with_history_and_every_re_read_a_period_away() -> None:
    history = Window(NOW - 56 * DAY, NOW - minutes(30))
    first = {one.name: one for one in tiers.first_tiers(SHOP, history, NOW)}
    assert tiers.due_tier(SHOP, first, NOW) == tier(TierName.BACKFILL, history, NOW)
    assert {name: one.due_at - NOW for name, one in first.items() if name is not TierName.BACKFILL} == {
        TierName.WARM: minutes(10),
        TierName.COLD: hours(1),
        TierName.AUDIT: DAY,
    }


def test_history_is_read_backwards_and_everything_else_forwards() -> None:
    left = Window(NOW - hours(10), NOW)
    forward, back = tier(TierName.AUDIT, left), tier(TierName.BACKFILL, left)
    assert tiers.next_slice(forward, hours(4)) == (
        Window(NOW - hours(10), NOW - hours(6)),
        replace(forward, left=Window(NOW - hours(6), NOW)),
    )
    assert tiers.next_slice(back, hours(4)) == (
        Window(NOW - hours(4), NOW),
        replace(back, left=Window(NOW - hours(10), NOW - hours(4))),
    )


@pytest.mark.parametrize("name", [TierName.AUDIT, TierName.BACKFILL])
def test_slices_cover_everything_once(name: TierName) -> None:
    rest = tier(name, Window(NOW - hours(10), NOW))
    windows = []
    while not tiers.is_done(rest):
        window, rest = tiers.next_slice(rest, hours(3))
        windows.append(window)
    ordered = sorted(windows, key=lambda window: window.start)
    assert (ordered[0].start, ordered[-1].end) == (NOW - hours(10), NOW)
    assert all(before.end == after.start for before, after in pairwise(ordered))


def test_the_newest_minutes_come_newest_first_in_pieces_that_may_grow() -> None:
    sizes = iter([minutes(5), minutes(10), hours(1)])
    window = Window(NOW - minutes(30), NOW)
    pieces = list(tiers.newest_first(window, lambda: next(sizes)))
    assert pieces == [
        Window(NOW - minutes(5), NOW),
        Window(NOW - minutes(15), NOW - minutes(5)),
        Window(NOW - minutes(30), NOW - minutes(15)),
    ]


def test_less_is_asked_for_after_a_failure_and_slowly_more_again() -> None:
    slices = Slices()
    assert slices.size("hot") == FIRST_SLICE
    slices.failed("hot", minutes(30), NOW)
    assert (slices.size("hot"), slices.size("cold")) == (minutes(15), FIRST_SLICE)
    slices.read("hot", minutes(15), 10)
    assert slices.size("hot") == minutes(22.5)
    for _ in range(20):
        slices.failed("hot", minutes(30), NOW)
    assert slices.size("hot") == SMALLEST_SLICE
    for _ in range(40):
        slices.read("hot", minutes(15), 10)
    assert slices.size("hot") == LARGEST_SLICE


def test_a_flood_of_rows_makes_the_next_piece_smaller() -> None:
    slices = Slices()
    slices.read("audit", FIRST_SLICE, 2001)
    assert slices.size("audit") == FIRST_SLICE / 2
    slices.read("warm", hours(2), 2001)
    assert slices.size("warm") == hours(1)


def test_too_many_known_rows_are_not_asked_for_at_once_but_by_the_half_minute_at_least() -> None:
    slices = Slices()
    assert slices.fits("warm", hours(2), 2000)
    assert slices.size("warm") == FIRST_SLICE
    assert not slices.fits("warm", hours(2), 2001)
    assert slices.size("warm") == hours(1)
    assert slices.fits("warm", SMALLEST_SLICE, 1_000_000)


def test_one_that_failed_rests_a_while_or_until_it_is_read() -> None:
    slices = Slices()
    slices.failed("audit", DAY, NOW)
    slices.failed("cold", DAY, NOW)
    assert slices.resting(NOW) == {"audit", "cold"}
    slices.read("cold", DAY, 1)
    assert slices.resting(NOW + REST - minutes(1)) == {"audit"}
    assert slices.resting(NOW + REST) == frozenset()
    assert slices.resting(NOW - DAY) == frozenset()
