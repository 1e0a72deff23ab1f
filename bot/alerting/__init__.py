"""Findings, symptoms and open incidents in, incident changes and their reasons out; pure, the time is an argument."""

from bot.alerting.grouping import absorb, correct, member_of, settle
from bot.alerting.handling import acknowledge, is_same, join, judge, snooze
from bot.alerting.timers import Step, advance, changed, due_at, released

__all__ = [
    "Step",
    "absorb",
    "acknowledge",
    "advance",
    "changed",
    "correct",
    "due_at",
    "is_same",
    "join",
    "judge",
    "member_of",
    "released",
    "settle",
    "snooze",
]
