"""What the rules find, as tables; and what is said of their settings."""

from dataclasses import replace

import pytest
from builders import NOW, SAMAL, SHOP, an_operation, failed, paid, refunded

from bot.errors import Problem
from bot.model import Finding, Operation, Outcome, ReasonClass, Severity, Transition
from bot.rules import RULES, Rulebook, check_settings

ALL_RULES = ", ".join(rule.name for rule in RULES)
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


def test_a_finding_says_what_happened_where_and_when() -> None:
    assert judged(Transition(None, FAILED)) == [
        Finding(
            rule="failed_operation",
            merchant_id=SHOP,
            key=f"{SAMAL}/payer",
            severity=Severity.WARNING,
            at=NOW,
            operation=FAILED,
        )
    ]


@pytest.mark.parametrize(
    ("reason_class", "severity", "key"),
    [
        (ReasonClass.PAYER, Severity.WARNING, "payer"),
        (ReasonClass.ISSUER, Severity.WARNING, "issuer"),
        (ReasonClass.LIMIT, Severity.WARNING, "limit"),
        (ReasonClass.MERCHANT, Severity.CRITICAL, "merchant"),
        (ReasonClass.SYSTEM, Severity.CRITICAL, "system"),
        (ReasonClass.UNKNOWN, Severity.WARNING, "unknown"),
        (None, Severity.WARNING, "unknown"),
    ],
)
def test_what_a_merchant_can_act_on_is_critical(reason_class: ReasonClass | None, severity: Severity, key: str) -> None:
    [finding] = judged(Transition(None, replace(FAILED, reason_class=reason_class)))
    assert (finding.severity, finding.key) == (severity, f"{SAMAL}/{key}")


@pytest.mark.parametrize(
    ("settings", "found"),
    [
        ({}, True),
        ({"enabled": False}, False),
        ({"ignore_codes": [484]}, False),
        ({"ignore_codes": [455]}, True),
        ({"ignore_classes": ["payer"]}, False),
        ({"ignore_classes": ["issuer", "system"]}, True),
    ],
)
def test_settings_leave_out_what_nobody_wants_to_hear(settings: dict[str, object], found: bool) -> None:
    assert len(judged(Transition(None, FAILED), **settings)) == found


def test_a_rule_without_settings_has_sound_defaults() -> None:
    for given in ({}, {"failed_operation": {}}, {"failed_operation": None}):
        assert len(Rulebook.from_settings(given).judge([Transition(None, FAILED)])) == 1
        assert check_settings(given) == []


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"weather": {}}, Problem("alerts.weather", f"no such rule; there are {ALL_RULES}")),
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
    ],
)
def test_a_wrong_setting_is_named_with_its_path(given: dict[str, object], problem: Problem) -> None:
    assert check_settings(given) == [problem]


def test_every_rule_has_a_name_of_its_own() -> None:
    names = [rule.name for rule in RULES]
    assert len(set(names)) == len(names)
