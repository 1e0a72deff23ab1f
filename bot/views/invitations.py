"""Invitations: what they are for, the links, those that are open, and what a key has brought."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from markupsafe import Markup

from bot.model import Invitation, Level, Merchant, Message, Role
from bot.texts import Voice
from bot.views.blocks import NAME_LENGTH, capped, fit
from bot.views.buttons import copy_button, edit_button, in_rows
from bot.views.ceilings import level_meaning
from bot.views.operations import SEPARATOR
from bot.views.people import role_meaning, role_name

_BLANK = Markup()
_OFFERED = 24
_LABEL = NAME_LENGTH // 2


def ask_role(words: Sequence[str], voice: Voice) -> Message:
    """Which role the invitation is for; `words` are what was said already."""
    lines = [Markup("<b>{}</b> – {}").format(role_name(role, voice), role_meaning(role, voice)) for role in Role]
    buttons = [button for role in Role for button in edit_button(role_name(role, voice), "invite", role, *words)]
    return Message(fit([voice("Whom shall I invite?"), _BLANK], lines, (), voice), in_rows(buttons))


def ask_merchant(role: Role, words: Sequence[str], merchants: Sequence[Merchant], voice: Voice) -> Message:
    """Whose people are to become more."""
    buttons = [
        button
        for merchant in merchants[:_OFFERED]
        for button in edit_button(
            str(capped(merchant.name, NAME_LENGTH // 2).unescape()), "invite", role, *words, merchant.id
        )
    ]
    lines = [voice("At which merchant?")]
    if len(merchants) > _OFFERED:
        example = " ".join(["/invite", role, *words, merchants[-1].id])
        lines.append(voice("These are the first; name any other by its id: {example}", example=example))
    return Message(Markup("\n").join(lines), in_rows(buttons))


def invited(invitation: Invitation, merchant: Merchant, links: tuple[str, str], voice: Voice, now: datetime) -> Message:
    """The links, for a person and for a group: the only time they can be seen."""
    person, group = links
    head = [
        voice("✉️ {role} at {merchant}", role=role_name(invitation.role, voice), merchant=capped(merchant.name)),
        role_meaning(invitation.role, voice),
        _BLANK,
        voice("For a person: {link}", link=person),
        voice("Or for a group: {link}", link=group),
        _BLANK,
        voice(
            "Works once, for whoever opens it first, until {time} ({zone}). /revoke ends it before.",
            time=voice.moment(invitation.ends_at, now),
            zone=voice.zone_name(),
        ),
    ]
    return Message(fit(head, (), (), voice), [copy_button(voice.plain("📋 Copy the link"), person)])


def invitations_list(
    open_now: Sequence[Invitation], merchants: Sequence[Merchant], voice: Voice, now: datetime
) -> Message:
    """Links nobody has used yet, with a button to end each."""
    if not open_now:
        return Message(voice("No invitation is open. /invite makes one."))
    names: dict[str, str] = {merchant.id: merchant.name for merchant in merchants}
    lines = [
        Markup("{}. {}").format(number, _invitation(one, names, voice, now)) for number, one in enumerate(open_now, 1)
    ]
    buttons = [
        button
        for number, one in enumerate(open_now[:_OFFERED], 1)
        for button in edit_button(voice.plain("🗑 Revoke {number}", number=number), "revoke", str(one.id))
    ]
    return Message(fit([voice("✉️ <b>Open invitations</b>"), _BLANK], lines, (), voice), in_rows(buttons))


def joined(role: Role, merchant: Merchant, voice: Voice) -> Message:
    """The person has the role now."""
    head = [
        voice("✅ You are {role} at {merchant} now.", role=role_name(role, voice), merchant=capped(merchant.name)),
        role_meaning(role, voice),
        _BLANK,
        voice("/help shows what you can ask, /settings what you receive here."),
    ]
    return Message(fit(head, (), (), voice))


def linked(merchant: Merchant, level: Level, voice: Voice) -> Message:
    """The group is linked now."""
    head = [
        voice("✅ This chat is linked to {merchant}.", merchant=capped(merchant.name)),
        level_meaning(level, voice),
        voice("I post its alerts here. /subscribe, written in a topic, chooses that topic too."),
    ]
    return Message(fit(head, (), (), voice))


def _invitation(one: Invitation, names: Mapping[str, str], voice: Voice, now: datetime) -> Markup:
    until = voice("until {time}", time=voice.moment(one.ends_at, now))
    by = voice("by {name}", name=capped(one.author_name))
    role, place = Markup.escape(role_name(one.role, voice)), capped(names[one.merchant_id])
    return SEPARATOR.join([role, place, until, by])
