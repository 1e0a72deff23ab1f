"""Of thousands of chats only those near a merchant are asked whether they hear of it: none that may is forgotten."""

import admitting
from builders import OWNER, SHOP

from bot.model import ALL_MERCHANTS, ChatKind, Destination, Level, Right
from bot.store import chats, people
from bot.store.driver import Connection


def test_the_chats_near_a_merchant_are_all_that_may_hear_of_it(db: Connection) -> None:
    admitting.subscribe(db, OWNER)
    for number, merchant_id in enumerate((SHOP, "bakery", ALL_MERCHANTS)):
        group = Destination(chat_id=-200 - number, kind=ChatKind.GROUP, language="en", timezone="Asia/Almaty")
        chats.subscribe(db, group)
        people.link(db, group.chat_id, [merchant_id], Level.ALERTS)
    may = [to for to in chats.list_subscribed(db) if people.may_hear(db, to, SHOP, Right.ALERTS)]
    assert [to.chat_id for to in may] == [-202, -200, OWNER.chat_id]
    assert chats.list_near(db, SHOP) == people.list_hearing(db, may, SHOP, Right.ALERTS) == may
