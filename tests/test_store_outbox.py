"""The outbox: said once a chat, in order, noted before it leaves, repeated at most once when nobody knows."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from random import Random

import pytest
from builders import NOW, OWNER, an_alert, hours, minutes

from bot.model import ChatKind, Destination, IncidentAlert, NoticeAlert, to_micros
from bot.store import chats, outbox
from bot.store.driver import Connection
from bot.store.outbox import Delivery, Place

SECOND = timedelta(seconds=1)
LEASE = minutes(2)
GROUP = Destination(chat_id=-500, kind=ChatKind.GROUP, title="Team")
TOPIC = Destination(chat_id=-500, thread_id=7, kind=ChatKind.SUPERGROUP)
CHAT = Place(OWNER.chat_id, None)


def a_notice(key: str) -> NoticeAlert:
    return NoticeAlert(text="{key} happened", values={"key": key}, at=NOW)


def announce(db: Connection, *keys: str, to: Sequence[Destination] = (OWNER,), at: timedelta = timedelta()) -> None:
    outbox.announce(db, [(key, a_notice(key)) for key in keys], to, NOW + at)


def take(db: Connection, place: Place = CHAT, *, at: timedelta = timedelta(), limit: int = 100) -> list[Delivery]:
    return outbox.take(db, place, limit=limit, now=NOW + at, lease=LEASE)


def ids(taken: Sequence[Delivery]) -> list[str]:
    return [str(delivery.alert.values["key"]) for delivery in taken if isinstance(delivery.alert, NoticeAlert)]


def states(db: Connection) -> list[str]:
    return [row["state"] for row in db.rows("SELECT state FROM outbox ORDER BY id")]


def test_an_alert_goes_to_every_destination_with_the_values_of_then(db: Connection) -> None:
    announce(db, "a", to=(OWNER, TOPIC))
    assert outbox.list_due_places(db, NOW) == [CHAT, Place(-500, 7)]
    assert take(db) == [
        Delivery(
            id=1,
            chat_id=OWNER.chat_id,
            thread_id=None,
            alert=a_notice("a"),
            attempts=1,
            unsure=False,
            batch=None,
            created_at=NOW,
        )
    ]
    assert [delivery.thread_id for delivery in take(db, Place(-500, 7))] == [7]


@pytest.mark.parametrize(
    "alert",
    [
        NoticeAlert(text="{chat} refuses", values={"chat": "Ө <b>", "count": 3}, silent=True, at=NOW),
        an_alert(412, late=True, flaps=3, merchant_name="ä Ө"),
    ],
    ids=lambda alert: type(alert).__name__,
)
def test_every_kind_of_alert_comes_out_as_it_went_in(db: Connection, alert: NoticeAlert | IncidentAlert) -> None:
    outbox.announce(db, [("key", alert)], [OWNER], NOW)
    assert [delivery.alert for delivery in take(db)] == [alert]


def test_a_key_is_said_once_a_chat_and_topic_also_after_it_was_sent(db: Connection) -> None:
    announce(db, "a", "a", to=(GROUP, TOPIC))
    outbox.record_sent(db, take(db, Place(-500, None)), 1, NOW)
    announce(db, "a", to=(GROUP, TOPIC, OWNER))
    rows = db.rows("SELECT chat_id, thread_id, state FROM outbox ORDER BY id")
    assert [tuple(dict(row).values()) for row in rows] == [(-500, 0, "sent"), (-500, 7, "waiting"), (101, 0, "waiting")]


def test_an_attempt_is_noted_before_it_leaves(db: Connection) -> None:
    announce(db, "a")
    take(db)
    row = db.row("SELECT * FROM outbox")
    assert row is not None
    assert (row["attempts"], row["unsure"], row["attempted_at"]) == (1, 1, to_micros(NOW))
    assert row["due_at"] == to_micros(NOW + LEASE)


def test_nothing_of_a_chat_leaves_while_a_message_of_it_is_under_way(db: Connection) -> None:
    announce(db, "a")
    assert ids(take(db)) == ["a"]
    announce(db, "b")
    assert outbox.list_due_places(db, NOW) == []
    assert take(db) == []


def test_what_is_never_settled_comes_due_again_as_unsure(db: Connection) -> None:
    announce(db, "a")
    take(db)
    [again] = take(db, at=LEASE)
    assert (again.unsure, again.attempts, again.batch) == (True, 2, again.id)


def test_what_was_surely_not_sent_is_due_later_as_sure_as_before(db: Connection) -> None:
    announce(db, "a", "b")
    outbox.put_back(db, take(db), NOW + minutes(1), "HTTP 502")
    assert outbox.list_due_places(db, NOW + minutes(1) - SECOND) == []
    taken = take(db, at=minutes(1))
    assert [(delivery.unsure, delivery.attempts, delivery.batch) for delivery in taken] == [(False, 2, None)] * 2


def test_order_inside_a_chat_holds_while_its_oldest_waits(db: Connection) -> None:
    announce(db, "a")
    outbox.put_back(db, take(db), NOW + minutes(5), "flood")
    announce(db, "b", at=minutes(1))
    assert outbox.list_due_places(db, NOW + minutes(2)) == []
    assert ids(take(db, at=minutes(5))) == ["a", "b"]


def test_the_chat_that_waits_longest_comes_first(db: Connection) -> None:
    announce(db, "a", to=(GROUP,))
    announce(db, "b")
    announce(db, "c", to=(GROUP,))
    assert outbox.list_due_places(db, NOW) == [Place(-500, None), CHAT]


def test_what_may_have_arrived_is_due_once_more_and_then_stays_uncertain(db: Connection) -> None:
    announce(db, "a")
    outbox.record_unknown(db, take(db), NOW + SECOND, "timed out")
    assert states(db) == ["waiting"]
    outbox.record_unknown(db, take(db, at=SECOND), NOW + minutes(1), "timed out")
    assert states(db) == ["uncertain"]
    assert outbox.list_due_places(db, NOW + hours(1)) == []


def test_what_may_have_arrived_stays_so_through_a_sure_failure(db: Connection) -> None:
    announce(db, "a")
    outbox.record_unknown(db, take(db), NOW, "timed out")
    outbox.put_back(db, take(db), NOW, "HTTP 502")
    [third] = take(db)
    assert (third.unsure, third.attempts) == (True, 3)


def test_a_repeat_is_the_same_batch_and_nothing_else(db: Connection) -> None:
    announce(db, "a", "b")
    first = take(db)
    announce(db, "c")
    outbox.record_unknown(db, first, NOW, "timed out")
    again = take(db)
    assert (ids(again), {delivery.batch for delivery in again}) == (["a", "b"], {first[0].id})
    outbox.record_sent(db, again, 5, NOW)
    assert ids(take(db)) == ["c"]


def test_two_batches_that_may_have_arrived_are_never_mixed(db: Connection) -> None:
    announce(db, "a", "b", "c")
    first = take(db, limit=2)
    outbox.record_unknown(db, first, NOW, "timed out")
    db.run("UPDATE outbox SET unsure = 1, batch = 3, attempts = 1 WHERE id = 3")
    assert ids(take(db)) == ["a", "b"]


def test_what_is_sure_never_goes_with_what_is_not(db: Connection) -> None:
    announce(db, "a", "b")
    db.run("UPDATE outbox SET unsure = 1, batch = 2 WHERE id = 2")
    assert ids(take(db)) == ["a"]


def test_a_message_takes_no_more_rows_than_it_may(db: Connection) -> None:
    announce(db, *"abcde")
    taken = take(db, limit=2)
    outbox.record_sent(db, taken, 9, NOW)
    assert (ids(taken), ids(take(db, limit=2))) == (["a", "b"], ["c", "d"])


def test_what_is_sent_is_recorded_whole(db: Connection) -> None:
    announce(db, "a")
    outbox.put_back(db, take(db), NOW, "HTTP 502")
    outbox.record_sent(db, take(db), 77, NOW + SECOND)
    row = db.row("SELECT state, unsure, message_id, sent_at, problem, attempts FROM outbox")
    assert row is not None
    assert tuple(dict(row).values()) == ("sent", 0, 77, to_micros(NOW + SECOND), "", 2)


def test_what_a_chat_refused_lately_is_due_again_when_the_chat_is_back(db: Connection) -> None:
    announce(db, "old", at=-outbox.REVIVE_FOR - SECOND)
    outbox.record_dead(db, take(db), "blocked")
    announce(db, "new")
    outbox.record_dead(db, take(db), "blocked")
    announce(db, "other", to=(GROUP,))
    outbox.record_dead(db, take(db, Place(-500, None)), "kicked")
    outbox.revive(db, OWNER.chat_id, NOW)
    assert states(db) == ["dead", "waiting", "dead"]
    [again] = take(db)
    assert (again.unsure, again.batch) == (False, None)


def test_what_may_have_arrived_is_still_unsure_after_a_block(db: Connection) -> None:
    announce(db, "a")
    outbox.record_unknown(db, take(db), NOW, "timed out")
    outbox.record_dead(db, take(db), "blocked")
    outbox.revive(db, OWNER.chat_id, NOW)
    assert [delivery.unsure for delivery in take(db)] == [True]


def test_after_a_restart_only_what_was_under_way_is_due_at_once(db: Connection) -> None:
    announce(db, "flying")
    announce(db, "flooded", to=(GROUP,))
    take(db)
    outbox.put_back(db, take(db, Place(-500, None)), NOW + hours(1), "flood")
    outbox.release_claims(db, NOW + SECOND)
    assert outbox.list_due_places(db, NOW + SECOND) == [CHAT]
    assert [delivery.unsure for delivery in take(db, at=SECOND)] == [True]


def test_a_moved_group_takes_its_alerts_along_and_moving_again_changes_nothing(db: Connection) -> None:
    chats.subscribe(db, GROUP)
    announce(db, "a", to=(GROUP,))
    for _ in range(2):
        chats.move_chat(db, -500, -1000)
        taken = take(db, Place(-1000, None))
        assert ids(taken) == ["a"]
        outbox.put_back(db, taken, NOW, "")
        moved = Destination(chat_id=-1000, kind=ChatKind.SUPERGROUP, title="Team")
        assert chats.list_subscribed(db) == [moved]


def test_alerts_of_a_closed_topic_go_to_the_chat_itself(db: Connection) -> None:
    chats.subscribe(db, TOPIC)
    announce(db, "sent", to=(TOPIC,))
    outbox.record_sent(db, take(db, Place(-500, 7)), 1, NOW)
    announce(db, "a", to=(TOPIC,))
    chats.leave_topic(db, TOPIC, "topic closed")
    assert ids(take(db, Place(-500, None))) == ["a"]
    assert [(one.thread_id, one.disabled_reason) for one in chats.list_subscribed(db)] == [(None, None)]
    closed = chats.find_destination(db, -500, 7)
    assert closed is not None
    assert closed.disabled_reason == "topic closed"


def test_a_chat_does_not_hear_twice_what_its_closed_topic_also_had(db: Connection) -> None:
    chats.subscribe(db, TOPIC)
    chats.subscribe(db, GROUP)
    announce(db, "a", to=(TOPIC, GROUP))
    announce(db, "b", to=(TOPIC,))
    chats.leave_topic(db, TOPIC, "topic closed")
    assert sorted(ids(take(db, Place(-500, None)))) == ["a", "b"]


def settle(db: Connection, taken: Sequence[Delivery], now: datetime, end: str) -> None:
    """How a send ended; a crash leaves everything as it was when the message left."""
    if end == "sent":
        outbox.record_sent(db, taken, 1, now)
    elif end == "not sent":
        outbox.put_back(db, taken, now + minutes(1), "no")
    elif end == "unknown":
        outbox.record_unknown(db, taken, now + minutes(1), "?")


@pytest.mark.parametrize("seed", range(20))
def test_whatever_becomes_of_messages_none_is_lost_and_order_holds(db: Connection, seed: int) -> None:
    """Random ends of sending, with restarts: only what nobody knew of twice stays uncertain, each chat in order."""
    random, now = Random(seed), NOW
    arrived: dict[int, list[str]] = {OWNER.chat_id: [], GROUP.chat_id: []}
    unknown: Counter[int] = Counter()
    announce(db, *(f"{number:02}" for number in range(12)), to=(OWNER, GROUP))
    for _ in range(400):
        now += timedelta(seconds=random.randrange(100))
        for place in outbox.list_due_places(db, now):
            taken = outbox.take(db, place, limit=random.randint(1, 5), now=now, lease=LEASE)
            assert len({(delivery.unsure, delivery.batch) for delivery in taken}) == 1
            end = random.choice(["sent", "sent", "not sent", "unknown", "crash"])
            settle(db, taken, now, end)
            arrived[place.chat_id] += ids(taken) if end == "sent" else []
            unknown.update(delivery.id for delivery in taken if end in ("unknown", "crash"))
        if random.random() < 0.05:
            outbox.release_claims(db, now)
    assert set(states(db)) <= {"sent", "uncertain"}
    assert all(keys == sorted(keys) for keys in arrived.values())
    uncertain = db.rows("SELECT id FROM outbox WHERE state = 'uncertain'")
    assert all(unknown[row["id"]] >= 2 for row in uncertain)
