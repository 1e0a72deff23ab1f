"""The first word in a group: what will appear there, who may command, how the group is linked."""

from markupsafe import Markup

from bot.model import Level, Message
from bot.texts import Voice
from bot.views.blocks import fit
from bot.views.ceilings import level_meaning

_BLANK = Markup()


def added(voice: Voice, *, linked: bool) -> Message:
    """Said once, when somebody has added the bot. `linked`: an owner let this group in before."""
    head = [voice("👋 I tell teams when card payments fail, and why."), _BLANK]
    if linked:
        head += [voice("This chat is linked already: what it received before, it receives again.")]
    else:
        head += [
            voice("Nothing is posted here yet. An owner who administers this group"),
            voice("• writes /subscribe, in the topic where alerts shall appear, or"),
            voice("• opens an invitation link for groups (/invite, in private)."),
            voice("If nobody does, I leave in an hour."),
        ]
    rules = [
        _BLANK,
        level_meaning(Level.FIGURES, voice),
        voice("Of a payer no more than the initials appears in a group."),
        voice("Only administrators who hold a role change what is posted here; /ceiling limits what may appear."),
    ]
    return Message(fit(head, rules, (), voice))
