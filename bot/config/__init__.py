"""The configuration file and environment as frozen, checked values; knows nothing of the rest of the program."""

from bot.config.kinds import Duration, Quoted, check_zone, parse_clock_time, parse_duration
from bot.config.reading import load
from bot.config.sections import (
    Backup,
    Epay,
    MerchantSettings,
    Polling,
    Retention,
    Section,
    Settings,
    Webhook,
    list_secrets,
)

__all__ = [
    "Backup",
    "Duration",
    "Epay",
    "MerchantSettings",
    "Polling",
    "Quoted",
    "Retention",
    "Section",
    "Settings",
    "Webhook",
    "check_zone",
    "list_secrets",
    "load",
    "parse_clock_time",
    "parse_duration",
]
