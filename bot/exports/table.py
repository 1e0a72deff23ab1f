"""What a file is to look like: its columns and how it is written; and the way of it through a pipe."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum

Cell = str | int
Row = Sequence[Cell]
SHEET_ROWS = 1_048_576
"""As many rows as a sheet of XLSX can have, its header among them."""


class Format(StrEnum):
    CSV = "csv"
    XLSX = "xlsx"


class Kind(StrEnum):
    """What the cells of a column are: text, a local time `2026-11-24 14:32:07`, hundredths of a unit, or a count."""

    TEXT = "text"
    TIME = "time"
    MONEY = "money"
    COUNT = "count"


@dataclass(frozen=True, slots=True)
class Column:
    """`width` in characters."""

    title: str
    kind: Kind = Kind.TEXT
    width: int = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A list and, for the formats that have sheets, its totals on another sheet.

    `limit`: as many bytes as one file may have. `comma`: the decimal comma of a country where CSV is cut by `;`.
    """

    format: Format
    title: str
    columns: tuple[Column, ...]
    totals_title: str
    totals_columns: tuple[Column, ...]
    limit: int
    comma: bool = True
    sheet_rows: int = SHEET_ROWS

    def to_json(self) -> bytes:
        return json.dumps(asdict(self)).encode()

    @classmethod
    def from_json(cls, given: bytes) -> "Table":
        fields = json.loads(given)
        for name in ("columns", "totals_columns"):
            fields[name] = tuple(Column(one["title"], Kind(one["kind"]), one["width"]) for one in fields[name])
        return cls(**fields | {"format": Format(fields["format"])})
