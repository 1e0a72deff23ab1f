"""What a person may look for: conditions on operations, their order, and the words that say so. Pure."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from operator import attrgetter

from bot.model.operations import Merchant, Operation, Terminal, Window
from bot.model.reports import Freshness, Tally

_NEEDS_NO_QUOTES = re.compile(r'[^\s,|"“”„«»=<>~!≤≥][^\s,|"“”„«»]*')


class Field(StrEnum):
    """What is looked at. The bank itself can be asked for the first four."""

    CREATED = "created"
    TERMINAL = "terminal"
    INVOICE = "invoice"
    ACCOUNT = "account"
    AMOUNT = "amount"
    STATUS = "status"
    REASON = "reason"
    CARD = "card"
    RRN = "rrn"
    PAYER = "payer"


class Method(StrEnum):
    """How it is compared. LIKE is a person's own pattern; in the last three `%` and `_` are plain characters."""

    EQUAL = "="
    IN = "in"
    LIKE = "like"
    BETWEEN = "between"
    LESS = "<"
    MORE = ">"
    AT_MOST = "<="
    AT_LEAST = ">="
    CONTAINS = "~"
    STARTS = "starts"
    ENDS = "ends"


BANK_FIELDS = frozenset({Field.CREATED, Field.TERMINAL, Field.INVOICE, Field.ACCOUNT})
READ = {
    Field.TERMINAL: ("terminal_id",),
    Field.INVOICE: ("invoice_id",),
    Field.ACCOUNT: ("account_id",),
    Field.AMOUNT: ("amount",),
    Field.STATUS: ("outcome",),
    Field.REASON: ("reason_code", "reason_class"),
    Field.CARD: ("sender_card", "receiver_card"),
    Field.RRN: ("reference",),
    Field.PAYER: ("payer_name",),
    Field.CREATED: ("created_at",),
}
"""The attributes of an operation, any of which may meet the condition."""
Value = str | int


@dataclass(frozen=True, slots=True)
class Condition:
    """Amounts are tiyn, a reason is a code in digits or a class, times are the words they were written in."""

    field: Field
    method: Method
    values: tuple[Value, ...]

    def admits(self, operation: Operation) -> bool:
        """Whether the operation meets the condition; not for times, which only a calendar can read."""
        found = (getattr(operation, name) for name in READ[self.field])
        if self.field is Field.REASON:
            found = (str(value) for value in found if value is not None)
        return any(self.fits(value) for value in found)

    def fits(self, value: Value) -> bool:
        """Whether a single value meets the condition."""
        first, last = self.values[0], self.values[-1]
        match self.method:
            case Method.EQUAL | Method.IN:
                return value in self.values
            case Method.BETWEEN:
                return first <= value <= last  # type: ignore[operator]
            case Method.LESS:
                return value < first  # type: ignore[operator]
            case Method.MORE:
                return value > first  # type: ignore[operator]
            case Method.AT_MOST:
                return value <= first  # type: ignore[operator]
            case Method.AT_LEAST:
                return value >= first  # type: ignore[operator]
            case _:
                return _pattern(self.pattern()).fullmatch(str(value).lower()) is not None

    def pattern(self) -> str:
        """What `like` takes to find the same, in lower case; a backslash makes a sign plain."""
        text = str(self.values[0]).lower()
        if self.method is Method.LIKE:
            return text.replace("\\", "\\\\")
        plain = re.sub(r"([\\%_])", r"\\\1", text)
        before, after = self.method is not Method.STARTS, self.method is not Method.ENDS
        return f"{'%' * before}{plain}{'%' * after}"

    @property
    def words(self) -> str:
        """The condition as a person would write it."""
        name, method = self.field.value, self.method
        values = [_written(value, self.field) for value in self.values]
        if method in {Method.IN, Method.LIKE}:
            return f"{name} {method.value} {','.join(values)}"
        if method is Method.BETWEEN:
            return f"{name} between {values[0]} and {values[1]}"
        if method in {Method.CONTAINS, Method.STARTS, Method.ENDS}:
            return f"{name}~{_part(str(self.values[0]), method)}"
        return f"{name}{method.value}{values[0]}"


def _pattern(like: str) -> re.Pattern[str]:
    signs = re.findall(r"\\.|[^\\]", like, re.DOTALL)
    wild = {"%": ".*", "_": "."}
    return re.compile("".join(wild.get(sign) or re.escape(sign[-1]) for sign in signs), re.DOTALL)


def _written(value: Value, field: Field) -> str:
    if field is Field.AMOUNT:
        whole, hundredths = divmod(int(value), 100)
        return f"{whole}.{hundredths:02}" if hundredths else str(whole)
    return quoted(str(value))


def quoted(text: str) -> str:
    """The text as one value of a search, in quotation marks where it needs them."""
    return text if _NEEDS_NO_QUOTES.fullmatch(text) else f'"{text.replace(chr(34), chr(34) * 2)}"'


def _part(text: str, method: Method) -> str:
    """A `%` at either end says where the rest of the text may stand, and is itself no part of it."""
    if method is Method.STARTS:
        return quoted(f"{text}%")
    if method is Method.ENDS:
        return quoted(f"%{text}")
    return quoted(f"%{text}%" if text.startswith("%") or text.endswith("%") else text)


@dataclass(frozen=True, slots=True)
class SortKey:
    field: Field
    descending: bool = False

    @property
    def words(self) -> str:
        return f"{'-' if self.descending else ''}{self.field.value}"


@dataclass(frozen=True, slots=True)
class Search:
    """What a person asked, in their own order; without an order of the results, the newest come first."""

    conditions: tuple[Condition, ...] = ()
    order: tuple[SortKey, ...] = ()
    page: int = 1

    @property
    def words(self) -> str:
        """The search as a person would write it: reading it gives the same search."""
        parts = [condition.words for condition in self.conditions]
        parts += [f"sort={','.join(key.words for key in self.order)}"] if self.order else []
        parts += [f"page={self.page}"] if self.page > 1 else []
        return " ".join(parts)


@dataclass(frozen=True, slots=True)
class Query:
    """A search made definite: its times as windows apart from each other, oldest first, nothing left to interpret."""

    windows: tuple[Window, ...]
    conditions: tuple[Condition, ...] = ()
    order: tuple[SortKey, ...] = ()

    def admits(self, operation: Operation) -> bool:
        """Whether the operation was created in one of the windows and meets every condition."""
        at = operation.created_at
        timely = any(window.start <= at < window.end for window in self.windows)
        return timely and all(condition.admits(operation) for condition in self.conditions)

    def sorted(self, operations: Iterable[Operation]) -> list[Operation]:
        """In the order asked for; what is equal in that, newest first and then by id."""
        rows = sorted(operations, key=lambda row: row.id)
        for key in reversed((*self.order, SortKey(Field.CREATED, descending=True))):
            rows.sort(key=attrgetter(READ[key.field][0]), reverse=key.descending)
        return rows

    def only(self, fields: Sequence[Field] | frozenset[Field]) -> "Query":
        """The part of the query that concerns these fields, and all of its times."""
        return Query(self.windows, tuple(one for one in self.conditions if one.field in fields), self.order)


@dataclass(frozen=True, slots=True, kw_only=True)
class ListReport:
    """One page of stored operations, the newest first; `more` when there are others behind it.

    `words` say which terminal or merchant was picked, none when all are listed; `name` is what people call it.
    `terminals` may be picked instead of all, the last used first.
    """

    operations: tuple[Operation, ...]
    merchants: tuple[Merchant, ...]
    words: tuple[str, ...]
    name: str
    terminals: tuple[Terminal, ...]
    page: int
    size: int
    more: bool
    reach: timedelta
    freshness: Freshness
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchReport:
    """One page of what was found, and what there is altogether.

    `live`: as the bank says now, else as stored; `too_many` when that is because it would be too much to read.
    `since_named` is false when seven days were taken for want of a beginning. `waiting` while the bank may answer.
    """

    search: Search
    merchants: tuple[Merchant, ...]
    windows: tuple[Window, ...]
    since_named: bool
    operations: tuple[Operation, ...]
    currencies: Mapping[str, Tally]
    page: int
    pages: int
    live: bool
    freshness: Freshness
    at: datetime
    too_many: bool = False
    waiting: bool = False
