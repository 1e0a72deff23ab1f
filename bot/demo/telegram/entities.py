"""Entities Telegram finds by itself: commands, links and mentions in plain text."""

from __future__ import annotations

import re
from collections.abc import Sequence

from bot.demo.telegram.html import Formatted, units
from bot.demo.telegram.refusal import Json

PATTERN = re.compile(
    r"(?P<url>(?:https?://|(?<![\w./])t\.me/)[^\s<>\"]*[^\s<>\".,;:!?)])"
    r"|(?<![\w/])(?P<bot_command>/[A-Za-z0-9_]{1,64}(?:@\w{3,32})?)(?![\w/])"
    r"|(?<![\w@])(?P<mention>@[A-Za-z]\w{3,31})"
)
CLOSED = frozenset({"code", "pre", "text_link"})


def detect(formatted: Formatted) -> Formatted:
    """Add the entities nobody marked up, leaving code and links alone."""
    found = [_entity(formatted.text, match) for match in PATTERN.finditer(formatted.text)]
    new = [entity for entity in found if not _inside(entity, formatted.entities)]
    if not new:
        return formatted
    ordered = sorted([*formatted.entities, *new], key=lambda entity: (entity["offset"], -entity["length"]))
    return Formatted(formatted.text, tuple(ordered))


def _entity(text: str, match: re.Match[str]) -> Json:
    return {"type": str(match.lastgroup), "offset": units(text[: match.start()]), "length": units(match[0])}


def _inside(entity: Json, others: Sequence[Json]) -> bool:
    end = entity["offset"] + entity["length"]
    return any(
        other["type"] in CLOSED and other["offset"] < end and entity["offset"] < other["offset"] + other["length"]
        for other in others
    )
