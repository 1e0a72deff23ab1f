"""The recipes of docs/extending.md are cooked: each example is run where the recipe puts it."""

import json
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from builders import an_operation, failed
from documents import ROOT, document
from sqlite_utils import Database
from test_chat_dispatch import Stage, open_stage
from test_config import fields_of

from bot.chat.commands import COMMANDS, Command
from bot.model import MerchantId, Right, Severity, Transition
from bot.rules import RULES, Rule, Rulebook
from bot.store.driver import Connection
from bot.store.schema import statements
from bot.store.sqlite import migrations, running
from bot.texts import Voices
from bot.web import ROUTES, Doors

SECTIONS = document("docs/extending.md").sections(2)


def block_of(heading: str, number: int, language: str = "python") -> str:
    """A block of a recipe, without what indents it in the list."""
    blocks = re.findall(rf"^ *```{language}\n(.*?)^ *```", SECTIONS[heading], re.DOTALL | re.MULTILINE)
    indent = len(blocks[number]) - len(blocks[number].lstrip(" "))
    return "\n".join(line[indent:] for line in blocks[number].splitlines())


def module_of(heading: str, number: int = 0) -> Any:
    """The block as the module that the recipe has one write."""
    names: dict[str, Any] = {"__name__": "recipe"}
    exec(block_of(heading, number), names)  # noqa: S102 - our own document
    return SimpleNamespace(**names)


def row_of(heading: str, **names: Any) -> Any:
    return eval(block_of(heading, 1), names)  # noqa: S307 - our own document


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with open_stage(tmp_path) as stage:
        yield stage


async def test_a_command_answers_once_its_function_and_its_row_are_there(stage: Stage) -> None:
    row = row_of("A command", Command=Command, about=module_of("A command"), Right=Right)
    assert row.name not in {known.name for known in COMMANDS}
    stage.use((*COMMANDS, row))
    await stage.hears(stage.owner, "/uptime")
    assert stage.last().text == "Running for 3\N{NO-BREAK SPACE}hrs"
    await stage.hears(stage.stranger, "/uptime")
    assert "Running" not in stage.last(stage.stranger.user_id).text


def test_a_rule_judges_once_its_file_and_its_row_are_there() -> None:
    module = module_of("A rule")
    row = row_of("A rule", Rule=Rule, large_failure=module)
    assert row.name not in {known.name for known in RULES}
    entries = ((row, row.settings.model_validate({"tenge": 1000})),)
    judge = replace(Rulebook.from_settings({}), entries=entries).judge
    small, large = an_operation(amount=99_999), an_operation(amount=100_000)
    assert judge([Transition(small, failed(small)), Transition(None, failed(large), history=True)]) == []
    (found,) = judge([Transition(large, failed(large))])
    assert (found.rule, found.severity) == ("large_failure", Severity.CRITICAL)
    words = set(re.findall(r"\w+", (ROOT / "config.example.yaml").read_text(encoding="utf-8")))
    assert fields_of(row.settings) - words == {"tenge"}, "the guard would not see the setting missing"


def test_a_language_has_the_places_the_recipe_names_and_no_other() -> None:
    named = set(re.findall(r"^- `(bot/\S+\.py)`", SECTIONS["A language"], re.MULTILINE))
    bot = [path for path in (ROOT / "bot").rglob("*.py") if not {"demo", "showcase.py"} & set(path.parts)]
    assert {str(path.relative_to(ROOT)) for path in bot if '"kk"' in path.read_text(encoding="utf-8")} == named


async def test_an_endpoint_answers_once_its_function_and_its_row_are_there() -> None:
    method, path, answer = row_of("An endpoint of the bot", _version=module_of("An endpoint of the bot")._version)
    assert (method, path) not in {(known, where) for known, where, _ in ROUTES}

    async def nothing() -> Any: ...

    response = await answer(Doors(missing=nothing, metrics=nothing), None)
    assert json.loads(response.body).keys() == {"version"}


def test_a_column_is_there_once_its_migration_is(tmp_path: Path) -> None:
    database = Database(tmp_path / "epay-bot.db")
    ordered = migrations()
    ordered(name="9999_nickname")(running(statements(block_of("A column", 0, "sql"))))
    ordered.apply(database)
    assert "nickname" in database["destination"].columns_dict
    database.close()


def test_a_report_is_a_question_and_an_answer(db: Connection) -> None:
    count, message = module_of("A report", 0).count_invoices, module_of("A report", 1).invoices_message
    assert count(db, MerchantId("shop")) == 0
    assert str(message(1234, Voices("en").voice("en", "Asia/Almaty")).text) == "1\N{NO-BREAK SPACE}234 invoices"
