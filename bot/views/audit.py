"""Who did what and when, by pages, the newest first."""

from collections.abc import Sequence
from datetime import datetime

from markupsafe import Markup

from bot.model import AuditEntry, Message
from bot.texts import Voice
from bot.views.blocks import capped, fit
from bot.views.buttons import edit_button
from bot.views.operations import SEPARATOR

_WORDS = 60


def audit_page(entries: Sequence[AuditEntry], page: int, voice: Voice, now: datetime, *, more: bool) -> Message:
    """One page; `more`: older ones follow."""
    head = [voice("🧾 <b>Who did what</b>, page {page}", page=page), Markup()]
    lines = [_entry(one, voice, now) for one in entries] or [voice("Nothing yet.")]
    newer = edit_button("◀", "audit", f"p{page - 1}") if page > 1 else []
    older = edit_button("▶", "audit", f"p{page + 1}") if more else []
    refresh = edit_button(voice.plain("🔄 Refresh"), "audit", f"p{page}")
    return Message(fit(head, lines, (), voice), [[*newer, *refresh, *older]])


def _entry(entry: AuditEntry, voice: Voice, now: datetime) -> Markup:
    """`24 Nov, 14:02 · Aigerim · /ack 12`; in a group with its id, refused with a sign."""
    what = capped(f"/{entry.command} {entry.words}".rstrip(), _WORDS)
    # Only a private chat has a person's id.
    place = [] if entry.chat_id == entry.user_id else [Markup("<code>{}</code>").format(entry.chat_id)]
    who = capped(entry.user_name) or Markup.escape(str(entry.user_id))
    sign = Markup("🚫 ") if entry.refused else Markup()
    return SEPARATOR.join([Markup.escape(voice.moment(entry.at, now)), who, sign + what, *place])
