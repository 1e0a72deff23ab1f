"""What a command is: its name, its answer, and who may ask it where."""

import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import KW_ONLY, dataclass

from bot.chat.desk import Desk
from bot.chat.errands import Continued
from bot.model import ChatKind, Message, Request, Right, Toast

Answer = Callable[[Request, Desk], Awaitable[Message | Continued | Toast | None]]
Words = Callable[[Sequence[str]], Sequence[str]]
EVERYWHERE = frozenset(ChatKind) - {ChatKind.CHANNEL}
PRIVATELY = frozenset({ChatKind.PRIVATE})
GROUPS = EVERYWHERE - PRIVATELY
_NUMBER = re.compile(r"[#№]?\d{1,9}", re.ASCII)


def nothing(_: Sequence[str]) -> Sequence[str]:
    """The audit keeps none of what was typed: it may tell of a payer."""
    return ()


def kept(words: Sequence[str]) -> Sequence[str]:
    """The audit keeps what was typed: were it not only times and terminals, it would not have been understood."""
    return words


def first(words: Sequence[str]) -> Sequence[str]:
    """The audit keeps the terminal or the incident, not the comment behind it."""
    return words[:1]


def number(words: Sequence[str]) -> Sequence[str]:
    """The audit keeps the number an incident or a silence has, not what is said of it."""
    return words[:1] if words and _NUMBER.fullmatch(words[0]) else ()


@dataclass(frozen=True, slots=True)
class Command:
    """One row. `description` is an English catalogue text; `listed` puts it into help and menu.

    `right`: what it takes, and what an owner has where nothing is said. `audit`: which of its words may be kept when
    it was answered; None keeps no record of it at all.
    """

    name: str
    answer: Answer
    description: str
    right: Right = Right.PEOPLE
    audit: Words | None = nothing
    _: KW_ONLY
    where: frozenset[ChatKind] = EVERYWHERE
    listed: bool = True
