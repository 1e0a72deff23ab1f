"""What bank and bot did lately, folded for two small lists: the same thing again only counts up."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

SHOWN = 12


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing done: `status` is the HTTP status, 0 when none left; `note` says with whom or what went wrong."""

    at: datetime
    what: str
    status: int
    note: str = ""


def fold(entries: Iterable[Entry]) -> list[dict[str, Any]]:
    """The last few different ones of `entries`, which come newest first; `times` counts what is alike in a row."""
    lines: list[dict[str, Any]] = []
    for entry in entries:
        line = {"what": entry.what, "status": entry.status, "note": entry.note}
        if lines and line.items() <= lines[-1].items():
            lines[-1]["times"] += 1
        elif len(lines) == SHOWN:
            break
        else:
            lines.append({**line, "at": round(entry.at.timestamp() * 1000), "times": 1})
    return lines
