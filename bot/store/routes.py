"""Which chats hear of what, how loud, and who hears it instead of a chat that takes no messages."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot.model import (
    ALL_MERCHANTS,
    EVERYTHING,
    ChatKind,
    Destination,
    EventKind,
    Incident,
    Loudness,
    Right,
    Subscription,
    louder,
    loudness_for,
    wish_for,
)
from bot.store import chats, living, people, subscriptions
from bot.store.driver import Connection
from bot.store.outbox import Place


@dataclass(frozen=True, slots=True)
class Route:
    """A chat and how loud it wants to be told; OFF: what stands there already is only kept true.

    `instead_of`: names of chats that should hear it and take no messages. `new`: what has been announced of the
    incident was none of its business, but the incident has grown.
    """

    destination: Destination
    loudness: Loudness = Loudness.ON
    instead_of: tuple[str, ...] = ()
    new: bool = False


def list_for(db: Connection, incident: Incident) -> list[Route]:
    """The chats an incident is told in, those that are off too: what they miss is kept for a day.

    No chat hears of a merchant of which it may not.
    """
    merchant_id = incident.merchant_id
    near = people.list_hearing(db, chats.list_near(db, merchant_id), merchant_id, Right.ALERTS)
    chosen = subscriptions.list_near(db, merchant_id)
    known = [_route(to, chosen[place_of(to)] or EVERYTHING, incident) for to in near]
    routes = with_fallback(known)
    told = {place_of(route.destination) for route in routes}
    left = [place for place in living.list_places(db, incident.number) if place not in told]
    kept = (chats.find_destination(db, place.chat_id, place.thread_id) for place in left)
    may = (to for to in kept if to and people.may_hear(db, to, merchant_id, Right.ALERTS))
    return routes + [Route(to, Loudness.OFF) for to in may]


def with_fallback(known: Sequence[Route]) -> list[Route]:
    """The routes that are heard. What a chat that is off should hear goes to the private chats that hear it anyway,
    or else to every private chat that works, saying whose it is."""
    heard = [route for route in known if route.loudness is not Loudness.OFF]
    lost = [route for route in heard if route.destination.disabled_reason is not None]
    if not lost:
        return heard
    names = tuple(dict.fromkeys(name_of(route.destination) for route in lost))
    loudest = Loudness.SILENT
    for route in lost:
        loudest = louder(loudest, route.loudness)
    private = [route for route in known if _takes_over(route.destination)]
    chosen = [route for route in private if route.loudness is not Loudness.OFF] or private
    taking = {place_of(route.destination) for route in chosen}
    others = [route for route in heard if place_of(route.destination) not in taking]
    return others + [replace(route, loudness=louder(route.loudness, loudest), instead_of=names) for route in chosen]


def list_for_notices(db: Connection) -> list[Destination]:
    """Working chats that want to hear of the bot's own troubles and may know of every merchant."""
    return [
        to
        for to in chats.list_near(db, ALL_MERCHANTS)
        if to.disabled_reason is None
        and people.is_owners(db, to)
        and (wish := wish_for(subscriptions.list_heard(db, place_of(to)), EventKind.SOURCE, "", ""))
        and wish.loudness is not Loudness.OFF
    ]


def place_of(destination: Destination) -> Place:
    """Where messages to a destination are kept."""
    return Place(destination.chat_id, destination.thread_id)


def name_of(destination: Destination) -> str:
    """What people call a chat."""
    return destination.title or str(destination.chat_id)


def _route(to: Destination, wishes: Sequence[Subscription], incident: Incident) -> Route:
    count = incident.told_members
    announced = replace(incident, members=incident.members[:count], terminals=incident.terminals[:count])
    new = loudness_for(wishes, announced) is Loudness.OFF
    return Route(to, loudness_for(wishes, incident), new=new)


def _takes_over(destination: Destination) -> bool:
    return destination.kind is ChatKind.PRIVATE and destination.disabled_reason is None
