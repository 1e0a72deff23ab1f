"""Reads a list request as strictly as the documents allow (facts/epay-api.md, section 2); refuses, never repairs."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import cast

from bot.demo.bank.answers import Refused, refusal
from bot.demo.bank.switches import Switches

_DATE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)")
_COMPARISONS = frozenset({"=", "<", ">", "<=", ">="})
_METHODS = _COMPARISONS | {"between", "like", "in"}
_TEXT_FIELDS = frozenset({"terminal_id", "invoice_id", "account_id"})


@dataclass(frozen=True, slots=True)
class Condition:
    """One filter. `values` are texts, or aware instants when `field` is the date."""

    field: str
    method: str
    values: tuple[str, ...] | tuple[datetime, ...]


@dataclass(frozen=True, slots=True)
class Query:
    """A valid request: records `[skip, skip + size)` of all that meet the conditions, in this order.

    `first` and `last` are the bounds of the mandatory period; `order` pairs a field with "descending".
    """

    skip: int
    size: int
    conditions: tuple[Condition, ...]
    order: tuple[tuple[str, bool], ...]
    first: datetime
    last: datetime


def parse_query(document: object, switches: Switches) -> Query:
    """Raises Refused in the order of section 8: paging, filters, methods, arity, dates, period, order."""
    request = _object(document, {"paging", "searchParameters", "orderParameters"}, switches)
    skip, size = _paging(request.get("paging"), switches)
    conditions = _conditions(request.get("searchParameters"), switches)
    first, last = _period(conditions, switches)
    order = _order(request.get("orderParameters", []), switches)
    return Query(skip, size, conditions, order, first, last)


def _error(switches: Switches, code: int = 100, message: str = "") -> Refused:
    return refusal(switches.err_http, code, message)


def _object(value: object, allowed: set[str], switches: Switches) -> dict[str, object]:
    if not isinstance(value, dict) or not value.keys() <= allowed:
        raise _error(switches)
    return value


def _list(value: object, switches: Switches) -> list[object]:
    if not isinstance(value, list):
        raise _error(switches)
    return value


def _paging(value: object, switches: Switches) -> tuple[int, int]:
    paging = _object(value, {"page", "size"}, switches)
    page, size = paging.get("page"), paging.get("size")
    if type(page) is not int or type(size) is not int or page < 0 or size < 1:
        raise _error(switches)
    if size > 100 and switches.max_size == "reject100":
        raise _error(switches)
    if switches.max_size == "clamp100":
        size = min(size, 100)
    skip = {"offset": page, "index0": page * size, "index1": max(page - 1, 0) * size}[switches.page_mode]
    return skip, size


def _conditions(value: object, switches: Switches) -> tuple[Condition, ...]:
    """Each kind of mistake is looked for in all filters before the next kind."""
    given = [_object(one, {"name", "method", "searchParameter"}, switches) for one in _list(value, switches)]
    if not any(one.get("name") == switches.date_field for one in given):
        raise _error(switches)
    if any(one.get("name") not in _TEXT_FIELDS | {switches.date_field} for one in given):
        raise _error(switches)
    if any(not isinstance(one.get("method"), str) or one["method"] not in _METHODS for one in given):
        raise _error(switches, 232, "There is no search method")
    texts = [_values(str(one["method"]), one.get("searchParameter"), switches) for one in given]
    return tuple(
        Condition(
            str(one["name"]),
            str(one["method"]),
            tuple(_date(text, switches) for text in values) if one["name"] == switches.date_field else values,
        )
        for one, values in zip(given, texts, strict=True)
    )


def _values(method: str, value: object, switches: Switches) -> tuple[str, ...]:
    values = _list(value, switches)
    arity = {"between": len(values) == 2, "in": len(values) >= 1}.get(method, len(values) == 1)
    if not arity or not all(isinstance(one, str) for one in values):
        raise _error(switches)
    texts = tuple(cast("Sequence[str]", values))
    if method == "like" and "%" not in texts[0]:
        raise _error(switches)
    return texts


def _date(text: str, switches: Switches) -> datetime:
    """ISO 8601 with seconds and an offset; a date without a zone is refused."""
    if not _DATE.fullmatch(text):
        raise _error(switches)
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise _error(switches) from None


def _period(conditions: tuple[Condition, ...], switches: Switches) -> tuple[datetime, datetime]:
    """`between`, or a lower and an upper bound. Anything less is no period."""
    dates = [one for one in conditions if one.field == switches.date_field]
    if any(one.method in {"like", "in"} for one in dates):
        raise _error(switches)
    lows = [cast("datetime", one.values[0]) for one in dates if one.method in {"between", ">", ">=", "="}]
    highs = [cast("datetime", one.values[-1]) for one in dates if one.method in {"between", "<", "<=", "="}]
    if not lows or not highs:
        raise _error(switches)
    first, last = max(lows), min(highs)
    if first > last and switches.reversed_period == "error":
        raise _error(switches)
    if switches.max_period == "31d" and last - first > timedelta(days=31):
        raise _error(switches)
    return first, last


def _order(value: object, switches: Switches) -> tuple[tuple[str, bool], ...]:
    sortable = _TEXT_FIELDS | {switches.date_field, "id"}
    order: list[tuple[str, bool]] = []
    for one in _list(value, switches):
        key = _object(one, {"field", "typeOrder"}, switches)
        if key.get("field") not in sortable or key.get("typeOrder") not in {"ASC", "DESC"}:
            raise _error(switches)
        order.append((str(key["field"]), key["typeOrder"] == "DESC"))
    return tuple(order)
