"""Every word a person reads, in three languages, with money, dates and durations; the one place that escapes values."""

from bot.texts.catalogues import LANGUAGES
from bot.texts.cleaning import clean
from bot.texts.voice import Voice, Voices

__all__ = ["LANGUAGES", "Voice", "Voices", "clean"]
