"""Values in, messages out: what a chat reads, in its language and time zone. Knows no network, clock or store."""

from bot.views.alerts import alert_message
from bot.views.answers import (
    error_message,
    found,
    health,
    help_message,
    identity,
    private_bot,
    welcome,
)
from bot.views.bars import sparkline
from bot.views.by_terminal import by_terminal
from bot.views.comparison import comparison
from bot.views.figures import grand_total, period_figures
from bot.views.matches import matches
from bot.views.payers import payers
from bot.views.period_buttons import (
    Asked,
    ask_period,
    comparison_buttons,
    period_buttons,
    terminals_buttons,
    updated,
)
from bot.views.sight import Sight

__all__ = [
    "Asked",
    "Sight",
    "alert_message",
    "ask_period",
    "by_terminal",
    "comparison",
    "comparison_buttons",
    "error_message",
    "found",
    "grand_total",
    "health",
    "help_message",
    "identity",
    "matches",
    "payers",
    "period_buttons",
    "period_figures",
    "private_bot",
    "sparkline",
    "terminals_buttons",
    "updated",
    "welcome",
]
