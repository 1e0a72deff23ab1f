"""What a status with a code means, and the table of codes."""

import pytest

from bot.epay import REASONS
from bot.epay.reasons import class_of, outcome_of
from bot.model import Outcome, ReasonClass

PAID, FAILED, REFUNDED, UNDECIDED = Outcome.PAID, Outcome.FAILED, Outcome.REFUNDED, Outcome.UNDECIDED


@pytest.mark.parametrize(
    ("status", "code", "reason_code", "outcome"),
    [
        ("ok", "00", 0, PAID),
        ("OK", "", 0, PAID),
        (" Ok ", "0", 0, PAID),
        ("ok", "00", None, PAID),
        ("ok", "", None, UNDECIDED),
        ("ok", "05", 0, UNDECIDED),
        ("ok", "00", 484, FAILED),
        ("error", "05", 484, FAILED),
        ("error", "05", 454, UNDECIDED),
        ("FAILED", "05", 690, UNDECIDED),
        ("FAILED", "05", 99999, UNDECIDED),
        ("error", "", 0, FAILED),
        ("fail", "", None, FAILED),
        ("FAILED", "05", 0, FAILED),
        ("Reject", "05", 0, FAILED),
        ("REFUND", "00", 0, REFUNDED),
        ("refunded", "", None, REFUNDED),
        ("reversed", "00", 0, REFUNDED),
        ("NEW", "", 0, UNDECIDED),
        ("pending", "00", 0, UNDECIDED),
        ("CHARGE", "00", 0, UNDECIDED),
        ("", "00", 0, UNDECIDED),
        ("something new", "00", 0, UNDECIDED),
    ],
)
def test_only_what_is_known_for_certain_is_decided(
    status: str, code: str, reason_code: int | None, outcome: Outcome
) -> None:
    assert outcome_of(status, code, reason_code) is outcome


def test_every_code_of_the_table_is_classed_and_only_final_ones_fail() -> None:
    assert len(REASONS) > 85
    for number, reason in REASONS.items():
        assert number == reason.code != 0
        assert outcome_of("error", "05", number) is (FAILED if reason.final else UNDECIDED)


def test_the_codes_the_bank_calls_open_are_open() -> None:
    named_open = {-31, 100, 293, 454, 690, 1267, 1268, 1269, 1563, 1564, 2358, 2656, 3014, 3225, 3240}
    assert {number for number in named_open if REASONS[number].final} == set()


@pytest.mark.parametrize(
    ("code", "reason_class"),
    [
        (0, None),
        (484, ReasonClass.PAYER),
        (462, ReasonClass.ISSUER),
        (528, ReasonClass.LIMIT),
        (529, ReasonClass.MERCHANT),
        (497, ReasonClass.SYSTEM),
        (690, ReasonClass.UNKNOWN),
        (31337, ReasonClass.UNKNOWN),
    ],
)
def test_a_class_says_who_can_do_something(code: int, reason_class: ReasonClass | None) -> None:
    assert class_of(code) is reason_class
