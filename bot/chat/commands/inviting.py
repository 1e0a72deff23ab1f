"""Invitations: made, revoked, and redeemed by whoever brings the key."""

import re
import secrets
from collections.abc import Sequence
from datetime import timedelta
from zoneinfo import ZoneInfo

from bot import views
from bot.chat.commands.incidents import read_number
from bot.chat.commands.subscribing import hear
from bot.chat.desk import Desk
from bot.chat.until import read_until
from bot.errors import UsageError
from bot.model import (
    RIGHTS,
    ChatKind,
    Colleague,
    EventKind,
    Invitation,
    Level,
    Loudness,
    Merchant,
    Message,
    Redemption,
    Request,
    Right,
    Role,
    Subscription,
)
from bot.store import invitations, people
from bot.store.driver import Connection

SHORTEST, USUAL, LONGEST = timedelta(minutes=10), timedelta(days=1), timedelta(days=7)
_ROLES = {
    **dict.fromkeys(("owner", "владелец", "иесі"), Role.OWNER),
    **dict.fromkeys(("accountant", "бухгалтер", "есепші"), Role.ACCOUNTANT),
    **dict.fromkeys(("support", "поддержка", "қолдау"), Role.SUPPORT),
    **dict.fromkeys(("viewer", "наблюдатель", "бақылаушы"), Role.VIEWER),
}
_UNITS = {"minute": "m", "hour": "h", "day": "d", "минут": "m", "час": "h", "день": "d", "дн": "d", "сағат": "h"}
_COUNTED = re.compile(rf"(\d+) ({'|'.join(_UNITS)})\w*")
_FOR = re.compile(r"(?:^|\s)(?:for|на)(?=\s|$)")
_KEY = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)


async def invite(request: Request, desk: Desk) -> Message:
    """`/invite ROLE [for N hours] [MERCHANT]`; what is missing is asked for."""
    voice, now = desk.voice(request.chat), desk.now()
    role, words = read_role(request.arguments)
    if role is None:
        return views.ask_role(words, voice)
    until, before, after = read_until(_spans(words), ZoneInfo(request.chat.timezone), now)
    ends_at = until.at if until else now + USUAL
    if not SHORTEST <= ends_at - now <= LONGEST:
        raise UsageError("An invitation lasts from 10 minutes to 7 days")
    merchant = get_merchant(desk.merchants, [*before, *after])
    if merchant is None:
        return views.ask_merchant(role, words, desk.merchants, voice)
    invitation = Invitation(
        merchant_id=merchant.id,
        role=role,
        author_id=request.user_id,
        author_name=request.user_name,
        created_at=now,
        ends_at=ends_at,
    )
    key, username = secrets.token_urlsafe(16), (await desk.me()).username
    await desk.store.write(invitations.add, key, invitation)
    links = tuple(f"https://t.me/{username}?{how}={key}" for how in ("start", "startgroup"))
    return views.invited(invitation, merchant, (links[0], links[1]), voice, now)


async def revoke(request: Request, desk: Desk) -> Message:
    """Ends one invitation, and shows those that are open."""
    ours = [merchant.id for merchant in desk.merchants]
    if request.arguments:
        number = read_number(request.arguments[0])
        if number is None:
            raise UsageError("Which invitation? /revoke shows them, with a button for each")
        await desk.store.write(invitations.revoke, number, ours, desk.now())
    open_now = await desk.store.read(invitations.list_open, ours, desk.now())
    return views.invitations_list(open_now, desk.merchants, desk.voice(request.chat), desk.now())


async def join(request: Request, desk: Desk) -> Message | None:
    """`/start KEY`: a role for the person, and in a group the group's link. Somebody who guesses is not answered."""
    key = request.arguments[0] if len(request.arguments) == 1 else ""
    outcome, invitation = await desk.store.write(_join, desk, request, key if _KEY.fullmatch(key) else "")
    voice = desk.voice(request.chat)
    if outcome is not Redemption.TAKEN or invitation is None:
        _decline(outcome)
        return None
    merchant = next(one for one in desk.merchants if one.id == invitation.merchant_id)
    if request.chat.kind is ChatKind.PRIVATE:
        return views.joined(invitation.role, merchant, voice)
    return views.linked(merchant, level_of(invitation.role), voice)


def _decline(outcome: Redemption) -> None:
    """Raises UsageError with what to do, but for a person who guesses: that one is met with silence."""
    match outcome:
        case Redemption.USED:
            raise UsageError("This invitation has been used already: it works once. Ask the owner for a new one")
        case Redemption.EXPIRED:
            raise UsageError("This invitation is too old. Ask the owner for a new one")
        case Redemption.REVOKED:
            raise UsageError("This invitation was taken back. Ask the owner for a new one")
        case Redemption.NEEDLESS:
            raise UsageError("You have a role there already; somebody else can still use the invitation")
        case Redemption.WRONG:
            raise UsageError("I do not know this invitation. Open the whole link, or ask the owner for a new one")


def read_role(words: Sequence[str]) -> tuple[Role | None, tuple[str, ...]]:
    """The role named first, and the words after it."""
    role = _ROLES.get(words[0].casefold()) if words else None
    return role, tuple(words[1:] if role else words)


def get_merchant(merchants: Sequence[Merchant], words: Sequence[str]) -> Merchant | None:
    """The merchant named, or the only one; None where one of several has to be named. Raises UsageError."""
    meant = " ".join(words).casefold()
    if not meant:
        return merchants[0] if len(merchants) == 1 else None
    exact = [one for one in merchants if meant in {one.id, one.name.casefold()}]
    fitting = exact or [one for one in merchants if meant in one.id or meant in one.name.casefold()]
    if len(fitting) != 1:
        raise UsageError("I know no merchant “{merchant}”", merchant=" ".join(words))
    return fitting[0]


def level_of(role: Role) -> Level:
    """What may appear in a group that a key for this role links."""
    return Level.PAYMENTS if role is Role.SUPPORT else Level.FIGURES


def _spans(words: Sequence[str]) -> list[str]:
    """`for 24 hours` as `24h`."""
    said = _FOR.sub(" ", " ".join(words).casefold())
    return _COUNTED.sub(lambda found: found[1] + _UNITS[found[2]], said).split()


def _join(db: Connection, desk: Desk, request: Request, key: str) -> tuple[Redemption, Invitation | None]:
    now, chat = desk.now(), request.chat
    grouped = chat.kind is not ChatKind.PRIVATE
    invitation = invitations.find(db, key)
    if invitation and invitation.merchant_id not in {merchant.id for merchant in desk.merchants}:
        return Redemption.REVOKED, None
    outcome = invitations.redeem(db, key, request.user_id, now, for_chat=grouped)
    if outcome is not Redemption.TAKEN or invitation is None:
        return outcome, None
    known = people.find_colleague(db, request.user_id, invitation.merchant_id)
    if known is None:
        colleague = Colleague(
            user_id=request.user_id,
            name=request.user_name,
            merchant_id=invitation.merchant_id,
            role=invitation.role,
            given_at=now,
        )
        people.give(db, colleague, by=invitation.author_id)
    if grouped:
        people.link(db, chat.chat_id, [invitation.merchant_id], level_of(invitation.role))
    if grouped or Right.HANDLE in RIGHTS[invitation.role]:
        hear(db, desk, chat, [_alerts_of(invitation.merchant_id, kind) for kind in EventKind])
    return outcome, invitation


def _alerts_of(merchant_id: str, kind: EventKind) -> Subscription:
    loudness = Loudness.OFF if kind is EventKind.DIGEST else Loudness.ON
    return Subscription(merchant_id=merchant_id, terminal_id="", kind=kind, loudness=loudness)
