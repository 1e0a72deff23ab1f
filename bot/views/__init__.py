"""Values in, messages out: what a chat reads, in its language and time zone. Knows no network, clock or store."""

from bot.views.answers import (
    error_message,
    found,
    health,
    help_message,
    identity,
    private_bot,
    sparkline,
    today,
    welcome,
)

__all__ = [
    "error_message",
    "found",
    "health",
    "help_message",
    "identity",
    "private_bot",
    "sparkline",
    "today",
    "welcome",
]
