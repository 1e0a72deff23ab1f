"""Buttons Telegram accepts: copied text up to 256 units, data up to 64 bytes; what does not fit gets no button."""

from bot.model import Button
from bot.texts import clean
from bot.views.blocks import units

_DATA_BYTES = 64
_COPY_UNITS = 256


def copy_button(label: str, text: str) -> list[Button]:
    """A button that copies `text` exactly."""
    fits = 0 < units(text) <= _COPY_UNITS
    return [Button(label, copy=text)] if fits and clean(text) == text else []


def data_button(label: str, *data: str) -> list[Button]:
    """A button that comes back as `v1:` and the parts of `data`, joined by colons."""
    whole = ":".join(("v1", *data))
    fits = len(whole.encode("utf-8", "surrogatepass")) <= _DATA_BYTES
    return [Button(label, data=whole)] if fits and clean(whole) == whole else []
