"""What happens to incidents, inside the caller's transaction: state kept, history written, people told or not."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from bot import alerting
from bot.model import (
    AlertReason,
    Because,
    Finding,
    Incident,
    IncidentAlert,
    IncidentState,
    Loudness,
    Mark,
    Merchant,
    MerchantId,
    Outcome,
    Silence,
    Symptom,
    Transition,
)
from bot.rules import Rulebook
from bot.store import incidents, living, routes, silences, sources
from bot.store.driver import Connection
from bot.store.incidents import Event

TRAFFIC = timedelta(minutes=10)
_MOST_STEPS = 10


class Incidents:
    """The one door to incidents: ingestion, the clock and people all come through here."""

    def __init__(self, merchants: Iterable[Merchant], rulebook: Rulebook, *, now: Callable[[], datetime]) -> None:
        self._merchants = {merchant.id: merchant for merchant in merchants}
        self._rulebook = rulebook
        self._timers = rulebook.timers
        self._now = now

    def report(self, db: Connection, merchant_id: MerchantId, transitions: Sequence[Transition]) -> None:
        """What the rules find in these transitions, and operations whose earlier failure the bank has taken back."""
        now = self._now()
        findings = self._rulebook.judge(transitions)
        if findings:
            known = incidents.list_open(db, merchant_id)
            changed = alerting.absorb(
                findings,
                known,
                traffic=incidents.traffic(db, merchant_id, now - TRAFFIC),
                next_number=incidents.next_number(db),
                many=self._timers.many,
                now=now,
            )
            self._keep_changes(db, known, changed, now)
            self._note_operations(db, findings, changed)
        self._correct(db, merchant_id, transitions, now)

    def settle(self, db: Connection, merchant_id: MerchantId, symptoms: Sequence[Symptom]) -> None:
        """States that hold or no longer hold: the bank lost, bad records, unusual volume."""
        now = self._now()
        known = incidents.list_open(db, merchant_id)
        changed = alerting.settle(symptoms, known, next_number=incidents.next_number(db), now=now)
        self._keep_changes(db, known, changed, now)

    def tick(self, db: Connection) -> None:
        """Lets time pass for every incident whose moment has come, and ends silences that are over."""
        now = self._now()
        for silence in silences.list_over(db, now):
            self._end_silence(db, silence, now)
        for incident in incidents.list_due(db, now):
            self._advance(db, incident, now)

    def acknowledge(self, db: Connection, number: int, by: Mark) -> Incident:
        """Somebody has it. Returns the incident as it is now; whoever was first keeps it."""
        return self._handle(db, number, lambda incident: alerting.acknowledge(incident, by), "acknowledged", by)

    def snooze(self, db: Connection, number: int, by: Mark, until: datetime) -> Incident:
        """Put off until then."""
        return self._handle(db, number, lambda incident: alerting.snooze(incident, by, until), "snoozed", by)

    def silence(self, db: Connection, silence: Silence) -> Silence:
        """Mutes what matches; the living messages of muted incidents say so."""
        kept = silences.add(db, silence)
        for incident in incidents.list_open(db, silence.merchant_id):
            if kept.matches(incident):
                incidents.record_event(db, incident.number, Event(silence.author.at, "silenced", silence.author.name))
        return kept

    def unsilence(self, db: Connection, silence_id: int) -> Silence | None:
        """Ends a silence early; what goes on under it is told. None when it had ended already."""
        silence = silences.find(db, silence_id)
        if silence:
            self._end_silence(db, silence, self._now())
        return silence

    def _handle(
        self, db: Connection, number: int, change: Callable[[Incident], Incident], what: str, by: Mark
    ) -> Incident:
        before = incidents.get(db, number)
        after = change(before)
        if after != before:
            incidents.record_event(db, number, Event(by.at, what, by.name))
            self._keep(db, alerting.Step(after, AlertReason.UPDATE), self._now())
        return after

    def _keep_changes(
        self, db: Connection, known: Sequence[Incident], changed: Iterable[Incident], now: datetime
    ) -> None:
        before = {incident.number: incident for incident in known}
        for incident in changed:
            self._keep(db, alerting.changed(before.get(incident.number), incident, self._timers, now), now)

    def _advance(self, db: Connection, incident: Incident, now: datetime) -> None:
        for _ in range(_MOST_STEPS):
            step = alerting.advance(incident, self._timers, now)
            self._keep(db, step, now)
            if step.reason is None:
                return
            incident = step.incident

    def _keep(self, db: Connection, step: alerting.Step, now: datetime) -> None:
        """Stores the incident, its history and what people are told of this step."""
        incident = step.incident
        incidents.save(db, incident, alerting.due_at(incident, self._timers))
        if step.reason is None:
            return
        if step.reason is not AlertReason.UPDATE:
            incidents.record_event(db, incident.number, Event(now, step.reason, ""))
        muting = [one for one in silences.list_active(db, incident.merchant_id) if one.matches(incident)]
        if not incident.is_open:
            for silence in muting:
                if silence.until_recovery:
                    silences.end(db, silence.id, now)
        if not muting:
            self._tell(db, step, now)

    def _tell(self, db: Connection, step: alerting.Step, now: datetime) -> None:
        incident = step.incident
        alert = self._alert(db, step, now)
        aloud = step.reason not in {AlertReason.FIRST, AlertReason.UPDATE} and incident.loudness is Loudness.ON
        for destination in routes.list_for(db, incident):
            if living.show(db, alert, destination, now, self._timers.edit_interval) and aloud:
                living.reply(db, alert, destination, now)

    def _alert(self, db: Connection, step: alerting.Step, now: datetime) -> IncidentAlert:
        incident = step.incident
        merchant = self._merchants[incident.merchant_id]
        terminals = {*(member.terminal_id for member in incident.members), *incident.terminals}
        over = incident.state is IncidentState.RESOLVED and not incident.key
        return IncidentAlert(
            reason=step.reason or AlertReason.UPDATE,
            because=step.because,
            incident=incident,
            merchant_name=merchant.name,
            terminal_names={terminal_id: merchant.terminal_name(terminal_id) for terminal_id in sorted(terminals)},
            rates=incidents.rates(db, incident),
            aftermath=incidents.aftermath(db, incident) if over else None,
            data_as_of=sources.get_freshness(db, incident.merchant_id).through_at,
            at=now,
        )

    def _note_operations(self, db: Connection, findings: Iterable[Finding], changed: Iterable[Incident]) -> None:
        homes = {member: incident.number for incident in changed for member in incident.members}
        for finding in findings:
            number = homes.get(alerting.member_of(finding))
            if number is not None:
                operation = finding.operation
                incidents.note_operations(db, number, [(operation.merchant_id, operation.id)])

    def _correct(
        self, db: Connection, merchant_id: MerchantId, transitions: Iterable[Transition], now: datetime
    ) -> None:
        """A failure that was announced and is paid now corrects the message that announced it."""
        taken_back = {
            transition.after.id: transition.after
            for transition in transitions
            if transition.before
            and transition.before.outcome is Outcome.FAILED
            and transition.after.outcome is not Outcome.FAILED
        }
        if not taken_back:
            return
        for operation_id, number in incidents.numbers_of(db, merchant_id, list(taken_back)).items():
            incident = alerting.correct(incidents.get(db, number), taken_back[operation_id])
            incidents.record_event(db, number, Event(now, "corrected", ""))
            self._keep(db, alerting.Step(incident, AlertReason.UPDATE), now)

    def _end_silence(self, db: Connection, silence: Silence, now: datetime) -> None:
        """Still failing when it ends: said in one line; over meanwhile: nothing to say but the silence's end."""
        silences.end(db, silence.id, now)
        for incident in incidents.list_open(db, silence.merchant_id):
            if silence.matches(incident) and not incident.handled:
                awake = replace(incident, sounded_at=now)
                self._keep(db, alerting.Step(awake, AlertReason.REMINDER, Because.SILENCE_OVER), now)
