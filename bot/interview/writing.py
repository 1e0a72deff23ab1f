"""Writes the answers down, readable by nobody else; never over a file that is there unless told to."""

import os
from pathlib import Path

import yaml

from bot.errors import ConfigurationError, Problem
from bot.interview.answers import SECRETS, Answers

_HEAD = "# Written by epay-bot init. config.example.yaml names every other setting.\n"


def refuse_to_overwrite(path: Path) -> None:
    """Raises ConfigurationError when something is there."""
    if path.exists():
        raise ConfigurationError(Problem("--config", f"{path} exists already; --force overwrites it"))


def write(answers: Answers, path: Path, *, secrets: Path | None) -> list[Path]:
    """The configuration, and with `secrets` each secret in a file of its own in that folder. Returns every path.

    Raises ConfigurationError when the disk refuses.
    """
    try:
        apart = _write_secrets(answers, secrets) if secrets else []
        content = yaml.safe_dump(answers.as_configuration(), allow_unicode=True, sort_keys=False)
        _write_privately(path, _HEAD + content)
    except OSError as error:
        raise ConfigurationError(Problem("--config", f"{error.filename} cannot be written: {error.strerror}")) from None
    return [path, *apart]


def _write_secrets(answers: Answers, folder: Path) -> list[Path]:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    written = []
    for name in SECRETS:
        if name not in answers.files:
            answers.files[name] = folder.resolve() / name.replace("_", "-")
            _write_privately(answers.files[name], answers.given[name] + "\n")
            written.append(answers.files[name])
    return written


def _write_privately(path: Path, content: str) -> None:
    """Whole or not at all, and never, not for a moment, readable by others."""
    part = path.with_name(f".{path.name}.part")
    part.unlink(missing_ok=True)
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(content)
        file.flush()
        os.fsync(descriptor)
    part.replace(path)
