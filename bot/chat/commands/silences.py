"""Silences from the chat: mute a terminal, a class of reasons or what an incident is about; list and end them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo

from bot import views
from bot.chat.commands.incidents import find_quoted, get_incident, mark_of, read_number
from bot.chat.desk import Desk
from bot.chat.scopes import get_scope, list_merchants
from bot.chat.until import read_until
from bot.errors import UsageError
from bot.model import Mark, Message, ReasonClass, Request, Silence, TerminalId
from bot.store import incidents, silences
from bot.store.driver import Connection

LONGEST_COMMENT = 200
_CLASSES = {one.value: one for one in ReasonClass}


@dataclass(frozen=True, slots=True)
class _Wish:
    """What is to be silent: the words for an incident or a place, and the class of reasons, if one was named."""

    words: tuple[str, ...]
    classes: tuple[ReasonClass, ...]


async def silence(request: Request, desk: Desk) -> Message:
    """`/silence TERMINAL|#N [CLASS] DURATION [COMMENT]`; what is missing is asked for."""
    voice, now = desk.voice(request.chat), desk.now()
    until, before, after = read_until(request.arguments, ZoneInfo(request.chat.timezone), now)
    wish = _wish(before)
    if not wish.words and (quoted := await find_quoted(request, desk)):
        wish = replace(wish, words=(f"#{quoted}",))
    if not wish.words:
        return await _ask_what(request, desk)
    drafts = await _drafts(wish, mark_of(request, desk), desk)
    if until is None:
        return views.ask_silence_until([*wish.words, *wish.classes], voice)
    comment = " ".join(after)[:LONGEST_COMMENT]
    asked = [replace(one, until_at=until.at, until_recovery=until.recovery, comment=comment) for one in drafts]
    kept = await desk.store.write(_add, desk, asked)
    return views.silenced(kept, await list_merchants(desk), voice, now)


async def silences_(request: Request, desk: Desk) -> Message:
    """Every silence there is, with a button to end each."""
    return await _listed(request, desk)


async def unsilence(request: Request, desk: Desk) -> Message:
    """Ends one, and shows those that are left: a second press finds it ended."""
    number = read_number(request.arguments[0]) if request.arguments else None
    if number is None:
        raise UsageError("Which silence? /silences shows them, with a button for each")
    await desk.store.write(_end, desk, number, mark_of(request, desk))
    return await _listed(request, desk)


async def _listed(request: Request, desk: Desk) -> Message:
    active = [one for merchant in desk.merchants for one in await desk.store.read(silences.list_active, merchant.id)]
    return views.silences_list(active, await list_merchants(desk), desk.voice(request.chat), desk.now())


async def _ask_what(request: Request, desk: Desk) -> Message:
    open_now = [one for merchant in desk.merchants for one in await desk.store.read(incidents.list_open, merchant.id)]
    terminals = [one for merchant in await list_merchants(desk) for one in merchant.terminals]
    numbers = [one.number for one in open_now]
    return views.ask_silence_of(numbers, terminals, request.arguments, desk.voice(request.chat))


def _wish(words: Sequence[str]) -> _Wish:
    """The last word may be a class of reasons."""
    if words and (named := _CLASSES.get(words[-1].casefold())):
        return _Wish(tuple(words[:-1]), (named,))
    return _Wish(tuple(words), ())


async def _drafts(wish: _Wish, by: Mark, desk: Desk) -> list[Silence]:
    """What is to be muted, a silence a merchant. Raises UsageError, naming candidates, for a place nobody knows."""
    if len(wish.words) == 1 and wish.words[0][0] in "#№" and (number := read_number(wish.words[0])) is not None:
        found = await desk.store.read(get_incident, desk, number)
        classes = tuple(dict.fromkeys(member.reason_class for member in found.members))
        draft = Silence(
            merchant_id=found.merchant_id,
            terminals=found.places,
            classes=wish.classes or classes,
            rule=found.rule,
            until_at=by.at,
            author=by,
        )
        return [draft]
    scope = await get_scope(desk, wish.words)
    return [
        Silence(
            merchant_id=merchant.id,
            terminals=(TerminalId(terminal.id),) if terminal else (),
            classes=wish.classes,
            until_at=by.at,
            author=by,
        )
        for merchant, terminal in scope.places
    ]


def _add(db: Connection, desk: Desk, asked: Sequence[Silence]) -> list[Silence]:
    return [desk.incidents.silence(db, one) for one in asked]


def _end(db: Connection, desk: Desk, silence_id: int, by: Mark) -> None:
    """Only one of ours: ids of others are not to be guessed."""
    found = silences.find(db, silence_id)
    if found and found.merchant_id in {merchant.id for merchant in desk.merchants}:
        desk.incidents.unsilence(db, silence_id, by)
