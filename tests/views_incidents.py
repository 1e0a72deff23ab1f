"""INCIDENT_VIEWS: alerts, their changes and everything about handling them, for the reviewed messages."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

from views_samples import FAILED, HOSTILE, MALICE, NOW, PAID, SHOP

from bot.model import (
    Aftermath,
    AlertReason,
    Because,
    Event,
    Incident,
    IncidentAlert,
    IncidentReport,
    IncidentState,
    Loudness,
    Mark,
    Member,
    Message,
    NoticeAlert,
    Operation,
    OperationId,
    Outcome,
    Rates,
    ReasonClass,
    Severity,
    Silence,
    TerminalId,
)
from bot.texts import Voice
from bot.views import (
    acknowledged,
    alerts_list,
    ask_incident,
    ask_silence_of,
    ask_silence_until,
    ask_snooze,
    incident_story,
    said,
    silenced,
    silences_list,
    snoozed,
)
from bot.views.announcements import change_message
from bot.views.incidents import living_message
from bot.views.notices import notices_message

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
SAMAL, SAMAL_3 = (terminal.id for terminal in SHOP.terminals)
SYSTEM = Member(SAMAL, ReasonClass.SYSTEM)
AIGERIM, DANIYAR = Mark(1, "Aigerim", NOW - 3 * MINUTE), Mark(2, "Daniyar", NOW - 2 * MINUTE)
BROKEN = replace(FAILED, reason_code=458, reason_class=ReasonClass.SYSTEM, reason="")
NOTICE = NoticeAlert(
    text="Chat {chat} takes no messages any more: {why}. Its alerts go to the owners until it does.",
    values={"chat": "Support <night>", "why": "bot was blocked by the user"},
    at=NOW - timedelta(minutes=5),
)


def alone(operation: Operation = BROKEN, **changes: Any) -> Incident:
    """One failure of half a minute ago."""
    given: dict[str, Any] = {
        "number": 412,
        "rule": "failed_operation",
        "merchant_id": SHOP.id,
        "severity": Severity.CRITICAL,
        "loudness": Loudness.ON,
        "opened_at": NOW - timedelta(seconds=20),
        "began_at": operation.created_at,
        "last_at": NOW - timedelta(seconds=20),
        "sounded_at": NOW - timedelta(seconds=20),
        "members": (Member(operation.terminal_id, operation.reason_class or ReasonClass.UNKNOWN),),
        "count": 1,
        "sums": {operation.currency: operation.amount},
        "attempts": (operation,),
    }
    return Incident(**given | changes)


def attempts_of(count: int) -> tuple[Operation, ...]:
    """Failures a minute apart, the newest first, as many as a message shows at most."""
    return tuple(
        replace(
            BROKEN,
            id=OperationId(str(number)),
            invoice_id=f"INV-{88213 - number}",
            created_at=FAILED.created_at - number * MINUTE,
            amount=990_000 + number * 12_345,
            reason_code=458 if number % 3 else 488,
        )
        for number in range(min(count, 8))
    )


def many(count: int = 31, **changes: Any) -> Incident:
    """So many failures of the last half an hour."""
    began_at = FAILED.created_at - 31 * MINUTE
    given = {
        "count": count,
        "attempts": attempts_of(count),
        "opened_at": began_at,
        "began_at": began_at,
        "sums": {"KZT": 18_450_000},
    }
    return alone(**given | changes)


def wide(**changes: Any) -> Incident:
    """Two terminals for two kinds of reasons, in two currencies."""
    members = (SYSTEM, Member(SAMAL_3, ReasonClass.SYSTEM), Member(SAMAL_3, ReasonClass.LIMIT))
    return many(1234, members=members, sums={"KZT": 98_450_050, "USD": 12_345}, **changes)


def lasting(**changes: Any) -> Incident:
    """The bank has been away for half an hour."""
    given: dict[str, Any] = {
        "rule": "source",
        "key": "lost",
        "members": (),
        "attempts": (),
        "count": 120,
        "began_at": NOW - 32 * MINUTE,
        "text": "The bank does not answer: {error}. Figures stay as they are; I keep asking and say what I catch up "
        "with.",
        "values": {"error": "HTTP 503 <html>"},
    }
    return alone(**given | changes)


def over(incident: Incident) -> Incident:
    return replace(incident, state=IncidentState.RESOLVED, resolved_at=NOW + 10 * MINUTE, acknowledged=AIGERIM)


def of(incident: Incident, reason: AlertReason = AlertReason.FIRST, **parts: Any) -> IncidentAlert:
    """The alert of an incident at the shop."""
    alert = IncidentAlert(
        reason=reason,
        incident=incident,
        merchant_name=SHOP.name,
        terminal_names={place: SHOP.terminal_name(place) for place in incident.places},
        rates=Rates(failed=31, decided=84, usual=0.962) if incident.count > 1 and not incident.key else None,
        data_as_of=NOW - timedelta(seconds=10),
        at=NOW,
    )
    return replace(alert, **parts)


def silence(**parts: Any) -> Silence:
    given = Silence(
        id=1,
        merchant_id=SHOP.id,
        terminals=(SAMAL,),
        classes=(ReasonClass.SYSTEM,),
        until_at=NOW + 4 * HOUR,
        author=AIGERIM,
    )
    return replace(given, **parts)


SILENCES = (
    silence(),
    silence(id=2, terminals=(), classes=(), until_recovery=True, author=DANIYAR, comment="the bank <repairs> it"),
    silence(id=3, terminals=(SAMAL, SAMAL_3), classes=(), until_at=NOW + 20 * HOUR),
)
EVENTS = (
    Event(NOW - 31 * MINUTE, "first", ""),
    Event(NOW - 20 * MINUTE, "widened", ""),
    Event(NOW - 16 * MINUTE, "escalated", ""),
    Event(NOW - 15 * MINUTE, "acknowledged", "Aigerim <b>"),
    Event(NOW - 12 * MINUTE, "corrected", ""),
    Event(NOW - 11 * MINUTE, "snoozed", "Daniyar"),
    Event(NOW - 10 * MINUTE, "silenced", "Daniyar"),
    Event(NOW - 9 * MINUTE, "unsilenced", "Daniyar"),
    Event(NOW - 8 * MINUTE, "reminder", ""),
    Event(NOW, "resolved", ""),
)


def report(incident: Incident, **parts: Any) -> IncidentReport:
    rows = tuple((one, Outcome.PAID if place == 1 else Outcome.FAILED) for place, one in enumerate(incident.attempts))
    given = IncidentReport(
        alert=of(incident, aftermath=Aftermath(recovered=17, unpaid=14)),
        rows=rows,
        unpaid=False,
        page=1,
        last_page=3,
        events=EVENTS,
        at=NOW,
    )
    return replace(given, **parts)


def living(alert: IncidentAlert, **how: Any) -> Callable[[Voice], Message]:
    return lambda voice: living_message(alert, voice, now=NOW, **how)


def change(incident: Incident, reason: AlertReason, **parts: Any) -> Callable[[Voice], Message]:
    return lambda voice: change_message(of(incident, reason, **parts), voice)


HOSTILE_ONE = replace(
    alone(MALICE, number=7, values={"error": HOSTILE}),
    acknowledged=Mark(3, HOSTILE, NOW),
)
CALLED = {"called": "Daniyar <b>", "called_id": 123456789}

INCIDENT_VIEWS: dict[str, Callable[[Voice], Message]] = {
    "incident": living(of(alone())),
    "incident-payer": living(of(alone(FAILED, severity=Severity.WARNING, loudness=Loudness.SILENT))),
    "incident-bare": living(of(alone(replace(BROKEN, reason_code=0, sender_card="", receiver_card="", invoice_id="")))),
    "incident-hostile": living(of(HOSTILE_ONE, merchant_name=HOSTILE, terminal_names={TerminalId(HOSTILE): HOSTILE})),
    "incident-late-repeated": living(
        of(alone(replace(BROKEN, created_at=BROKEN.created_at - 22 * HOUR), late=True)), repeated=True
    ),
    "incident-paid": living(of(alone(replace(PAID, id=BROKEN.id), corrected=1))),
    "incident-many": living(of(many())),
    "incident-many-late": living(of(many(late=True, began_at=NOW - 30 * HOUR))),
    "incident-wide": living(of(wide(flaps=4, corrected=12))),
    "incident-terminals": living(
        of(many(members=tuple(Member(TerminalId(str(number)), ReasonClass.SYSTEM) for number in range(7))))
    ),
    "incident-taken": living(of(many(acknowledged=AIGERIM))),
    "incident-put-off": living(of(many(snoozed=DANIYAR, snoozed_until=NOW + 20 * HOUR))),
    "incident-recovering": living(of(many(state=IncidentState.RECOVERING))),
    "incident-silenced": living(of(many(), silence=SILENCES[1])),
    "incident-silenced-until": living(of(many(), silence=SILENCES[0])),
    "incident-over": living(of(over(many()), aftermath=Aftermath(recovered=17, unpaid=14))),
    "incident-symptom": living(of(lasting())),
    "incident-symptom-over": living(
        of(
            over(
                lasting(
                    text="The bank answers again. Caught up with operations: {count}, failed: {failed}.",
                    values={"count": 212, "failed": 9},
                )
            )
        )
    ),
    "change-widened": change(wide(), AlertReason.WIDENED),
    "change-reminder": change(many(), AlertReason.REMINDER, because=Because.STILL_FAILING),
    "change-snooze-over": change(many(), AlertReason.REMINDER, because=Because.SNOOZE_OVER),
    "change-ack-ran-out": change(many(), AlertReason.REMINDER, because=Because.ACK_RAN_OUT),
    "change-silence-over": change(many(), AlertReason.REMINDER, because=Because.SILENCE_OVER, missed=12),
    "change-escalated": change(many(), AlertReason.ESCALATED, **CALLED),
    "change-escalated-symptom": change(lasting(), AlertReason.ESCALATED),
    "change-over": change(over(many()), AlertReason.RESOLVED, aftermath=Aftermath(recovered=17, unpaid=14)),
    "change-over-paid": change(over(alone()), AlertReason.RESOLVED, aftermath=Aftermath(recovered=1, unpaid=0)),
    "change-over-symptom": change(
        over(lasting(text="The bank's records can be read again.", values={})), AlertReason.RESOLVED
    ),
    "notice": lambda voice: notices_message([NOTICE], voice, now=NOW),
    "notices-repeated": lambda voice: notices_message([NOTICE, NOTICE], voice, now=NOW, repeated=True),
    "alerts": lambda voice: alerts_list(
        [of(many(acknowledged=AIGERIM)), of(lasting(number=411)), of(over(many(12, number=398)))], voice, NOW
    ),
    "alerts-none": lambda voice: alerts_list([], voice, NOW),
    "alerts-which": lambda voice: ask_incident([of(many()), of(lasting(number=411))], "ack", [], voice),
    "incident-story": lambda voice: incident_story(report(many()), voice),
    "incident-story-page": lambda voice: incident_story(report(many(), page=2, unpaid=True), voice),
    "incident-story-paid": lambda voice: incident_story(report(many(), rows=(), last_page=1, unpaid=True), voice),
    "incident-story-symptom": lambda voice: incident_story(report(lasting(), rows=(), last_page=1), voice),
    "ack-taken": lambda voice: said(acknowledged(many(acknowledged=AIGERIM), AIGERIM, voice, NOW)),
    "ack-taken-before": lambda voice: said(acknowledged(many(acknowledged=AIGERIM), DANIYAR, voice, NOW)),
    "ack-over": lambda voice: said(acknowledged(over(many()), DANIYAR, voice, NOW)),
    "snooze-ask": lambda voice: ask_snooze(412, voice),
    "snooze-put-off": lambda voice: said(snoozed(put_off(), DANIYAR, voice, NOW)),
    "snooze-put-off-before": lambda voice: said(snoozed(put_off(), AIGERIM, voice, NOW)),
    "silence-ask": lambda voice: ask_silence_of([412, 411], SHOP.terminals, ["4h"], voice),
    "silence-ask-until": lambda voice: ask_silence_until(["#412"], voice),
    "silence-made": lambda voice: silenced(SILENCES[:1], [SHOP], voice, NOW),
    "silences": lambda voice: silences_list(SILENCES, [SHOP], voice, NOW),
    "silences-none": lambda voice: silences_list([], [SHOP], voice, NOW),
}


def put_off() -> Incident:
    return many(snoozed=DANIYAR, snoozed_until=NOW + HOUR)
