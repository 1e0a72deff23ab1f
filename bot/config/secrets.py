"""Secrets in files: systemd's credentials, where they lie, and whether anybody else can read them."""

import os
import re
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path

from pydantic import BaseModel, SecretStr

CREDENTIALS = "CREDENTIALS_DIRECTORY"
PREFIX = "EPAY_BOT__"
_PASSWORD = re.compile(r"postgresql://([^@]*:[^@]*@|.*[?&]password=)")
_SECRETS = frozenset({"token", "password", "client_secret", "secret"})


def find_file(given: str, folder: Path) -> Path:
    """The file meant, from `folder` on: a bare name is a credential of systemd, if it gave one of that name."""
    credentials = os.environ.get(CREDENTIALS)
    if credentials and given == Path(given).name and (credential := Path(credentials) / given).exists():
        return credential
    return folder / Path(given).expanduser()


def read_secret(name: str, given: str, folder: Path) -> str:
    """Raises ValueError, without a word of what was read."""
    try:
        return find_file(given, folder).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not a text file"
        raise ValueError(f"{name}_file {given} cannot be read: {reason}") from error


def list_secrets(section: BaseModel) -> list[str]:
    """Every secret value inside a part of the configuration, to be kept out of logs."""
    found: list[str] = []
    for value in vars(section).values():
        for part in value if isinstance(value, tuple) else (value,):
            if isinstance(part, SecretStr):
                found.append(part.get_secret_value())
            elif isinstance(part, BaseModel):
                found += list_secrets(part)
    return found


def list_variables() -> dict[str, str]:
    """What the environment says of the configuration."""
    return {name: value for name, value in os.environ.items() if name.startswith(PREFIX)}


def list_exposed(path: Path, given: object, folder: Path = Path()) -> list[Path]:
    """Files with secrets which every user of this machine can read; a group that may is taken to be meant.

    `given`: what the file at `path` says, as it is written; its relative paths lead from `folder`.
    """
    written = list(_list_written(given))
    files = {find_file(value, folder) for name, value in written if name.endswith("_file")}
    if any(name in _SECRETS or (name == "url" and _PASSWORD.match(value)) for name, value in written):
        files.add(path)
    return [one for one in files if _is_for_all(one)]


def _list_written(given: object) -> Iterator[tuple[str, str]]:
    """Every name with a text behind it, however deep."""
    if isinstance(given, Mapping):
        for name, value in given.items():
            if isinstance(value, str):
                yield str(name).lower(), value
            yield from _list_written(value)
    elif isinstance(given, list):
        for part in given:
            yield from _list_written(part)


def _is_for_all(path: Path) -> bool:
    try:
        return bool(path.stat().st_mode & stat.S_IROTH)
    except OSError:
        return False
