"""What happens to incidents, inside the caller's transaction: state kept, history written, people told or not."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from bot import alerting, telling
from bot.model import (
    AlertReason,
    Because,
    Destination,
    Event,
    Finding,
    Incident,
    IncidentAlert,
    Mark,
    Merchant,
    MerchantId,
    NoticeAlert,
    OperationId,
    Outcome,
    Silence,
    Symptom,
    Transition,
)
from bot.rules import Rulebook
from bot.store import incidents, names, outbox, routes, silences, sources
from bot.store.driver import Connection

TRAFFIC = timedelta(minutes=10)
LATE = timedelta(minutes=15)
LOOK_AGAIN = timedelta(seconds=30)
LONGEST_CALM = timedelta(days=1)
_MOST_STEPS = 10


class Incidents:
    """The one door to incidents: ingestion, the clock and people all come through here."""

    def __init__(self, merchants: Iterable[Merchant], rulebook: Rulebook, *, now: Callable[[], datetime]) -> None:
        self._merchants = {merchant.id: merchant for merchant in merchants}
        self._rulebook = rulebook
        self._now = now

    def report(
        self, db: Connection, merchant_id: MerchantId, transitions: Sequence[Transition], *, bank_now: datetime
    ) -> None:
        """What the rules find in these transitions, and operations whose earlier failure the bank has taken back."""
        now = self._now()
        findings = [
            replace(finding, late=bank_now - finding.operation.created_at > LATE)
            for finding in self._rulebook.judge(transitions)
        ]
        if findings:
            known = incidents.list_open(db, merchant_id)
            since = min(bank_now - TRAFFIC, *(finding.operation.created_at for finding in findings))
            changed = alerting.absorb(
                findings,
                known,
                traffic=incidents.traffic(db, merchant_id, since),
                next_number=incidents.next_number(db),
                many=self._rulebook.timers.many,
                now=now,
            )
            _note_operations(db, findings, changed)
            self._keep_changes(db, known, changed, now)
        self._correct(db, merchant_id, transitions, now)

    def settle(self, db: Connection, merchant_id: MerchantId, symptoms: Sequence[Symptom]) -> None:
        """States that hold or no longer hold: the bank lost, bad records, unusual volume."""
        now = self._now()
        known = incidents.list_open(db, merchant_id)
        going_on = {(incident.rule, incident.key) for incident in known}
        if not any(symptom.holds or (symptom.rule, symptom.key) in going_on for symptom in symptoms):
            return
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
        """Somebody has it. Returns the incident as it is now; whoever was first keeps it. Raises LookupError."""
        return self._handle(db, number, lambda incident: alerting.acknowledge(incident, by), "acknowledged", by)

    def snooze(self, db: Connection, number: int, by: Mark, until: datetime) -> Incident:
        """Put off until then. Raises LookupError."""
        return self._handle(db, number, lambda incident: alerting.snooze(incident, by, until), "snoozed", by)

    def judge(self, db: Connection, number: int, by: Mark, verdict: str) -> Incident:
        """It is over by a person's word. Raises LookupError."""
        return self._handle(db, number, lambda incident: alerting.judge(incident, by, verdict), verdict, by)

    def join(self, db: Connection, number: int, into: int) -> None:
        """It goes on as part of another. Raises LookupError."""
        now = self._now()
        self._handle(db, number, lambda one: alerting.join(one, into, now), "joined", Mark(0, "", now))

    def describe(self, db: Connection, incident: Incident) -> IncidentAlert:
        """The incident as it would be told now."""
        alert = self._alert(db, alerting.Step(incident, AlertReason.UPDATE), self._now())
        return replace(alert, silence=_muting(db, incident))

    def silence(self, db: Connection, silence: Silence) -> Silence:
        """Mutes what matches; the living messages of muted incidents say so. The same twice in a row is one silence."""
        for known in silences.list_active(db, silence.merchant_id):
            if alerting.is_same(known, silence):
                return known
        kept = silences.add(db, silence)
        self._note_silence(db, kept, "silenced", silence.author)
        return kept

    def unsilence(self, db: Connection, silence_id: int, by: Mark) -> Silence | None:
        """Ends a silence early; what goes on under it is told. None when it had ended already."""
        silence = silences.find(db, silence_id)
        if silence:
            for incident in incidents.list_open(db, silence.merchant_id):
                if silence.matches(incident):
                    incidents.record_event(db, incident.number, Event(by.at, "unsilenced", by.name))
            self._end_silence(db, silence, self._now())
        return silence

    def _handle(
        self, db: Connection, number: int, change: Callable[[Incident], Incident], what: str, by: Mark
    ) -> Incident:
        before = incidents.get(db, number)
        after = change(before)
        if after != before:
            incidents.record_event(db, number, Event(by.at, what, by.name))
            self._keep(db, alerting.Step(after, AlertReason.UPDATE, by_hand=True), self._now())
        return after

    def _keep_changes(
        self, db: Connection, known: Sequence[Incident], changed: Iterable[Incident], now: datetime
    ) -> None:
        before = {incident.number: incident for incident in known}
        for incident in changed:
            self._keep(db, alerting.changed(before.get(incident.number), incident, self._rulebook.timers, now), now)

    def _advance(self, db: Connection, incident: Incident, now: datetime) -> None:
        if incident.merchant_id not in self._merchants:
            incidents.save(db, incident, None)
            return
        muted = _muting(db, incident) is not None
        blind = sources.get_freshness(db, incident.merchant_id).lost_since is not None
        timers = self._rulebook.timers_of(incident.merchant_id)
        for _ in range(_MOST_STEPS):
            step = alerting.advance(incident, timers, now, muted=muted, blind=blind)
            self._keep(db, step, now)
            if step.reason is None:
                return
            incident = step.incident

    def _keep(self, db: Connection, step: alerting.Step, now: datetime, *, missed: int = 0) -> None:
        """Stores the incident, its history and what people are told of this step."""
        incident = step.incident
        silence = _muting(db, incident)
        timers = self._rulebook.timers_of(incident.merchant_id)
        due_at = alerting.due_at(incident, timers, muted=silence is not None)
        late = due_at is not None and due_at <= now
        incidents.save(db, incident, now + LOOK_AGAIN if late else due_at)
        if step.reason is None:
            return
        if step.reason is not AlertReason.UPDATE:
            incidents.record_event(db, incident.number, Event(now, step.reason, ""))
        alert = replace(self._alert(db, step, now), silence=silence, missed=missed)
        if step.reason is AlertReason.ESCALATED:
            alert = telling.call_next(db, alert, self._rulebook.list_called(incident.merchant_id))
        # Who has pressed a button waits for the message to say so.
        edited = replace(timers, edit_interval=timedelta()) if step.by_hand else timers
        telling.tell(db, alert, edited, now)
        if step.reason is AlertReason.RESOLVED:
            self._end_silences_until_recovery(db, incident, now)

    def _alert(self, db: Connection, step: alerting.Step, now: datetime) -> IncidentAlert:
        incident = step.incident
        known = self._merchants.get(incident.merchant_id) or Merchant(incident.merchant_id, incident.merchant_id, ())
        (merchant,) = names.named(db, [known])
        over = not incident.is_open and not incident.key
        return IncidentAlert(
            reason=step.reason or AlertReason.UPDATE,
            because=step.because,
            incident=incident,
            merchant_name=merchant.name,
            terminal_names={terminal_id: merchant.terminal_name(terminal_id) for terminal_id in incident.places},
            rates=incidents.rates(db, incident),
            aftermath=incidents.aftermath(db, incident) if over else None,
            data_as_of=sources.get_freshness(db, incident.merchant_id).through_at,
            at=now,
        )

    def _correct(
        self, db: Connection, merchant_id: MerchantId, transitions: Iterable[Transition], now: datetime
    ) -> None:
        """Failures that were announced and are paid now correct the message that announced them."""
        taken_back = {
            transition.after.id: transition.after
            for transition in transitions
            if transition.before
            and transition.before.outcome is Outcome.FAILED
            and transition.after.outcome is not Outcome.FAILED
        }
        numbers = incidents.numbers_of(db, merchant_id, list(taken_back))
        for number, ids in _by_number(numbers).items():
            incident = incidents.get(db, number)
            for operation_id in ids:
                incident = alerting.correct(incident, taken_back[operation_id])
            incidents.record_event(db, number, Event(now, "corrected", ""))
            self._keep(db, alerting.Step(incident, AlertReason.UPDATE), now)

    def _note_silence(self, db: Connection, silence: Silence, what: str, by: Mark) -> None:
        for incident in incidents.list_open(db, silence.merchant_id):
            if silence.matches(incident):
                incidents.record_event(db, incident.number, Event(by.at, what, by.name))
                self._keep(db, alerting.Step(incident, AlertReason.UPDATE, by_hand=True), self._now())

    def _end_silences_until_recovery(self, db: Connection, incident: Incident, now: datetime) -> None:
        """Such a silence ends with the last incident under it."""
        left = incidents.list_open(db, incident.merchant_id)
        for silence in silences.list_active(db, incident.merchant_id):
            if silence.until_recovery and silence.matches(incident) and not any(map(silence.matches, left)):
                self._end_silence(db, silence, now)

    def _end_silence(self, db: Connection, silence: Silence, now: datetime) -> None:
        """What goes on is said to go on; what began or ended under it and is over is told in one line."""
        if not silences.end(db, silence.id, now):
            return
        over = []
        for incident in _list_under(db, silence):
            missed = incidents.count_failed_since(db, incident.number, silence.author.at)
            if not incident.is_open:
                over.append((incident, missed))
            elif incident.handled or _muting(db, incident):
                self._keep(db, alerting.Step(incident, AlertReason.UPDATE), now)
            else:
                self._keep(db, alerting.released(incident, Because.SILENCE_OVER, now), now, missed=missed)
        if over and silence.merchant_id in self._merchants:
            self._tell_aftermath(db, silence, over, now)

    def _tell_aftermath(
        self, db: Connection, silence: Silence, over: Sequence[tuple[Incident, int]], now: datetime
    ) -> None:
        (merchant,) = names.named(db, [self._merchants[silence.merchant_id]])
        places = ", ".join(map(merchant.terminal_name, silence.terminals)) or merchant.name
        numbers = ", ".join(f"#{incident.number}" for incident, _ in over)
        notice = NoticeAlert(
            text="A silence is over: {places}. Payments failed under it: {count}. What it covered is over: {incidents}",
            values={"places": places, "count": sum(missed for _, missed in over), "incidents": numbers},
            silent=True,
            at=now,
        )
        heard: dict[tuple[int, int | None], Destination] = {
            (route.destination.chat_id, route.destination.thread_id): route.destination
            for incident, _ in over
            for route in routes.list_for(db, incident)
        }
        outbox.announce(db, [(f"silence/{silence.id}", notice)], list(heard.values()), now)


def _muting(db: Connection, incident: Incident) -> Silence | None:
    """The silence that mutes an incident the longest."""
    active = silences.list_active(db, incident.merchant_id)
    return max((one for one in active if one.matches(incident)), key=lambda one: one.until_at, default=None)


def _list_under(db: Connection, silence: Silence) -> list[Incident]:
    """Incidents that went on, or ended, under a silence."""
    recent = incidents.list_recent(db, silence.merchant_id, silence.author.at - LONGEST_CALM)
    return [
        incident
        for incident in filter(silence.matches, recent)
        if incident.resolved_at is None or incident.resolved_at >= silence.author.at
    ]


def _note_operations(db: Connection, findings: Iterable[Finding], changed: Iterable[Incident]) -> None:
    homes = {member: incident.number for incident in changed for member in incident.members}
    known: defaultdict[int, list[tuple[MerchantId, OperationId]]] = defaultdict(list)
    for finding in findings:
        number = homes.get(alerting.member_of(finding))
        if number is not None:
            known[number].append((finding.operation.merchant_id, finding.operation.id))
    for number, operations in known.items():
        incidents.note_operations(db, number, operations)


def _by_number(numbers: Mapping[OperationId, int]) -> dict[int, list[OperationId]]:
    ids: defaultdict[int, list[OperationId]] = defaultdict(list)
    for operation_id, number in numbers.items():
        ids[number].append(operation_id)
    return ids
