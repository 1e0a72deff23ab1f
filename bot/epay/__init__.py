"""The bank: reads operations through Halyk ePay. It cannot move money, and knows nothing of chats or the store."""

from bot.epay.calls import Retries
from bot.epay.checks import Check
from bot.epay.client import EpayClient
from bot.epay.dialect import Dialect
from bot.epay.paging import Reading
from bot.epay.payloads import BadRecord, Page, parse_page
from bot.epay.reasons import REASONS, Reason
from bot.epay.search import Filter, contains, ends_with, starts_with, terminal_in

__all__ = [
    "REASONS",
    "BadRecord",
    "Check",
    "Dialect",
    "EpayClient",
    "Filter",
    "Page",
    "Reading",
    "Reason",
    "Retries",
    "contains",
    "ends_with",
    "parse_page",
    "starts_with",
    "terminal_in",
]
