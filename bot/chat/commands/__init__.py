"""COMMANDS: what can be asked. A command is one function and one row; help, menu and access come from the row."""

import re
from collections.abc import Sequence

from bot.chat.access import Audience
from bot.chat.commands import about, figures, finding
from bot.chat.commands.row import Command
from bot.model import ChatKind, Request

__all__ = ["COMMANDS", "Command", "find_command", "list_commands"]

_LIKE_AN_INVOICE = re.compile(r"(?=\S*\d)\S{1,64}")

COMMANDS = (
    Command(name="start", answer=about.start, description="Who I am", listed=False),
    Command(name="find", answer=finding.find, description="All attempts on an invoice: /find 12345"),
    Command(name="today", answer=figures.today, description="Today's figures, also of one terminal: /today Samal"),
    Command(name="health", answer=about.health, description="Whether the bank, Telegram and I are well"),
    Command(name="id", answer=about.identify, description="Your id and this chat's", audience=Audience.EVERYBODY),
    Command(name="help", answer=about.help_, description="What you can ask"),
)


def find_command(commands: Sequence[Command], request: Request) -> Command | None:
    """The row meant, if it may be used in this kind of chat. In a private chat a bare number means /find."""
    name, kind = request.command, request.chat.kind
    if not name and kind is ChatKind.PRIVATE and _LIKE_AN_INVOICE.fullmatch(request.text.strip()):
        name = "find"
    return next((one for one in commands if one.name == name and kind in one.where), None)


def list_commands(kind: ChatKind) -> list[tuple[str, str]]:
    """Names and English descriptions of what is listed in this kind of chat."""
    return [(one.name, one.description) for one in COMMANDS if one.listed and kind in one.where]
