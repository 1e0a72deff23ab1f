"""Answers to people: who they are here, what they may ask, what went wrong. The larger answers have their own files."""

from collections.abc import Sequence

from markupsafe import Markup

from bot.errors import Unclear, UsageError
from bot.model import ChatKind, Message, Request
from bot.texts import Voice
from bot.views.blocks import TEXT_LENGTH, capped, fit
from bot.views.found import found
from bot.views.health import health
from bot.views.unclear import unclear_message

__all__ = [
    "error_message",
    "found",
    "health",
    "help_message",
    "identity",
    "private_bot",
    "welcome",
]

_BLANK = Markup()


def welcome(voice: Voice, name: str, commands: Sequence[tuple[str, str]]) -> Message:
    """The answer to /start. `commands` are names without the slash and their English catalogue texts."""
    shown = capped(name)
    hello = voice("Hello, {name}!", name=shown) if shown else voice("Hello!")
    head = [
        hello,
        voice("I watch the card-to-card payments of your ePay terminals and tell you at once when one fails."),
    ]
    return Message(fit(head, [_BLANK, *_commands(commands, voice)], (), voice))


def help_message(voice: Voice, commands: Sequence[tuple[str, str]]) -> Message:
    """The answer to /help."""
    return Message(fit([voice("What you can ask:")], [_BLANK, *_commands(commands, voice)], (), voice))


def _commands(commands: Sequence[tuple[str, str]], voice: Voice) -> list[Markup]:
    return [Markup("/{} – {}").format(name, voice(text)) for name, text in commands]


def identity(request: Request, voice: Voice) -> Message:
    """The ids an owner needs to let this person, chat or topic in."""
    chat = request.chat
    lines = [voice("Your id: <code>{id}</code>", id=request.user_id)]
    if chat.kind is not ChatKind.PRIVATE:
        title = capped(chat.title)
        shown = [voice("Chat id: <code>{id}</code>", id=chat.chat_id), *([title] if title else ())]
        lines.append(Markup(" · ").join(shown))
    if chat.thread_id is not None:
        lines.append(voice("Topic id: <code>{id}</code>", id=chat.thread_id))
    return Message(Markup("\n").join(lines))


def private_bot(voice: Voice) -> Message:
    """The one polite refusal."""
    return Message(voice("This bot is private. If you work with the merchant, send its owner your id: /id shows it."))


def error_message(error: UsageError, voice: Voice, command: str = "") -> Message:
    """What a person can mend, in words; what they typed comes back shortened, the unclear part of it marked.

    `command`: what the buttons of better words are for.
    """
    values = {name: capped(str(value), TEXT_LENGTH) for name, value in error.values.items()}
    told = Markup("⚠️ ") + voice(error.text, **values)
    return unclear_message(told, error, command) if isinstance(error, Unclear) else Message(told)
