"""The configuration file and environment as frozen, checked values; knows nothing of the rest of the program."""

from bot.config.kinds import Duration, Quoted, check_zone, parse_clock_time, parse_duration
from bot.config.reading import exposed_files, load
from bot.config.secrets import list_secrets
from bot.config.sections import (
    Backup,
    Epay,
    MerchantSettings,
    Polling,
    Retention,
    Section,
    Settings,
    Storage,
    Webhook,
)
from bot.config.storage import read_storage

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
    "Storage",
    "Webhook",
    "check_zone",
    "exposed_files",
    "list_secrets",
    "load",
    "parse_clock_time",
    "parse_duration",
    "read_storage",
]
