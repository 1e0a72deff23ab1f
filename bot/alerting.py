"""Findings and open incidents in, incident changes and alerts out; pure, the time is an argument."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.model import (
    AlertReason,
    FailureAlert,
    Finding,
    Incident,
    IncidentState,
    Merchant,
    Operation,
)

KEEP_FIRING = timedelta(minutes=10)
LATE = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Plan:
    """Incidents as they are now, and what is to be announced, each alert under a key that is said once."""

    incidents: tuple[Incident, ...]
    alerts: tuple[tuple[str, FailureAlert], ...]


def plan(
    findings: Iterable[Finding], known: Sequence[Incident], *, merchant: Merchant, next_number: int, now: datetime
) -> Plan:
    """Ends incidents that have been quiet, counts those that go on, opens one for a trouble that is new.

    `known` are the merchant's incidents that are not resolved.
    """
    ended = [replace(old, state=IncidentState.RESOLVED) for old in known if now - old.last_at >= KEEP_FIRING]
    going_on = {(old.rule, old.key): old for old in known if now - old.last_at < KEEP_FIRING}
    touched: dict[int, Incident] = {}
    alerts: list[tuple[str, FailureAlert]] = []
    for finding in findings:
        place = (finding.rule, finding.key)
        before = going_on.get(place)
        incident = _counted(before, finding, now) if before else _opened(finding, next_number, now)
        next_number += before is None
        going_on[place] = touched[incident.number] = incident
        alerts.append((_alert_key(finding), _alert(finding, incident, merchant, now)))
    return Plan((*ended, *touched.values()), tuple(alerts))


def _opened(finding: Finding, number: int, now: datetime) -> Incident:
    return Incident(
        number=number,
        rule=finding.rule,
        merchant_id=finding.merchant_id,
        key=finding.key,
        severity=finding.severity,
        state=IncidentState.OPEN,
        opened_at=now,
        last_at=now,
        count=1,
    )


def _counted(incident: Incident, finding: Finding, now: datetime) -> Incident:
    return replace(incident, count=incident.count + 1, last_at=now, severity=finding.severity)


def _alert_key(finding: Finding) -> str:
    """The same state of the same operation has the same key, so that nothing is announced twice."""
    operation = finding.operation
    return f"{finding.rule}/{operation.merchant_id}/{operation.id}/{operation.outcome}"


def _alert(finding: Finding, incident: Incident, merchant: Merchant, now: datetime) -> FailureAlert:
    operation = finding.operation
    return FailureAlert(
        incident=incident.number,
        reason=AlertReason.FIRST if incident.count == 1 else AlertReason.MORE,
        severity=finding.severity,
        merchant_name=merchant.name,
        terminal_name=merchant.terminal_name(operation.terminal_id),
        operation=_without_payer(operation),
        count=incident.count,
        at=now,
        late=now - operation.created_at > LATE,
    )


def _without_payer(operation: Operation) -> Operation:
    """Alerts go to chats: who paid stays in the store."""
    return replace(operation, payer_name="", payer_phone="", payer_email="", account_id="")
