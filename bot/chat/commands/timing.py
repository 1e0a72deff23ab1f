"""When a chat is told: its quiet hours and its digests."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from bot import views
from bot.chat.desk import Desk
from bot.chat.hours import OFF, read_kind, read_plan, read_quiet
from bot.chat.scopes import list_merchants
from bot.model import (
    ALL_MERCHANTS,
    ChatSettings,
    Destination,
    DigestAlert,
    DigestKind,
    DigestPlan,
    EventKind,
    Loudness,
    Message,
    QuietHours,
    Request,
    Subscription,
)
from bot.store import chats, people, subscriptions
from bot.store.driver import Connection
from bot.store.routes import place_of
from bot.views import Chosen

_NOW = frozenset({"now", "сейчас", "қазір"})


async def quiet(request: Request, desk: Desk) -> Message:
    """`/quiet 23:00-08:00` or `/quiet off`; asks with buttons."""
    if request.arguments:
        await change_quiet(request.chat, request.arguments, desk)
    chosen = await chosen_by(request.chat, desk)
    voice = desk.voice(request.chat)
    return views.quiet_chosen(chosen.settings.quiet, voice) if request.arguments else views.ask_quiet(chosen, voice)


async def digest(request: Request, desk: Desk) -> Message:
    """`/digest 09:00`, `weekly mon 09:00`, `monthly 1 09:00`, `now [weekly]`, `off`; asks with buttons."""
    voice, words = desk.voice(request.chat), request.arguments
    if not words:
        return views.ask_digest(await chosen_by(request.chat, desk), voice)
    if words[0].casefold() in _NOW:
        kind = (read_kind(words[1]) if len(words) > 1 else None) or DigestKind.DAILY
        alert = await desk.store.read(_compiled, request.chat, kind, desk)
        return replace(views.digest_message(alert, voice, now=desk.now()), silent=False)
    await change_digest(request.chat, words, desk)
    return views.digests_chosen(await chosen_by(request.chat, desk), voice)


async def change_quiet(chat: Destination, words: Sequence[str], desk: Desk) -> None:
    """Sets or ends the quiet hours of a chat. Raises UsageError."""
    await desk.store.write(_set_quiet, chat, read_quiet(words))


async def change_digest(chat: Destination, words: Sequence[str], desk: Desk) -> None:
    """Sets one digest of a chat, or ends all of them. Raises UsageError."""
    if " ".join(words).casefold() in OFF:
        await desk.store.write(subscriptions.drop_plans, place_of(chat))
        return
    plan = read_plan(words)
    await desk.store.write(_plan, desk, chat, plan, plan.due_after(desk.now(), desk.calendar(chat).zone))


async def chosen_by(chat: Destination, desk: Desk) -> Chosen:
    """What a chat has chosen, as it can be shown to somebody who may know of these merchants."""
    return Chosen(await desk.store.read(_settings, chat, desk), await list_merchants(desk), desk.now())


def _settings(db: Connection, chat: Destination, desk: Desk) -> ChatSettings:
    place = place_of(chat)
    known = chats.find_destination(db, chat.chat_id, chat.thread_id)
    ours = {ALL_MERCHANTS, *(merchant.id for merchant in desk.merchants)}
    heard = [wish for wish in subscriptions.list_heard(db, place) if wish.merchant_id in ours]
    return ChatSettings(heard, known.quiet if known else None, subscriptions.list_plans(db, place))


def _set_quiet(db: Connection, chat: Destination, quiet: QuietHours | None) -> None:
    chats.meet(db, chat)
    subscriptions.set_quiet(db, place_of(chat), quiet)


def _plan(db: Connection, desk: Desk, chat: Destination, plan: DigestPlan, due_at: datetime) -> None:
    """A chat that hears nothing yet gets digests of everything and nothing else."""
    place = place_of(chat)
    heard = subscriptions.list_heard(db, place)
    wants = any(wish.kind is EventKind.DIGEST and wish.loudness is not Loudness.OFF for wish in heard)
    people.let_in(db, chat, [merchant.id for merchant in desk.merchants])
    chats.subscribe(db, chat)
    if not wants:
        known = heard or [Subscription(kind=kind, loudness=Loudness.OFF) for kind in EventKind]
        subscriptions.put(db, place, known)
        places = {(wish.merchant_id, wish.terminal_id) for wish in known}
        subscriptions.put(
            db,
            place,
            [
                Subscription(merchant_id=merchant_id, terminal_id=terminal_id, kind=EventKind.DIGEST)
                for merchant_id, terminal_id in places
            ],
        )
    subscriptions.put_plan(db, place, plan, due_at)


def _compiled(db: Connection, chat: Destination, kind: DigestKind, desk: Desk) -> DigestAlert:
    return desk.digests().compile(db, chat, kind, desk.now(), of_all=True)
