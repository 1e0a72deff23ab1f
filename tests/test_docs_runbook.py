"""The runbook leaves out no alert and no sentence of the program, and quotes none that is no longer said."""

import re

import pytest
import yaml
from documents import ROOT, document
from sentences import (
    alert_sentences,
    catalogue_sentences,
    configuration_sentences,
    error_sentences,
    is_said,
    pattern_of,
)

from bot.epay.reasons import REASONS
from bot.model import ReasonClass

RUNBOOK = document("docs/runbook.md")
ALERTS = yaml.safe_load((ROOT / "docs/deploy/alerts.yml").read_text(encoding="utf-8"))
ENDS, WRONG = "What the program says", "What is wrong in the configuration"


def unquoted(sentences: set[str], quotes: list[str]) -> set[str]:
    return {one for one in sentences if not any(pattern_of(one).fullmatch(quote) for quote in quotes)}


def told(heading: str) -> list[str]:
    return [row[0].strip("`") for row in RUNBOOK.table(heading)[1:]]


def test_every_alert_of_the_bot_is_explained() -> None:
    assert unquoted(alert_sentences(), RUNBOOK.quotes) == set()


def test_no_alert_is_explained_that_nobody_sends() -> None:
    sent = alert_sentences() | catalogue_sentences("en")
    assert [quote for quote in RUNBOOK.quotes if not is_said(quote, sent)] == []


@pytest.mark.parametrize(
    ("heading", "sentences"), [(ENDS, error_sentences()), (WRONG, configuration_sentences())], ids=[ENDS, WRONG]
)
def test_every_sentence_of_the_program_is_explained_and_no_other(heading: str, sentences: set[str]) -> None:
    assert unquoted(sentences, told(heading)) == set()
    assert [quote for quote in told(heading) if not is_said(quote, sentences)] == []


def test_every_rule_of_prometheus_has_a_section_and_no_other() -> None:
    rules = {rule["alert"] for group in ALERTS["groups"] for rule in group["rules"]}
    assert {name for name in RUNBOOK.sections(3) if name.startswith("EpayBot")} == rules


def test_every_class_of_reasons_has_a_section() -> None:
    assert {name for name in RUNBOOK.sections(3) if name.startswith("Reason")} == {
        f"Reason: {one}" for one in ReasonClass
    }


def test_every_code_has_a_row() -> None:
    assert [int(row[0]) for row in RUNBOOK.table("Reason codes")[1:]] == sorted(REASONS)


def test_every_section_says_what_it_means_where_to_look_and_what_to_do() -> None:
    said = {name: re.findall(r"^\*\*(\w+)\*\*: \S", body, re.MULTILINE) for name, body in RUNBOOK.sections(3).items()}
    assert {name: words for name, words in said.items() if words != ["Means", "Look", "Do"]} == {}
