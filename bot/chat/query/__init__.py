"""The words of /search and what they mean. Pure: text, a calendar and an instant in, values out."""

from bot.chat.query.times import windows_of
from bot.chat.query.words import EXAMPLES

__all__ = ["EXAMPLES", "windows_of"]
