"""SETUP_VIEWS: each step of the set-up, for the reviewed messages."""

from collections.abc import Callable
from datetime import time

from views_samples import HOSTILE, NOW, SHOP

from bot.model import BankAnswer, Merchant, MerchantId, Message, QuietHours, SeenTerminal, Terminal, TerminalId
from bot.texts import Voice
from bot.views import (
    bank_step,
    invite_step,
    noise_step,
    quiet_step,
    sample_alert,
    sample_step,
    setup_done,
    terminal_named,
    terminals_step,
)

ODD = Merchant(MerchantId("odd"), HOSTILE)
SAMAL = SeenTerminal(Terminal(TerminalId("98151552"), "Samal-2"), 340)
NUMBER = SeenTerminal(Terminal(TerminalId("98151553"), "98151553"), 1)
STRANGE = SeenTerminal(Terminal(TerminalId("98151554"), HOSTILE), 0)
ANSWERS = [BankAnswer(SHOP, 0.31, count=14), BankAnswer(ODD, 8, error=HOSTILE)]
COUNTS = {"calm": 0, "normal": 1, "everything": 12}

SETUP_VIEWS: dict[str, Callable[[Voice], Message]] = {
    "setup-bank": lambda voice: bank_step(ANSWERS, voice, NOW),
    "setup-terminals": lambda voice: terminals_step([NUMBER, SAMAL, STRANGE], voice),
    "setup-terminals-named": lambda voice: terminals_step([SAMAL], voice),
    "setup-terminals-none": lambda voice: terminals_step([], voice),
    "setup-terminal-named": lambda voice: terminal_named(SAMAL.terminal, "98151552", voice),
    "setup-noise": lambda voice: noise_step("normal", COUNTS, voice, counting=False),
    "setup-noise-counting": lambda voice: noise_step("calm", COUNTS, voice, counting=True),
    "setup-quiet": lambda voice: quiet_step(QuietHours(time(23), time(8)), voice),
    "setup-quiet-none": lambda voice: quiet_step(None, voice),
    "setup-invite": invite_step,
    "setup-sample": sample_step,
    "setup-sample-alert": lambda voice: sample_alert(SHOP, voice, NOW),
    "setup-done": setup_done,
}
