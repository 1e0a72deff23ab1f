"""The bank went away or came back: logged once each, told to people once each."""

import logging
from datetime import datetime, timedelta

from bot.errors import SourceDenied, SourceError
from bot.model import Merchant, SourceAlert, SourceState, Window
from bot.store import alerts, chats, figures, sources
from bot.store.driver import Connection
from bot.store.sources import Source

log = logging.getLogger(__name__)

TELL_LOSS_AFTER = timedelta(seconds=30)


def record_answer(db: Connection, merchant: Merchant, *, dialect: str, through_at: datetime, now: datetime) -> None:
    """Everything up to `through_at` is read; whoever was told of a loss is told that it is over."""
    source = sources.find(db, merchant.id)
    if source and source.lost_at:
        log.info("%s: the bank answers again after %s", merchant.id, now - source.lost_at)
        if source.told:
            alert = _return(db, merchant, lost_at=source.lost_at, through_at=through_at, now=now)
            _announce(db, alert, merchant, now)
    sources.advance(db, merchant.id, through_at)
    sources.record_answer(db, merchant.id, dialect=dialect, now=now)


def record_loss(db: Connection, merchant: Merchant, source: Source, *, error: SourceError, now: datetime) -> None:
    """Told once it has lasted, and at once when a person must act."""
    if source.lost_at is None:
        log.warning("%s: the bank does not answer: %s", merchant.id, error)
    lost_at = source.lost_at or now
    state = SourceState.DENIED if isinstance(error, SourceDenied) else SourceState.LOST
    told = source.told
    if told != state and (state is SourceState.DENIED or abs(now - lost_at) >= TELL_LOSS_AFTER):
        alert = SourceAlert(state=state, merchant_name=merchant.name, since=lost_at, at=now, error=str(error))
        _announce(db, alert, merchant, now)
        told = state
    sources.record_loss(db, merchant.id, error=str(error), told=told, now=now)


def _return(
    db: Connection, merchant: Merchant, *, lost_at: datetime, through_at: datetime, now: datetime
) -> SourceAlert:
    # Operations are counted by the bank's clock, the loss by ours.
    missed = Window(lost_at + (through_at - now), through_at)
    tallies = figures.of_window(db, merchant.id, "", missed).currencies.values()
    return SourceAlert(
        state=SourceState.BACK,
        merchant_name=merchant.name,
        since=lost_at,
        at=now,
        operations=sum(tally.total for tally in tallies),
        failed=sum(tally.failed for tally in tallies),
    )


def _announce(db: Connection, alert: SourceAlert, merchant: Merchant, now: datetime) -> None:
    key = f"source/{merchant.id}/{alert.since.isoformat()}/{alert.state}"
    alerts.announce(db, [(key, alert)], chats.list_subscribed(db), now)
