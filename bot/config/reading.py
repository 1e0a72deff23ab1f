"""Reads the configuration file and names everything that is wrong in it, each with its path."""

from collections.abc import Callable, Hashable, Mapping
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from bot.config.secrets import list_exposed
from bot.config.sections import Settings
from bot.errors import ConfigurationError, Problem


def load(path: Path, check_alerts: Callable[[Mapping[str, Any], list[str]], list[Problem]]) -> Settings:
    """Reads the file, lets the environment override it and checks everything at once.

    `check_alerts` judges the `alerts` section, whose settings belong to the rules, and gets the merchants' ids. Raises
    ConfigurationError with every problem, each with its path in the file.
    """
    given = _read_yaml(path)
    alerts = given.get("alerts")
    problems = check_alerts(alerts, _merchant_ids(given)) if isinstance(alerts, dict) else []
    try:
        settings = Settings(**given)
    except ValidationError as error:
        problems += [_problem(dict(detail)) for detail in error.errors(include_url=False, include_input=False)]
    if problems:
        raise ConfigurationError(*sorted(set(problems)))
    return settings


def exposed_files(path: Path) -> list[Path]:
    """The configuration and the files of secrets it names, as far as everybody can read a secret there."""
    return list_exposed(path, _read_yaml(path))


def _merchant_ids(given: Mapping[str, Any]) -> list[str]:
    merchants = given.get("merchants")
    found = merchants if isinstance(merchants, list) else []
    return [str(merchant.get("id")) for merchant in found if isinstance(merchant, dict)]


class _UniqueKeys(yaml.SafeLoader):
    """A YAML loader that refuses a key written twice, since the first would be lost without a word."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[Any] = set()
        for key, _ in node.value:
            if key.value in seen:
                raise yaml.constructor.ConstructorError(None, None, f"{key.value} is written twice", key.start_mark)
            seen.add(key.value)
        return super().construct_mapping(node, deep)


def _read_yaml(path: Path) -> dict[str, Any]:
    try:
        with path.open(encoding="utf-8") as file:
            given = yaml.load(file, _UniqueKeys)  # noqa: S506
    except OSError as error:
        raise ConfigurationError(Problem("", f"{path} cannot be read: {error.strerror}")) from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigurationError(Problem("", f"{path} is not valid YAML{_where(error)}")) from error
    if given is None:
        return {}
    if not isinstance(given, dict):
        raise ConfigurationError(Problem("", f"{path} must hold sections like telegram: and merchants:"))
    return given


def _where(error: Exception) -> str:
    """Line and kind of the mistake, never the text around it: that may be a password."""
    mark = getattr(error, "problem_mark", None)
    what = getattr(error, "problem", None)
    return (f": line {mark.line + 1}" if mark else "") + (f", {what}" if what else "")


def _problem(detail: Mapping[str, Any]) -> Problem:
    path = ""
    for part in detail["loc"]:
        path += f"[{part}]" if isinstance(part, int) else f".{part}" if path else str(part)
    kind = detail["type"]
    what = {"missing": "missing", "extra_forbidden": "unknown key; see config.example.yaml"}.get(kind)
    text = what or detail["msg"].removeprefix("Value error, ")
    return Problem(path, text[0].lower() + text[1:])
