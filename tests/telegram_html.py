"""A stricter reader of Telegram HTML than Telegram's own: what passes here, Telegram can parse."""

import re
from collections.abc import Collection
from html import unescape
from unicodedata import category

TAGS = frozenset({"b", "i", "code", "pre", "a"})
_VERBATIM = {"code", "pre"}
_TOKEN = re.compile(
    r"<(?P<close>/?)(?P<tag>[a-z-]+)(?: href=\"tg://user\?id=\d+\")?>"
    r"|&(?:lt|gt|amp|quot|#\d{1,7}|#x[0-9a-fA-F]{1,6});|(?P<bad>[<>&])"
)


def check_telegram_html(text: str, allowed: Collection[str] = TAGS) -> str:
    """The text as the reader sees it; AssertionError for anything but balanced `allowed` tags and known entities."""
    open_tags: list[str] = []
    for token in _TOKEN.finditer(text):
        assert token["bad"] is None, f"unescaped {token['bad']} at {token.start()}: {text}"
        if not (tag := token["tag"]):
            continue
        assert tag in allowed, f"<{tag}> is not allowed: {text}"
        if token["close"]:
            assert open_tags.pop() == tag, f"</{tag}> closes another tag: {text}"
        else:
            assert not _VERBATIM & set(open_tags), f"<{tag}> inside <{open_tags[-1]}>: {text}"
            assert tag not in _VERBATIM or not open_tags, f"<{tag}> inside <{open_tags[-1]}>: {text}"
            assert tag not in open_tags, f"<{tag}> inside itself: {text}"
            open_tags.append(tag)
    assert not open_tags, f"<{open_tags[-1]}> stays open: {text}"
    return _seen(text)


def _seen(text: str) -> str:
    seen = unescape(re.sub(r"</?[a-z-]+[^>]*>", "", text))
    unseen = {sign for sign in seen if sign != "\n" and category(sign) in {"Cc", "Cf", "Cs"}}
    assert not unseen, f"invisible characters {unseen}: {text}"
    return seen


def utf16_units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2
