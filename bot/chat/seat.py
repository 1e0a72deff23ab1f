"""The right to read updates, which one of several replicas has at a time."""

from collections.abc import Callable
from typing import Concatenate, ParamSpec, Protocol, TypeVar

from bot.store.driver import Connection

P = ParamSpec("P")
T = TypeVar("T")


class Seat(Protocol):
    """What is written through it counts only while it is this replica's. `owner`: the replica's own name."""

    owner: str

    async def hold(self) -> bool:
        """Whether it is this replica's now. Raises StoreError."""

    async def release(self) -> None:
        """Lets another replica have it."""

    async def write(self, change: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Raises LeaseLost when it is another replica's."""
