"""A question with one word nobody understands: the word marked, and buttons with what may be meant."""

import re

from markupsafe import Markup

from bot.errors import Unclear
from bot.model import Button, Message
from bot.views.blocks import NAME_LENGTH, TEXT_LENGTH, capped
from bot.views.buttons import data_button

_BEFORE, _LABEL, _IN_A_ROW, _LONG = 60, 28, 2, 13
_DIGIT = re.compile(r"\d(?=(?:[ -]?\d){4})")
_CARD = re.compile(r"(?<!\d)\d{4}([ -]?)\d{4}\1\d{4}\1\d{4}(?!\d)")


def unclear_message(told: Markup, error: Unclear, command: str) -> Message:
    """`told` says what is wrong. A lone word is not repeated, since `told` names it.

    What may hold a whole card number is said again without it, and by no button, since that would be kept.
    """
    said = _CARD.sub(lambda card: _DIGIT.sub("•", card[0]), error.said)
    choices = error.choices if command and said == error.said else ()
    before, word, after = said[: error.start], said[error.start : error.end], said[error.end :]
    lines = [told, *([_marked(before, word, after)] if before.strip() or after.strip() else [])]
    buttons = [
        button
        for label, better in choices
        for button in data_button(str(capped(label, _LABEL).unescape()), command, error.instead(better))
    ]
    wide = any(len(button.text) > _LONG for button in buttons)
    return Message(Markup("\n").join(lines), _rows(buttons, 1 if wide else _IN_A_ROW))


def _marked(before: str, word: str, after: str) -> Markup:
    start = f"…{before[-_BEFORE:]}" if len(before) > _BEFORE else before
    here = capped(word, NAME_LENGTH) or Markup("…")
    return Markup("{} <b>{}</b> {}").format(capped(start, TEXT_LENGTH), here, capped(after, TEXT_LENGTH))


def _rows(buttons: list[Button], size: int) -> list[list[Button]]:
    return [buttons[place : place + size] for place in range(0, len(buttons), size)]
