"""How far each merchant has been read: what a restart finds again."""

from dataclasses import replace

from builders import BAKERY, NOW, SHOP, UNREAD, hours, minutes

from bot.model import Freshness, Window
from bot.store import sources
from bot.store.driver import Connection
from bot.store.sources import Tier, TierName


def test_a_source_begins_unread(db: Connection) -> None:
    assert sources.find(db, SHOP) is None
    assert sources.get_freshness(db, SHOP) == Freshness(None)
    assert sources.begin(db, SHOP, NOW) == UNREAD
    assert sources.find(db, SHOP) == UNREAD
    assert sources.find(db, BAKERY) is None


def test_beginning_anew_only_moves_the_beginning(db: Connection) -> None:
    sources.begin(db, SHOP, NOW)
    sources.record_loss(db, SHOP, error="no", now=NOW)
    lost = sources.find(db, SHOP)
    assert lost is not None
    assert sources.begin(db, SHOP, NOW + hours(1)) == replace(lost, watching_since_at=NOW + hours(1))


def test_what_has_been_read_never_becomes_less(db: Connection) -> None:
    sources.begin(db, SHOP, NOW)
    sources.begin(db, BAKERY, NOW)
    for through_at in (NOW, NOW + minutes(1), NOW - hours(1)):
        sources.advance(db, SHOP, through_at)
    assert sources.get_freshness(db, SHOP) == Freshness(NOW + minutes(1))
    assert sources.get_freshness(db, BAKERY) == Freshness(None)


def test_a_loss_keeps_its_first_moment_and_an_answer_ends_it(db: Connection) -> None:
    sources.begin(db, SHOP, NOW)
    sources.record_loss(db, SHOP, error="first", now=NOW + minutes(1))
    sources.record_loss(db, SHOP, error="second", now=NOW + minutes(2))
    lost = sources.find(db, SHOP)
    assert lost == replace(UNREAD, lost_at=NOW + minutes(1), last_error="second")
    assert sources.get_freshness(db, SHOP) == Freshness(None, lost_since=NOW + minutes(1))
    answered = replace(UNREAD, through_at=NOW, last_ok_at=NOW + minutes(3), dialect='{"a": 1}')
    for through_at in (NOW, NOW - minutes(1)):
        sources.record_answer(db, SHOP, dialect='{"a": 1}', through_at=through_at, now=NOW + minutes(3))
        assert sources.find(db, SHOP) == answered


def test_a_re_read_goes_on_where_it_stopped(db: Connection) -> None:
    warm = Tier(merchant_id=SHOP, name=TierName.WARM, left=Window(NOW, NOW + hours(2)), due_at=NOW)
    cold = replace(warm, name=TierName.COLD)
    for tier in (warm, cold, replace(warm, merchant_id=BAKERY)):
        sources.save_tier(db, tier)
    shorter = replace(warm, left=Window(NOW + hours(1), NOW + hours(2)), due_at=NOW + minutes(10))
    sources.save_tier(db, shorter)
    assert sources.list_tiers(db, SHOP) == {TierName.WARM: shorter, TierName.COLD: cold}


def test_a_bad_record_is_new_once_a_merchant(db: Connection) -> None:
    for merchant_id in (SHOP, BAKERY):
        sources.begin(db, merchant_id, NOW)
    assert sources.set_aside(db, SHOP, {"d1": "amount: negative", "d2": "id: missing"}, NOW) == ["d1", "d2"]
    assert sources.set_aside(db, SHOP, {"d2": "id: missing", "d3": "id: missing"}, NOW + hours(1)) == ["d3"]
    assert sources.set_aside(db, BAKERY, {"d2": "id: missing"}, NOW) == ["d2"]
    counts = [source.set_aside for key in (SHOP, BAKERY) if (source := sources.find(db, key))]
    assert counts == [3, 1]
