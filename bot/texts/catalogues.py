"""The gettext catalogues beside this file, read from their .po sources into memory."""

from gettext import GNUTranslations
from io import BytesIO
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

LANGUAGES = ("ru", "kk", "en")


def catalogue_path(language: str) -> Path:
    return Path(__file__).with_name(f"{language}.po")


def read_catalogue(language: str) -> GNUTranslations:
    """The texts of one of LANGUAGES, ready to ask."""
    compiled = BytesIO()
    with catalogue_path(language).open("rb") as source:
        write_mo(compiled, read_po(source, locale=language))
    compiled.seek(0)
    return GNUTranslations(compiled)
