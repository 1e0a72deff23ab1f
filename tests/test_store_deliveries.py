"""What has not reached Telegram is told chat by chat, with the reason of the newest."""

from builders import NOW, OWNER, minutes

from bot.model import ChatKind, Destination, NoticeAlert
from bot.store import chats, deliveries, outbox
from bot.store.driver import Connection
from bot.store.outbox import Place

GROUP = Destination(chat_id=-5, thread_id=7, kind=ChatKind.SUPERGROUP, title="Shop team")
LEASE = minutes(2)


def put(db: Connection, to: Destination, *keys: str) -> None:
    for key in keys:
        outbox.put(db, Place(to.chat_id, to.thread_id), key, NoticeAlert(text=key, at=NOW), NOW)


def take(db: Connection, to: Destination) -> list[outbox.Delivery]:
    return outbox.take(db, Place(to.chat_id, to.thread_id), limit=1, now=NOW, lease=LEASE)


def test_a_bot_without_trouble_tells_of_no_chat(db: Connection) -> None:
    for key in ("a", "b"):
        put(db, OWNER, key)
        outbox.record_sent(db, take(db, OWNER), 1, NOW - minutes(3))
    report = deliveries.report(db, NOW)
    assert (report.chats, report.sent, report.last_sent_at) == ((), 2, NOW - minutes(3))
    assert deliveries.report(db, NOW + minutes(60 * 25)).sent == 0


def test_every_chat_in_trouble_is_told_with_what_is_wrong(db: Connection) -> None:
    for chat in (OWNER, GROUP):
        chats.subscribe(db, chat)
    put(db, GROUP, "a", "b", "c")
    outbox.put_back(db, take(db, GROUP), NOW, "Too Many Requests: retry after 30")
    put(db, OWNER, "a")
    outbox.record_dead(db, take(db, OWNER), "Forbidden: bot was blocked by the user")
    chats.set_chat_disabled(db, OWNER.chat_id, "Forbidden: bot was blocked by the user", NOW)
    group, private = deliveries.report(db, NOW).chats
    assert (group.chat, group.topic, group.waiting, group.waiting_since) == ("Shop team", 7, 3, NOW)
    assert (group.dead, group.uncertain, group.off) == (0, 0, None)
    assert (private.chat, private.topic, private.waiting, private.dead) == (str(OWNER.chat_id), None, 0, 1)
    assert private.off == private.problem == "Forbidden: bot was blocked by the user"


def test_what_may_not_have_arrived_is_counted(db: Connection) -> None:
    put(db, OWNER, "a")
    outbox.record_unknown(db, take(db, OWNER), NOW, "no answer from Telegram")
    outbox.record_unknown(db, take(db, OWNER), NOW, "no answer from Telegram")
    (chat,) = deliveries.report(db, NOW).chats
    assert (chat.waiting, chat.uncertain, chat.problem) == (0, 1, "no answer from Telegram")
