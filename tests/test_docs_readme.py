"""What the READMEs promise is all there is, and in the program's own words."""

import re
from pathlib import Path

import pytest
from documents import Document, document
from sentences import catalogue_sentences, configuration_sentences, error_sentences, is_said

from bot.chat.commands import COMMANDS
from bot.cli import main
from bot.config import load
from bot.errors import ConfigurationError
from bot.rules import check_settings
from docs.make_tables import list_settings

ENGLISH, RUSSIAN, KAZAKH = document("README.md"), document("docs/README.ru.md"), document("docs/README.kk.md")
WHOLE = pytest.mark.parametrize("readme", [ENGLISH, RUSSIAN], ids=["en", "ru"])


@WHOLE
def test_every_listed_command_is_in_the_readme(readme: Document) -> None:
    tables = " ".join(re.findall(r"^\|.*\|$", readme.text, re.MULTILINE))
    named = set(re.findall(r"`/([a-z]+)", tables + " ".join(readme.code)))
    named |= {word for span in readme.code for word in re.findall(r"^/([a-z]+)", span)}
    assert {command.name for command in COMMANDS if command.listed} - named == set()


@WHOLE
def test_every_call_of_the_program_is_in_the_readme(readme: Document) -> None:
    named = {word for span in readme.code for word in re.findall(r"epay-bot ([a-z]+)", span)}
    assert set(main.commands) - named == set()


@WHOLE
def test_the_two_commands_of_the_demo_and_the_five_steps_are_there(readme: Document) -> None:
    calls = [block.strip() for _, block in readme.blocks]
    assert {"make demo", "make test"} <= set(calls)
    steps = list(readme.sections(2).values())[1]
    assert re.findall(r"^(\d)\. \*\*", steps, re.MULTILINE) == list("12345")


def missing_password(tmp_path: Path) -> str:
    path = tmp_path / "config.yaml"
    bank = "{username: u, client_id: c, client_secret: s}"
    path.write_text(f"telegram: {{token: t}}\nmerchants: [{{id: shop, name: Shop, epay: {bank}}}]\n")
    with pytest.raises(ConfigurationError) as refused:
        load(path, check_settings)
    return str(refused.value)


@pytest.mark.parametrize(("readme", "language"), [(ENGLISH, "en"), (RUSSIAN, "ru")], ids=["en", "ru"])
def test_the_ten_failures_are_quoted_as_the_program_says_them(readme: Document, language: str, tmp_path: Path) -> None:
    said = error_sentences() | configuration_sentences() | catalogue_sentences(language) | {missing_password(tmp_path)}
    quotes = re.findall(r"^\d+\. > (.+)$", readme.text, re.MULTILINE)
    assert len(quotes) == 10
    assert [quote for quote in quotes if not is_said(quote, said)] == []


def test_every_setting_is_explained_in_russian() -> None:
    texts = dict(re.findall(r"^\| `([^`]+)` \|[^|]*\| (.*) \|$", RUSSIAN.text, re.MULTILINE))
    assert [setting.path for setting in list_settings() if not texts.get(setting.path, "").strip()] == []


def test_the_kazakh_part_has_the_five_steps() -> None:
    steps = list(KAZAKH.sections(2).values())[1]
    assert re.findall(r"^(\d)\. \*\*", steps, re.MULTILINE) == list("12345")
