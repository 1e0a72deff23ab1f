"""People and their roles: who has what, and one person's card with what can be changed."""

from collections.abc import Sequence
from datetime import datetime

from markupsafe import Markup

from bot.model import ALL_MERCHANTS, Button, Colleague, Merchant, Message, Role
from bot.texts import Voice
from bot.views.blocks import NAME_LENGTH, capped, fit
from bot.views.buttons import edit_button, in_rows
from bot.views.operations import SEPARATOR

_BLANK = Markup()
_OFFERED = 24


def role_name(role: Role, voice: Voice) -> str:
    """What a role is called."""
    names = {
        Role.OWNER: voice.plain("owner"),
        Role.ACCOUNTANT: voice.plain("accountant"),
        Role.SUPPORT: voice.plain("support"),
        Role.VIEWER: voice.plain("viewer"),
    }
    return names[role]


def role_meaning(role: Role, voice: Voice) -> Markup:
    """What a role may see and do, in one line."""
    meanings = {
        Role.OWNER: voice("everything, people and invitations too"),
        Role.ACCOUNTANT: voice("figures, payments with their payers, files; no people, no handling of alerts"),
        Role.SUPPORT: voice("look-ups and failures without payers' data, handling of alerts; no totals"),
        Role.VIEWER: voice("figures; no single payments"),
    }
    return meanings[role]


def people_list(known: Sequence[Colleague], merchants: Sequence[Merchant], voice: Voice, now: datetime) -> Message:
    """Everybody by merchant, those of the configuration first; a button for each who can be changed here."""
    lines: list[Markup] = []
    buttons: list[Button] = []
    for merchant in merchants:
        lines += [_BLANK, Markup("<b>{}</b>").format(capped(merchant.name))]
        for one in known:
            if one.merchant_id in {ALL_MERCHANTS, merchant.id}:
                lines.append(_person(one, voice, now))
        for one in known:
            if one.merchant_id == merchant.id:
                label = f"✏️ {_name(one).unescape()}"
                buttons += edit_button(label, "person", str(one.user_id), merchant.id)
    head = [voice("👥 <b>People</b>")]
    foot = [_BLANK, voice("/invite makes a link for somebody new, /revoke shows the links that are open.")]
    return Message(fit(head, lines, foot, voice), in_rows(buttons[:_OFFERED]))


def person_card(one: Colleague, merchant: Merchant, voice: Voice, now: datetime) -> Message:
    """One person, with buttons for another role and the way out."""
    place = str(one.user_id), merchant.id
    roles = [
        button
        for role in Role
        if role is not one.role
        for button in edit_button(role_name(role, voice), "person", *place, role)
    ]
    remove = edit_button(voice.plain("🗑 Remove"), "person", *place, "remove")
    back = edit_button(voice.plain("◀ All people"), "people")
    lines = [Markup("<b>{}</b>").format(capped(merchant.name)), _person(one, voice, now), role_meaning(one.role, voice)]
    return Message(fit((), lines, (), voice), [*in_rows(roles), [*remove, *back]])


def _person(one: Colleague, voice: Voice, now: datetime) -> Markup:
    """`Aigerim · owner · by the configuration`."""
    since = (
        voice("by the configuration")
        if one.merchant_id == ALL_MERCHANTS
        else voice("since {time}", time=voice.moment(one.given_at, now))
    )
    return SEPARATOR.join([_name(one), Markup.escape(role_name(one.role, voice)), since])


def _name(one: Colleague) -> Markup:
    return capped(one.name, NAME_LENGTH // 2) if one.name else Markup.escape(str(one.user_id))
