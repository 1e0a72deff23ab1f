"""The terminal a person means: its number, its name, or any part of either that fits only one. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from bot.errors import UsageError
from bot.model import Merchant, Terminal, TerminalId

SHOWN = 5
Choice = tuple[Merchant, Terminal]


def get_terminal(merchants: Sequence[Merchant], meant: str) -> Choice:
    """Raises UsageError, naming candidates, when nothing fits or several do."""
    known = [(merchant, terminal) for merchant in merchants for terminal in merchant.terminals]
    for found in _ever_looser(known, meant.casefold()):
        if len(found) == 1:
            return found[0]
        if found:
            raise UsageError(
                "“{terminal}” fits several terminals: {terminals}", terminal=meant, terminals=_names(found)
            )
    if not known:
        raise UsageError("I know no terminal “{terminal}”", terminal=meant)
    raise UsageError("I know no terminal “{terminal}”. There are: {terminals}", terminal=meant, terminals=_names(known))


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
