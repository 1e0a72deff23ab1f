"""One YAML document: reads it, and says in a person's words what is wrong with it, never what stands there."""

from collections.abc import Hashable, Mapping
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from bot.errors import ConfigurationError, Problem


class _UniqueKeys(yaml.SafeLoader):
    """A YAML loader that refuses a key written twice, since the first would be lost without a word."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[Any] = set()
        for key, _ in node.value:
            if key.value in seen:
                raise yaml.constructor.ConstructorError(None, None, f"{key.value} is written twice", key.start_mark)
            seen.add(key.value)
        return super().construct_mapping(node, deep)


def read_document(path: Path) -> Any:
    """What stands in the file, None for nothing. Raises ConfigurationError."""
    try:
        with path.open(encoding="utf-8") as file:
            return yaml.load(file, _UniqueKeys)  # noqa: S506
    except OSError as error:
        raise ConfigurationError(Problem("", f"{path} cannot be read: {error.strerror}")) from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigurationError(Problem("", f"{path} is not valid YAML{_where(error)}")) from error


def problems_of(error: ValidationError, above: str = "") -> list[Problem]:
    """Each with its path; `above` is the path of what was checked."""
    return [_problem(dict(detail), above) for detail in error.errors(include_url=False, include_input=False)]


def _where(error: Exception) -> str:
    """Line and kind of the mistake, never the text around it: that may be a password."""
    mark = getattr(error, "problem_mark", None)
    what = getattr(error, "problem", None)
    return (f": line {mark.line + 1}" if mark else "") + (f", {what}" if what else "")


def _problem(detail: Mapping[str, Any], path: str) -> Problem:
    for part in detail["loc"]:
        path += f"[{part}]" if isinstance(part, int) else f".{part}" if path and path[-1] != " " else str(part)
    kind = detail["type"]
    what = {"missing": "missing", "extra_forbidden": "unknown key; see config.example.yaml"}.get(kind)
    text = what or detail["msg"].removeprefix("Value error, ")
    return Problem(path.removesuffix(": "), text[0].lower() + text[1:])
