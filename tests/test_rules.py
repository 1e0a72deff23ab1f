"""What the rules find, as tables; and what is said of their settings."""

from dataclasses import replace
from datetime import timedelta

import pytest
from builders import SHOP, an_operation, failed, paid, refunded

from bot.errors import Problem
from bot.model import Finding, Loudness, Operation, Outcome, Policy, ReasonClass, Severity, Timers, Transition
from bot.rules import RULES, SECTIONS, Rulebook, check_settings

UNDECIDED = an_operation(outcome=Outcome.UNDECIDED)
FAILED, PAID, REFUNDED = failed(UNDECIDED), paid(UNDECIDED), refunded(UNDECIDED)


def judged(*transitions: Transition, **settings: object) -> list[Finding]:
    return Rulebook.from_settings({"failed_operation": settings}).judge(transitions)


@pytest.mark.parametrize(
    ("before", "after", "found"),
    [
        (None, UNDECIDED, False),
        (None, PAID, False),
        (None, REFUNDED, False),
        (None, FAILED, True),
        (UNDECIDED, FAILED, True),
        (UNDECIDED, PAID, False),
        (FAILED, failed(FAILED, code=455), False),
        (FAILED, replace(FAILED, description="new words"), False),
        (FAILED, PAID, False),
        (PAID, REFUNDED, False),
        (PAID, FAILED, True),
    ],
)
def test_becoming_failed_is_found_and_nothing_else(before: Operation | None, after: Operation, found: bool) -> None:
    assert len(judged(Transition(before, after))) == found
    assert judged(Transition(before, after, history=True)) == []


@pytest.mark.parametrize(
    ("reason_class", "severity", "policy"),
    [
        (ReasonClass.PAYER, Severity.WARNING, Policy(loudness=Loudness.OFF)),
        (ReasonClass.ISSUER, Severity.WARNING, Policy(min_count=5)),
        (ReasonClass.LIMIT, Severity.WARNING, Policy(min_count=3)),
        (ReasonClass.MERCHANT, Severity.CRITICAL, Policy(min_count=2, at_once=0.5)),
        (ReasonClass.SYSTEM, Severity.CRITICAL, Policy(min_count=2, at_once=0.5)),
        (ReasonClass.UNKNOWN, Severity.WARNING, Policy(min_count=2, at_once=0.5)),
        (None, Severity.WARNING, Policy(min_count=2, at_once=0.5)),
    ],
)
def test_what_a_merchant_can_act_on_is_critical_and_a_payer_is_only_counted(
    reason_class: ReasonClass | None, severity: Severity, policy: Policy
) -> None:
    shown = replace(FAILED, reason_class=reason_class)
    assert judged(Transition(None, shown)) == [
        Finding(rule="failed_operation", merchant_id=SHOP, severity=severity, policy=policy, operation=shown)
    ]


@pytest.mark.parametrize(
    ("settings", "found"),
    [
        ({}, True),
        ({"enabled": False}, False),
        ({"ignore_codes": [484]}, False),
        ({"ignore_codes": [455]}, True),
    ],
)
def test_settings_leave_out_what_nobody_wants_to_hear(settings: dict[str, object], found: bool) -> None:
    assert len(judged(Transition(None, FAILED), **settings)) == found


def test_each_class_of_reasons_has_a_policy_of_its_own() -> None:
    given = {"loudness": "on", "min_count": 3, "within": "1h", "min_share": 0.25, "min_sample": 20}
    (finding,) = judged(Transition(None, FAILED), payer=given)
    assert finding.policy == Policy(min_count=3, within=timedelta(hours=1), min_share=0.25, min_sample=20)
    for one in ReasonClass:
        (finding,) = judged(Transition(None, replace(FAILED, reason_class=one)), **{one: {"loudness": "off"}})
        assert finding.policy.loudness is Loudness.OFF


def test_who_is_called_belongs_to_a_merchant_that_is_known() -> None:
    given = {"incidents": {"escalate_to": {"shop": [12], "all": [34], "sohp": [56]}}}
    problem = Problem("alerts.incidents.escalate_to.sohp", "no merchant has this id")
    assert check_settings(given, ["shop", "bakery"]) == [problem]
    assert check_settings({"incidents": {"escalate_to": [12]}}, ["shop"]) == []


def test_without_settings_there_are_sound_defaults() -> None:
    for given in ({}, {"failed_operation": {}}, {"failed_operation": None, "incidents": None}):
        book = Rulebook.from_settings(given)
        assert len(book.judge([Transition(None, FAILED)])) == 1
        assert book.timers == Timers()
        assert check_settings(given) == []


def test_timers_are_written_as_durations() -> None:
    given = {"incidents": {"keep_firing": "20m", "repeat": "8h", "many": 5}}
    assert check_settings(given) == []
    expected = replace(Timers(), keep_firing=timedelta(minutes=20), repeat=timedelta(hours=8), many=5)
    assert Rulebook.from_settings(given).timers == expected


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"weather": {}}, Problem("alerts.weather", f"no such section; there are {', '.join(SECTIONS)}")),
        (
            {"failed_operation": {"enable": True}},
            Problem("alerts.failed_operation.enable", "Extra inputs are not permitted"),
        ),
        (
            {"failed_operation": {"ignore_codes": ["many"]}},
            Problem(
                "alerts.failed_operation.ignore_codes.0",
                "Input should be a valid integer, unable to parse string as an integer",
            ),
        ),
        (
            {"failed_operation": {"payer": {"loudness": "loud"}}},
            Problem("alerts.failed_operation.payer.loudness", "Input should be 'on', 'silent' or 'off'"),
        ),
        (
            {"failed_operation": {"payer": {"min_share": 2}}},
            Problem("alerts.failed_operation.payer.min_share", "Input should be less than or equal to 1"),
        ),
        (
            {"incidents": {"edit_interval": "0s"}},
            Problem("alerts.incidents.edit_interval", "Input should be greater than or equal to 1 second"),
        ),
        (
            {"incidents": {"escalate_to": ["Aigerim"]}},
            Problem(
                "alerts.incidents.escalate_to.all.0",
                "Input should be a valid integer, unable to parse string as an integer",
            ),
        ),
        ({"incidents": {"many": 1}}, Problem("alerts.incidents.many", "Input should be greater than or equal to 2")),
    ],
)
def test_a_wrong_setting_is_named_with_its_path(given: dict[str, object], problem: Problem) -> None:
    assert check_settings(given) == [problem]


def test_every_rule_has_a_name_of_its_own() -> None:
    names = [rule.name for rule in RULES]
    assert len(set(names)) == len(names)
