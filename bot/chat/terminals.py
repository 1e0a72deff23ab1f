"""The terminal a person means: its number, its name, or any part of either that fits only one. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from bot.errors import Unclear, UsageError
from bot.model import Merchant, Terminal, TerminalId

SHOWN = 5
OFFERED = 9
Choice = tuple[Merchant, Terminal]


def get_terminal(merchants: Sequence[Merchant], meant: str) -> Choice:
    """Raises Unclear, with candidates, when nothing fits or several do."""
    known = [(merchant, terminal) for merchant in merchants for terminal in merchant.terminals]
    for found in _ever_looser(known, meant.casefold()):
        if len(found) == 1:
            return found[0]
        if found:
            error = UsageError(
                "“{terminal}” fits several terminals: {terminals}", terminal=meant, terminals=_names(found)
            )
            raise _unclear(error, meant, found)
    if not known:
        raise UsageError("I know no terminal “{terminal}”", terminal=meant)
    error = UsageError(
        "I know no terminal “{terminal}”. There are: {terminals}", terminal=meant, terminals=_names(known)
    )
    raise _unclear(error, meant, known)


def list_terminals(merchants: Sequence[Merchant], part: str) -> list[Choice]:
    """Every terminal with this in its number or its name."""
    known = ((merchant, terminal) for merchant in merchants for terminal in merchant.terminals)
    return list(_ever_looser(known, part.casefold()))[-1]


def _unclear(error: UsageError, meant: str, choices: Sequence[Choice]) -> Unclear:
    offered = [(terminal.name, terminal.id) for _, terminal in choices[:OFFERED]]
    return Unclear(error, meant, 0, len(meant), offered)


def with_seen(merchant: Merchant, seen: Iterable[TerminalId]) -> Merchant:
    """The merchant with the terminals its operations came through, named by their numbers unless configured."""
    named = {terminal.id for terminal in merchant.terminals}
    unnamed = (Terminal(number, number) for number in seen if number not in named)
    return replace(merchant, terminals=(*merchant.terminals, *unnamed))


def _ever_looser(known: Iterable[Choice], meant: str) -> Iterator[list[Choice]]:
    """Exact fits first, so that a name that is part of another can still be said."""
    choices = list(known)
    yield [choice for choice in choices if meant in {choice[1].id, choice[1].name.casefold()}]
    yield [choice for choice in choices if meant in choice[1].id or meant in choice[1].name.casefold()]


def _names(choices: Sequence[Choice]) -> str:
    shown = ", ".join(_name(terminal) for _, terminal in choices[:SHOWN])
    return f"{shown}, …" if len(choices) > SHOWN else shown


def _name(terminal: Terminal) -> str:
    return terminal.name if terminal.name == terminal.id else f"{terminal.name} ({terminal.id})"
