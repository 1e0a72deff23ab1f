"""Who paid, for one person's eyes: short enough for the pop-up under a pressed button."""

from collections.abc import Sequence

from markupsafe import Markup

from bot.model import Operation, Toast
from bot.texts import Voice
from bot.views.blocks import capped, fit
from bot.views.operations import ICONS
from bot.views.sight import Sight

_TOAST_UNITS, _EACH = 200, 48


def payers(attempts: Sequence[Operation], voice: Voice) -> Toast:
    """Everybody who tried to pay an invoice, whole lines as many as fit; `attempts` newest first."""
    lines: dict[str, Markup] = {}
    for attempt in attempts:
        if known := [capped(one, _EACH) for one in Sight.FULL.payer(attempt)]:
            who = Markup(", ").join(known)
            lines.setdefault(who, Markup("{} {}").format(ICONS[attempt.outcome], who))
    if not lines:
        return Toast(voice.plain("The bank has not said who paid"))
    return Toast(fit((), list(lines.values()), (), voice, limit=_TOAST_UNITS).unescape())
