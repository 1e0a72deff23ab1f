"""Reads the whole configuration and names everything that is wrong in it, each with its path."""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from bot.config.documents import problems_of, read_document
from bot.config.folder import FOLDER, list_files, list_repeated, list_written, understand
from bot.config.secrets import list_exposed, list_variables
from bot.config.sections import MerchantSettings, Settings
from bot.errors import ConfigurationError, Problem


def load(path: Path, check_alerts: Callable[[Mapping[str, Any], list[str]], list[Problem]]) -> Settings:
    """Reads the file and `merchants.d/` beside it, lets the environment override the file and checks all at once.

    `check_alerts` judges the `alerts` section, whose settings belong to the rules, and gets the merchants' ids. Raises
    ConfigurationError with every problem, each with its path in the file.
    """
    given = _read_sections(path)
    written, problems = list_written(path)
    try:
        settings = Settings(**given)
        ids = [merchant.id for merchant in settings.merchants]
    except ValidationError as error:
        settings, ids = None, _list_ids(given)
        problems += problems_of(error)
    if isinstance(alerts := given.get("alerts"), dict):
        problems += check_alerts(alerts, ids + [one.id for one in written])
    merchants, wrong = understand(written)
    places = ((id, f"{path.name}: merchants[{number}]") for number, id in enumerate(ids))
    problems += [*wrong, *list_repeated(places, written)]
    if not ids and not written and not problems:
        problems.append(Problem("merchants", f"at least one merchant is needed, here or in {FOLDER}/"))
    if settings is None or problems:
        raise ConfigurationError(*sorted(set(problems)))
    return _joined(settings, merchants)


def exposed_files(path: Path) -> list[Path]:
    """The files of the configuration and of secrets they name, as far as everybody can read a secret there."""
    exposed = set(list_exposed(path, [_read_sections(path), list_variables()]))
    for file in list_files(path):
        exposed.update(list_exposed(file, read_document(file), file.parent))
    return sorted(exposed)


def _joined(settings: Settings, found: Iterable[MerchantSettings]) -> Settings:
    """With the merchants of the folder, and each with what all share."""
    merchants = tuple(merchant.sharing(settings.epay) for merchant in (*settings.merchants, *found))
    return settings.model_copy(update={"merchants": merchants})


def _list_ids(given: Mapping[str, Any]) -> list[str]:
    """The ids in a file that is not valid, as far as there are some."""
    merchants = given.get("merchants")
    found = merchants if isinstance(merchants, list) else []
    return [str(merchant.get("id")) for merchant in found if isinstance(merchant, dict)]


def _read_sections(path: Path) -> dict[str, Any]:
    given = read_document(path)
    if given is None:
        return {}
    if not isinstance(given, dict):
        raise ConfigurationError(Problem("", f"{path} must hold sections like telegram: and merchants:"))
    return given
