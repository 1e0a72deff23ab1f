"""The command menu: which list Telegram shows in which kind of chat, per language."""

from dataclasses import dataclass
from typing import Literal

from telegram import (
    BotCommandScope,
    BotCommandScopeAllChatAdministrators,
    BotCommandScopeAllGroupChats,
    BotCommandScopeAllPrivateChats,
    BotCommandScopeDefault,
)

MenuScope = Literal["private", "groups", "administrators", "default"]
SCOPES: dict[MenuScope, BotCommandScope] = {
    "private": BotCommandScopeAllPrivateChats(),
    "groups": BotCommandScopeAllGroupChats(),
    "administrators": BotCommandScopeAllChatAdministrators(),
    "default": BotCommandScopeDefault(),
}
MENU_LANGUAGES = ("", "ru", "kk", "en")


@dataclass(frozen=True, slots=True, kw_only=True)
class Menu:
    """Commands with their descriptions; `language` "" is shown to whoever reads none of the others."""

    scope: MenuScope
    language: str
    commands: tuple[tuple[str, str], ...]
