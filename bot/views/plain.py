"""A message without its markup, for when Telegram refuses that."""

import html
import re
from dataclasses import replace

from markupsafe import Markup

from bot.model import Message


def plain(message: Message) -> Message:
    """The same words, with picture or file, without tags and buttons."""
    words = html.unescape(re.sub(r"<[^>]*>", "", str(message.text)))
    return replace(message, text=Markup.escape(words), buttons=())
