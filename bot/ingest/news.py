"""The bank went away or came back, or sends what cannot be read: logged once each, an incident each."""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta

from bot.epay import BadRecord
from bot.errors import SourceDenied, SourceError
from bot.incidents import Incidents
from bot.model import Merchant, MerchantId, Severity, Symptom, Window
from bot.store import figures, sources
from bot.store.driver import Connection
from bot.store.sources import Source
from bot.watching import Watching

log = logging.getLogger(__name__)

RULE = "source"
LOST, DENIED, UNREADABLE = "lost", "denied", "unreadable"
TELL_LOSS_AFTER = timedelta(seconds=30)


class News:
    """What becomes of one merchant's bank, in the caller's transaction."""

    def __init__(self, merchant: Merchant, incidents: Incidents, watching: Watching | None) -> None:
        self._merchant = merchant
        self._incidents = incidents
        self._watching = watching

    def record_answer(
        self,
        db: Connection,
        source: Source,
        *,
        dialect: str,
        through_at: datetime,
        bad: Sequence[BadRecord],
        now: datetime,
    ) -> None:
        """Everything up to `through_at` is read; whoever was told of a loss is told that it is over."""
        symptoms = [_unreadable(self._merchant.id, bad)]
        if source.lost_at:
            log.info("%s: the bank answers again after %s", self._merchant.id, now - source.lost_at)
            symptoms += self._return(db, source.lost_at, through_at, now)
        sources.record_answer(db, self._merchant.id, dialect=dialect, through_at=through_at, now=now)
        self._incidents.settle(db, self._merchant.id, symptoms)
        if self._watching:
            self._watching.look(db, self._merchant.id, through_at, lost_at=source.lost_at)

    def record_loss(self, db: Connection, source: Source, error: SourceError, now: datetime) -> None:
        """Told once it has lasted, and at once when a person must act."""
        if source.lost_at is None:
            log.warning("%s: the bank does not answer: %s", self._merchant.id, error)
        sources.record_loss(db, self._merchant.id, error=str(error), now=now)
        lost_at = source.lost_at or now
        if isinstance(error, SourceDenied):
            self._incidents.settle(db, self._merchant.id, [_denied(self._merchant.id, error, lost_at)])
        elif abs(now - lost_at) >= TELL_LOSS_AFTER:
            self._incidents.settle(db, self._merchant.id, [_lost(self._merchant.id, error, lost_at)])

    def _return(self, db: Connection, lost_at: datetime, through_at: datetime, now: datetime) -> list[Symptom]:
        # Operations are counted by the bank's clock, the loss by ours.
        missed = Window(lost_at + (through_at - now), through_at)
        tallies = figures.of_window(db, self._merchant.id, "", missed).currencies.values()
        values = {"count": sum(tally.total for tally in tallies), "failed": sum(tally.failed for tally in tallies)}
        return [
            Symptom(
                rule=RULE,
                merchant_id=self._merchant.id,
                key=key,
                holds=False,
                text="The bank answers again. Caught up with operations: {count}, failed: {failed}.",
                values=values,
            )
            for key in (LOST, DENIED)
        ]


def _lost(merchant_id: MerchantId, error: SourceError, since: datetime) -> Symptom:
    return Symptom(
        rule=RULE,
        merchant_id=merchant_id,
        key=LOST,
        holds=True,
        since=since,
        severity=Severity.CRITICAL,
        text="The bank does not answer: {error}. Figures stay as they are; I keep asking and say what I catch up with.",
        values={"error": str(error)},
    )


def _denied(merchant_id: MerchantId, error: SourceError, since: datetime) -> Symptom:
    return Symptom(
        rule=RULE,
        merchant_id=merchant_id,
        key=DENIED,
        holds=True,
        since=since,
        severity=Severity.CRITICAL,
        text="The bank refuses our credentials: {error}. Nothing is read until someone corrects the ePay user name, "
        "password, client id or client secret.",
        values={"error": str(error)},
    )


def _unreadable(merchant_id: MerchantId, bad: Sequence[BadRecord]) -> Symptom:
    if not bad:
        text = "The bank's records can be read again."
        return Symptom(rule=RULE, merchant_id=merchant_id, key=UNREADABLE, holds=False, text=text)
    return Symptom(
        rule=RULE,
        merchant_id=merchant_id,
        key=UNREADABLE,
        holds=True,
        text="The bank sends records that cannot be read ({what}). All others are kept. See /health",
        values={"what": bad[0].what},
    )
