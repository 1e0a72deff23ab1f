"""Who is told of an incident's change, inside the caller's transaction: the chats that want it and who is called."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from bot.model import AlertReason, Destination, IncidentAlert, IncidentState, Loudness, NoticeAlert, Timers
from bot.store import chats, incidents, living, outbox, routes
from bot.store.driver import Connection
from bot.store.routes import Route

_UNTOLD = {AlertReason.FIRST, AlertReason.UPDATE}


def tell(db: Connection, alert: IncidentAlert, timers: Timers, now: datetime) -> None:
    """Under a silence messages that are there already are kept true, and nothing more."""
    incident = alert.incident
    aloud = alert.silence is None and alert.reason not in _UNTOLD and incident.loudness is Loudness.ON
    if alert.silence:
        alert = _only_true(alert)
    known = set(living.list_places(db, incident.number))
    for route in [*routes.list_for(db, incident), *_called(db, alert)]:
        wanted = route.loudness is not Loudness.OFF
        news = route.new and routes.place_of(route.destination) not in known
        reason = _first_here(alert) if news else alert.reason
        here = replace(alert, reason=reason, silent=route.loudness is Loudness.SILENT, instead_of=route.instead_of)
        shown = living.show(db, here if wanted else _only_true(here), route.destination, now, timers.edit_interval)
        if shown and aloud and wanted:
            living.reply(db, here, route.destination, now)


def call_next(db: Connection, alert: IncidentAlert, people: Sequence[int]) -> IncidentAlert:
    """Whose turn it is when nobody takes an incident: with every escalation the next of `people`, ids of users or
    chats. The escalation must be in the history already."""
    if not people:
        return alert
    events = incidents.list_events(db, alert.incident.number)
    turn = sum(event.what == AlertReason.ESCALATED for event in events)
    called_id = people[(turn - 1) % len(people)]
    known = chats.find_destination(db, called_id, None)
    return replace(alert, called=routes.name_of(known) if known else str(called_id), called_id=called_id)


def switch_off(db: Connection, chat_id: int, why: str, now: datetime) -> None:
    """A chat takes no messages: the others are told once, and what it has not got goes where its alerts go now."""
    if not chats.set_chat_disabled(db, chat_id, why, now):
        return
    lost = next((to for to in chats.list_subscribed(db) if to.chat_id == chat_id), None)
    if lost is None:
        return
    notice = NoticeAlert(
        text="Chat {chat} takes no messages any more: {why}. Its alerts go to the owners until it does.",
        values={"chat": routes.name_of(lost), "why": why},
        at=now,
    )
    tell_others(db, lost, notice)
    _take_over(db, chat_id, now)


def tell_everybody(db: Connection, key: str, notice: NoticeAlert) -> None:
    """A trouble of the bot's own is told wherever such is heard, under one key once."""
    outbox.announce(db, [(key, notice)], routes.list_for_notices(db), notice.at)


def tell_others(db: Connection, lost: Destination, notice: NoticeAlert) -> None:
    """What has become of a chat is told in all the others."""
    key = f"refused/{lost.chat_id}/{lost.thread_id or 0}/{notice.at.isoformat()}"
    others = [other for other in routes.list_for_notices(db) if other.chat_id != lost.chat_id]
    outbox.announce(db, [(key, notice)], others, notice.at)


def _take_over(db: Connection, chat_id: int, now: datetime) -> None:
    for alert in living.list_unsent_openings(db, chat_id):
        for route in routes.list_for(db, alert.incident):
            place = routes.place_of(route.destination)
            if route.instead_of and place not in living.list_places(db, alert.incident.number):
                here = replace(alert, reason=AlertReason.FIRST, silent=False, instead_of=route.instead_of)
                living.show(db, here, route.destination, now, timedelta())


def _called(db: Connection, alert: IncidentAlert) -> list[Route]:
    """The chat of who is called, unless it hears the incident anyway."""
    if alert.called_id is None:
        return []
    to = chats.find_destination(db, alert.called_id, None)
    heard = {
        routes.place_of(route.destination)
        for route in routes.list_for(db, alert.incident)
        if route.loudness is not Loudness.OFF
    }
    if to is None or to.disabled_reason is not None or routes.place_of(to) in heard:
        return []
    return [Route(to)]


def _first_here(alert: IncidentAlert) -> AlertReason:
    """What is an update elsewhere is news where the incident has only now become of interest."""
    incident = alert.incident
    going_on = incident.state is IncidentState.OPEN and not incident.handled and alert.silence is None
    return AlertReason.FIRST if going_on and alert.reason is AlertReason.UPDATE else alert.reason


def _only_true(alert: IncidentAlert) -> IncidentAlert:
    return alert if alert.reason is AlertReason.RESOLVED else replace(alert, reason=AlertReason.UPDATE)
