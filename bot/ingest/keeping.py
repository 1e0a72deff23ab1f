"""The one transaction: operations, rollups, incidents, outbox and the progress of reading, all or nothing."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot import alerting
from bot.epay import BadRecord, Reading
from bot.model import Merchant, NoticeAlert, Transition, Window
from bot.rules import Rulebook
from bot.store import alerts, chats, operations, sources
from bot.store.driver import Connection
from bot.store.sources import Source, Tier

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """A window read whole, and what has been reached once it is kept.

    `settled`: old enough for an operation that is no longer listed to be noted as missing.
    """

    window: Window
    reading: Reading
    through_at: datetime | None = None
    tier: Tier | None = None
    settled: bool = False


class Keeper:
    """Keeps one merchant's slices."""

    def __init__(
        self, merchant: Merchant, *, rulebook: Rulebook, overlap: timedelta, now: Callable[[], datetime]
    ) -> None:
        self._merchant = merchant
        self._rulebook = rulebook
        self._overlap = overlap
        self._now = now
        self._bad: set[str] = set()

    def keep(self, db: Connection, source: Source, piece: Slice, bank_now: datetime) -> None:
        """Stores a slice and everything that follows from it."""
        read = piece.reading.operations
        history_before = piece.window.end if source.through_at is None else source.watching_since_at - self._overlap
        applied = operations.apply(db, self._merchant.id, read, history_before=history_before, now=bank_now)
        self._announce(db, applied.transitions, bank_now)
        if piece.reading.set_aside:
            self._set_aside(db, piece.reading.set_aside, bank_now)
        if piece.settled:
            self._note_missing(db, piece, bank_now)
        if piece.tier:
            sources.save_tier(db, piece.tier)
        if piece.through_at:
            sources.advance(db, self._merchant.id, piece.through_at)
        if applied.stale:
            log.warning("%s: %s stale answers of the bank refused", self._merchant.id, len(applied.stale))

    def _announce(self, db: Connection, transitions: Sequence[Transition], bank_now: datetime) -> None:
        plan = alerting.plan(
            self._rulebook.judge(transitions),
            alerts.list_open_incidents(db, self._merchant.id),
            merchant=self._merchant,
            next_number=alerts.next_incident_number(db),
            now=bank_now,
        )
        alerts.save_incidents(db, plan.incidents)
        alerts.announce(db, plan.alerts, chats.list_subscribed(db), self._now())

    def _set_aside(self, db: Connection, bad: tuple[BadRecord, ...], bank_now: datetime) -> None:
        """Counts records that could not be read, each once, and tells the owner once a day."""
        new = [record for record in bad if record.digest not in self._bad]
        if not new:
            return
        self._bad.update(record.digest for record in new)
        what = new[0].what
        log.warning("%s: %s records could not be read, first %s: %s", self._merchant.id, len(new), new[0].raw_id, what)
        sources.count_set_aside(db, self._merchant.id, len(new))
        notice = NoticeAlert(
            text="{merchant}: the bank sent records that cannot be read ({what}). All others are kept. See /health",
            values={"merchant": self._merchant.name, "what": what},
            at=bank_now,
        )
        key = f"set-aside/{self._merchant.id}/{bank_now.date()}"
        alerts.announce(db, [(key, notice)], chats.list_subscribed(db), self._now())

    def _note_missing(self, db: Connection, piece: Slice, bank_now: datetime) -> None:
        seen = (operation.id for operation in piece.reading.operations)
        gone = operations.mark_missing(db, self._merchant.id, piece.window, seen, bank_now)
        if gone:
            log.warning("%s: the bank no longer lists %s operations, first %s", self._merchant.id, len(gone), gone[0])
