"""The generator of the simulated bank: repeatable, with a rhythm, and open to interference."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cache

import pytest

from bot.demo.bank import CALM, Habits, TruthRow, World, default_merchants
from bot.demo.bank.reasons import FAILURES, NON_FINAL
from bot.demo.bank.traffic import ALMATY

NOW = datetime(2026, 11, 20, 12, 0, 30, tzinfo=UTC)
SHOP, BAKERY = default_merchants()
TERMINAL = SHOP.terminals[0].tid


@cache
def month() -> tuple[TruthRow, ...]:
    world = World(7)
    world.fill_history(NOW - timedelta(days=28), NOW)
    return tuple(world.rows("shop"))


def of_terminal(world: World, tid: str = TERMINAL) -> list[TruthRow]:
    return [row for row in world.rows("shop") if row.terminal == tid]


def test_the_same_seed_gives_the_same_world_in_any_number_of_steps() -> None:
    leap, steps = World(3, start=NOW), World(3, start=NOW)
    leap.advance_to(NOW + timedelta(hours=6))
    for minute in range(0, 361, 7):
        steps.advance_to(NOW + timedelta(minutes=minute))
    steps.advance_to(NOW + timedelta(hours=6))
    assert leap.rows("shop") == steps.rows("shop") != []
    assert World(4, start=NOW).rows("shop") == []


def test_history_and_presence_join_without_gap_or_overlap() -> None:
    joined, whole = World(3), World(3)
    joined.advance_to(NOW)
    joined.fill_history(NOW - timedelta(hours=8), NOW - timedelta(hours=2))
    whole.fill_history(NOW - timedelta(hours=8), NOW + timedelta(minutes=1))
    assert joined.rows("shop") == whole.rows("shop")


def test_another_seed_gives_another_world() -> None:
    worlds = [World(seed) for seed in (1, 2)]
    for world in worlds:
        world.fill_history(NOW - timedelta(hours=8), NOW)
    assert not {row.id for row in worlds[0].rows("shop")} & {row.id for row in worlds[1].rows("shop")}


def test_time_never_runs_back() -> None:
    world = World(3, start=NOW)
    world.advance_to(NOW + timedelta(hours=1))
    before = world.rows("shop")
    world.advance_to(NOW)
    assert world.rows("shop") == before
    assert world.now == NOW + timedelta(hours=1)


def test_the_number_of_operations_is_near_the_wish() -> None:
    per_day = len(month()) / 28 / len(SHOP.terminals)
    assert 285 < per_day < 315


def test_arrivals_follow_the_day_in_almaty() -> None:
    hours = Counter(row.created_at.astimezone(ALMATY).hour for row in month())
    assert hours[3] * 20 < hours[13]
    assert hours[19] > hours[15] > hours[23] > hours[3]


def test_arrivals_are_as_uneven_as_chance() -> None:
    """Variance of the counts in equal evening quarters is near their mean, as Poisson wants; retries add a little."""
    evening = [row for row in month() if row.created_at.astimezone(ALMATY).hour == 19]
    counts = Counter(
        row.created_at.replace(minute=row.created_at.minute // 15, second=0, microsecond=0) for row in evening
    )
    mean = len(evening) / (28 * 4)
    variance = sum((counts[key] - mean) ** 2 for key in counts) / (28 * 4)
    assert 0.6 < variance / mean < 2.0


def test_an_invoice_has_one_to_three_attempts_and_only_a_failure_is_tried_again() -> None:
    attempts: dict[str, list[TruthRow]] = {}
    for row in month():
        attempts.setdefault(row.invoice_id, []).append(row)
    assert {len(rows) for rows in attempts.values()} == {1, 2, 3}
    assert all(row.outcome == "failed" for rows in attempts.values() for row in rows[:-1])


def test_all_kinds_of_fate_occur() -> None:
    rows = month()
    fates = {tuple(change.outcome for change in row.changes) for row in rows}
    assert fates == {
        ("paid",),
        ("failed",),
        ("undecided",),
        ("paid", "refunded"),
        ("undecided", "paid"),
        ("undecided", "failed"),
    }
    late = [row.visible_at - row.created_at for row in rows]
    assert timedelta(minutes=20) < max(late) <= timedelta(minutes=25)
    assert any(row.hidden_at for row in rows)
    assert len({row.created_at for row in rows}) < len(rows)


def test_reason_codes_come_from_the_table_with_their_weights() -> None:
    codes = Counter(change.reason_code for row in month() for change in row.changes if change.outcome == "failed")
    assert set(codes) == set(FAILURES)
    assert codes.most_common(1)[0][0] == 484
    assert {row.reason_code for row in month() if row.outcome == "undecided"} == {0, *NON_FINAL}


def test_texts_try_the_reader() -> None:
    rows = month()
    text = "".join(row.description + row.payer.name + row.invoice_id for row in rows)
    assert all(sign in text for sign in ("<script>", "%", "_", "ө", "🚚", "=HYPERLINK", "\n"))
    assert any(not row.description for row in rows)
    assert max(len(row.description) for row in rows) > 500
    assert any(row.invoice_id.startswith("0") for row in rows)
    assert any(row.amount % 1 for row in rows)
    assert all(row.payer.email.endswith(("@example.com", "@example.kz")) for row in rows)


def test_sums_at_an_instant_are_exact() -> None:
    world = World(1, merchants=default_merchants(per_day=0), start=NOW)
    for cents in range(1, 11):
        world.add("shop", TERMINAL, Decimal(cents) / 100)
    refunded = world.add("shop", TERMINAL, "1000.10")
    world.change(refunded.id, "refunded", NOW + timedelta(hours=3))

    def paid(at: datetime) -> Decimal:
        return sum((row.amount for row in world.truth("shop", at) if row.outcome == "paid"), Decimal(0))

    assert (paid(NOW), paid(NOW + timedelta(hours=3))) == (Decimal("1000.65"), Decimal("0.55"))


def test_a_change_gives_up_what_was_planned_later() -> None:
    world = World(1, merchants=default_merchants(per_day=0), start=NOW)
    row = world.add("shop", TERMINAL, 10, outcome="undecided", reason_code=454)
    world.change(row.id, "paid", NOW + timedelta(minutes=9))
    world.change(row.id, "failed", NOW + timedelta(minutes=5), reason_code=462)
    assert [(shown.outcome, shown.reason_code) for shown in world.truth("shop", NOW + timedelta(minutes=9))] == [
        ("failed", 462)
    ]


def test_of_two_changes_at_one_instant_the_later_told_wins() -> None:
    world = World(1, merchants=default_merchants(per_day=0), start=NOW)
    row = world.add("shop", TERMINAL, 10)
    world.change(row.id, "refunded", NOW)
    assert [shown.outcome for shown in world.truth("shop", NOW)] == ["refunded"]
    with pytest.raises(ValueError, match="did not exist"):
        world.change(row.id, "failed", NOW - timedelta(seconds=1))


def test_a_changed_amount_is_seen_from_its_instant() -> None:
    world = World(1, merchants=default_merchants(per_day=0), start=NOW)
    row = world.add("shop", TERMINAL, 100)
    world.change(row.id, "paid", NOW + timedelta(hours=1), amount=Decimal(60))
    amounts = [world.truth("shop", NOW + timedelta(hours=hours))[0].amount for hours in (0, 1)]
    assert amounts == [100, 60]


def test_a_silent_terminal_makes_nothing_and_its_neighbour_goes_on() -> None:
    world = World(2, start=NOW)
    world.advance_to(NOW)
    until = NOW + timedelta(hours=2)
    world.silence(TERMINAL, until)
    world.advance_to(until + timedelta(hours=1))
    assert not [row for row in of_terminal(world) if NOW < row.created_at < until]
    assert [row for row in of_terminal(world) if row.created_at > until]
    assert [row for row in of_terminal(world, SHOP.terminals[1].tid) if NOW < row.created_at < until]


def test_calm_ends_a_silence() -> None:
    world = World(2, start=NOW)
    world.silence(TERMINAL, NOW + timedelta(days=1))
    world.calm(TERMINAL)
    world.advance_to(NOW + timedelta(hours=2))
    assert of_terminal(world)


def test_a_spike_multiplies_arrivals() -> None:
    plain, busy = World(2, start=NOW), World(2, start=NOW)
    busy.spike(TERMINAL, 5, NOW + timedelta(hours=3))
    for world in (plain, busy):
        world.advance_to(NOW + timedelta(hours=3))
    assert 4 < len(of_terminal(busy)) / len(of_terminal(plain)) < 6.5


def test_a_failing_terminal_fails_with_the_given_reason() -> None:
    world = World(2, start=NOW)
    world.fail_terminal(TERMINAL, 1.0, 529, NOW + timedelta(hours=2))
    world.advance_to(NOW + timedelta(hours=1))
    assert {(row.outcome, row.reason_code) for row in of_terminal(world)} == {("failed", 529)}


def test_a_calm_world_only_pays_and_at_once() -> None:
    world = World(2, habits=CALM, start=NOW)
    world.advance_to(NOW + timedelta(hours=5))
    rows = world.rows("shop")
    assert {(row.outcome, len(row.changes), row.visible_at == row.created_at) for row in rows} == {("paid", 1, True)}


def test_habits_can_be_made_worse() -> None:
    world = World(2, habits=replace(Habits(), fail=0.9), start=NOW)
    world.advance_to(NOW + timedelta(hours=5))
    failed = sum(row.outcome == "failed" for row in world.rows("shop"))
    assert failed > 0.8 * len(world.rows("shop"))


def test_a_wrong_terminal_is_an_error() -> None:
    world = World(1, start=NOW)
    with pytest.raises(ValueError, match="belongs to bakery"):
        world.add("shop", BAKERY.terminals[0].tid, 1)
    with pytest.raises(KeyError):
        world.silence("00000000", NOW)
    with pytest.raises(KeyError):
        world.get("nobody")
