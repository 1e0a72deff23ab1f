"""From findings and open incidents to what is announced, as tables."""

from dataclasses import replace
from datetime import timedelta

import pytest
from builders import DOSTYK, NOW, SAMAL, SHOP, SHOP_LLP, an_incident, an_operation, minutes
from hypothesis import given, settings
from hypothesis import strategies as st

from bot import alerting
from bot.alerting import KEEP_FIRING, LATE, Plan
from bot.model import AlertReason, FailureAlert, Finding, Incident, IncidentState, Operation, Outcome, Severity

FAILED = an_operation(outcome=Outcome.FAILED, payer_name="ALMA", payer_phone="+7", payer_email="a@b", account_id="7")


def a_finding(operation: Operation = FAILED, **changes: object) -> Finding:
    given: dict[str, object] = {
        "rule": "failed_operation",
        "merchant_id": SHOP,
        "key": f"{operation.terminal_id}/payer",
        "severity": Severity.WARNING,
        "at": operation.created_at,
        "operation": operation,
    }
    return Finding(**(given | changes))  # type: ignore[arg-type]


def plan(*findings: Finding, known: tuple[Incident, ...] = (), at: timedelta = timedelta()) -> Plan:
    return alerting.plan(findings, known, merchant=SHOP_LLP, next_number=7, now=NOW + at)


def test_nothing_found_and_nothing_open_is_nothing_to_say() -> None:
    assert plan() == Plan((), ())


def test_the_first_finding_opens_an_incident_and_says_so() -> None:
    told = FailureAlert(
        incident=7,
        reason=AlertReason.FIRST,
        severity=Severity.WARNING,
        merchant_name="Shop LLP",
        terminal_name="Samal-2",
        operation=replace(FAILED, payer_name="", payer_phone="", payer_email="", account_id=""),
        count=1,
        at=NOW,
    )
    assert plan(a_finding()) == Plan((an_incident(7),), (("failed_operation/shop/op-1/failed", told),))


def test_another_finding_of_the_same_trouble_counts_on() -> None:
    found = plan(a_finding(severity=Severity.CRITICAL), known=(an_incident(3, count=4),), at=minutes(5))
    assert found.incidents == (an_incident(3, count=5, last_at=NOW + minutes(5), severity=Severity.CRITICAL),)
    [(_, alert)] = found.alerts
    assert (alert.incident, alert.reason, alert.count) == (3, AlertReason.MORE, 5)


def test_troubles_found_together_are_told_apart() -> None:
    elsewhere = replace(FAILED, id="op-2", terminal_id=DOSTYK)
    again = replace(FAILED, id="op-3")
    found = plan(a_finding(), a_finding(elsewhere), a_finding(again))
    assert [(one.number, one.key, one.count) for one in found.incidents] == [
        (7, f"{SAMAL}/payer", 2),
        (8, f"{DOSTYK}/payer", 1),
    ]
    assert [(alert.incident, alert.reason, alert.terminal_name) for _, alert in found.alerts] == [
        (7, AlertReason.FIRST, "Samal-2"),
        (8, AlertReason.FIRST, "Dostyk"),
        (7, AlertReason.MORE, "Samal-2"),
    ]


@pytest.mark.parametrize(("quiet", "over"), [(KEEP_FIRING - minutes(1), False), (KEEP_FIRING, True)])
def test_a_trouble_is_over_once_it_has_been_quiet(quiet: timedelta, over: bool) -> None:
    ended = (an_incident(3, state=IncidentState.RESOLVED),) if over else ()
    assert plan(known=(an_incident(3),), at=quiet) == Plan(ended, ())


def test_the_same_trouble_after_its_end_is_a_new_incident() -> None:
    found = plan(a_finding(), known=(an_incident(3),), at=KEEP_FIRING)
    assert [(one.number, one.state) for one in found.incidents] == [
        (3, IncidentState.RESOLVED),
        (7, IncidentState.OPEN),
    ]
    assert [alert.reason for _, alert in found.alerts] == [AlertReason.FIRST]


@pytest.mark.parametrize(("age", "late"), [(LATE, False), (LATE + timedelta(seconds=1), True), (-minutes(1), False)])
def test_what_happened_long_ago_is_told_as_late(age: timedelta, late: bool) -> None:
    [(_, alert)] = plan(a_finding(), at=age).alerts
    assert alert.late is late


def test_a_terminal_nobody_named_goes_by_its_number() -> None:
    [(_, alert)] = plan(a_finding(replace(FAILED, terminal_id="98159999"))).alerts
    assert alert.terminal_name == "98159999"


def test_the_key_is_the_same_for_the_same_state_and_no_other() -> None:
    again, other = replace(FAILED, reason_code=455), replace(FAILED, id="op-2")
    keys = [key for one in (FAILED, again, other) for key, _ in plan(a_finding(one)).alerts]
    assert keys[0] == keys[1] != keys[2]


_FOUND = st.builds(
    lambda number, place: a_finding(replace(FAILED, id=f"op-{number}", terminal_id=place)),
    st.integers(0, 99),
    st.sampled_from([SAMAL, DOSTYK, "98159999"]),
)


@settings(max_examples=100, deadline=None)
@given(steps=st.lists(st.tuples(st.lists(_FOUND, max_size=4), st.integers(0, 15)), max_size=12))
def test_every_finding_is_in_exactly_one_alert_and_no_trouble_is_open_twice(
    steps: list[tuple[list[Finding], int]],
) -> None:
    known: dict[int, Incident] = {}
    now, number, told = NOW, 1, 0
    for findings, quiet in steps:
        now += minutes(quiet)
        open_now = [one for one in known.values() if one.state is IncidentState.OPEN]
        made = alerting.plan(findings, open_now, merchant=SHOP_LLP, next_number=number, now=now)
        known |= {one.number: one for one in made.incidents}
        number = max(known, default=0) + 1
        assert [alert.operation.id for _, alert in made.alerts] == [one.operation.id for one in findings]
        told += len(findings)
        places = [one.key for one in known.values() if one.state is IncidentState.OPEN]
        assert len(set(places)) == len(places)
    assert sum(one.count for one in known.values()) == told
    assert sorted(known) == list(range(1, number))
