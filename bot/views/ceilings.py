"""How much of a merchant may appear in a group, and for whom."""

from collections.abc import Mapping, Sequence

from markupsafe import Markup

from bot.model import Level, Merchant, MerchantId, Message
from bot.texts import Voice
from bot.views.blocks import capped, fit
from bot.views.buttons import edit_button

_BLANK = Markup()


def level_meaning(level: Level, voice: Voice) -> Markup:
    """What may appear in a chat of this level, and for whom."""
    meanings = {
        Level.NOTHING: voice("Nothing of it appears here."),
        Level.ALERTS: voice("Alerts appear here and nothing else."),
        Level.PAYMENTS: voice("Alerts appear here; single payments when somebody with a role asks. No totals."),
        Level.FIGURES: voice("Alerts appear here; payments and figures when somebody with a role asks."),
    }
    return meanings[level]


def ceilings(levels: Mapping[MerchantId, Level], merchants: Sequence[Merchant], voice: Voice) -> Message:
    """How much of each merchant may appear in this group, with buttons for the other levels."""
    names = {
        Level.NOTHING: voice.plain("nothing"),
        Level.ALERTS: voice.plain("alerts"),
        Level.PAYMENTS: voice.plain("payments"),
        Level.FIGURES: voice.plain("figures"),
    }
    lines: list[Markup] = []
    rows = []
    for merchant in merchants:
        level = levels[merchant.id]
        lines.append(Markup("<b>{}</b> – {}").format(capped(merchant.name), level_meaning(level, voice)))
        marks = {one: "✓ " if one is level else "" for one in Level}
        rows.append(
            [button for one in Level for button in edit_button(marks[one] + names[one], "ceiling", one, merchant.id)]
        )
    foot = [_BLANK, voice("Of a payer no more than the initials appears in a group.")]
    return Message(fit([voice("🚪 <b>What may appear in this chat</b>"), _BLANK], lines, foot, voice), rows)
