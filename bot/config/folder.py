"""`merchants.d/`: merchants in files of their own beside the configuration. Every problem names its file."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from bot.config.documents import problems_of, read_document
from bot.config.sections import MerchantSettings, Origin
from bot.errors import ConfigurationError, Problem

FOLDER = "merchants.d"


@dataclass(frozen=True, slots=True)
class Written:
    """One merchant as it is written, nothing of it checked yet; `number` in its file's list, if it has one."""

    file: Path
    number: int | None
    given: Any

    @property
    def place(self) -> str:
        """Where people find it: `merchants.d/shop.yaml`, `merchants.d/shops.yaml: [3]`."""
        return _name(self.file) + ("" if self.number is None else f": [{self.number}]")

    @property
    def path(self) -> str:
        """What the path of a problem in it begins with."""
        return f"{_name(self.file)}: " + ("" if self.number is None else f"[{self.number}]")

    @property
    def id(self) -> str:
        return str(self.given.get("id", "")) if isinstance(self.given, Mapping) else ""


def list_files(path: Path) -> list[Path]:
    """The files beside the configuration at `path`, by name; what editors and packagers leave behind is none of them.

    Raises ConfigurationError for a folder that cannot be listed, and for a file that only seems to be one.
    """
    folder = path.parent / FOLDER
    try:
        found = sorted(folder.iterdir())
    except FileNotFoundError:
        return []
    except OSError as error:
        raise ConfigurationError(Problem("", f"{folder} cannot be read: {error.strerror}")) from error
    found = [file for file in found if not file.name.startswith(".")]
    if unread := [file for file in found if file.suffix == ".yml"]:
        raise ConfigurationError(*(Problem(_name(file), "only files that end in .yaml are read") for file in unread))
    return [file for file in found if file.suffix == ".yaml"]


def list_written(path: Path) -> tuple[list[Written], list[Problem]]:
    """The merchants of every file that can be read, and what is wrong with the others."""
    written: list[Written] = []
    problems: list[Problem] = []
    try:
        files = list_files(path)
    except ConfigurationError as error:
        return [], list(error.problems)
    for file in files:
        try:
            written += _list_in(file)
        except ConfigurationError as error:
            problems += error.problems
    return written, problems


def understand(written: Iterable[Written]) -> tuple[list[MerchantSettings], list[Problem]]:
    """The merchants as far as they are valid, and every problem of the others."""
    merchants: list[MerchantSettings] = []
    problems: list[Problem] = []
    for one in written:
        origin = Origin(_name(one.file), one.file.parent)
        try:
            merchants.append(MerchantSettings.model_validate(one.given, context=origin))
        except ValidationError as error:
            problems += problems_of(error, one.path)
    return merchants, problems


def list_repeated(places: Iterable[tuple[str, str]], written: Iterable[Written]) -> Iterator[Problem]:
    """Ids of the folder that somebody has already, with both places; `places` are (id, place) of the main file."""
    taken = dict(places)
    for one in written:
        if one.id and (other := taken.setdefault(one.id, one.place)) != one.place:
            yield Problem(_below(one.path, "id"), f"{one.id} is the id in {other} as well")


def _list_in(file: Path) -> list[Written]:
    given = read_document(file)
    if given is None:
        return []
    if isinstance(given, list):
        return [Written(file, number, one) for number, one in enumerate(given)]
    if not isinstance(given, dict) or "merchants" in given:
        raise ConfigurationError(Problem(_name(file), "one merchant or a list of merchants is expected"))
    return [Written(file, None, given)]


def _name(file: Path) -> str:
    return f"{FOLDER}/{file.name}"


def _below(path: str, name: str) -> str:
    return path + name if path.endswith(" ") else f"{path}.{name}"
