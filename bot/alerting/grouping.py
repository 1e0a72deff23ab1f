"""Which incident a failure or a symptom belongs to, and how the incident looks then."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from bot.model import (
    Finding,
    Incident,
    IncidentState,
    Loudness,
    Member,
    Operation,
    Policy,
    ReasonClass,
    Symptom,
    Tally,
    TerminalId,
)

SHOWN = 8
REMEMBERED = 100
# Refusals that say something about one payer or card, not about the merchant's till.
_PERSONAL = frozenset({ReasonClass.PAYER})


def absorb(
    findings: Iterable[Finding],
    known: Sequence[Incident],
    *,
    traffic: Mapping[TerminalId, Tally],
    next_number: int,
    many: int,
    now: datetime,
) -> list[Incident]:
    """Incidents changed or opened by these failures, each as it is after all of them.

    `known` are the open incidents of the merchant. A failure joins the incident of its terminal and class, else one
    that shares either ("widened"), else, when `many` are open, the oldest: a wide trouble is one trouble. Refusals
    on the payer's side never join the rest. `traffic`: operations of the last minutes, by terminal.
    """
    open_now = {incident.number: incident for incident in known if incident.key == ""}
    changed: dict[int, Incident] = {}
    for finding in findings:
        if finding.policy.loudness is Loudness.OFF:
            continue
        home = _home(finding, list(open_now.values()), many)
        incident = _joined(home, finding) if home else _opened(finding, next_number, now)
        incident = _counted(incident, finding, now)
        next_number += home is None
        incident = _with_loudness(incident, finding, traffic)
        open_now[incident.number] = changed[incident.number] = incident
    return list(changed.values())


def settle(
    symptoms: Iterable[Symptom], known: Sequence[Incident], *, next_number: int, now: datetime
) -> list[Incident]:
    """Incidents opened, refreshed or resolved by these symptoms."""
    by_key = {(incident.rule, incident.key): incident for incident in known if incident.key}
    changed: dict[int, Incident] = {}
    for symptom in symptoms:
        before = by_key.get((symptom.rule, symptom.key))
        if before is None and (not symptom.holds or symptom.loudness is Loudness.OFF):
            continue
        after = _refreshed(before, symptom, now) if before else _begun(symptom, next_number, now)
        next_number += before is None
        by_key[symptom.rule, symptom.key] = changed[after.number] = after
    return list(changed.values())


def correct(incident: Incident, operation: Operation) -> Incident:
    """The bank changed its word about an operation that was announced as failed."""
    attempts = tuple(operation.without_payer() if known.id == operation.id else known for known in incident.attempts)
    return replace(incident, attempts=attempts, corrected=incident.corrected + 1)


def member_of(finding: Finding) -> Member:
    """The place a failure belongs to."""
    return Member(finding.operation.terminal_id, finding.operation.reason_class or ReasonClass.UNKNOWN)


def _home(finding: Finding, open_now: Sequence[Incident], many: int) -> Incident | None:
    member = member_of(finding)
    kin = [one for one in open_now if one.rule == finding.rule and _personal(one) is (member.reason_class in _PERSONAL)]
    exact = [one for one in kin if member in one.members]
    sharing = [one for one in kin if any(_shares(member, other) for other in one.members)]
    crowd = kin if len(kin) >= many else []
    return next(iter([*exact, *sharing, *crowd]), None)


def _personal(incident: Incident) -> bool:
    return any(member.reason_class in _PERSONAL for member in incident.members)


def _shares(one: Member, other: Member) -> bool:
    return one.terminal_id == other.terminal_id or one.reason_class == other.reason_class


def _opened(finding: Finding, number: int, now: datetime) -> Incident:
    return Incident(
        number=number,
        rule=finding.rule,
        merchant_id=finding.merchant_id,
        severity=finding.severity,
        loudness=Loudness.SILENT,
        opened_at=now,
        last_at=now,
        sounded_at=now,
        members=(member_of(finding),),
    )


def _joined(incident: Incident, finding: Finding) -> Incident:
    member = member_of(finding)
    members = incident.members if member in incident.members else (*incident.members, member)
    again = incident.state is IncidentState.RECOVERING
    return replace(
        incident,
        members=members,
        state=IncidentState.OPEN,
        flaps=incident.flaps + again,
        severity=max(incident.severity, finding.severity, key=lambda severity: severity.rank),
    )


def _counted(incident: Incident, finding: Finding, now: datetime) -> Incident:
    operation = finding.operation
    at = operation.created_at
    newest = sorted((*incident.attempts, operation.without_payer()), key=lambda known: known.created_at, reverse=True)[
        :SHOWN
    ]
    sums = {**incident.sums, operation.currency: incident.sums.get(operation.currency, 0) + operation.amount}
    return replace(
        incident,
        count=incident.count + 1,
        last_at=now,
        sums=sums,
        attempts=tuple(newest),
        began_at=min(at, incident.began_at or at),
        late=finding.late and (incident.late or incident.count == 0),
        seen_at=_seen(incident, member_of(finding).reason_class, at),
    )


def _seen(incident: Incident, reason_class: ReasonClass, at: datetime) -> Mapping[ReasonClass, tuple[datetime, ...]]:
    before = incident.seen_at.get(reason_class, ())
    return {**incident.seen_at, reason_class: (*before, at)[-REMEMBERED:]}


def _with_loudness(incident: Incident, finding: Finding, traffic: Mapping[TerminalId, Tally]) -> Incident:
    """Loud once the policy of one of its classes is met; it does not become silent again while it lasts."""
    policy = finding.policy
    if incident.loudness is Loudness.ON or policy.loudness is not Loudness.ON:
        return incident
    often = _is_often(incident.seen_at[member_of(finding).reason_class], policy)
    lately = _tally(incident, traffic)
    enough = policy.min_share == 0 or (lately.decided >= policy.min_sample and _reaches(lately, policy.min_share))
    loud = (often and enough) or (policy.at_once is not None and _reaches(lately, policy.at_once))
    return replace(incident, loudness=Loudness.ON) if loud else incident


def _is_often(times: Sequence[datetime], policy: Policy) -> bool:
    """So many within the span at any time: what is read late counts as if it had been read at once."""
    known = sorted(times)
    pairs = zip(known, known[policy.min_count - 1 :], strict=False)
    return any(last - first <= policy.within for first, last in pairs)


def _tally(incident: Incident, traffic: Mapping[TerminalId, Tally]) -> Tally:
    """The last minutes of the terminals it is about."""
    return sum((traffic[place] for place in incident.places if place in traffic), Tally())


def _reaches(lately: Tally, share: float) -> bool:
    return lately.failed >= share * lately.decided


def _begun(symptom: Symptom, number: int, now: datetime) -> Incident:
    return Incident(
        number=number,
        rule=symptom.rule,
        merchant_id=symptom.merchant_id,
        key=symptom.key,
        severity=symptom.severity,
        loudness=symptom.loudness,
        opened_at=now,
        began_at=symptom.since,
        last_at=now,
        sounded_at=now,
        count=1,
        text=symptom.text,
        values=symptom.values,
        terminals=symptom.terminals,
        told_members=max(len(symptom.terminals), 1),
    )


def _refreshed(incident: Incident, symptom: Symptom, now: datetime) -> Incident:
    state, resolved_at = (IncidentState.OPEN, None) if symptom.holds else (IncidentState.RESOLVED, now)
    return replace(
        incident,
        state=state,
        resolved_at=resolved_at,
        severity=max(incident.severity, symptom.severity, key=lambda severity: severity.rank),
        last_at=now if symptom.holds else incident.last_at,
        count=incident.count + symptom.holds,
        text=symptom.text,
        values=symptom.values,
        terminals=tuple(dict.fromkeys((*incident.terminals, *symptom.terminals))),
    )
