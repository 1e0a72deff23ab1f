"""The state of the bot as the store knows it."""

from dataclasses import replace

from builders import NOW, OWNER, SHOP, SHOP_LLP, an_operation, hours, minutes

from bot.model import Freshness, HealthReport, Merchant, MerchantId, NoticeAlert, Outcome, SourceHealth, Window
from bot.store import operations, outbox, reports, sources
from bot.store.driver import Connection
from bot.store.outbox import Place
from bot.store.sources import Tier, TierName


def health(db: Connection, *merchants: Merchant) -> HealthReport:
    return reports.health(db, merchants, version="1", started_at=NOW - hours(1), now=NOW)


def announce(db: Connection, *keys: str) -> None:
    outbox.announce(db, [(key, NoticeAlert(text="Hello!", at=NOW)) for key in keys], [OWNER], NOW)


def take(db: Connection, limit: int) -> list[outbox.Delivery]:
    return outbox.take(db, Place(OWNER.chat_id, None), limit=limit, now=NOW, lease=minutes(2))


def test_a_merchant_never_read_is_told_as_such(db: Connection) -> None:
    unread = Merchant(MerchantId("new"), "New")
    [source] = health(db, unread).sources
    assert source == SourceHealth(
        merchant=unread,
        freshness=Freshness(None),
        last_ok_at=None,
        last_error="",
        watching_since=None,
        backfilled_to=None,
        backfill_until=None,
        operations=0,
        undecided=0,
        set_aside=0,
    )


def test_the_reading_of_a_merchant_is_told_whole(db: Connection) -> None:
    sources.begin(db, SHOP, NOW - hours(5))
    history = Window(NOW - hours(90), NOW - hours(20))
    sources.save_tier(db, Tier(merchant_id=SHOP, name=TierName.BACKFILL, left=history, due_at=NOW))
    shown = [an_operation("1"), an_operation("2", outcome=Outcome.UNDECIDED), an_operation("3", outcome=Outcome.FAILED)]
    operations.apply(db, SHOP, shown, history_before=NOW, now=NOW)
    sources.set_aside(db, SHOP, {"digest": "amount: negative"}, NOW)
    sources.record_answer(db, SHOP, dialect="{}", through_at=NOW, now=NOW)
    sources.record_loss(db, SHOP, error="HTTP 500", now=NOW + minutes(1))
    [source] = health(db, SHOP_LLP).sources
    assert source == SourceHealth(
        merchant=SHOP_LLP,
        freshness=sources.get_freshness(db, SHOP),
        last_ok_at=NOW,
        last_error="HTTP 500",
        watching_since=NOW - hours(5),
        backfilled_to=history.end,
        backfill_until=history.start,
        operations=3,
        undecided=1,
        set_aside=1,
    )


def test_an_operation_that_changed_is_still_one(db: Connection) -> None:
    first = an_operation(outcome=Outcome.UNDECIDED)
    for shown in (first, replace(first, outcome=Outcome.PAID, amount=7)):
        operations.apply(db, SHOP, [shown], history_before=NOW, now=NOW)
    [source] = health(db, SHOP_LLP).sources
    assert (source.operations, source.undecided) == (1, 0)


def test_the_queue_to_telegram_is_counted(db: Connection) -> None:
    announce(db, "sent")
    outbox.record_sent(db, take(db, 1), 5, NOW - minutes(3))
    announce(db, "dead")
    outbox.record_dead(db, take(db, 1), "blocked")
    announce(db, "uncertain", "waiting")
    for _ in range(2):
        outbox.record_unknown(db, take(db, 1), NOW, "timed out")
    report = health(db)
    assert (report.outbox_waiting, report.outbox_oldest_at, report.outbox_dead) == (1, NOW, 2)
    assert (report.last_sent_at, report.version, report.at) == (NOW - minutes(3), "1", NOW)


def test_an_empty_queue_has_no_oldest(db: Connection) -> None:
    report = health(db)
    assert (report.outbox_waiting, report.outbox_oldest_at, report.last_sent_at) == (0, None, None)
