"""Chats that may hear everything: what a person owns, or a group an owner linked."""

from builders import NOW

from bot.model import ALL_MERCHANTS, ChatKind, Colleague, Destination, Level, Role
from bot.store import chats, people
from bot.store.driver import Connection


def admit(db: Connection, to: Destination) -> None:
    """Nothing of any merchant is kept from this chat."""
    if to.kind is ChatKind.PRIVATE:
        owner = Colleague(user_id=to.chat_id, name=to.title, merchant_id=ALL_MERCHANTS, role=Role.OWNER, given_at=NOW)
        people.give(db, owner, by=0)
    else:
        people.link(db, to.chat_id, [ALL_MERCHANTS], Level.FIGURES)


def subscribe(db: Connection, to: Destination) -> None:
    """The chat may hear everything, and does."""
    admit(db, to)
    chats.subscribe(db, to)
