"""What the store forgets, and what it does not."""

from datetime import timedelta

from builders import NOW, OWNER, an_alert

from bot.store import outbox, retention
from bot.store.driver import Connection
from bot.store.outbox import Place

PLACE = Place(OWNER.chat_id, None)
MONTH = timedelta(days=30)


def test_only_what_was_sent_long_ago_is_forgotten(db: Connection) -> None:
    for key, days in (("old", 31), ("young", 29)):
        at = NOW - timedelta(days=days)
        outbox.put(db, PLACE, key, an_alert(), at)
        outbox.record_sent(db, outbox.take(db, PLACE, limit=9, now=at, lease=MONTH), 7, at)
    for key in ("dead", "waiting"):
        outbox.put(db, PLACE, key, an_alert(), NOW - timedelta(days=99))
        if key == "dead":
            outbox.lay_aside(db, PLACE, "blocked")
    assert retention.forget_sent(db, NOW - MONTH) == 1
    left = [row["dedup"].rpartition("/")[2] for row in db.rows("SELECT dedup FROM outbox ORDER BY id")]
    assert left == ["young", "dead", "waiting"]
