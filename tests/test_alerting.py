"""From findings, symptoms, people and time to incidents: as tables, and whatever comes."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from builders import DOSTYK, NOW, SAMAL, SHOP, an_incident, an_operation, hours, minutes
from hypothesis import given, settings
from hypothesis import strategies as st

from bot import alerting
from bot.alerting.grouping import REMEMBERED, SHOWN
from bot.model import (
    AlertReason,
    Finding,
    Incident,
    IncidentState,
    Loudness,
    Mark,
    Member,
    Operation,
    Outcome,
    Policy,
    ReasonClass,
    Severity,
    Silence,
    Symptom,
    Tally,
    TerminalId,
    Timers,
)

TIMERS = Timers()
FAILED = an_operation(outcome=Outcome.FAILED, payer_name="ALMA", payer_phone="+7", payer_email="a@b", account_id="7")
THIRD = TerminalId("98159999")
PAYER, ISSUER, LIMIT, SYSTEM = ReasonClass.PAYER, ReasonClass.ISSUER, ReasonClass.LIMIT, ReasonClass.SYSTEM
AIGERIM, DANIYAR = Mark(5, "Aigerim", NOW), Mark(7, "Daniyar", NOW + minutes(1))


def a_finding(terminal: TerminalId = SAMAL, reason: ReasonClass = SYSTEM, **parts: object) -> Finding:
    operation = parts.pop("operation", replace(FAILED, terminal_id=terminal, reason_class=reason))
    given: dict[str, object] = {"severity": Severity.WARNING, "policy": Policy(), "operation": operation}
    return Finding(rule="failed_operation", merchant_id=SHOP, **given | parts)  # type: ignore[arg-type]


def absorb(
    *findings: Finding, known: tuple[Incident, ...] = (), at: datetime = NOW, **traffic: Tally
) -> list[Incident]:
    seen = {SAMAL: traffic["samal"]} if traffic else {}
    return alerting.absorb(findings, known, traffic=seen, next_number=7, many=3, now=at)


def about(*members: tuple[TerminalId, ReasonClass], number: int = 1, **parts: object) -> Incident:
    return an_incident(number, members=tuple(Member(*one) for one in members), **parts)


def test_nothing_found_changes_nothing() -> None:
    assert absorb(known=(an_incident(),)) == []


def test_the_first_failure_opens_an_incident_that_does_not_say_who_paid() -> None:
    (opened,) = absorb(a_finding())
    (attempt,) = opened.attempts
    assert (opened.number, opened.count, opened.sums, opened.began_at) == (7, 1, {"KZT": 15_000}, NOW)
    assert (attempt.payer_name, attempt.payer_phone, attempt.payer_email, attempt.account_id) == ("", "", "", "")


@pytest.mark.parametrize(
    ("known", "found", "number"),
    [
        ([about((SAMAL, SYSTEM))], (SAMAL, SYSTEM), 1),
        ([about((SAMAL, SYSTEM))], (SAMAL, LIMIT), 1),
        ([about((SAMAL, SYSTEM))], (DOSTYK, SYSTEM), 1),
        ([about((SAMAL, SYSTEM))], (DOSTYK, LIMIT), 7),
        ([about((SAMAL, SYSTEM))], (SAMAL, PAYER), 7),
        ([about((SAMAL, PAYER))], (DOSTYK, PAYER), 1),
        ([about((SAMAL, PAYER))], (SAMAL, SYSTEM), 7),
        ([about((SAMAL, SYSTEM)), about((DOSTYK, LIMIT), number=2)], (DOSTYK, LIMIT), 2),
        ([about((SAMAL, SYSTEM), rule="odd")], (SAMAL, SYSTEM), 7),
        (
            [about((SAMAL, SYSTEM)), about((DOSTYK, LIMIT), number=2), about((SAMAL, ISSUER), number=3)],
            (THIRD, ReasonClass.MERCHANT),
            1,
        ),
    ],
)
def test_a_failure_joins_what_it_has_to_do_with(
    known: list[Incident], found: tuple[TerminalId, ReasonClass], number: int
) -> None:
    (changed,) = absorb(a_finding(*found), known=tuple(known))
    assert changed.number == number
    assert Member(*found) in changed.members


def test_what_nobody_wants_to_hear_is_no_incident() -> None:
    assert absorb(a_finding(policy=Policy(loudness=Loudness.OFF)), known=(an_incident(),)) == []


@pytest.mark.parametrize(
    ("times", "within", "loud"),
    [
        ((0, 1, 2), 10, True),
        ((0, 9, 18), 10, False),
        ((18, 0, 9, 20), 11, True),
        ((0, 1), 10, False),
    ],
)
def test_so_many_within_a_span_are_loud_whenever_they_are_read(times: tuple[int, ...], within: int, loud: bool) -> None:
    policy = Policy(min_count=3, within=minutes(within))
    findings = [
        a_finding(policy=policy, operation=replace(FAILED, created_at=NOW - hours(5) + minutes(at))) for at in times
    ]
    (opened,) = absorb(*findings)
    assert (opened.loudness is Loudness.ON) is loud


@pytest.mark.parametrize(("failed", "paid", "loud"), [(5, 5, True), (4, 6, False), (4, 0, False)])
def test_a_share_counts_only_in_enough_payments(failed: int, paid: int, loud: bool) -> None:
    policy = Policy(min_share=0.5, min_sample=5)
    (opened,) = absorb(a_finding(policy=policy), samal=Tally(failed=failed, paid=paid))
    assert (opened.loudness is Loudness.ON) is loud


def test_what_is_loud_stays_loud() -> None:
    (joined,) = absorb(a_finding(policy=Policy(loudness=Loudness.SILENT)), known=(about((SAMAL, SYSTEM)),))
    assert joined.loudness is Loudness.ON


def test_an_incident_is_late_only_while_all_of_it_was() -> None:
    (late,) = absorb(a_finding(late=True), a_finding(late=True))
    assert late.late
    (fresh,) = absorb(a_finding(), known=(late,))
    (again,) = absorb(a_finding(late=True), known=(fresh,))
    assert (fresh.late, again.late) == (False, False)


def test_an_incident_of_thousands_stays_small() -> None:
    findings = [
        a_finding(operation=replace(FAILED, id=f"op{number}", created_at=NOW + timedelta(seconds=number)))
        for number in range(1000)
    ]
    (opened,) = absorb(*findings)
    assert (opened.count, opened.sums) == (1000, {"KZT": 15_000_000})
    assert [one.id for one in opened.attempts] == [f"op{number}" for number in range(999, 999 - SHOWN, -1)]
    assert [len(seen) for seen in opened.seen_at.values()] == [REMEMBERED]


def a_symptom(*, holds: bool = True, **parts: object) -> Symptom:
    given = Symptom(rule="odd", merchant_id=SHOP, key="odd", holds=holds, text="It is odd")
    return replace(given, **parts)  # type: ignore[arg-type]


def test_a_state_opens_goes_on_and_ends_one_incident() -> None:
    began_at = NOW - hours(1)
    (opened,) = alerting.settle([a_symptom(since=began_at)], [], next_number=7, now=NOW)
    assert (opened.number, opened.opened_at, opened.since) == (7, NOW, began_at)
    (later,) = alerting.settle([a_symptom()], [opened], next_number=8, now=NOW + minutes(1))
    assert alerting.changed(opened, later, TIMERS, NOW).reason is None
    (worse,) = alerting.settle([a_symptom(severity=Severity.CRITICAL)], [later], next_number=8, now=NOW)
    assert alerting.changed(later, worse, TIMERS, NOW).reason is AlertReason.UPDATE
    (over,) = alerting.settle([a_symptom(holds=False)], [worse], next_number=8, now=NOW + minutes(2))
    assert (over.number, over.is_open, over.resolved_at) == (7, False, NOW + minutes(2))
    assert alerting.changed(worse, over, TIMERS, NOW).reason is AlertReason.RESOLVED


def test_a_state_that_does_not_hold_or_is_switched_off_opens_nothing() -> None:
    assert alerting.settle([a_symptom(holds=False)], [], next_number=7, now=NOW) == []
    assert alerting.settle([a_symptom(loudness=Loudness.OFF)], [], next_number=7, now=NOW) == []


def test_the_first_has_it_and_a_second_press_changes_nothing() -> None:
    taken = alerting.acknowledge(an_incident(), AIGERIM)
    assert taken.acknowledged == AIGERIM
    assert alerting.acknowledge(taken, DANIYAR) == taken
    put_off = alerting.snooze(taken, DANIYAR, NOW + hours(1))
    assert (put_off.acknowledged, put_off.snoozed, put_off.snoozed_until) == (None, DANIYAR, NOW + hours(1))
    assert alerting.snooze(put_off, AIGERIM, NOW + hours(1) + minutes(1)) == put_off
    assert alerting.snooze(put_off, AIGERIM, NOW + hours(4)).snoozed == AIGERIM
    assert alerting.acknowledge(put_off, AIGERIM).snoozed_until is None


def test_nothing_is_done_about_what_is_over() -> None:
    over = an_incident(state=IncidentState.RESOLVED, resolved_at=NOW)
    assert alerting.acknowledge(over, AIGERIM) == over == alerting.snooze(over, AIGERIM, NOW + hours(1))


def test_the_same_silence_twice_in_a_row_is_one() -> None:
    known = Silence(id=3, merchant_id=SHOP, terminals=(SAMAL,), until_at=NOW + hours(1), author=AIGERIM)
    wished = replace(known, id=0, author=DANIYAR, comment="me too", until_at=NOW + hours(1) + minutes(1))
    assert alerting.is_same(known, wished)
    assert not alerting.is_same(known, replace(wished, until_at=NOW + hours(4)))
    assert not alerting.is_same(known, replace(wished, terminals=()))
    assert not alerting.is_same(known, replace(wished, until_recovery=True))


def test_a_correction_is_counted_and_shown() -> None:
    paid = replace(FAILED, outcome=Outcome.PAID, payer_name="ALMA")
    corrected = alerting.correct(an_incident(attempts=(FAILED,)), paid)
    assert (corrected.corrected, corrected.attempts[0].outcome, corrected.attempts[0].payer_name) == (
        1,
        Outcome.PAID,
        "",
    )


def test_what_calms_down_is_neither_escalated_nor_reminded_of() -> None:
    calm = an_incident(state=IncidentState.RECOVERING, last_at=NOW + minutes(12))
    assert alerting.advance(calm, TIMERS, NOW + minutes(20)).reason is None
    assert alerting.due_at(calm, TIMERS) == NOW + minutes(22)


_MOMENTS = st.integers(-300, 300).map(lambda number: NOW + minutes(number))
_MARKS = st.one_of(st.none(), _MOMENTS.map(lambda at: Mark(1, "A", at)))
_INCIDENTS = st.builds(
    an_incident,
    state=st.sampled_from(IncidentState),
    severity=st.sampled_from(Severity),
    loudness=st.sampled_from(Loudness),
    key=st.sampled_from(["", "odd"]),
    opened_at=_MOMENTS,
    last_at=_MOMENTS,
    sounded_at=_MOMENTS,
    acknowledged=_MARKS,
    snoozed=_MARKS,
    snoozed_until=st.one_of(st.none(), _MOMENTS),
    escalated_at=st.one_of(st.none(), _MOMENTS),
    free_since=st.one_of(st.none(), _MOMENTS),
    told_members=st.integers(0, 3),
    flaps=st.integers(0, 5),
)


@settings(max_examples=300, deadline=None)
@given(_INCIDENTS, _MOMENTS, st.booleans(), st.integers(0, 600))
def test_time_always_comes_to_rest_and_nothing_is_due_before_it_has_something_to_say(
    incident: Incident, now: datetime, muted: bool, later: int
) -> None:
    for _ in range(10):
        step = alerting.advance(incident, TIMERS, now, muted=muted)
        incident = step.incident
        if step.reason is None:
            break
    assert step.reason is None
    due = alerting.due_at(incident, TIMERS, muted=muted)
    assert due is None or due > now
    assert (due is None) is (not incident.is_open or not _has_moments(incident, muted=muted))
    between = now + minutes(later)
    if due is None or between < due:
        assert alerting.advance(incident, TIMERS, between, muted=muted).reason is None
    elif incident.is_open:
        assert alerting.advance(incident, TIMERS, due, muted=muted).reason is not None


def _has_moments(incident: Incident, *, muted: bool) -> bool:
    calls_out = incident.loudness is Loudness.ON and incident.state is IncidentState.OPEN and not muted
    return incident.key == "" or incident.handled or calls_out


_FOUND = st.builds(
    lambda number, place, reason: a_finding(
        operation=replace(FAILED, id=f"op-{number}", terminal_id=place, reason_class=reason)
    ),
    st.integers(0, 99),
    st.sampled_from([SAMAL, DOSTYK, THIRD]),
    st.sampled_from(ReasonClass),
)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.lists(_FOUND, max_size=4), st.integers(0, 15)), max_size=12))
def test_every_failure_is_counted_once_and_no_place_is_open_twice(steps: list[tuple[list[Finding], int]]) -> None:
    known: dict[int, Incident] = {}
    now, counted = NOW, 0
    for findings, quiet in steps:
        now += minutes(quiet)
        known |= {one.number: alerting.advance(one, TIMERS, now).incident for one in known.values()}
        open_now = [one for one in known.values() if one.is_open]
        number = max(known, default=0) + 1
        made = alerting.absorb(findings, open_now, traffic={}, next_number=number, many=3, now=now)
        known |= {one.number: one for one in made}
        counted += len(findings)
        places = [member for one in known.values() if one.is_open for member in one.members]
        assert len(set(places)) == len(places)
    assert sum(one.count for one in known.values()) == counted
    assert sorted(known) == list(range(1, len(known) + 1))


def test_operations_are_told_apart_by_their_class_even_without_one() -> None:
    nameless: Operation = replace(FAILED, reason_class=None)
    assert alerting.member_of(a_finding(operation=nameless)) == Member(SAMAL, ReasonClass.UNKNOWN)
