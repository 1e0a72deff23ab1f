"""PEOPLE_VIEWS: people, invitations, groups and who did what, for the reviewed messages."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from views_samples import HOSTILE, NOW, SHOP

from bot.model import ALL_MERCHANTS, AuditEntry, Colleague, Invitation, Level, MerchantId, Message, Role
from bot.texts import Voice
from bot.views import (
    added,
    ask_merchant,
    ask_role,
    audit_page,
    ceilings,
    invitations_list,
    invited,
    joined,
    linked,
    people_list,
    person_card,
)

DAY = timedelta(days=1)
AIGERIM = Colleague(user_id=5, name="Aigerim", merchant_id=ALL_MERCHANTS, role=Role.OWNER, given_at=NOW)
DANIYAR = Colleague(user_id=6, name="Daniyar", merchant_id=SHOP.id, role=Role.SUPPORT, given_at=NOW - DAY)
STRANGE = replace(DANIYAR, user_id=7, name=HOSTILE, role=Role.ACCOUNTANT)
NAMELESS = replace(DANIYAR, user_id=8, name="", role=Role.VIEWER)
INVITATION = Invitation(
    id=3,
    merchant_id=SHOP.id,
    role=Role.SUPPORT,
    author_id=5,
    author_name="Aigerim",
    created_at=NOW,
    ends_at=NOW + DAY,
)
LINKS = ("https://t.me/shop_bot?start=kTq1", "https://t.me/shop_bot?startgroup=kTq1")
ENTRIES = [
    AuditEntry(at=NOW, user_id=6, user_name="Daniyar", chat_id=6, command="ack", words="12"),
    AuditEntry(at=NOW - DAY, user_id=7, user_name=HOSTILE, chat_id=-100500, command="export", refused=True),
    AuditEntry(at=NOW - DAY, user_id=8, user_name="", chat_id=8, command="find"),
]

PEOPLE_VIEWS: dict[str, Callable[[Voice], Message]] = {
    "people": lambda voice: people_list([AIGERIM, DANIYAR, STRANGE, NAMELESS], [SHOP], voice, NOW),
    "person": lambda voice: person_card(DANIYAR, SHOP, voice, NOW),
    "invite-whom": lambda voice: ask_role(["2h"], voice),
    "invite-where": lambda voice: ask_merchant(Role.VIEWER, ["2h"], [SHOP], voice),
    "invite-where-many": lambda voice: ask_merchant(
        Role.VIEWER, ["2h"], [replace(SHOP, id=MerchantId(f"m{number}")) for number in range(300)], voice
    ),
    "invited": lambda voice: invited(INVITATION, SHOP, LINKS, voice, NOW),
    "invitations": lambda voice: invitations_list([INVITATION], [SHOP], voice, NOW),
    "invitations-none": lambda voice: invitations_list([], [SHOP], voice, NOW),
    "joined": lambda voice: joined(Role.ACCOUNTANT, SHOP, voice),
    "linked": lambda voice: linked(SHOP, Level.PAYMENTS, voice),
    "group-added": lambda voice: added(voice, linked=False),
    "group-added-again": lambda voice: added(voice, linked=True),
    "ceilings": lambda voice: ceilings({SHOP.id: Level.ALERTS}, [SHOP], voice),
    "audit": lambda voice: audit_page(ENTRIES, 2, voice, NOW, more=True),
    "audit-none": lambda voice: audit_page([], 1, voice, NOW, more=False),
}
