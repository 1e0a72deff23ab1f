"""What people do with an incident. Each is set by target state, so that a second press changes nothing."""

from dataclasses import replace
from datetime import datetime

from bot.model import Incident, Mark


def acknowledge(incident: Incident, by: Mark) -> Incident:
    """Somebody has it; whoever was first keeps it."""
    if not incident.is_open or incident.acknowledged is not None:
        return incident
    return replace(incident, acknowledged=by, snoozed=None, snoozed_until=None)


def snooze(incident: Incident, by: Mark, until: datetime) -> Incident:
    """Put off: no reminders and no escalation until then."""
    if not incident.is_open or incident.snoozed_until == until:
        return incident
    return replace(incident, snoozed=by, snoozed_until=until, acknowledged=None)
