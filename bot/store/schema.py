"""The files of migrations/ in their order, as statements. What one engine needs else is in a folder of its own."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_COMMENT = re.compile(r"--[^\n]*")
# A function body between $$ may hold semicolons.
_STATEMENT = re.compile(r"(?:\$\$.*?\$\$|[^;])+", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Migration:
    """One step of the schema: all of its statements in one transaction, once."""

    name: str
    statements: tuple[str, ...]


def list_migrations(engine: str = "") -> list[Migration]:
    """Every step for an engine, in the order of names; a file in its folder stands for the common one of that name."""
    files = {file.name: file for file in _folder().glob("[0-9]*.sql")}
    if engine:
        files |= {file.name: file for file in (_folder() / engine).glob("[0-9]*.sql")}
    return [
        Migration(file.stem, tuple(statements(file.read_text(encoding="utf-8")))) for _, file in sorted(files.items())
    ]


def statements(script: str) -> Iterator[str]:
    """The statements of a script, one by one."""
    for part in _STATEMENT.findall(_COMMENT.sub("", script)):
        if statement := part.strip():
            yield statement


def _folder() -> Path:
    """Inside an installed package, or beside it in a checkout."""
    package = Path(__file__).parents[1]
    installed = package / "migrations"
    return installed if installed.is_dir() else package.parent / "migrations"
