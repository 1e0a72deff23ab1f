"""The bank's search language as values: filters checked before they are sent, always a period, always a total order."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Literal

from bot.epay.dialect import Dialect, TerminalFilter
from bot.errors import UsageError
from bot.model import Operation, Terminal, Window

Name = Literal["created", "terminal", "invoice", "account"]
Method = Literal["between", "in", "like", "=", "<", ">", "<=", ">="]
FIELDS = {"terminal": "terminal_id", "invoice": "invoice_id", "account": "account_id"}
METHODS = frozenset({"between", "in", "like", "=", "<", ">", "<=", ">="})
_WILD = str.maketrans(dict.fromkeys("%_\\", "%"))


@dataclass(frozen=True, slots=True)
class Filter:
    """One condition. `values` of a terminal are its numbers, `uuids` the same terminals by their other id.

    Raises UsageError when the number of values does not fit the method (facts/epay-api.md, 2.3).
    `text` and `anchored` are set by `contains`, `starts_with` and `ends_with`: what must hold whatever the bank
    makes of `like`.
    """

    name: Name
    method: Method
    values: tuple[str, ...]
    uuids: tuple[str, ...] = ()
    text: str | None = None
    anchored: Literal["start", "end"] | None = None

    def __post_init__(self) -> None:
        if self.name not in {*FIELDS, "created"} or self.method not in METHODS:
            raise ValueError(f"no such search: {self.name} {self.method}")
        if self.method == "between" and len(self.values) != 2:
            raise UsageError("“between” needs exactly two values")
        if self.method == "like" and (len(self.values) != 1 or "%" not in self.values[0]):
            raise UsageError("“like” needs one value with % in it")
        if self.method == "in" and not self.values:
            raise UsageError("“in” needs at least one value")
        if self.method not in {"between", "like", "in"} and len(self.values) != 1:
            raise UsageError("“{method}” needs exactly one value", method=self.method)

    @property
    def picks_terminals(self) -> bool:
        """True when `values` are whole terminal ids, of which the bank knows two kinds."""
        return self.name == "terminal" and self.method in {"=", "in"}

    def admits(self, operation: Operation) -> bool:
        """False for what the bank should not have sent; true where only the bank can tell."""
        if self.name == "created":
            return True
        value: str = getattr(operation, FIELDS[self.name])
        if self.text is not None:
            folded, wanted = value.casefold(), self.text.casefold()
            fits = {"start": folded.startswith, "end": folded.endswith, None: folded.__contains__}[self.anchored]
            return fits(wanted)
        return self.method not in {"=", "in"} or value in self.values


def contains(name: Name, text: str) -> Filter:
    """`text` anywhere in the field; a person's own `%` and `_` are plain characters."""
    return Filter(name, "like", (f"%{text.translate(_WILD)}%",), text=text)


def starts_with(name: Name, text: str) -> Filter:
    """The field begins with `text`; a person's own `%` and `_` are plain characters."""
    return Filter(name, "like", (f"{text.translate(_WILD)}%",), text=text, anchored="start")


def ends_with(name: Name, text: str) -> Filter:
    """The field ends with `text`; a person's own `%` and `_` are plain characters."""
    return Filter(name, "like", (f"%{text.translate(_WILD)}",), text=text, anchored="end")


def terminal_in(*terminals: Terminal) -> Filter:
    """Operations of these terminals. The other id is used if the bank wants that and every terminal has one."""
    uuids = tuple(terminal.uuid for terminal in terminals if terminal.uuid)
    known = uuids if len(uuids) == len(terminals) else ()
    return Filter("terminal", "in", tuple(terminal.id for terminal in terminals), uuids=known)


def as_told(filters: Iterable[Filter], terminal_filter: TerminalFilter) -> tuple[Filter, ...]:
    """The filters as this bank understands them. Terminals it cannot be told are left to `Filter.admits`."""
    if terminal_filter == "tid":
        return tuple(filters)
    told = (replace(one, values=one.uuids) if one.picks_terminals and one.uuids else one for one in filters)
    return tuple(one for one in told if not one.picks_terminals or one.uuids)


@dataclass(frozen=True, slots=True)
class Query:
    """One request to the list. `page` and `size` None: the first page, as large as the bank allows."""

    period: Window
    filters: tuple[Filter, ...] = ()
    page: int | None = None
    size: int | None = None

    def body(self, dialect: Dialect, page_size: int) -> dict[str, Any]:
        """The JSON of section 2.1 of facts/epay-api.md, ordered by date and id."""
        date = dialect.date_field or "created_at"
        period = (date, "between", (written(self.period.start), written(self.period.end)))
        others = ((FIELDS.get(one.name, date), one.method, one.values) for one in self.filters)
        return {
            "paging": {
                "page": dialect.first_page if self.page is None else self.page,
                "size": self.size or page_size,
            },
            "searchParameters": [
                {"name": name, "method": method, "searchParameter": list(values)}
                for name, method, values in (period, *others)
            ],
            "orderParameters": [{"field": field, "typeOrder": "ASC"} for field in (date, "id")],
        }


def written(at: datetime) -> str:
    """`2026-11-20T12:00:00Z`, with a fraction only where there is one: the bank's own examples have none."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")
