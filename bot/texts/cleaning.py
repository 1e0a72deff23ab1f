"""Foreign text made harmless to look at: what cannot be seen or reorders its neighbours is taken out."""

import re
from unicodedata import category

_BREAKS = re.compile("[ \t\n\r\f\v\x85\u2028\u2029]+")
_INVISIBLE = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0e\uffa0\U000e0100-\U000e01ef]"
)
_UNSEEN = frozenset({"Cc", "Cf", "Cs"})


def clean(text: str) -> str:
    """One line without control, bidi, zero-width and blank filler characters; no-break spaces and emoji stay."""
    if text.isprintable() and (text.isascii() or not _INVISIBLE.search(text)):
        return text.strip(" ")
    line = _INVISIBLE.sub("", _BREAKS.sub(" ", text))
    return "".join(sign for sign in line if category(sign) not in _UNSEEN).strip(" ")
