"""What the documents name exists: links, names of the code, commands, calls, targets, settings."""

import importlib
import re
import shlex
from functools import cache
from typing import Any

import click
import pytest
import yaml
from documents import ROOT, Document, list_documents, list_present

from bot.chat.commands import COMMANDS
from bot.cli import main
from bot.config import Settings
from bot.vitals import METRICS
from bot.web import ROUTES
from docs.make_tables import DOCUMENTS, list_fields, list_settings, models_in, renewed
from docs.make_tables import main as make_tables

MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
FOLDERS = ("bot", "tests", "docs", "migrations", "benchmarks", ".github", ".ci")
OUTSIDE = ("https://", "mailto:")
STILL_TO_WRITE = {"bot/texts/uz.po", "migrations/NNNN_name.sql"}
PLACES = {"/data", "/opt", "/mnt", "/run", "/etc", "/var", "/tmp"}  # noqa: S108 - folders a document may name
BOTFATHER = {"/newbot", "/token"}
SETTINGS = {re.sub(r"\[\]|\.TID", "", path) for path, _ in list_fields(Settings)}
FILES = {f"{path}_file" for path in SETTINGS if path.endswith(("token", "password", "secret"))}

present = pytest.mark.parametrize("document", list_present(), ids=lambda one: one.name)


@pytest.mark.parametrize("document", list_documents(), ids=lambda one: one.name)
def test_no_link_is_dead(document: Document) -> None:
    dead = []
    for link in document.links:
        target, _, anchor = link.partition("#")
        if link.startswith(OUTSIDE):
            continue
        path = document.path.parent / target if target else document.path
        if not path.exists() or (anchor and anchor not in Document(path.resolve()).anchors):
            dead.append(link)
    assert dead == []


@present
def test_every_dotted_name_is_one_of_the_code(document: Document) -> None:
    named = {name for span in document.code for name in re.findall(r"(?<![\w./-])bot(?:\.\w+)+", span)}
    assert {name for name in named if not is_importable(name)} == set()


@cache
def is_importable(name: str) -> bool:
    parts = name.split(".")
    for end in range(len(parts), 0, -1):
        try:
            found: Any = importlib.import_module(".".join(parts[:end]))
        except ModuleNotFoundError:
            continue
        for part in parts[end:]:
            known = getattr(found, part, None) or getattr(found, "__dataclass_fields__", {}).get(part)
            if known is None:
                return False
            found = known
        return True
    return False


@present
def test_every_path_exists(document: Document) -> None:
    paths = {path for span in document.code for path in re.findall(r"(?<![\w/.-])(?:\.?[a-z]+)(?:/[\w.*-]+)+/?", span)}
    ours = {path for path in paths if path.partition("/")[0] in FOLDERS}
    assert {path for path in ours if not list(ROOT.glob(path.rstrip("/")))} - STILL_TO_WRITE == set()


@present
def test_every_test_named_is_a_test(document: Document) -> None:
    named = {name for span in document.code for name in re.findall(r"tests/(test_\w+\.py)::(\w+)", span)}
    missing = {
        name for file, name in named if f"def {name}(" not in (ROOT / "tests" / file).read_text(encoding="utf-8")
    }
    assert missing == set()


@present
def test_every_command_of_the_chat_is_a_row(document: Document) -> None:
    known = {f"/{command.name}" for command in COMMANDS} | BOTFATHER | {path for _, path, _ in ROUTES} | PLACES
    named = {word for span in document.code for word in re.findall(r"(?:^|\s)(/[a-z]+)(?=$|[\s,.;])", span)}
    assert named - known == set()


@present
def test_every_call_of_the_program_is_one_it_understands(document: Document) -> None:
    wrong = {call for span in document.code for call in calls_in(span) if not is_understood(call)}
    assert wrong == set()


def calls_in(span: str) -> list[str]:
    """Every `epay-bot …` in a piece of code, without what a shell or a reader adds."""
    return re.findall(r"(?:^|(?<=[ /]))(?<!-u )epay-bot (?:[a-z-]+|--?[a-z]+)(?: [^&|;,:#`)]+)?(?=$|[&|;,:#`)])", span)


def is_understood(call: str) -> bool:
    words = [word.strip("[]") for word in shlex.split(call)[1:]]
    if not words or words[0] in {"is", "does"}:
        return True
    command: click.Command = main if words[0].startswith("-") else main.commands.get(words[0], main)
    if command is main and words[0] not in {"--version", "--help", "-h"}:
        return False
    known = {name for parameter in command.params for name in parameter.opts} | {"--help", "-h"}
    return {word.partition("=")[0] for word in words if word.startswith("-")} <= known


@present
def test_every_target_of_make_exists(document: Document) -> None:
    targets = set(re.findall(r"^([a-z-]+):(?!=)", MAKEFILE, re.MULTILINE))
    named = {name for span in document.code for name in re.findall(r"(?:^|&& )make ([a-z-]+)", span)}
    assert named - targets == set()


def test_hooks_before_a_commit_are_targets_of_make_and_fetch_nothing() -> None:
    repos = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))["repos"]
    assert [repo["repo"] for repo in repos] == ["local"]
    entries = [hook["entry"].split() for hook in repos[0]["hooks"]]
    assert all(entry[0] == "make" and f"\n{entry[1]}:" in MAKEFILE for entry in entries)


@present
def test_every_setting_named_exists(document: Document) -> None:
    sections = {name for name, field in Settings.model_fields.items() if models_in(field.annotation)} | {"alerts"}
    spans = {re.sub(r"\[\d*\]", "", span.rstrip(".,")) for span in document.code}
    named = {span for span in spans if re.fullmatch(rf"(?:{'|'.join(sections)})(?:\.\w+)+", span)}
    named -= {span for span in named if (ROOT / span).exists()}
    assert {re.sub(r"\.(TID|\d+)(?=\.)", "", span) for span in named} - SETTINGS - FILES == set()


@present
def test_every_variable_named_is_a_setting(document: Document) -> None:
    named = {name for span in document.code for name in re.findall(r"EPAY_BOT__([A-Z_0-9]+)", span)}
    assert {name.lower().replace("__", ".") for name in named} - SETTINGS == set()


@present
def test_every_metric_named_exists(document: Document) -> None:
    known = {metric.name for metric in METRICS}
    assert {name for span in document.code for name in re.findall(r"epay_bot_\w+", span)} - known == set()


def test_the_tables_made_from_the_program_are_fresh() -> None:
    stale = [name for name in DOCUMENTS if renewed(text := (ROOT / name).read_text(encoding="utf-8")) != text]
    assert stale == [], "make docs"
    assert make_tables(["--check"]) == 0


def test_every_setting_has_a_line_and_a_text_in_the_example() -> None:
    """The text is beside the setting in config.example.yaml; a webhook, a class, what all share: one line."""
    shown = {setting.path for setting in list_settings() if setting.text}
    inner = re.compile(r"telegram\.webhook\.\w+|epay\.\w+|alerts\.failed_operation\.\w+\.\w+")
    leaves = {path for path, field in list_fields(Settings) if not models_in(field.annotation) and path != "alerts"}
    assert {path for path in leaves - shown if not inner.fullmatch(path)} == set()
