"""Roles of people and levels of chats, and the rights that come with each. Tables, no decisions."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

ALL_MERCHANTS = ""
"""Stands for every merchant, those still to come too."""


class Right(StrEnum):
    """What a command takes. KEY: an invitation, wherever it is brought. ANYBODY: nothing, in a private chat.

    OPERATE: to know of the bot itself and all its chats, for who owns every merchant.
    """

    KEY = "key"
    ANYBODY = "anybody"
    LINKED = "linked"
    FIGURES = "figures"
    EXPORT = "export"
    LOOK_UP = "look_up"
    PAYER = "payer"
    ALERTS = "alerts"
    HANDLE = "handle"
    SETTINGS = "settings"
    DIGEST = "digest"
    LINK = "link"
    PEOPLE = "people"
    OPERATE = "operate"


class Role(StrEnum):
    OWNER = "owner"
    ACCOUNTANT = "accountant"
    SUPPORT = "support"
    VIEWER = "viewer"


class Level(StrEnum):
    """How much of a merchant may appear in a group or channel, each level with all of the one before."""

    NOTHING = "nothing"
    ALERTS = "alerts"
    PAYMENTS = "payments"
    FIGURES = "figures"


RIGHTS: Mapping[Role, frozenset[Right]] = {
    Role.OWNER: frozenset(Right),
    Role.ACCOUNTANT: frozenset(
        {
            Right.LINKED,
            Right.FIGURES,
            Right.EXPORT,
            Right.LOOK_UP,
            Right.PAYER,
            Right.ALERTS,
            Right.SETTINGS,
            Right.DIGEST,
        }
    ),
    Role.SUPPORT: frozenset({Right.LINKED, Right.LOOK_UP, Right.ALERTS, Right.HANDLE, Right.SETTINGS}),
    Role.VIEWER: frozenset({Right.LINKED, Right.FIGURES, Right.SETTINGS, Right.DIGEST}),
}
# Who paid is shown to the person who presses alone; whose chat it is stays theirs to change.
_ALERTS = frozenset({Right.LINKED, Right.ALERTS, Right.HANDLE, Right.PAYER, Right.SETTINGS, Right.LINK})
CEILINGS: Mapping[Level, frozenset[Right]] = {
    Level.NOTHING: frozenset({Right.LINK}),
    Level.ALERTS: _ALERTS,
    Level.PAYMENTS: _ALERTS | {Right.LOOK_UP},
    Level.FIGURES: _ALERTS | {Right.LOOK_UP, Right.FIGURES, Right.EXPORT, Right.DIGEST},
}
ADMINISTRATORS = frozenset({Right.SETTINGS, Right.DIGEST, Right.LINK})
"""What in a group is for its administrators only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What is known of a person and the chat: roles and levels by merchant, ALL_MERCHANTS among them.

    `administrator`: of the group; nobody needs to be one in a private chat.
    """

    roles: Mapping[str, Role] = field(default_factory=dict)
    levels: Mapping[str, Level] = field(default_factory=dict)
    administrator: bool = False

    def role(self, merchant_id: str) -> Role | None:
        """The role at a merchant; who owns all owns each."""
        return self.roles.get(ALL_MERCHANTS) or self.roles.get(merchant_id)

    def level(self, merchant_id: str) -> Level | None:
        """The level of a merchant in the chat; one of its own goes before that of all."""
        return self.levels.get(merchant_id) or self.levels.get(ALL_MERCHANTS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Colleague:
    """A person with a role at one merchant, or at ALL_MERCHANTS by the configuration."""

    user_id: int
    name: str
    merchant_id: str
    role: Role
    given_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitation:
    """A role at a merchant for whoever brings the key first, until `ends_at`."""

    merchant_id: str
    role: Role
    author_id: int
    author_name: str
    created_at: datetime
    ends_at: datetime
    id: int = 0


class Redemption(StrEnum):
    """What became of a key."""

    TAKEN = "taken"
    WRONG = "wrong"
    USED = "used"
    EXPIRED = "expired"
    REVOKED = "revoked"
    THROTTLED = "throttled"
    NEEDLESS = "needless"


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """Who did what: `words` are those that cannot tell of a payer; `merchants` it was about."""

    at: datetime
    user_id: int
    user_name: str
    chat_id: int
    command: str
    words: str = ""
    refused: bool = False
    merchants: tuple[str, ...] = ()
