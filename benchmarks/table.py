"""Rows of a table that are tried one after the other: which of them are asked for."""

import sys
from collections.abc import Awaitable, Sequence
from pathlib import Path
from typing import Protocol, TypeVar

Came_co = TypeVar("Came_co", covariant=True)


class Run(Protocol[Came_co]):
    """Lets what the row is about happen, in the folder; `full` is the long form."""

    def __call__(self, folder: Path, *, full: bool) -> Awaitable[Came_co]: ...


class Named(Protocol):
    @property
    def name(self) -> str: ...


Row = TypeVar("Row", bound=Named)


def chosen(rows: Sequence[Row], words: Sequence[str]) -> list[Row]:
    """Those that the words name, or all; a word that names none ends the program."""
    names = {word for word in words if not word.startswith("-")}
    if unknown := names - {row.name for row in rows}:
        sys.exit(f"no such row: {', '.join(sorted(unknown))}; there are {', '.join(row.name for row in rows)}")
    return [row for row in rows if not names or row.name in names]
