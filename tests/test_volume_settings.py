"""The `alerts.volume` section: named problems, an example with every key, limits that reach the detector."""

import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml
from builders import DOSTYK, SAMAL

from bot.rules import Rulebook, check_settings
from bot.rules.unusual_volume import NAME, TerminalVolume, UnusualVolume
from bot.rules.volume import VolumeSettings

EXAMPLE = Path(__file__).parents[1] / "config.example.yaml"


def test_the_example_shows_every_key_with_its_default() -> None:
    text = EXAMPLE.read_text(encoding="utf-8")
    assert set(UnusualVolume.model_fields) | set(TerminalVolume.model_fields) <= set(re.findall(r"\w+", text))
    given = yaml.safe_load(text)["alerts"][NAME]
    assert UnusualVolume.model_validate(given) == UnusualVolume()


def test_what_the_example_shows_in_comments_is_valid() -> None:
    text = EXAMPLE.read_text(encoding="utf-8")
    lines = text[text.index('    #  "98151552"') :].replace("    #  ", "")
    own = UnusualVolume.model_validate({"terminals": yaml.safe_load(lines)}).terminals[SAMAL]
    assert own == TerminalVolume(hours=(540, 1260), lowest=5, highest=400)


@pytest.mark.parametrize(
    ("given", "path"),
    [
        ({"preset": "loud"}, "alerts.volume.preset"),
        ({"holidays": ["someday"]}, "alerts.volume.holidays.0"),
        ({"terminals": {SAMAL: {"hours": "all day"}}}, f"alerts.volume.terminals.{SAMAL}.hours"),
        ({"terminals": {SAMAL: {"hours": "9-25:00"}}}, f"alerts.volume.terminals.{SAMAL}.hours"),
        ({"terminals": {SAMAL: {"lowest": 0}}}, f"alerts.volume.terminals.{SAMAL}.lowest"),
        ({"terminals": {98151552: {}}}, "alerts.volume.terminals.98151552.[key]"),
        ({"budget": 1}, "alerts.volume.budget"),
    ],
)
def test_a_problem_is_named_with_its_path(given: dict[str, Any], path: str) -> None:
    assert [problem.path for problem in check_settings({NAME: given})] == [path]


def test_limits_and_holidays_reach_the_detector_of_their_terminal() -> None:
    given = {"preset": "calm", "holidays": ["2026-12-16"], "terminals": {SAMAL: {"hours": "18:00-03:00", "lowest": 5}}}
    settings = Rulebook.from_settings({NAME: given}).volume
    days = frozenset({date(2026, 12, 16)})
    assert settings.of_terminal(SAMAL) == VolumeSettings.preset("calm", hours=(1080, 180), lowest=5, holidays=days)
    assert settings.of_terminal(DOSTYK) == VolumeSettings.preset("calm", holidays=days)
