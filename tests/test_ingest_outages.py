"""The bank away and back, broken answers, restarts and wrong clocks: nothing lost, everything told once."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from builders import SHOP
from databases import only_sqlite
from watching import BAKERY_AT_BANK, DAY, HOUR, INTERVAL, MINUTE, SECOND, Watch, watching

from bot.config import Polling
from bot.demo.bank import Fault, TruthRow
from bot.errors import SourceUnavailable, StoreError
from bot.ingest.tiers import is_done
from bot.model import Outcome, Window
from bot.store.sources import TierName, list_tiers


@pytest.fixture
async def watch(tmp_path: Path) -> AsyncIterator[Watch]:
    async with watching(tmp_path) as watch:
        await watch.start()
        yield watch


async def left_of(watch: Watch, name: TierName) -> Window:
    return (await watch.store.read(list_tiers, (await watch.source()).merchant_id))[name].left


async def test_an_outage_is_told_once_when_it_lasts_and_once_when_it_ends(
    watch: Watch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    await watch.poll()
    watch.bank.faults.down = True
    assert not await watch.poll(INTERVAL)
    assert await watch.said() == []
    await watch.poll_for(HOUR, every=MINUTE)
    assert await watch.news() == ["lost"]
    row = watch.fail()
    watch.bank.faults.down = False
    assert await watch.poll(INTERVAL)
    await watch.poll_for(5 * MINUTE)
    assert await watch.news() == ["lost", "back"]
    assert await watch.failures() == [row.id]
    lost = next(one for one in await watch.incidents() if one.key == "lost")
    assert (lost.values, lost.is_open) == ({"count": 1, "failed": 1}, False)
    assert caplog.text.count("does not answer") == 1
    assert caplog.text.count("answers again") == 1


@pytest.mark.parametrize("skew", [timedelta(), 6 * HOUR, -6 * HOUR], ids=str)
async def test_what_was_missed_is_counted_by_the_banks_clock(watch: Watch, skew: timedelta) -> None:
    watch.skew = skew
    await watch.start()
    watch.add(), watch.fail()
    await watch.poll()
    watch.bank.faults.down = True
    await watch.poll_for(2 * MINUTE)
    watch.add(), watch.fail(), watch.fail()
    watch.bank.faults.down = False
    await watch.poll(INTERVAL)
    lost = next(one for one in await watch.incidents() if one.key == "lost")
    assert (lost.values, lost.is_open) == ({"count": 3, "failed": 2}, False)


async def test_a_hiccup_is_not_told(watch: Watch) -> None:
    await watch.poll()
    watch.bank.faults.next("list", Fault.server_error(), Fault.server_error())
    assert not await watch.poll(INTERVAL)
    assert (await watch.source()).lost_at == watch.now
    assert await watch.poll(INTERVAL)
    assert (await watch.source()).lost_at is None
    assert await watch.said() == []


async def test_a_second_outage_is_told_anew(watch: Watch) -> None:
    await watch.poll()
    for _ in range(2):
        watch.bank.faults.down = True
        await watch.poll_for(2 * MINUTE)
        watch.bank.faults.down = False
        await watch.poll_for(MINUTE)
    assert await watch.news() == ["lost", "back", "lost", "back"]


async def test_wrong_credentials_are_told_at_once_and_the_login_is_left_alone(watch: Watch) -> None:
    await watch.poll()
    watch.bank.forget_tokens()
    watch.bank.faults.always("token", Fault.unauthorized())
    logins = sum(seen.path.endswith("token") for seen in watch.bank.requests)
    await watch.poll_for(10 * MINUTE)
    assert await watch.news() == ["denied"]
    assert sum(seen.path.endswith("token") for seen in watch.bank.requests) - logins <= 6
    watch.bank.faults.clear()
    await watch.poll_for(3 * MINUTE)
    assert await watch.news() == ["denied", "back"]


async def test_a_bank_that_asks_to_wait_is_left_alone_and_the_loss_is_told_in_time(watch: Watch) -> None:
    await watch.poll()
    watch.bank.faults.next("list", Fault.maintenance("300"))
    before = len(watch.bank.requests)
    await watch.poll_for(5 * MINUTE)
    assert len(watch.bank.requests) == before + 1
    assert await watch.news() == ["lost"]
    assert await watch.poll(INTERVAL)


@pytest.mark.parametrize("away", [20 * MINUTE, 45 * MINUTE, 5 * HOUR, 3 * DAY, 60 * DAY], ids=str)
async def test_what_happened_while_nobody_looked_is_caught_up(watch: Watch, away: timedelta) -> None:
    await watch.poll()
    rows = [watch.fail(created_at=watch.now + away * (number / 8)) for number in range(8)]
    await watch.start()
    assert await watch.poll(away)
    assert sorted(await watch.failures()) == sorted(row.id for row in rows)
    (incident,) = await watch.incidents()
    assert incident.late == all(watch.now - row.created_at > 15 * MINUTE for row in rows)
    assert len(await watch.said()) == 1
    assert (await watch.source()).through_at == watch.now


async def test_the_newest_failures_come_first_after_an_outage(watch: Watch) -> None:
    await watch.poll()
    old, new = watch.fail(created_at=watch.now + HOUR), watch.fail(created_at=watch.now + 5 * HOUR - MINUTE)
    await watch.poll(5 * HOUR)
    assert await watch.failures() == [new.id, old.id]


async def test_a_long_gap_is_closed_over_several_polls_and_told_as_over_only_then(watch: Watch) -> None:
    watch.polling = Polling.model_construct(interval=timedelta(), overlap=30 * MINUTE, backfill=2 * DAY)
    await watch.start()
    await watch.poll()
    watch.bank.faults.down = True
    await watch.poll_for(2 * MINUTE)
    rows = [watch.fail(created_at=watch.now + timedelta(hours=6 * number)) for number in range(1, 12)]
    watch.bank.faults.down = False
    marks = []
    for _ in range(4):
        await watch.poll(3 * DAY if not marks else INTERVAL)
        marks.append((await watch.source()).through_at)
    assert marks == sorted(marks)
    assert len(set(marks)) == 4
    assert await watch.news() == ["lost", "back"]
    assert sorted(await watch.failures()) == sorted(row.id for row in rows)


async def test_a_gap_is_read_once_and_not_again_for_every_slice(watch: Watch) -> None:
    await watch.poll()
    watch.now += 3 * HOUR
    for _ in range(12):
        watch.bank.faults.next("list", None, Fault.server_error(), Fault.server_error())
        assert not await watch.poll(INTERVAL)
    rows = [watch.fail(created_at=watch.now - MINUTE * number) for number in range(0, 180, 5)]
    before = len(watch.bank.requests)
    assert await watch.poll(INTERVAL)
    assert len(watch.bank.requests) - before < 30
    assert len(await watch.failures()) == len(rows)


async def test_after_an_outage_the_newest_minutes_take_few_requests(watch: Watch) -> None:
    await watch.poll()
    watch.bank.faults.down = True
    await watch.poll_for(10 * MINUTE)
    watch.bank.faults.down = False
    before = len(watch.bank.requests)
    await watch.poll(INTERVAL)
    assert len(watch.bank.requests) - before <= 12


async def test_a_bank_away_at_the_first_start_leaves_history_silent(watch: Watch) -> None:
    watch.bank.faults.down = True
    await watch.poll_for(40 * MINUTE, every=MINUTE)
    watch.fail()
    before = watch.fail(created_at=watch.now - 35 * MINUTE)
    watch.bank.faults.down = False
    await watch.poll(INTERVAL)
    assert await watch.failures() == []
    assert before.id in await watch.stored()
    row = watch.fail()
    await watch.poll(INTERVAL)
    assert await watch.failures() == [row.id]
    assert await watch.news() == ["lost", "back"]


async def test_a_first_reading_that_breaks_off_is_begun_again_in_silence(watch: Watch) -> None:
    watch.fail(created_at=watch.now - MINUTE)
    watch.bank.faults.next("list", None, Fault.server_error(), Fault.server_error())
    assert not await watch.poll()
    watch.fail()
    await watch.start()
    assert await watch.poll(INTERVAL)
    assert await watch.failures() == []
    row = watch.fail()
    await watch.poll(INTERVAL)
    assert await watch.failures() == [row.id]


async def test_a_record_that_cannot_be_read_is_set_aside_and_told_once(watch: Watch) -> None:
    await watch.poll()
    good = watch.fail()
    watch.add(currency="")
    await watch.poll_for(3 * MINUTE)
    await watch.start()
    await watch.poll_for(DAY + HOUR, every=30 * MINUTE)
    assert [one.key for one in await watch.incidents()] == ["", "unreadable"]
    assert await watch.failures() == [good.id]
    assert (await watch.source()).set_aside == 1
    watch.add(currency="")
    await watch.poll(INTERVAL)
    assert [(one.key, one.is_open) for one in await watch.incidents()][1:] == [
        ("unreadable", False),
        ("unreadable", True),
    ]
    assert (await watch.source()).set_aside == 2


@pytest.fixture
async def twice(watch: Watch) -> TruthRow:
    """An operation 20 days old which the bank counts as two, so that its second never adds up."""
    row = watch.fail(created_at=watch.now - 20 * DAY)
    watch.world.ledger("shop").insert([row])
    return row


async def test_a_moment_the_bank_cannot_list_stops_no_re_read(
    watch: Watch, twice: TruthRow, caplog: pytest.LogCaptureFixture
) -> None:
    watch.polling = Polling(backfill=2 * DAY)
    await watch.start()
    await watch.poll()
    refunded = watch.add(created_at=watch.now - DAY)
    await watch.poll(10 * MINUTE)
    watch.world.change(refunded.id, "refunded", watch.now)
    await watch.poll_for(DAY + HOUR, every=HOUR)
    assert is_done((await watch.store.read(list_tiers, SHOP))[TierName.AUDIT])
    assert (await watch.stored())[refunded.id].outcome is Outcome.REFUNDED
    assert (await watch.news(), (await watch.source()).lost_at) == ([], None)
    assert 1 <= caplog.text.count("cannot list what was at 2026-10-31 1") <= 8


async def test_a_moment_the_bank_cannot_list_holds_up_no_history(watch: Watch, twice: TruthRow) -> None:
    older = watch.fail(created_at=twice.created_at - 3 * MINUTE)
    newer = watch.fail(created_at=twice.created_at + 3 * MINUTE)
    await watch.poll()
    assert (await watch.stored()).keys() == {older.id, newer.id}


async def test_a_moment_the_bank_cannot_list_hides_nothing_that_comes_after(watch: Watch) -> None:
    await watch.poll()
    before, bad = watch.fail(), watch.fail(created_at=watch.now + 5 * MINUTE)
    watch.world.ledger("shop").insert([bad])
    asked = len(watch.bank.requests)
    await watch.poll_for(10 * MINUTE)
    after = watch.fail()
    await watch.poll(INTERVAL)
    assert sorted(await watch.failures()) == sorted([before.id, after.id])
    assert (await watch.source()).through_at == watch.now
    await watch.poll_for(HOUR, every=MINUTE)
    assert await watch.news() == []
    assert len(watch.bank.requests) - asked < 1500


async def test_what_was_known_of_a_moment_that_cannot_be_listed_any_more_is_not_gone(watch: Watch) -> None:
    await watch.poll()
    row, gone = watch.add(), watch.add(created_at=watch.now + 10 * MINUTE)
    await watch.poll(11 * MINUTE)
    watch.world.ledger("shop").insert([row])
    watch.world.hide(gone.id, watch.now)
    await watch.poll_for(2 * HOUR, every=5 * MINUTE)
    assert row.id not in await watch.missing()


async def test_a_moment_that_can_be_listed_again_is_read_within_hours(watch: Watch) -> None:
    await watch.poll()
    row = watch.fail()
    watch.world.ledger("shop").insert([row])
    await watch.poll_for(10 * MINUTE, every=MINUTE)
    assert await watch.failures() == []
    watch.world.ledger("shop").remove(row)
    watch.world.ledger("shop").replace(row)
    await watch.poll_for(2 * HOUR, every=5 * MINUTE)
    assert await watch.failures() == [row.id]


@pytest.mark.parametrize("skew", [3 * MINUTE, -3 * MINUTE, 20 * MINUTE, DAY, -DAY], ids=str)
async def test_a_wrong_clock_changes_nothing(watch: Watch, skew: timedelta) -> None:
    """Ours by that much, the bank's by three minutes the other way."""
    watch.skew = skew
    watch.bank.clock_offset = 3 * MINUTE if skew < timedelta() else -3 * MINUTE
    watch.fail(created_at=watch.bank.clock() - MINUTE)
    await watch.start()
    await watch.poll()
    rows = []
    for _ in range(5):
        await watch.poll(INTERVAL)
        rows.append(watch.fail().id)
    await watch.poll(INTERVAL)
    assert await watch.failures() == rows
    assert not any(incident.late for incident in await watch.incidents())
    assert (await watch.source()).through_at == watch.bank.clock()


@pytest.mark.parametrize("jump", [2 * MINUTE, HOUR, DAY, -MINUTE, -HOUR, -DAY], ids=str)
async def test_our_clock_may_jump_while_the_bot_runs(watch: Watch, jump: timedelta) -> None:
    await watch.poll()
    first = watch.fail()
    watch.skew = jump
    await watch.poll(INTERVAL)
    through_at = (await watch.source()).through_at
    assert through_at is not None
    assert watch.now - MINUTE <= through_at <= watch.now
    second = watch.fail()
    await watch.poll_for(3 * MINUTE)
    assert (await watch.source()).through_at == watch.now
    assert await watch.failures() == [first.id, second.id]
    later = watch.fail(visible_at=watch.now + 35 * MINUTE)
    await watch.poll_for(50 * MINUTE, every=MINUTE)
    assert await watch.failures() == [first.id, second.id, later.id]
    assert await watch.news() == []


@pytest.mark.parametrize("jump", [DAY, -DAY], ids=str)
async def test_a_loss_is_told_though_our_clock_jumps_meanwhile(watch: Watch, jump: timedelta) -> None:
    await watch.poll()
    watch.bank.faults.down = True
    await watch.poll(INTERVAL)
    watch.skew = jump
    await watch.poll_for(2 * MINUTE)
    assert await watch.news() == ["lost"]
    watch.bank.faults.down = False
    await watch.poll(INTERVAL)
    assert await watch.news() == ["lost", "back"]


async def test_a_bank_whose_clock_goes_wrong_for_one_answer_does_not_stop_the_re_reads(watch: Watch) -> None:
    await watch.poll()
    watch.bank.clock_offset = DAY
    await watch.poll(11 * MINUTE)
    watch.bank.clock_offset = timedelta()
    await watch.poll(INTERVAL)
    late = watch.fail(visible_at=watch.now + 40 * MINUTE)
    await watch.poll_for(HOUR, every=MINUTE)
    assert await watch.failures() == [late.id]


@pytest.mark.parametrize("request_number", range(1, 12))
async def test_a_poll_cut_off_anywhere_is_made_good_by_the_next(watch: Watch, request_number: int) -> None:
    """P7: the task dies at any request; a new program on the same store ends where no crash would have."""
    await watch.poll()
    rows = [watch.fail(created_at=watch.now + 20 * MINUTE * number) for number in range(1, 10)]
    watch.now += 3 * HOUR + 5 * MINUTE
    seen = 0
    polling: asyncio.Task[bool]

    def cut_off(_endpoint: str, _number: int) -> None:
        nonlocal seen
        seen += 1
        if seen == request_number:
            polling.cancel()

    watch.bank.before_request = cut_off
    polling = asyncio.create_task(watch.ingests["shop"].poll())
    await asyncio.wait([polling])
    watch.bank.before_request = None
    await watch.start()
    await watch.poll(INTERVAL)
    assert sorted(await watch.failures()) == sorted(row.id for row in rows)
    assert (await watch.stored()).keys() == {row.id for row in rows}
    assert await watch.differences() == []


@only_sqlite("the disk is the server's")
async def test_a_full_disk_loses_nothing_and_announces_nothing_twice(watch: Watch) -> None:
    await watch.poll()
    [pages] = await watch.store.write(lambda db: [dict(row)["page_count"] for row in db.rows("PRAGMA page_count")])
    await watch.store.write(lambda db: db.rows(f"PRAGMA max_page_count = {pages}"))
    rows = [watch.fail(description="x" * 2000) for _ in range(20)]
    for _ in range(3):
        with pytest.raises(StoreError, match="free some space"):
            await watch.poll(INTERVAL)
    assert (await watch.stored(), await watch.said()) == ({}, [])
    await watch.store.write(lambda db: db.rows("PRAGMA max_page_count = 1000000"))
    await watch.poll_for(MINUTE)
    assert sorted(await watch.failures()) == sorted(row.id for row in rows)
    assert await watch.differences() == []


async def test_backfill_is_silent_and_goes_on_where_it_stopped(watch: Watch) -> None:
    rows = [watch.fail(created_at=watch.now - timedelta(days=day, hours=1)) for day in range(100)]
    told: list[Window] = []

    def stop_half_way(left: Window) -> None:
        told.append(left)
        if left.end < watch.now - 40 * DAY:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        await watch.ingests["shop"].backfill(90 * DAY, stop_half_way)
    stopped_at = told[-1].end
    await watch.start()
    again: list[Window] = []
    await watch.ingests["shop"].backfill(90 * DAY, again.append)
    assert again[0].end == stopped_at
    assert [left.end for left in told + again[1:]] == sorted([left.end for left in told + again[1:]], reverse=True)
    assert all(left.span <= 90 * DAY for left in told + again)
    assert again[-1].span == timedelta()
    expected = {row.id for row in rows if row.created_at >= watch.now - 90 * DAY}
    assert expected <= (await watch.stored()).keys()
    assert await watch.said() == []


async def test_a_long_history_wished_for_before_the_first_start_is_still_read(watch: Watch) -> None:
    row = watch.fail(created_at=watch.now - 80 * DAY)
    for number in (3, 4):
        watch.bank.faults.at("list", number, Fault.server_error())
    with pytest.raises(SourceUnavailable):
        await watch.ingests["shop"].backfill(90 * DAY, lambda _: None)
    await watch.start()
    await watch.poll(HOUR)
    assert row.id in await watch.stored()


async def test_a_short_backfill_reads_no_more_than_it_was_asked_for(watch: Watch) -> None:
    watch.fail(created_at=watch.now - 20 * DAY)
    left: list[Window] = []
    await watch.ingests["shop"].backfill(10 * DAY, left.append)
    assert await watch.stored() == {}
    assert left[0].span <= 10 * DAY
    assert (await left_of(watch, TierName.BACKFILL)).span > 40 * DAY


async def test_the_first_start_after_a_backfill_is_still_silent(watch: Watch) -> None:
    await watch.ingests["shop"].backfill(DAY, lambda _: None)
    missed = watch.fail(created_at=watch.now + 3 * HOUR)
    undecided = watch.add(outcome="undecided", created_at=watch.now - 40 * MINUTE)
    watch.world.change(undecided.id, "failed", watch.now + HOUR)
    await watch.ingests["shop"].backfill(DAY, lambda _: None)
    watch.now += 5 * HOUR
    await watch.start()
    await watch.poll()
    await watch.poll_for(30 * MINUTE, every=MINUTE)
    assert {missed.id, undecided.id} <= (await watch.stored()).keys()
    assert await watch.said() == []


async def test_backfill_says_nothing_even_of_what_failed_while_the_bot_watched(watch: Watch) -> None:
    watch.polling = Polling(backfill=HOUR)
    row = watch.add(outcome="undecided", created_at=watch.now - 20 * DAY)
    await watch.start()
    await watch.poll()
    await watch.poll_for(DAY + HOUR, every=2 * HOUR)
    assert (await watch.stored())[row.id].outcome is Outcome.UNDECIDED
    watch.world.change(row.id, "failed", watch.now)
    await watch.ingests["shop"].backfill(30 * DAY, lambda _: None)
    assert (await watch.stored())[row.id].outcome is Outcome.FAILED
    assert await watch.said() == []


async def test_a_failed_backfill_says_why_and_keeps_what_it_read(watch: Watch) -> None:
    rows = [watch.fail(created_at=watch.now - day * DAY) for day in range(1, 6)]
    for number in (4, 5):
        watch.bank.faults.at("list", number, Fault.server_error())
    with pytest.raises(SourceUnavailable, match="HTTP 500"):
        await watch.ingests["shop"].backfill(10 * DAY, lambda _: None)
    assert 0 < len(await watch.stored()) < len(rows)


async def test_an_outage_of_one_merchants_bank_leaves_the_other_alone(watch: Watch) -> None:
    await watch.start(BAKERY_AT_BANK)
    await watch.poll()
    await watch.poll(merchant_id="bakery")
    watch.bank.faults.down = True
    await watch.poll_for(2 * MINUTE)
    watch.bank.faults.down = False
    row = watch.world.add("bakery", BAKERY_AT_BANK.terminals[0].tid, 5, outcome="failed")
    assert await watch.poll(SECOND, "bakery")
    assert await watch.failures() == [row.id]
    assert await watch.news() == ["lost"]
