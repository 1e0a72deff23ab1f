"""What time does to an incident, and whether a change deserves a message of its own or only an edit."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.model import AlertReason, Because, Incident, IncidentState, Loudness, Severity, Timers

FLAPPING = 3


@dataclass(frozen=True, slots=True)
class Step:
    """An incident as it is now, and why people hear of it (None: nothing to tell); `by_hand`: a person did it."""

    incident: Incident
    reason: AlertReason | None
    because: Because | None = None
    by_hand: bool = False


def changed(before: Incident | None, after: Incident, timers: Timers, now: datetime) -> Step:
    """The reason of a change that operations or symptoms made. Whatever has no reason of its own is an edit."""
    if before is None:
        return Step(after, AlertReason.FIRST)
    if not after.is_open:
        return Step(after, AlertReason.RESOLVED)
    if after.key and _as_seen(before) == _as_seen(after):
        return Step(after, None)
    louder = after.loudness is Loudness.ON and before.loudness is not Loudness.ON
    due = _has_untold(after) and now - after.sounded_at >= timers.between_sounds
    if after.snoozed_until is None and (louder or due):
        return _sounded(after, AlertReason.WIDENED, now)
    return Step(after, AlertReason.UPDATE)


def advance(incident: Incident, timers: Timers, now: datetime, *, muted: bool = False, blind: bool = False) -> Step:
    """One step of time; call again while it returns a reason other than None.

    `muted` by a silence, it neither reminds nor escalates. While the source is lost, `blind`, no calm is believed.
    """
    if not incident.is_open:
        return Step(incident, None)
    if incident.key == "" and not blind and (step := _towards_end(incident, timers, now)):
        return step
    if incident.snoozed_until and now >= incident.snoozed_until:
        return released(replace(incident, snoozed=None, snoozed_until=None), Because.SNOOZE_OVER, now)
    if incident.acknowledged and now >= incident.acknowledged.at + timers.ack_timeout:
        return released(replace(incident, acknowledged=None), Because.ACK_RAN_OUT, now)
    if not muted and _calls_out(incident):
        return _unhandled(incident, timers, now)
    return Step(incident, None)


def released(incident: Incident, because: Because, now: datetime) -> Step:
    """It goes on and nobody has it any more: everybody is reminded, and its escalation begins anew."""
    return _sounded(replace(incident, free_since=now, escalated_at=None, calls=0), AlertReason.REMINDER, now, because)


def due_at(incident: Incident, timers: Timers, *, muted: bool = False) -> datetime | None:
    """When `advance` may next have something to say; None once it is over."""
    if not incident.is_open:
        return None
    moments: list[datetime] = []
    if incident.key == "":
        part = 1 if incident.state is IncidentState.RECOVERING else 2
        moments.append(incident.last_at + keep_firing(incident, timers) / part)
    if incident.snoozed_until:
        moments.append(incident.snoozed_until)
    if incident.acknowledged:
        moments.append(incident.acknowledged.at + timers.ack_timeout)
    if not muted and _calls_out(incident):
        moments += _unhandled_moments(incident, timers)
    return min(moments, default=None)


def keep_firing(incident: Incident, timers: Timers) -> timedelta:
    """How long without a failure until it is over; one that comes and goes must stay away three times as long."""
    return timers.keep_firing * (3 if incident.flaps >= FLAPPING else 1)


def _towards_end(incident: Incident, timers: Timers, now: datetime) -> Step | None:
    quiet, enough = now - incident.last_at, keep_firing(incident, timers)
    if quiet >= enough:
        return Step(replace(incident, state=IncidentState.RESOLVED, resolved_at=now), AlertReason.RESOLVED)
    if incident.state is IncidentState.OPEN and quiet >= enough / 2:
        return Step(replace(incident, state=IncidentState.RECOVERING), AlertReason.UPDATE)
    return None


def _calls_out(incident: Incident) -> bool:
    """Whether silence about it is broken by time alone: not while somebody has it, nor while it seems to end."""
    loud = incident.loudness is Loudness.ON
    return loud and not incident.handled and incident.state is IncidentState.OPEN


def _unhandled(incident: Incident, timers: Timers, now: datetime) -> Step:
    if incident.calls < timers.calls and now >= _escalates_at(incident, timers):
        called = replace(incident, escalated_at=now, calls=incident.calls + 1)
        return _sounded(called, AlertReason.ESCALATED, now)
    if _has_untold(incident) and now - incident.sounded_at >= timers.between_sounds:
        return _sounded(incident, AlertReason.WIDENED, now)
    if now - incident.sounded_at >= _repeat(incident, timers):
        return _sounded(incident, AlertReason.REMINDER, now, Because.STILL_FAILING)
    return Step(incident, None)


def _unhandled_moments(incident: Incident, timers: Timers) -> list[datetime]:
    """When `_unhandled` has something to say."""
    moments = [incident.sounded_at + _repeat(incident, timers)]
    if incident.calls < timers.calls:
        moments.append(_escalates_at(incident, timers))
    if _has_untold(incident):
        moments.append(incident.sounded_at + timers.between_sounds)
    return moments


def _escalates_at(incident: Incident, timers: Timers) -> datetime:
    return (incident.escalated_at or incident.free_since or incident.opened_at) + timers.escalate_after


def _sounded(incident: Incident, reason: AlertReason, now: datetime, because: Because | None = None) -> Step:
    told = max(len(incident.members), len(incident.terminals), 1)
    return Step(replace(incident, sounded_at=now, told_members=told), reason, because)


def _has_untold(incident: Incident) -> bool:
    return max(len(incident.members), len(incident.terminals)) > incident.told_members


def _repeat(incident: Incident, timers: Timers) -> timedelta:
    return timers.repeat_critical if incident.severity is Severity.CRITICAL else timers.repeat


def _as_seen(incident: Incident) -> Incident:
    """What of a symptom its message shows: a look that finds the same needs no edit."""
    return replace(incident, count=0, last_at=incident.opened_at)
