"""Many new rows of one table as one statement of PostgreSQL's, which takes them as one JSON document."""

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

_NEW_ROWS = re.compile(
    r"\s*INSERT INTO (\w+) \(([\w, ]+)\)\s+VALUES \((?:\?, )*\?\)(\s+ON CONFLICT \(([\w, ]+)\)\s.*)?", re.DOTALL
)
_NUL = "\\u0000"


@dataclass(frozen=True, slots=True)
class Bulk:
    """`sql` takes a document of rows. `unique`: the places of the columns that name a row."""

    sql: Any
    columns: tuple[str, ...]
    unique: tuple[int, ...]

    def may_take(self, rows: Sequence[Sequence[object]]) -> bool:
        """Whether there are rows and none meets another: one statement changes no row twice."""
        return bool(rows) and (not self.unique or len({self._key(row) for row in rows}) == len(rows))

    def document(self, rows: Iterable[Sequence[object]]) -> str:
        """The rows as JSON. PostgreSQL has no NUL in text; most documents have none, so each text is not looked at."""
        records = [dict(zip(self.columns, row, strict=True)) for row in rows]
        text = _document(records)
        return text if _NUL not in text else _document([{k: _cleaned(v) for k, v in one.items()} for one in records])

    def _key(self, row: Sequence[object]) -> tuple[object, ...]:
        return tuple(row[place] for place in self.unique)


@lru_cache(maxsize=256)
def bulk_of(sql: str) -> Bulk | None:
    """The statement for many rows instead of one that takes a row's values by position, where it only inserts them."""
    found = _NEW_ROWS.fullmatch(sql)
    if found is None:
        return None
    table, names, conflict, unique = found.groups()
    columns = tuple(names.split(", "))
    taken = (
        f"INSERT INTO {table} ({names}) SELECT {names} FROM json_populate_recordset(NULL::{table}, CAST(%s AS json))"
    )
    places = tuple(columns.index(name) for name in unique.split(", ")) if unique else ()
    return Bulk(f"{taken} {escaped(conflict or '')}", columns, places)


def escaped(sql: str) -> str:
    """For psycopg, to which a percent sign means a value."""
    return sql.replace("%", "%%")


def _document(records: Sequence[dict[str, object]]) -> str:
    return json.dumps(records, ensure_ascii=False, separators=(",", ":"), default=_of_bytes)


def _of_bytes(value: bytes) -> str:
    return f"\\x{value.hex()}"


def _cleaned(value: object) -> object:
    return value.replace("\0", "") if isinstance(value, str) else value
