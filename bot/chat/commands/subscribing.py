"""What a chat or topic receives: subscribe, unsubscribe, and everything it has chosen with buttons to change it."""

from collections.abc import Collection, Sequence
from dataclasses import replace

from bot import views
from bot.chat.channels import greet, steered
from bot.chat.commands.speaking import choose_language
from bot.chat.commands.timing import change_digest, change_quiet, chosen_by
from bot.chat.desk import Desk
from bot.chat.scopes import get_scope, list_merchants
from bot.errors import UsageError
from bot.model import (
    ALL_MERCHANTS,
    EVERYTHING,
    ChatKind,
    Destination,
    DigestKind,
    DigestPlan,
    EventKind,
    Loudness,
    Message,
    Request,
    Right,
    Severity,
    Subscription,
)
from bot.store import chats, people, subscriptions
from bot.store.driver import Connection
from bot.store.routes import place_of

ALL = ("", "")
_KINDS = {
    **dict.fromkeys(("failures", "failure", "отказы", "ошибки", "қателер"), (EventKind.FAILURES,)),
    **dict.fromkeys(("source", "bank", "банк"), (EventKind.SOURCE,)),
    **dict.fromkeys(("volume", "объём", "объем", "көлем"), (EventKind.VOLUME,)),
    **dict.fromkeys(("digest", "digests", "сводка", "сводки", "жиынтық"), (EventKind.DIGEST,)),
    **dict.fromkeys(("everything", "полностью", "толық"), tuple(EventKind)),
}
_CRITICAL = frozenset({"critical", "критичное", "маңызды"})
_NOT_CRITICAL = {EventKind.FAILURES, EventKind.SOURCE, EventKind.VOLUME}


async def subscribe(request: Request, desk: Desk) -> Message:
    """`/subscribe [TERMINAL] [EVENTS]`; what is missing is asked for. In private a channel's name may come first."""
    voice = desk.voice(request.chat)
    request, desk = await steered(request, desk)
    elsewhere = request.chat.kind is ChatKind.CHANNEL
    place, kinds, severity = _read(request.arguments)
    events = request.arguments[len(place) :]
    if elsewhere:
        # A button would choose for the private chat, so nothing is asked.
        place, kinds = place or ("all",), kinds or set(_NOT_CRITICAL)
    if not place:
        return views.ask_place(await list_merchants(desk), events, voice)
    places = await _places(desk, place)
    if not kinds:
        return views.ask_kinds(place, voice)
    kinds = _allowed(kinds, desk)
    wishes = [
        Subscription(
            merchant_id=merchant_id,
            terminal_id=terminal_id,
            kind=kind,
            min_severity=severity if kind in _NOT_CRITICAL else Severity.INFO,
            loudness=Loudness.ON if kind in kinds else Loudness.OFF,
        )
        for merchant_id, terminal_id in places
        for kind in EventKind
    ]
    await desk.store.write(_hear_there if elsewhere else hear, desk, request.chat, wishes)
    chosen = await chosen_by(request.chat, desk)
    return views.steered(chosen, request.chat.title, voice) if elsewhere else views.subscribed(chosen, voice)


async def unsubscribe(request: Request, desk: Desk) -> Message:
    """`/unsubscribe [TERMINAL]`; asks what is to end. In private a channel's name may come first."""
    voice = desk.voice(request.chat)
    request, desk = await steered(request, desk)
    elsewhere = request.chat.kind is ChatKind.CHANNEL
    words = request.arguments or (("all",) if elsewhere else ())
    if not words:
        return views.ask_leave(await chosen_by(request.chat, desk), voice)
    await desk.store.write(_unsubscribe, request.chat, await _places(desk, words))
    chosen = await chosen_by(request.chat, desk)
    return views.steered(chosen, request.chat.title, voice) if elsewhere else views.unsubscribed(chosen, voice)


async def settings(request: Request, desk: Desk) -> Message:
    """Everything chosen here, for owners the set-up too; with words, as from its buttons, one choice changes first."""
    match request.arguments:
        case ["quiet", *words]:
            await change_quiet(request.chat, words, desk)
        case ["digest", *words]:
            _allowed({EventKind.DIGEST}, desk)
            await change_digest(request.chat, words, desk)
        case ["language", language]:
            request = replace(request, chat=await choose_language(request.chat, language, desk))
        case ["severity", Severity.INFO | Severity.CRITICAL as severity]:
            await desk.store.write(_change, desk, request.chat, set(_NOT_CRITICAL), severity=Severity(severity))
        case [("failures" | "source" | "volume" | "digest") as kind, ("on" | "silent" | "off") as loudness]:
            _allowed({EventKind(kind)}, desk)
            await desk.store.write(_change, desk, request.chat, {EventKind(kind)}, loudness=Loudness(loudness))
        case []:
            pass
        case _:
            raise UsageError("/settings shows what this chat receives, with buttons to change it")
    voice = desk.voice(request.chat)
    message = views.settings_message(await chosen_by(request.chat, desk), voice)
    if request.chat.kind is not ChatKind.PRIVATE or not desk.list_with(Right.PEOPLE):
        return message
    return replace(message, buttons=[*message.buttons, *views.step_buttons(voice)])


def _allowed(kinds: Collection[EventKind], desk: Desk) -> set[EventKind]:
    """Those of the kinds of which who asks may hear here. Raises UsageError when none is left."""
    alerts, figures = desk.list_with(Right.ALERTS), desk.list_with(Right.DIGEST)
    left = {kind for kind in kinds if (figures if kind is EventKind.DIGEST else alerts)}
    if not left:
        raise UsageError("Your role, or this chat, does not allow that. /help shows what you can ask here")
    return left


def _read(words: Sequence[str]) -> tuple[tuple[str, ...], set[EventKind], Severity]:
    """The words of the place, the kinds of events and the least severity: events come last."""
    left, kinds, severity = list(words), set[EventKind](), Severity.INFO
    while left:
        word = left[-1].casefold()
        if word in _CRITICAL:
            severity = Severity.CRITICAL
        elif word in _KINDS:
            kinds.update(_KINDS[word])
        else:
            break
        left.pop()
    if severity is Severity.CRITICAL and not kinds:
        kinds = set(_NOT_CRITICAL)
    return tuple(left), kinds, severity


async def _places(desk: Desk, words: Sequence[str]) -> list[tuple[str, str]]:
    """Merchant and terminal of what is meant, "" for all. Raises UsageError."""
    scope = await get_scope(desk, words)
    if scope.words == ("all",):
        return [ALL]
    return [(merchant.id, terminal.id if terminal else "") for merchant, terminal in scope.places]


def hear(db: Connection, desk: Desk, chat: Destination, wishes: Sequence[Subscription]) -> None:
    """The chat, linked by that if it is a group, hears this beside what it heard before.

    Digests come at the usual hour unless it chose another.
    """
    place = place_of(chat)
    known = subscriptions.list_heard(db, place)
    named = {wish.merchant_id for wish in wishes}
    people.let_in(db, chat, [one.id for one in desk.merchants if named & {ALL_MERCHANTS, one.id}])
    chats.subscribe(db, chat)
    if any((wish.merchant_id, wish.terminal_id) == ALL for wish in wishes):
        subscriptions.forget(db, place)
    elif known == list(EVERYTHING):
        subscriptions.put(db, place, EVERYTHING)
    subscriptions.put(db, place, wishes)
    digest = any(wish.kind is EventKind.DIGEST and wish.loudness is not Loudness.OFF for wish in wishes)
    if digest and not subscriptions.list_plans(db, place):
        plan = DigestPlan(DigestKind.DAILY, desk.digest_at)
        subscriptions.put_plan(db, place, plan, plan.due_after(desk.now(), desk.calendar(chat).zone))


def _hear_there(db: Connection, desk: Desk, channel: Destination, wishes: Sequence[Subscription]) -> None:
    """As hear; a channel that heard nothing before is told so once."""
    if not subscriptions.list_heard(db, place_of(channel)):
        greet(db, channel, desk)
    hear(db, desk, channel, wishes)


def _unsubscribe(db: Connection, chat: Destination, places: Sequence[tuple[str, str]]) -> None:
    place = place_of(chat)
    if ALL in places:
        _leave(db, chat)
        return
    known = subscriptions.list_heard(db, place)
    if known == list(EVERYTHING):
        subscriptions.put(db, place, EVERYTHING)
    for merchant_id, terminal_id in places:
        subscriptions.drop(db, place, merchant_id, terminal_id)
        if any(_covers(wish, merchant_id) for wish in subscriptions.list_chosen(db, place)):
            subscriptions.put(db, place, [_off(kind, merchant_id, terminal_id) for kind in EventKind])
    if not subscriptions.list_chosen(db, place):
        _leave(db, chat)


def _leave(db: Connection, chat: Destination) -> None:
    """A private chat remembers that it wants nothing: its owner would else hear everything after a restart."""
    place = place_of(chat)
    subscriptions.leave(db, place)
    if chat.kind is ChatKind.PRIVATE:
        chats.subscribe(db, chat)
        subscriptions.put(db, place, [_off(kind, *ALL) for kind in EventKind])


def _covers(wish: Subscription, merchant_id: str) -> bool:
    """Whether a wish about more than this place holds for it too."""
    return not wish.terminal_id and wish.merchant_id in {"", merchant_id}


def _off(kind: EventKind, merchant_id: str, terminal_id: str) -> Subscription:
    return Subscription(merchant_id=merchant_id, terminal_id=terminal_id, kind=kind, loudness=Loudness.OFF)


def _change(
    db: Connection,
    desk: Desk,
    chat: Destination,
    kinds: Collection[EventKind],
    *,
    loudness: Loudness | None = None,
    severity: Severity | None = None,
) -> None:
    """Changes what is chosen of these kinds, for every place of the chat."""
    place = place_of(chat)
    known = subscriptions.list_heard(db, place)
    people.let_in(db, chat, [merchant.id for merchant in desk.merchants])
    chats.subscribe(db, chat)
    places = sorted({(wish.merchant_id, wish.terminal_id) for wish in known}) or [ALL]
    whole = {(wish.merchant_id, wish.terminal_id, wish.kind): wish for wish in known}
    for merchant_id, terminal_id in places:
        for kind in EventKind:
            wish = whole.get((merchant_id, terminal_id, kind)) or _off(kind, merchant_id, terminal_id)
            if kind in kinds:
                wish = replace(wish, loudness=loudness or wish.loudness, min_severity=severity or wish.min_severity)
            subscriptions.put(db, place, [wish])
