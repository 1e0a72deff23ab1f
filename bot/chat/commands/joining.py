"""One answer out of the answers of several merchants."""

from collections.abc import Sequence

from markupsafe import Markup

from bot.model import Message
from bot.texts import Voice
from bot.views.blocks import fit


def together(messages: Sequence[Message], voice: Voice) -> Message:
    """One message of several, whole ones as many as fit, with the buttons of the first."""
    if len(messages) == 1:
        return messages[0]
    blocks = [message.text if number == 0 else Markup("\n") + message.text for number, message in enumerate(messages)]
    return Message(fit((), blocks, (), voice), messages[0].buttons)
