"""Buttons: copied text up to 256 units, and commands with their words, answered below the message or in its place."""

from collections.abc import Sequence

from bot.model import BELOW, IN_PLACE, Button
from bot.texts import clean
from bot.views.blocks import units

_COPY_UNITS = 256


def copy_button(label: str, text: str) -> list[Button]:
    """A button that copies `text` exactly."""
    fits = 0 < units(text) <= _COPY_UNITS
    return [Button(label, copy=text)] if fits and clean(text) == text else []


def data_button(label: str, command: str, *words: str) -> list[Button]:
    """A button that does what typing the command would do; the answer comes below."""
    return _button(label, BELOW, command, words)


def edit_button(label: str, command: str, *words: str) -> list[Button]:
    """The same, and the answer takes the place of the message: for refreshing, sorting and turning pages."""
    return _button(label, IN_PLACE, command, words)


def _button(label: str, version: str, command: str, words: tuple[str, ...]) -> list[Button]:
    data = f"{version}:{command}:{' '.join(words)}"
    return [Button(label, data=data)] if clean(data) == data else []


def in_rows(buttons: Sequence[Button], size: int = 2) -> list[list[Button]]:
    """Rows of so many buttons."""
    return [list(buttons[place : place + size]) for place in range(0, len(buttons), size)]
