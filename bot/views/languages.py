"""Asking for a chat's language, and answering in it. A language is called by its own name."""

from collections.abc import Sequence

from bot.model import Button, Message
from bot.texts import LANGUAGES, Voice
from bot.views.buttons import edit_button

OWN_NAMES = {"ru": "Русский", "kk": "Қазақша", "en": "English"}


def ask_language(voice: Voice) -> Message:
    """The languages there are, the present one marked."""
    return Message(voice("Which language shall I speak in this chat?"), _choices(voice))


def language_chosen(voice: Voice) -> Message:
    """In the new language, with the way back."""
    return Message(voice("I speak English in this chat now."), _choices(voice))


def _choices(voice: Voice) -> Sequence[Sequence[Button]]:
    marked = {language: "✓ " if language == voice.language else "" for language in LANGUAGES}
    return [[button for one in LANGUAGES for button in edit_button(marked[one] + OWN_NAMES[one], "language", one)]]
