"""The one transaction: operations, rollups, incidents, outbox and the progress of reading, all or nothing."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.correlation import about
from bot.epay import BadRecord, Reading
from bot.incidents import Incidents
from bot.model import Merchant, OperationId, Window
from bot.store import operations, sources
from bot.store.driver import Connection
from bot.store.sources import Source, Tier, TierName

log = logging.getLogger(__name__)

NOT_READ = Reading((), (), 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """A window to be read whole, what was read in it, and what has been reached once it is kept.

    `settled`: an operation that is no longer listed in it is noted as missing.
    """

    window: Window
    reading: Reading = NOT_READ
    through_at: datetime | None = None
    tier: Tier | None = None
    settled: bool = False

    @property
    def is_empty(self) -> bool:
        """Whether to keep it changes nothing."""
        return not (self.reading.operations or self.reading.set_aside or self.through_at or self.tier or self.settled)


class Keeper:
    """Keeps one merchant's slices."""

    def __init__(self, merchant: Merchant, *, incidents: Incidents, overlap: timedelta) -> None:
        self._merchant = merchant
        self._incidents = incidents
        self._overlap = overlap
        self._stale: set[OperationId] = set()

    def keep(self, db: Connection, source: Source, piece: Slice, bank_now: datetime) -> None:
        """Stores a slice and everything that follows from it. History is only stored."""
        history = source.through_at is None or (piece.tier is not None and piece.tier.name is TierName.BACKFILL)
        history_before = piece.window.end if history else source.watching_since_at - self._overlap
        read = piece.reading.operations
        applied = operations.apply(db, self._merchant.id, read, history_before=history_before, now=bank_now)
        if not history:
            self._incidents.report(db, self._merchant.id, applied.transitions, bank_now=bank_now)
        if piece.reading.set_aside:
            self._set_aside(db, piece.reading.set_aside, bank_now)
        if piece.settled:
            self._note_missing(db, piece, bank_now)
        if piece.tier:
            sources.save_tier(db, piece.tier)
        if piece.through_at:
            sources.advance(db, self._merchant.id, piece.through_at)
        self._log_stale(applied.stale)

    def _set_aside(self, db: Connection, bad: tuple[BadRecord, ...], bank_now: datetime) -> None:
        """Counts records that could not be read, each once."""
        new = sources.set_aside(db, self._merchant.id, {record.digest: record.what for record in bad}, bank_now)
        if new:
            first = next(record for record in bad if record.digest == new[0])
            log.warning(
                "%s: %s records could not be read, first %s: %s", self._merchant.id, len(new), first.raw_id, first.what
            )

    def _note_missing(self, db: Connection, piece: Slice, bank_now: datetime) -> None:
        """The newest minutes are left out: a stale answer may lack what has just been seen."""
        window = Window(piece.window.start, min(piece.window.end, bank_now - self._overlap))
        seen = (operation.id for operation in piece.reading.operations)
        gone = operations.mark_missing(db, self._merchant.id, window, seen, bank_now)
        if gone:
            with about(operation=gone[0]):
                log.warning(
                    "%s: the bank no longer lists %s operations, first %s", self._merchant.id, len(gone), gone[0]
                )

    def _log_stale(self, stale: Sequence[OperationId]) -> None:
        new = set(stale) - self._stale
        self._stale |= new
        for operation_id in sorted(new):
            with about(operation=operation_id):
                log.warning("%s: a stale answer of the bank on %s is refused", self._merchant.id, operation_id)
