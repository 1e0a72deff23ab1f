"""What the store functions may ask of a database, and what the program may ask of a store.

SQL is written once: named parameters `:name` for one statement, `?` for many rows, ON CONFLICT, RETURNING.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar

from bot.model import MerchantId, to_micros

P = ParamSpec("P")
T = TypeVar("T")
Row = Mapping[str, Any]


class Connection(Protocol):
    """One connection inside one transaction.

    `version` names the engine. `parted`: operations are kept in a table a month.
    A value that is a list stands in `IN (:name)` for all that is in it.
    """

    @property
    def version(self) -> str: ...

    @property
    def parted(self) -> bool: ...

    def rows(self, sql: str, /, **values: object) -> list[Row]:
        """Every row of a query."""

    def row(self, sql: str, /, **values: object) -> Row | None:
        """The first row of a query, if there is one."""

    def tuples(self, sql: str, /, **values: object) -> list[tuple[Any, ...]]:
        """Every row as bare values: for very many of them."""

    def run(self, sql: str, /, **values: object) -> int:
        """Changes data; returns how many rows it touched."""

    def many(self, sql: str, rows: Iterable[Sequence[object]], /) -> None:
        """The same change for many rows, parameters by position."""


class Store(Protocol):
    """A database the program holds open. `waiting`: how many changes wait for its one writer.

    `shared`: other processes work on it as well, so nothing may leave that is noted nowhere.
    """

    @property
    def waiting(self) -> int: ...

    @property
    def shared(self) -> bool: ...

    async def write(self, change: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Runs `change` in one transaction: all of it or nothing."""

    async def write_apart(
        self, change: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """The same for rows that are safe by themselves (leases, turns): it need not wait for the changes of others."""

    async def read(self, query: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Runs `query` on a connection that cannot write."""

    async def close(self) -> None:
        """Waits for what is running, then lets go of the database."""


def micros_or_none(at: datetime | None) -> int | None:
    """An optional instant as the store keeps it."""
    return None if at is None else to_micros(at)


def list_by_key(db: Connection, select: str, merchant_id: MerchantId, keys: Sequence[str]) -> list[Row]:
    """`select … IN (keys)`, any number of them."""
    return db.rows(f"{select} IN (:keys)", merchant_id=merchant_id, keys=list(keys)) if keys else []
