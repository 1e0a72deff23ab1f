"""What a command is: its name, its answer, and who may ask it where."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from bot.chat.access import Audience
from bot.chat.desk import Desk
from bot.chat.errands import Continued
from bot.model import ChatKind, Message, Request, Toast

Answer = Callable[[Request, Desk], Awaitable[Message | Continued | Toast]]
EVERYWHERE = frozenset(ChatKind) - {ChatKind.CHANNEL}


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One row. `description` is an English catalogue text; `listed` puts it into help and menu."""

    name: str
    answer: Answer
    description: str
    audience: Audience = Audience.OWNERS
    where: frozenset[ChatKind] = EVERYWHERE
    listed: bool = True
