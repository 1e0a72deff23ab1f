"""How fresh an answer is: a line under every figure and every look-up."""

from datetime import datetime

from markupsafe import Markup

from bot.model import Freshness
from bot.texts import Voice


def live_line(at: datetime, voice: Voice) -> Markup:
    """For what the bank has said this very moment."""
    return voice("🟢 Live from the bank, {time} ({zone})", time=voice.clock_seconds(at), zone=voice.zone_name())


def stored_line(freshness: Freshness, at: datetime, voice: Voice) -> Markup:
    """For a live question that only the store could answer."""
    if freshness.through_at is None:
        return voice("⚠️ The bank does not answer, and nothing is stored yet")
    time = voice.moment(freshness.through_at, at)
    return voice("⚠️ The bank does not answer; stored data as of {time} ({zone})", time=time, zone=voice.zone_name())


def waiting_line(freshness: Freshness, at: datetime, voice: Voice) -> Markup:
    """For what the store says while the bank may still answer."""
    if freshness.through_at is None:
        return voice("⏳ Asking the bank…")
    time = voice.moment(freshness.through_at, at)
    return voice("⏳ Stored data as of {time} ({zone}), I am asking the bank…", time=time, zone=voice.zone_name())


def figures_line(freshness: Freshness, at: datetime, voice: Voice) -> Markup:
    """For figures, which always come from the store."""
    if freshness.through_at is None:
        return voice("⏳ I have only begun to read from the bank; the first figures come in a minute")
    through = voice.moment(freshness.through_at, at)
    if freshness.lost_since is None:
        return voice("Bank data up to {through}", through=through)
    lost = voice.moment(freshness.lost_since, at)
    return voice("⚠️ The bank has not answered since {lost}; data up to {through}", lost=lost, through=through)
