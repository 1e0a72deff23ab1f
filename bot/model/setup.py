"""The set-up an owner is walked through."""

from dataclasses import dataclass
from enum import StrEnum

from bot.model.operations import Merchant, Terminal


class SetupStep(StrEnum):
    """The steps in their order; DONE is behind the last."""

    BANK = "bank"
    TERMINALS = "terminals"
    NOISE = "noise"
    QUIET = "quiet"
    INVITE = "invite"
    SAMPLE = "sample"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class BankAnswer:
    """What a merchant's bank said just now: how many operations of the last hour, or why nothing."""

    merchant: Merchant
    seconds: float
    count: int = 0
    error: str = ""


@dataclass(frozen=True, slots=True)
class SeenTerminal:
    """A terminal with its operations of the last days; `named` unless its name is only its number."""

    terminal: Terminal
    count: int

    @property
    def named(self) -> bool:
        return self.terminal.name != self.terminal.id
