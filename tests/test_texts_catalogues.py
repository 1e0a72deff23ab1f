"""Every text of the source is in every catalogue, whole and with the same places to fill.

`pytest --update-messages` adds the source's new texts to the catalogues, empty, and drops those no longer used.
"""

import ast
import re
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
}
KEYWORDS = {name: (1, 2) if len(places) > 1 else None for name, places in CALLS.items()}
SAYS_WHAT_IT_IS_GIVEN = {"plain", "_notice", "_commands", "error_message"}
CODES = {0, 232, *REASONS}
PLACE = re.compile(r"\{([a-z_]+)\}")


def _name(call: ast.Call) -> str:
    return getattr(call.func, "id", None) or getattr(call.func, "attr", "")


def _text(call: ast.Call, place: int | str) -> str | None:
    if isinstance(place, int):
        given = call.args[place] if place < len(call.args) else None
    else:
        given = next((keyword.value for keyword in call.keywords if keyword.arg == place), None)
    return given.value if isinstance(given, ast.Constant) and isinstance(given.value, str) else None


def _extract(source: Any, keywords: Any, comment_tags: Any, options: Any) -> Iterator[tuple[int, str, Any, list[str]]]:
    for node in ast.walk(ast.parse(source.read())):
        if isinstance(node, ast.Call) and (name := _name(node)) in CALLS:
            texts = tuple(_text(node, place) for place in CALLS[name])
            if None not in texts:
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
    offenders = [
        f"{path.relative_to(ROOT)}:{call.lineno}"
        for path in ROOT.rglob("*.py")
        for function in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef)) and function.name not in SAYS_WHAT_IT_IS_GIVEN
        for call in ast.walk(function)
        if isinstance(call, ast.Call) and _speaks(call) and None in [_text(call, at) for at in CALLS[_name(call)]]
    ]
    assert offenders == []


def _speaks(call: ast.Call) -> bool:
    return (isinstance(call.func, ast.Name) and call.func.id == "voice") or _name(call) in {"plain", "plural"}
