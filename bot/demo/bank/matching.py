"""Picks the rows of a valid query and puts them in order. The rows given are already this merchant's and visible."""

import re
from collections.abc import Callable, Iterable
from operator import attrgetter, eq, ge, gt, le, lt
from random import Random
from typing import Any

from bot.demo.bank.search import Condition, Query
from bot.demo.bank.switches import Switches
from bot.demo.bank.truth import TruthRow

Read = Callable[[TruthRow], Any]
_COMPARE: dict[str, Callable[[Any, Any], bool]] = {"=": eq, "<": lt, ">": gt, "<=": le, ">=": ge}


def select(rows: Iterable[TruthRow], query: Query, switches: Switches, shuffle: Random) -> tuple[int, list[TruthRow]]:
    """How many rows match, and those of the asked page. Rows equal under the asked order come in a random one."""
    tests = [_predicate(condition, switches) for condition in query.conditions]
    matches = [row for row in rows if all(test(row) for test in tests)]
    _arrange(matches, query.order, switches, shuffle)
    return len(matches), matches[query.skip : query.skip + query.size]


def _read(field: str, switches: Switches) -> Read:
    name = {
        switches.date_field: "created_at",
        "terminal_id": "terminal" if switches.terminal_filter == "tid" else "terminal_uuid",
        "account_id": "payer.account_id",
    }.get(field, field)
    return attrgetter(name)


def _predicate(condition: Condition, switches: Switches) -> Callable[[TruthRow], bool]:
    read, values = _read(condition.field, switches), condition.values
    if condition.method == "in":
        return lambda row: read(row) in values
    if condition.method == "like":
        pattern = _like(str(values[0]), escape=switches.like_escape == "backslash")
        return lambda row: pattern.fullmatch(read(row)) is not None
    if condition.method == "between":
        below = le if switches.end_inclusive else lt
        return lambda row: values[0] <= read(row) and below(read(row), values[1])
    compare = _COMPARE[condition.method]
    return lambda row: compare(read(row), values[0])


def _like(text: str, *, escape: bool) -> re.Pattern[str]:
    """SQL's `like`: `%` any text, `_` any one character."""
    parts = re.findall(r"\\.|." if escape else ".", text, re.DOTALL)
    wild = {"%": ".*", "_": "."}
    return re.compile("".join(wild.get(part) or re.escape(part[-1]) for part in parts), re.DOTALL)


def _arrange(rows: list[TruthRow], order: tuple[tuple[str, bool], ...], switches: Switches, shuffle: Random) -> None:
    date = switches.date_field
    if order[:2] == ((date, False), ("id", False)):
        return
    if order[:2] == ((date, True), ("id", True)):
        rows.reverse()
        return
    shuffle.shuffle(rows)
    for field, descending in reversed(order):
        rows.sort(key=_read(field, switches), reverse=descending)
