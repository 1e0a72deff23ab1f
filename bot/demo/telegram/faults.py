"""Faults on order: the next N calls of a method, or into a chat, go wrong in a chosen way."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from bot.demo.telegram.refusal import Json


@dataclass(slots=True, eq=False)
class Fault:
    """What goes wrong. `method` and `chat_id` None mean any; `times` counts down and None never ends.

    `delay` (real seconds) comes first. `status` with `description` and `parameters` refuses the call; `html` answers
    with a proxy's page instead. `hang` accepts and never answers; `drop` cuts the socket "before" or "after" accepting.
    """

    method: str | None = None
    chat_id: int | None = None
    times: int | None = 1
    status: int | None = None
    description: str = "Internal Server Error"
    parameters: Json = field(default_factory=dict)
    html: str | None = None
    delay: float = 0.0
    hang: bool = False
    drop: Literal["before", "after"] | None = None
    hits: int = 0

    def matches(self, method: str, chat_id: int | None) -> bool:
        """Whether this call is meant and the fault is not used up."""
        meant = self.method is None or self.method.lower() == method.lower()
        return meant and self.times != 0 and self.chat_id in {None, chat_id}


NO_FAULT = Fault(times=0)


class Faults:
    """The faults on order; the oldest that matches a call takes it."""

    def __init__(self) -> None:
        self._ordered: list[Fault] = []

    def add(self, **how: Any) -> Fault:
        """Order a fault, see `Fault`; the returned one counts its `hits`."""
        fault = Fault(**how)
        self._ordered.append(fault)
        return fault

    def clear(self) -> None:
        """Everything works again."""
        self._ordered.clear()

    def take(self, method: str, chat_id: int | None) -> Fault:
        """The fault this call meets, `NO_FAULT` mostly."""
        for fault in self._ordered:
            if fault.matches(method, chat_id):
                fault.hits += 1
                fault.times = None if fault.times is None else fault.times - 1
                return fault
        return NO_FAULT
