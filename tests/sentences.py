"""Every sentence the program can say when something is wrong, read from its source; `…` is what fills a place."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from bot.texts import LANGUAGES
from bot.texts.catalogues import read_catalogue

BOT = Path(__file__).parents[1] / "bot"
ALERTS = {"NoticeAlert", "Symptom"}
ERRORS = {"StoreError", "BackupError", "ServerError", "SourceUnavailable", "SourceDenied", "TokenRefused"}
ENDS = {"_end", "end"}
PLACE = re.compile(r"\{[a-z_]*\}")


def alert_sentences() -> set[str]:
    """What is told unasked: notices, states that hold, and unusual volume."""
    said = [(_keyword(call, "text"), tree) for tree in _trees() for call in _calls(tree, ALERTS)]
    found = {text for spoken, tree in said for text in _texts(spoken, tree) if "…" not in text}
    volume = ast.parse((BOT / "views/volume.py").read_text(encoding="utf-8"))
    signals = [text for call in _calls(volume, {"voice", "plural"}) for text in _texts(_most(call), volume)]
    return {PLACE.sub("…", text) for text in (*found, *(text for text in signals if "{time}" in text))}


def error_sentences() -> set[str]:
    """How the program ends, what a failed check says, and what the bank is said to do."""
    names = _with_children(ERRORS) | ENDS
    found = {text for tree in _trees() for call in _calls(tree, names) for text in _first(call, tree)}
    checks = ast.parse((BOT / "checks.py").read_text(encoding="utf-8"))
    failed = [call for call in _calls(checks, {"Result"}) if getattr(call.args[0], "value", None) is False]
    return _worded(found | {text for call in failed for text in _texts(call.args[1], checks)})


def configuration_sentences() -> set[str]:
    """What is said of a value in the file or the call, after its path."""
    problems = {text for tree in _trees() for call in _calls(tree, {"Problem"}) for text in _texts(call.args[1], tree)}
    files = [*(BOT / "config").glob("*.py"), *(BOT / "rules").glob("*.py")]
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in files]
    return _worded(
        problems | {text for tree in trees for call in _calls(tree, {"ValueError"}) for text in _first(call, tree)}
    )


def catalogue_sentences(language: str) -> set[str]:
    """Every text a person may read in the chat, in this language."""
    assert language in LANGUAGES
    texts = read_catalogue(language)._catalog  # type: ignore[attr-defined]
    return {PLACE.sub("…", text) for text in texts.values() if text}


def is_said(quoted: str, sentences: set[str]) -> bool:
    """Whether one of the sentences, its places filled, reads like this."""
    return any(pattern_of(sentence).fullmatch(quoted) for sentence in sentences)


def pattern_of(sentence: str) -> re.Pattern[str]:
    """What the sentence may look like once its places are filled, or left as `…`."""
    return re.compile(".+".join(map(re.escape, sentence.split("…"))))


def _worded(texts: set[str]) -> set[str]:
    """Without those that only hand on what another said."""
    return {text for text in texts if len(re.findall(r"\w{2,}", text)) > 1}


@cache
def _trees() -> tuple[ast.Module, ...]:
    return tuple(
        ast.parse(path.read_text(encoding="utf-8")) for path in sorted(BOT.rglob("*.py")) if "demo" not in path.parts
    )


def _with_children(names: set[str]) -> set[str]:
    """These errors and those derived from them."""
    children = {
        node.name
        for tree in _trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef) and names & {getattr(base, "id", "") for base in node.bases}
    }
    return names | children


def _calls(tree: ast.Module, names: set[str]) -> Iterator[ast.Call]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and (getattr(node.func, "id", None) or getattr(node.func, "attr", "")) in names:
            yield node


def _keyword(call: ast.Call, name: str) -> ast.expr:
    return next((one.value for one in call.keywords if one.arg == name), ast.Constant(""))


def _most(call: ast.Call) -> ast.expr:
    """The text for many where there are two forms."""
    return call.args[1] if getattr(call.func, "attr", "") == "plural" else call.args[0]


def _first(call: ast.Call, tree: ast.Module) -> list[str]:
    return _texts(call.args[0], tree) if call.args else []


def _texts(said: ast.expr, tree: ast.Module) -> list[str]:
    """The sentences an expression may stand for: itself, or whatever is assigned to its name in the module."""
    match said:
        case ast.Constant(value=str() as text):
            return [text] if text else []
        case ast.JoinedStr(values=parts):
            return [
                "".join(str(getattr(part, "value", "")) if isinstance(part, ast.Constant) else "…" for part in parts)
            ]
        case ast.Name(id=name):
            given = [node.value for node in ast.walk(tree) if isinstance(node, ast.Assign) and _assigns(node, name)]
            return [text for value in given if not isinstance(value, ast.Name) for text in _texts(value, tree)]
    return []


def _assigns(node: ast.Assign, name: str) -> bool:
    return any(getattr(target, "id", None) == name for target in node.targets)
