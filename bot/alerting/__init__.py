"""Findings, conditions and open incidents in, incident changes and their reasons out; pure, the time is an argument."""

from bot.alerting.grouping import absorb, correct, settle
from bot.alerting.handling import acknowledge, snooze
from bot.alerting.timers import Step, advance, due_at

__all__ = ["Step", "absorb", "acknowledge", "advance", "correct", "due_at", "settle", "snooze"]
