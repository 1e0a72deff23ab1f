"""Every text of the source is in every catalogue, whole and with the same places to fill.

`pytest --update-messages` adds the source's new texts to the catalogues, empty, and drops those no longer used.
"""

import ast
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po
from telegram_html import check_telegram_html

from bot.epay.reasons import REASONS
from bot.texts import LANGUAGES
from bot.texts.catalogues import catalogue_path

ROOT = Path(__file__).parents[1] / "bot"
CALLS: dict[str, tuple[int | str, ...]] = {
    "voice": (0,),
    "plain": (0,),
    "plural": (0, 1),
    "UsageError": (0,),
    "NoticeAlert": ("text",),
    "Symptom": ("text",),
    "Command": (2,),
}
KEYWORDS = {name: (1, 2) if len(places) > 1 else None for name, places in CALLS.items()}
SAYS_WHAT_IT_IS_GIVEN = {"plain", "_notice", "_commands", "error_message", "symptom_words"}
CODES = {0, 232, *REASONS}
PLACE = re.compile(r"\{([a-z_]+)\}")


def _name(call: ast.Call) -> str:
    return getattr(call.func, "id", None) or getattr(call.func, "attr", "")


def _texts(call: ast.Call, names: dict[str, str]) -> list[str | None]:
    """The texts a call says, None for one that is only known at run time; `names` are constants of the module."""
    given = dict(enumerate(call.args)) | {keyword.arg: keyword.value for keyword in call.keywords}
    said = [given.get(place) for place in CALLS[_name(call)]]
    return [names.get(text.id) if isinstance(text, ast.Name) else getattr(text, "value", None) for text in said]


def _names(tree: ast.Module) -> dict[str, str]:
    """Names that stand for one text and nothing else in the whole module."""
    stored = Counter(
        node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    )
    return {
        node.targets[0].id: node.value.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign)
        and isinstance(node.targets[0], ast.Name)
        and isinstance(node.value, ast.Constant)
        if isinstance(node.value.value, str) and stored[node.targets[0].id] == 1
    }


def _extract(source: Any, keywords: Any, comment_tags: Any, options: Any) -> Iterator[tuple[int, str, Any, list[str]]]:
    tree = ast.parse(source.read())
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and (name := _name(node)) in CALLS:
            texts = tuple(_texts(node, _names(tree)))
            if all(isinstance(text, str) for text in texts):
                yield node.lineno, name, texts if len(texts) > 1 else texts[0], []


@pytest.fixture(scope="module")
def wanted() -> Catalog:
    catalogue = Catalog()
    for _, _, text, _, _ in extract_from_dir(ROOT, [("**.py", _extract)], keywords=KEYWORDS):
        catalogue.add(text)
    for code in CODES:
        catalogue.add(str(code), context="reason")
    return catalogue


@pytest.fixture(scope="module", params=LANGUAGES)
def catalogue(request: pytest.FixtureRequest, wanted: Catalog, update_messages: bool) -> Catalog:
    language: str = request.param
    path = catalogue_path(language)
    if update_messages:
        _update(path, language, wanted)
    with path.open("rb") as source:
        return read_po(source, locale=language)


def _update(path: Path, language: str, wanted: Catalog) -> None:
    with path.open("rb") as source:
        known = read_po(source, locale=language)
    wanted.creation_date = known.creation_date
    known.update(wanted, no_fuzzy_matching=True)
    with path.open("wb") as target:
        write_po(target, known, width=120, no_location=True, sort_output=True, ignore_obsolete=True)


def _keys(catalogue: Catalog) -> set[tuple[str | None, str]]:
    return {(message.context, _forms(message.id)[0]) for message in catalogue if message.id}


def _forms(text: Any) -> tuple[str, ...]:
    return tuple(text) if isinstance(text, (tuple, list)) else (text,)


def _messages(catalogue: Catalog) -> list[Message]:
    return [message for message in catalogue if message.id]


def test_every_text_of_the_source_is_in_the_catalogue(catalogue: Catalog, wanted: Catalog) -> None:
    assert _keys(wanted) - _keys(catalogue) == set()


def test_no_text_is_kept_that_the_source_no_longer_says(catalogue: Catalog, wanted: Catalog) -> None:
    assert _keys(catalogue) - _keys(wanted) == set()
    assert not catalogue.obsolete


def test_no_text_is_empty_or_fuzzy(catalogue: Catalog) -> None:
    forms = catalogue.num_plurals
    bad = [
        message.id
        for message in _messages(catalogue)
        if message.fuzzy
        or not all(_forms(message.string))
        or len(_forms(message.string)) != (forms if message.pluralizable else 1)
    ]
    assert bad == []


def test_every_translation_fills_the_same_places(catalogue: Catalog) -> None:
    bad = [
        message.id
        for message in _messages(catalogue)
        for text in _forms(message.string)
        if set(PLACE.findall(text)) != set(PLACE.findall(_forms(message.id)[-1]))
        or "{" in PLACE.sub("", text)
        or "}" in PLACE.sub("", text)
    ]
    assert bad == []


def test_translations_are_telegram_html_of_three_tags_at_most(catalogue: Catalog) -> None:
    for message in _messages(catalogue):
        for text in _forms(message.string):
            check_telegram_html(text, allowed={"b", "i", "code"})
            assert text == text.strip()


def test_every_language_is_written_in_its_own_letters(catalogue: Catalog) -> None:
    texts = " ".join(text for message in _messages(catalogue) for text in _forms(message.string)).lower()
    present = {letter for letter in "ёыйә ғқңөұүһі".replace(" ", "") if letter in texts}
    language = catalogue.locale.language if catalogue.locale else ""
    assert present >= {"ru": set("ёый"), "kk": set("әғқңөұүі"), "en": set()}[language]
    assert not present & {"ru": set("әғқңөұүһі"), "kk": set(), "en": set("ёый")}[language]


def test_every_reason_code_of_the_bank_has_words(catalogue: Catalog) -> None:
    codes = {int(str(message.id)) for message in _messages(catalogue) if message.context == "reason"}
    assert codes == CODES


def test_plural_rules_are_those_of_the_language(catalogue: Catalog) -> None:
    language = catalogue.locale.language if catalogue.locale else ""
    assert catalogue.num_plurals == {"ru": 3, "kk": 2, "en": 2}[language]


def test_only_texts_written_in_the_source_are_translated() -> None:
    """A text put together at run time would be missing from every catalogue."""
    assert [offender for path in ROOT.rglob("*.py") for offender in _offenders(path)] == []


def _offenders(path: Path) -> Iterator[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    names = _names(tree)
    for function in ast.walk(tree):
        if isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef)) and function.name not in SAYS_WHAT_IT_IS_GIVEN:
            for call in ast.walk(function):
                if isinstance(call, ast.Call) and _speaks(call) and None in _texts(call, names):
                    yield f"{path.relative_to(ROOT)}:{call.lineno}"


def _speaks(call: ast.Call) -> bool:
    """True for the calls that must hold a text; `voices.voice(…)` and `NoticeAlert(**stored)` need not."""
    name = _name(call)
    if isinstance(call.func, ast.Attribute):
        return name in {"plain", "plural"}
    return name in {"voice", "UsageError"} or (
        name == "NoticeAlert" and any(word.arg == "text" for word in call.keywords)
    )
