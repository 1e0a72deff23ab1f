"""How statements and values of the store functions reach PostgreSQL through psycopg."""

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

import psycopg
from psycopg.adapt import Loader
from psycopg.rows import dict_row
from psycopg.types.numeric import Int8Dumper
from psycopg.types.string import StrDumper

from bot.store.bulk import escaped

_NAMED = re.compile(r"(?<![:\w]):([a-z]\w*)")


class _Whole(Loader):
    """Sums of whole numbers are whole."""

    def load(self, data: bytes | bytearray | memoryview) -> int:
        return int(bytes(data))


class _Clean(StrDumper):
    """PostgreSQL has no NUL in text."""

    def dump(self, obj: str) -> Any:
        return super().dump(obj.replace("\0", ""))


def adapt(connection: psycopg.Connection[dict[str, Any]]) -> None:
    """Values as the store functions mean them; rows as mappings."""
    connection.row_factory = dict_row
    connection.adapters.register_loader("numeric", _Whole)
    connection.adapters.register_dumper(str, _Clean)
    connection.adapters.register_dumper(int, Int8Dumper)


def bound(sql: str, values: Mapping[str, object]) -> tuple[Any, dict[str, object]]:
    """A statement and its values by name; a list is one value."""
    lists = {name: _array(value) for name, value in values.items() if isinstance(value, list)}
    return _named(sql, tuple(lists)), {**values, **lists}


@lru_cache(maxsize=1024)
def _named(sql: str, lists: Iterable[str]) -> Any:
    for name in lists:
        sql = sql.replace(f"IN (:{name})", f"= ANY(CAST(:{name} AS text[]))")
    return _NAMED.sub(r"%(\1)s", escaped(sql))


@lru_cache(maxsize=256)
def placed(sql: str) -> Any:
    """A statement with values by position."""
    return escaped(sql).replace("?", "%s")


def _array(texts: Iterable[str]) -> str:
    """Texts as one literal: psycopg's own way takes as long as the look-up itself."""
    quoted = (text.replace("\\", "\\\\").replace('"', '\\"') for text in texts)
    return "{" + ",".join(f'"{text}"' for text in quoted) + "}"
