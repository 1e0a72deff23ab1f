"""Which chats hear of what."""

from bot.model import Destination, Incident
from bot.store import chats
from bot.store.driver import Connection


def list_for(db: Connection, incident: Incident) -> list[Destination]:  # noqa: ARG001
    """The chats an incident is told in."""
    return chats.list_subscribed(db)
