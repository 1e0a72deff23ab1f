"""What one merchant's polls keep and announce while the bank behaves."""

from collections.abc import AsyncIterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from builders import SHOP
from databases import changed_rows
from watching import BAKERY_AT_BANK, DAY, HOUR, INTERVAL, MINUTE, SAMAL, SECOND, Watch, watching

from bot.model import MerchantId, Outcome, Window
from bot.store import figures, sources
from bot.store.driver import Connection, Store
from bot.store.sources import TierName


@pytest.fixture
async def watch(tmp_path: Path) -> AsyncIterator[Watch]:
    async with watching(tmp_path) as watch:
        await watch.start()
        yield watch


async def test_the_first_start_stores_history_and_alerts_nobody(watch: Watch) -> None:
    old = [watch.fail(created_at=watch.now - age) for age in (SECOND, MINUTE, 29 * MINUTE, HOUR, DAY, 50 * DAY)]
    assert await watch.poll()
    assert (await watch.stored()).keys() == {row.id for row in old}
    assert await watch.said() == []
    await watch.poll_for(15 * MINUTE, every=MINUTE)
    assert await watch.said() == []


async def test_a_failure_from_just_before_the_start_that_appears_later_is_told(watch: Watch) -> None:
    row = watch.fail(created_at=watch.now - 5 * MINUTE, visible_at=watch.now + 5 * MINUTE)
    older = watch.fail(created_at=watch.now - 50 * MINUTE, visible_at=watch.now + 5 * MINUTE)
    await watch.poll()
    await watch.poll_for(20 * MINUTE, every=MINUTE)
    assert await watch.failures() == [row.id]
    assert older.id in await watch.stored()


async def test_a_failure_after_the_start_alerts_once(watch: Watch) -> None:
    await watch.poll()
    row = watch.fail(reason_code=488)
    for _ in range(4):
        await watch.poll(INTERVAL)
    assert await watch.failures() == [row.id]
    [(_, alert)] = await watch.said()
    assert (alert["reason"], alert["terminal_names"], alert["incident"]["late"]) == ("first", {SAMAL: "Samal-2"}, False)
    (operation,) = alert["incident"]["attempts"]
    assert (operation["reason_code"], operation["payer_name"]) == (488, "")


async def test_a_failure_while_the_first_reading_is_under_way_is_not_history(watch: Watch) -> None:
    failing = []

    def fail_once(endpoint: str, _number: int) -> None:
        if endpoint == "list" and len(failing) < 1 and watch.bank.requests[-1].path.endswith("operations"):
            watch.now += 2 * SECOND
            failing.append(watch.fail().id)

    watch.bank.before_request = fail_once
    await watch.poll()
    watch.bank.before_request = None
    await watch.poll(INTERVAL)
    assert await watch.failures() == failing


@pytest.mark.parametrize(
    ("late", "within"),
    [
        (2 * SECOND, INTERVAL),
        (20 * SECOND, INTERVAL),
        (25 * MINUTE, INTERVAL),
        (31 * MINUTE, 10 * MINUTE),
        (110 * MINUTE, 10 * MINUTE),
        (3 * HOUR, HOUR),
        (40 * HOUR, HOUR),
        (20 * DAY, DAY),
    ],
    ids=str,
)
async def test_an_operation_that_appears_late_is_found(watch: Watch, late: timedelta, within: timedelta) -> None:
    await watch.poll()
    watch.add()
    row = watch.fail(visible_at=watch.bank.clock() + late)
    await watch.poll_for(late - SECOND, every=max(late / 10, INTERVAL))
    assert await watch.failures() == []
    await watch.poll_for(within + 2 * MINUTE, every=max(within / 10, INTERVAL))
    assert await watch.failures() == [row.id]
    assert [incident.late for incident in await watch.incidents()] == [late > 15 * MINUTE]


async def test_undecided_becomes_failed_and_is_told_once(watch: Watch) -> None:
    await watch.poll()
    row = watch.add(outcome="undecided")
    await watch.poll(INTERVAL)
    assert await watch.said() == []
    watch.world.change(row.id, "failed", watch.now + 5 * MINUTE)
    await watch.poll_for(6 * MINUTE)
    assert await watch.failures() == [row.id]
    assert (await watch.stored())[row.id].outcome is Outcome.FAILED


async def test_undecided_becomes_failed_hours_later_and_is_found_by_looking_again(watch: Watch) -> None:
    await watch.poll()
    row = watch.add(outcome="undecided")
    watch.world.change(row.id, "failed", watch.now + 5 * HOUR)
    await watch.poll_for(5 * HOUR, every=10 * MINUTE)
    assert await watch.failures() == []
    await watch.poll_for(31 * MINUTE, every=MINUTE)
    assert await watch.failures() == [row.id]


async def test_undecided_becomes_paid_without_a_word(watch: Watch) -> None:
    await watch.poll()
    row = watch.add(outcome="undecided", reason_code=454)
    await watch.poll(INTERVAL)
    watch.world.change(row.id, "paid", watch.now)
    await watch.poll(INTERVAL)
    assert (await watch.stored())[row.id].outcome is Outcome.PAID
    assert await watch.said() == []


async def test_a_failure_that_turns_out_paid_is_corrected_and_not_told_again(watch: Watch) -> None:
    await watch.poll()
    row = watch.fail()
    await watch.poll(INTERVAL)
    watch.world.change(row.id, "paid", watch.now + MINUTE)
    await watch.poll_for(5 * MINUTE)
    assert (await watch.stored())[row.id].outcome is Outcome.PAID
    assert await watch.failures() == [row.id]


@pytest.mark.parametrize(
    ("after", "within"),
    [(10 * MINUTE, MINUTE), (90 * MINUTE, 10 * MINUTE), (5 * HOUR, DAY), (40 * HOUR, DAY), (30 * DAY, DAY)],
    ids=str,
)
async def test_a_refund_is_seen_within_a_day(watch: Watch, after: timedelta, within: timedelta) -> None:
    await watch.poll()
    row = watch.add("22.22")
    await watch.poll(INTERVAL)
    watch.world.change(row.id, "refunded", watch.now + after, amount=Decimal("22.22"))
    await watch.poll_for(after, every=after / 10)
    await watch.poll_for(within + MINUTE, every=max(within / 10, 30 * SECOND))
    assert (await watch.stored())[row.id].outcome is Outcome.REFUNDED
    assert await watch.differences() == []


async def test_an_invoice_paid_at_the_third_attempt(watch: Watch) -> None:
    await watch.poll()
    for outcome in ("failed", "failed", "paid"):
        watch.add(500, outcome=outcome, invoice_id="7")
        await watch.poll(MINUTE)
    window = Window(watch.now - HOUR, watch.now + HOUR)
    told = await watch.store.read(figures.of_window, MerchantId("shop"), "", window)
    assert (told.currencies["KZT"].failed, told.currencies["KZT"].paid) == (2, 1)
    assert (told.invoices.decided, told.invoices.paid) == (1, 1)
    [(_, alert)] = await watch.said()
    assert alert["incident"]["count"] == 2


async def test_a_stale_answer_changes_nothing_and_announces_nothing_again(watch: Watch) -> None:
    await watch.poll()
    row = watch.add(outcome="undecided")
    watch.world.change(row.id, "failed", watch.now + 30 * SECOND)
    new = watch.fail(created_at=watch.now + 40 * SECOND)
    await watch.poll(MINUTE)
    assert sorted(await watch.failures()) == sorted([row.id, new.id])
    watch.bank.before_request = lambda _endpoint, number: setattr(
        watch.bank, "clock_offset", -50 * SECOND * (number % 2)
    )
    for _ in range(8):
        await watch.poll(INTERVAL)
    assert (await watch.stored())[row.id].outcome is Outcome.FAILED
    assert len(await watch.failures()) == 2


async def test_a_stale_answer_does_not_make_the_newest_seem_gone(watch: Watch) -> None:
    await watch.poll()
    await watch.poll(9 * MINUTE)
    row = watch.add(created_at=watch.now + 50 * SECOND)
    first = len(watch.bank.requests) + 1
    watch.bank.before_request = lambda _endpoint, number: setattr(
        watch.bank, "clock_offset", -50 * SECOND * (number > first)
    )
    await watch.poll(80 * SECOND)
    assert row.id in await watch.stored()
    assert await watch.missing() == []


async def test_undecided_operations_near_each_other_are_looked_at_together(watch: Watch) -> None:
    await watch.poll()
    for number in range(40):
        watch.add(outcome="undecided", created_at=watch.now + number * MINUTE)
    await watch.poll_for(5 * HOUR, every=10 * MINUTE)
    before = len(watch.bank.requests)
    await watch.poll_for(30 * MINUTE)
    assert len(watch.bank.requests) - before < 120 + 40


async def test_a_row_the_bank_no_longer_lists_is_noticed_and_kept(
    watch: Watch, caplog: pytest.LogCaptureFixture
) -> None:
    await watch.poll()
    row, other = watch.add(), watch.add()
    await watch.poll(INTERVAL)
    watch.world.hide(row.id, watch.now + MINUTE)
    await watch.poll_for(80 * MINUTE, every=5 * MINUTE)
    assert (await watch.stored()).keys() == {row.id, other.id}
    assert await watch.missing() == [row.id]
    assert caplog.text.count("no longer lists 1 operations") == 1


async def test_a_stretch_known_to_be_busy_is_read_again_in_pieces(watch: Watch) -> None:
    """What is read at once is held in memory at once. A poll of no time reads one piece."""
    watch.polling = watch.polling.model_copy(update={"interval": timedelta()})
    await watch.start()
    await watch.poll()
    for number in range(2_001):
        watch.add(created_at=watch.now + number * SECOND / 2)
    await watch.poll(25 * MINUTE)
    left = (await watch.store.read(sources.list_tiers, SHOP))[TierName.WARM].left
    assert len(await watch.stored()) == 2_001
    assert left.end - left.start == HOUR


async def test_two_merchants_never_mix(watch: Watch) -> None:
    await watch.start(BAKERY_AT_BANK)
    await watch.poll()
    await watch.poll(merchant_id="bakery")
    ours = watch.fail(invoice_id="7")
    theirs = watch.world.add("bakery", BAKERY_AT_BANK.terminals[0].tid, 5, outcome="failed", invoice_id="7")
    for merchant_id in ("shop", "bakery", "shop", "bakery"):
        await watch.poll(INTERVAL, merchant_id)
    assert [(await watch.stored(key)).keys() for key in ("shop", "bakery")] == [{ours.id}, {theirs.id}]
    told = [values for _, values in await watch.said()]
    assert [
        (one["merchant_name"], one["incident"]["attempts"][0]["id"], one["incident"]["number"]) for one in told
    ] == [
        ("Shop", ours.id, 1),
        ("Bakery", theirs.id, 2),
    ]


async def test_a_rule_switched_off_says_nothing(watch: Watch) -> None:
    watch.rules = {"failed_operation": {"enabled": False}}
    await watch.start()
    await watch.poll()
    watch.fail()
    await watch.poll(INTERVAL)
    assert await watch.said() == []
    assert len(await watch.stored()) == 1


async def test_sums_are_exact_to_the_tiyn(watch: Watch) -> None:
    await watch.poll()
    amounts = [Decimal("0.01"), Decimal("12.22"), Decimal("99999999.99"), Decimal(200)]
    for amount in amounts:
        watch.add(amount)
    await watch.poll(INTERVAL)
    window = Window(watch.now - HOUR, watch.now + HOUR)
    told = await watch.store.read(figures.of_window, MerchantId("shop"), "", window)
    assert told.currencies["KZT"].paid_sum == int(sum(amounts) * 100)


async def test_how_far_the_bank_has_been_read_is_told(watch: Watch) -> None:
    await watch.poll()
    await watch.poll(INTERVAL)
    freshness = await watch.store.read(sources.get_freshness, MerchantId("shop"))
    assert (freshness.through_at, freshness.lost_since) == (watch.now, None)
    assert (await watch.source()).last_ok_at == watch.now


class Counted:
    """A store that counts the rows it changes."""

    shared, waiting = False, 0

    def __init__(self, store: Store) -> None:
        self._store = store
        self.changes = 0
        self.read, self.close = store.read, store.close

    async def write(self, change: Any, *args: Any, **kwargs: Any) -> Any:
        def counting(db: Connection) -> Any:
            before = changed_rows(db)
            result = change(db, *args, **kwargs)
            self.changes += changed_rows(db) - before
            return result

        return await self._store.write(counting)


async def test_a_quiet_hour_is_cheap(watch: Watch) -> None:
    """One request and one small commit a poll, and a few more an hour for the re-reads."""
    watch.store = store = Counted(watch.store)
    await watch.start()
    watch.add()
    await watch.poll()
    await watch.poll(INTERVAL)
    requests, changes = len(watch.bank.requests), store.changes
    await watch.poll_for(HOUR)
    assert len(watch.bank.requests) - requests <= 240 + 6 + 3
    assert 240 <= store.changes - changes <= 2 * 240 + 10
