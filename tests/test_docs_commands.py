"""docs/commands.md is made of COMMANDS: `pytest --update-messages` writes it anew."""

from collections.abc import Iterator
from pathlib import Path

from bot.chat.commands import COMMANDS, Command
from bot.model import RIGHTS, ChatKind, Right, Role

DOCUMENT = Path(__file__).parents[1] / "docs" / "commands.md"
HEAD = """# Commands

Who may ask what, at the merchants where they hold the role; in a group below its ceiling, and settings by
administrators alone. How that comes out in each kind of chat: `tests/access.txt`.

| command | what | who | where |
|---|---|---|---|
"""


def who(right: Right) -> str:
    roles = [role for role in Role if right in RIGHTS[role]]
    if right in {Right.ANYBODY, Right.KEY}:
        return "everybody"
    if right is Right.OPERATE:
        return "owner of all merchants"
    return "everybody with a role" if len(roles) == len(Role) else ", ".join(roles)


def where(command: Command) -> str:
    private, group = ChatKind.PRIVATE in command.where, ChatKind.GROUP in command.where
    return "" if private and group else "in private" if private else "in groups"


def lines() -> Iterator[str]:
    for one in COMMANDS:
        if one.listed:
            yield f"| `/{one.name}` | {one.description} | {who(one.right)} | {where(one)} |\n"


def test_the_document_says_what_the_rows_say(update_messages: bool) -> None:
    said = HEAD + "".join(lines())
    if update_messages:
        DOCUMENT.write_text(said, encoding="utf-8")
    assert DOCUMENT.read_text(encoding="utf-8") == said
