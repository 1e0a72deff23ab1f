"""Whose figures are meant: a terminal, a merchant, each merchant, or all of them together."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from bot.chat.desk import Desk
from bot.chat.terminals import get_terminal, with_seen
from bot.errors import UsageError
from bot.model import Merchant, Request, Terminal, TerminalId
from bot.store import memory, operations

SAME = "."
SEEN_WITHIN = timedelta(days=90)
_ALL = frozenset({"all", "все", "всё", "барлығы", "бәрі"})


@dataclass(frozen=True, slots=True)
class Scope:
    """Merchants, each whole or one terminal of it. `words` say the same again; `total`: with one sum over all."""

    places: tuple[tuple[Merchant, Terminal | None], ...]
    words: tuple[str, ...] = ()
    total: bool = False

    @property
    def is_one_terminal(self) -> bool:
        return self.places[0][1] is not None


async def scope_of(request: Request, desk: Desk, words: Sequence[str]) -> Scope:
    """As get_scope; a dot stands for the terminal last named in this chat, and one named now is remembered."""
    last = await last_terminal(request, desk)
    if list(words) == [SAME]:
        if last is None:
            raise UsageError("No terminal was named in this chat yet. /terminals shows them all")
        words = [last]
    scope = await get_scope(desk, words)
    (_, terminal), *_ = scope.places
    if terminal is not None and terminal.id != last:
        chat = request.chat
        await desk.store.write(memory.remember_terminal, chat.chat_id, chat.thread_id, terminal.id)
    return scope


async def last_terminal(request: Request, desk: Desk) -> TerminalId | None:
    """The terminal this chat or topic named last, if it is one of those on this desk."""
    last = await desk.store.read(memory.find_last_terminal, request.chat.chat_id, request.chat.thread_id)
    known = await list_merchants(desk) if last else []
    return last if any(terminal.id == last for merchant in known for terminal in merchant.terminals) else None


async def get_scope(desk: Desk, words: Sequence[str]) -> Scope:
    """No words mean every merchant by itself. Raises UsageError, naming candidates, when nothing fits or several do."""
    meant = " ".join(words).casefold()
    if not meant:
        return Scope(tuple((merchant, None) for merchant in desk.merchants))
    if meant in _ALL:
        return Scope(tuple((merchant, None) for merchant in desk.merchants), ("all",), total=len(desk.merchants) > 1)
    if exact := exact_scope(desk.merchants, meant):
        return exact
    seen = await list_merchants(desk)
    return exact_scope(seen, meant) or loose_scope(seen, " ".join(words))


def exact_scope(merchants: Sequence[Merchant], meant: str) -> Scope | None:
    """The only terminal, or else the only merchant, of exactly this number, id or name."""
    terminals = [
        (merchant, terminal)
        for merchant in merchants
        for terminal in merchant.terminals
        if meant in {terminal.id, terminal.name.casefold()}
    ]
    if terminals:
        return _of_terminal(*terminals[0]) if len(terminals) == 1 else None
    named = [merchant for merchant in merchants if meant in {merchant.id, merchant.name.casefold()}]
    return _of_merchant(named[0]) if len(named) == 1 else None


def loose_scope(merchants: Sequence[Merchant], meant: str) -> Scope:
    """A part of a terminal's or merchant's name that fits only one. Raises UsageError."""
    part = meant.casefold()
    fits_terminal = any(
        part in terminal.id or part in terminal.name.casefold()
        for merchant in merchants
        for terminal in merchant.terminals
    )
    named = [merchant for merchant in merchants if part in merchant.id or part in merchant.name.casefold()]
    if len(named) == 1 and not fits_terminal:
        return _of_merchant(named[0])
    return _of_terminal(*get_terminal(merchants, meant))


def _of_terminal(merchant: Merchant, terminal: Terminal) -> Scope:
    return Scope(((merchant, terminal),), (terminal.id,))


def _of_merchant(merchant: Merchant) -> Scope:
    return Scope(((merchant, None),), (merchant.id,))


async def list_merchants(desk: Desk) -> list[Merchant]:
    """Every merchant with all terminals that may be named."""
    return await asyncio.gather(*(_with_seen(desk, merchant) for merchant in desk.merchants))


async def _with_seen(desk: Desk, merchant: Merchant) -> Merchant:
    since = desk.now() - SEEN_WITHIN
    return with_seen(merchant, await desk.store.read(operations.list_terminals, merchant.id, since))
