"""A strict simulated ePay: it refuses what the documents do not allow; where they are silent there is a switch."""

from bot.demo.bank.faults import Fault, Faults
from bot.demo.bank.merchants import BankMerchant, BankTerminal, default_merchants, many_merchants
from bot.demo.bank.server import LIST_PATH, TOKEN_PATH, MoneyCall, Seen, SimulatedBank
from bot.demo.bank.switches import Switches
from bot.demo.bank.traffic import CALM, Habits
from bot.demo.bank.truth import Change, Outcome, Payer, TruthRow
from bot.demo.bank.world import RowDetails, World, loaded_world

__all__ = [
    "CALM",
    "LIST_PATH",
    "TOKEN_PATH",
    "BankMerchant",
    "BankTerminal",
    "Change",
    "Fault",
    "Faults",
    "Habits",
    "MoneyCall",
    "Outcome",
    "Payer",
    "RowDetails",
    "Seen",
    "SimulatedBank",
    "Switches",
    "TruthRow",
    "World",
    "default_merchants",
    "loaded_world",
    "many_merchants",
]
