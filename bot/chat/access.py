"""Who may do what. Denies by default; pure, the time is an argument.

`decide` is the one place where that is decided: rights of the role, below the ceiling of the chat.
"""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from bot.model import ADMINISTRATORS, ALL_MERCHANTS, CEILINGS, RIGHTS, ChatKind, MerchantId, Right, Role, Standing

REFUSE_AGAIN_AFTER = timedelta(days=1)
REMEMBERED = 10_000


class Verdict(StrEnum):
    """MASKED: allowed, with of the payer no more than initials."""

    ALLOWED = "allowed"
    MASKED = "masked"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What somebody may see here: of which `merchants`; `rights` are all they have here, by merchant."""

    verdict: Verdict
    merchants: tuple[MerchantId, ...] = ()
    rights: Mapping[MerchantId, frozenset[Right]] = field(default_factory=dict)

    @property
    def circle(self) -> tuple[MerchantId, ...]:
        """The merchants at which they hold a role that counts in this chat; who has none is a stranger here."""
        return tuple(one for one, rights in self.rights.items() if Right.LINKED in rights)


def decide(right: Right, standing: Standing, kind: ChatKind, merchants: Sequence[MerchantId]) -> Decision:
    """Whether a person may do what takes `right` in a chat of this kind, and for which of `merchants`."""
    rights = {one: granted for one in merchants if (granted := _granted(standing, kind, one))}
    refused = Decision(verdict=Verdict.REFUSED, rights=rights)
    seen = tuple(one for one, granted in rights.items() if right in granted)
    if right is Right.KEY or (right is Right.ANYBODY and (kind is ChatKind.PRIVATE or refused.circle)):
        seen = refused.circle
    elif not seen:
        return refused
    masked = kind is not ChatKind.PRIVATE or any(Right.PAYER not in rights[one] for one in seen)
    return Decision(verdict=Verdict.MASKED if masked else Verdict.ALLOWED, merchants=seen, rights=rights)


def _granted(standing: Standing, kind: ChatKind, merchant_id: MerchantId) -> frozenset[Right]:
    """The rights of the role, below the ceiling of the chat; a chat nobody linked is open to owners alone."""
    role = standing.role(merchant_id)
    if role is None or kind is ChatKind.CHANNEL:
        return frozenset()
    rights = RIGHTS[role]
    if ALL_MERCHANTS not in standing.roles:
        rights -= {Right.OPERATE}
    if kind is ChatKind.PRIVATE:
        return rights - {Right.LINK}
    if not standing.administrator:
        rights -= ADMINISTRATORS
    if not standing.levels:
        return rights if role is Role.OWNER else frozenset()
    level = standing.level(merchant_id)
    return rights & CEILINGS[level] if level else frozenset()


class Refusals:
    """Remembers who was refused lately, the last REMEMBERED of them."""

    def __init__(self) -> None:
        self._told_at: OrderedDict[int, datetime] = OrderedDict()

    def is_due(self, user_id: int, at: datetime) -> bool:
        """True at most once a day for each person, and remembers that it was."""
        told_at = self._told_at.get(user_id)
        if told_at is not None and at - told_at < REFUSE_AGAIN_AFTER:
            return False
        self._told_at[user_id] = at
        self._told_at.move_to_end(user_id)
        if len(self._told_at) > REMEMBERED:
            self._told_at.popitem(last=False)
        return True
