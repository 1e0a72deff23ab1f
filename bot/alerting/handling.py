"""What people do with an incident. Each is set by target state, so that a second press changes nothing."""

from dataclasses import replace
from datetime import datetime, timedelta

from bot.model import Incident, IncidentState, Mark, Silence

SAME_MOMENT = timedelta(minutes=5)


def acknowledge(incident: Incident, by: Mark) -> Incident:
    """Somebody has it; whoever was first keeps it."""
    if not incident.is_open or incident.acknowledged is not None:
        return incident
    return replace(incident, acknowledged=by, snoozed=None, snoozed_until=None)


def is_same(known: Silence, wished: Silence) -> bool:
    """Whether a silence that holds already does what is wished for."""
    matched = replace(known, id=wished.id, until_at=wished.until_at, author=wished.author, comment=wished.comment)
    return matched == wished and abs(known.until_at - wished.until_at) < SAME_MOMENT


def snooze(incident: Incident, by: Mark, until: datetime) -> Incident:
    """Put off: no reminders and no escalation until then. "For an hour" twice in a row is the same hour."""
    if not incident.is_open or (incident.snoozed_until and abs(until - incident.snoozed_until) < SAME_MOMENT):
        return incident
    return replace(incident, snoozed=by, snoozed_until=until, acknowledged=None)


def judge(incident: Incident, by: Mark, verdict: str) -> Incident:
    """A person says that it is no trouble: it is over, with that word on it."""
    if not incident.is_open:
        return incident
    values = {**incident.values, "verdict": verdict, "by": by.name}
    return replace(incident, state=IncidentState.RESOLVED, resolved_at=by.at, values=values)


def join(incident: Incident, into: int, now: datetime) -> Incident:
    """It turns out to be part of a wider one, which speaks for it from now on."""
    values = {**incident.values, "part_of": into}
    return replace(incident, state=IncidentState.RESOLVED, resolved_at=now, values=values)
