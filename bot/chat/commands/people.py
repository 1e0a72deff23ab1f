"""People and chats as owners see them: who has which role, and what may appear in a group."""

from bot import views
from bot.chat.commands.inviting import get_merchant
from bot.chat.desk import Desk
from bot.errors import UsageError
from bot.model import ALL_MERCHANTS, Colleague, Level, Merchant, Message, Request, Role, Standing
from bot.store import people
from bot.store.driver import Connection

_LEVELS = {
    **dict.fromkeys(("nothing", "ничего", "ештеңе"), Level.NOTHING),
    **dict.fromkeys(("alerts", "алерты", "хабарламалар"), Level.ALERTS),
    **dict.fromkeys(("payments", "платежи", "төлемдер"), Level.PAYMENTS),
    **dict.fromkeys(("figures", "цифры", "сандар"), Level.FIGURES),
}


async def everybody(request: Request, desk: Desk) -> Message:
    """Who has which role, by merchant."""
    ours = [ALL_MERCHANTS, *(merchant.id for merchant in desk.merchants)]
    known = await desk.store.read(people.list_people, ours)
    return views.people_list(known, desk.merchants, desk.voice(request.chat), desk.now())


async def person(request: Request, desk: Desk) -> Message:
    """`person ID MERCHANT [ROLE|remove]`, from buttons: one person's card, changed first where that is asked."""
    match request.arguments:
        case [user_id, merchant_id]:
            change = None
        case [user_id, merchant_id, word] if word == "remove" or word in set(Role):
            change = word
        case _:
            raise UsageError("Whom? /people shows everybody, with a button for each")
    merchant = next((one for one in desk.merchants if one.id == merchant_id), None)
    if merchant is None or not (user_id.isascii() and user_id.isdecimal() and len(user_id) < 19):
        raise UsageError("Whom? /people shows everybody, with a button for each")
    if change == "remove":
        await desk.store.write(_remove, int(user_id), merchant)
        return await everybody(request, desk)
    one = await desk.store.write(_changed, int(user_id), merchant, Role(change) if change else None, request.user_id)
    return views.person_card(one, merchant, desk.voice(request.chat), desk.now())


async def ceiling(request: Request, desk: Desk) -> Message:
    """`/ceiling [LEVEL] [MERCHANT]`: how much may appear in this group, changed first where that is asked."""
    words, chat = request.arguments, request.chat
    if words:
        level = _LEVELS.get(words[0].casefold())
        merchant = get_merchant(desk.merchants, words[1:]) if level else None
        if level is None or merchant is None:
            raise UsageError("/ceiling shows what may appear in this chat, with buttons to change it")
        await desk.store.write(people.link, chat.chat_id, [merchant.id], level)
    standing = Standing(levels=await desk.store.read(people.levels_of, chat.chat_id))
    levels = {one.id: level for one in desk.merchants if (level := standing.level(one.id))}
    return views.ceilings(levels, [one for one in desk.merchants if one.id in levels], desk.voice(chat))


def _changed(db: Connection, user_id: int, merchant: Merchant, role: Role | None, by: int) -> Colleague:
    """Only who has a role can get another one: an old button brings nobody back. Raises UsageError."""
    known = _known(db, user_id, merchant)
    if role is None or role is known.role:
        return known
    _keep_an_owner(db, known, merchant)
    people.change(db, user_id, merchant.id, role, by=by)
    return _known(db, user_id, merchant)


def _remove(db: Connection, user_id: int, merchant: Merchant) -> None:
    _keep_an_owner(db, _known(db, user_id, merchant), merchant)
    people.remove(db, user_id, merchant.id)


def _known(db: Connection, user_id: int, merchant: Merchant) -> Colleague:
    known = people.find_colleague(db, user_id, merchant.id)
    if known is None:
        raise UsageError("This person has no role here any more. /people shows everybody")
    return known


def _keep_an_owner(db: Connection, one: Colleague, merchant: Merchant) -> None:
    """A merchant without an owner could never get one again. Raises UsageError."""
    others = [
        other
        for other in people.list_people(db, [ALL_MERCHANTS, merchant.id])
        if other.role is Role.OWNER and other.user_id != one.user_id
    ]
    if one.role is Role.OWNER and not others:
        raise UsageError("The last owner stays. Make somebody else an owner first")
