"""Messages within Telegram's length: whole lines are kept or left out and counted, nothing is ever cut open."""

from collections.abc import Iterable, Sequence

from markupsafe import Markup, escape

from bot.texts import Voice, clean

LIMIT = 4096
NAME_LENGTH = 64
TEXT_LENGTH = 200
_READ_LENGTH = 1000
_ELLIPSIS = "…"
_NEW_LINE = Markup("\n")


def units(text: str) -> int:
    """Length in UTF-16 units with every tag and entity spelled out: no way of counting finds more."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def capped(text: str, limit: int = NAME_LENGTH) -> Markup:
    """A foreign text cleaned, escaped and shortened to `limit` units of HTML, between two characters."""
    seen = clean(text[:_READ_LENGTH])
    whole = escape(seen)
    if len(text) <= _READ_LENGTH and units(whole) <= limit:
        return whole
    kept, room = [], limit - len(_ELLIPSIS)
    for sign in map(escape, seen[:limit]):
        room -= units(sign)
        if room < 0:
            break
        kept.append(sign)
    return Markup().join(kept) + _ELLIPSIS


def fit(
    head: Iterable[Markup], lines: Sequence[Markup], foot: Iterable[Markup], voice: Voice, *, limit: int = LIMIT
) -> Markup:
    """Head and foot in full, as many lines between as there is room for, then how many are left out."""
    top, bottom = list(head), list(foot)
    whole = _NEW_LINE.join([*top, *lines, *bottom])
    if units(whole) <= limit:
        return whole
    room = limit - _cost([*top, _left_out(len(lines), voice), *bottom])
    kept: list[Markup] = []
    for line in lines:
        room -= _cost([line])
        if room < 0:
            break
        kept.append(line)
    return _NEW_LINE.join([*top, *kept, _left_out(len(lines) - len(kept), voice), *bottom])


def _cost(lines: Iterable[Markup]) -> int:
    return sum(units(line) + 1 for line in lines)


def _left_out(count: int, voice: Voice) -> Markup:
    return voice.plural("… and {n} more", "… and {n} more", count)
