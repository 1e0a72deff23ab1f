"""How the watch of a merchant begins, how far back its history is to be read, and what a poll starts from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from bot.config import Polling
from bot.ingest import tiers
from bot.model import MerchantId, Operation, Window
from bot.store import operations, sources, volume
from bot.store.driver import Connection
from bot.store.sources import Source, Tier, TierName
from bot.store.volume import Watched

RECHECKS_A_POLL = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Outset:
    """What is known of a merchant when a poll starts: `due` are operations to be looked at again.

    `watched`: how far its volume has been judged, by whichever replica.
    """

    source: Source
    due: Sequence[Operation]
    tiers: Mapping[TierName, Tier]
    watched: Watched | None


def find_outset(db: Connection, merchant_id: MerchantId, bank_now: datetime) -> Outset | None:
    """In one look, since a poll of a small shop does little else. None as long as nothing has been read."""
    source = sources.find(db, merchant_id)
    if source is None or source.through_at is None:
        return None
    return Outset(
        source=source,
        due=operations.list_to_recheck(db, merchant_id, bank_now, RECHECKS_A_POLL),
        tiers=sources.list_tiers(db, merchant_id),
        watched=volume.find_watched(db, merchant_id),
    )


def begin(db: Connection, merchant_id: MerchantId, polling: Polling, bank_now: datetime) -> Outset:
    """Begins to watch, with all of history before now to be read; a longer history wished for earlier is kept."""
    now = bank_now.replace(microsecond=0)
    start = now - max(polling.backfill, polling.overlap)
    if wished := find_backfill(db, merchant_id):
        start = min(start, wished.left.start)
    planned = {tier.name: tier for tier in tiers.first_tiers(merchant_id, Window(start, now - polling.overlap), now)}
    for tier in planned.values():
        sources.save_tier(db, tier)
    return Outset(source=sources.begin(db, merchant_id, bank_now), due=(), tiers=planned, watched=None)


def find_backfill(db: Connection, merchant_id: MerchantId) -> Tier | None:
    """What of history is still to be read."""
    tier = sources.list_tiers(db, merchant_id).get(TierName.BACKFILL)
    return None if tier is None or tiers.is_done(tier) else tier


def widen_backfill(
    db: Connection, merchant_id: MerchantId, polling: Polling, bank_now: datetime, goal: datetime
) -> Source:
    """History is wished for back to `goal`."""
    source = sources.find(db, merchant_id) or begin(db, merchant_id, polling, bank_now).source
    tier = sources.list_tiers(db, merchant_id)[TierName.BACKFILL]
    if goal < tier.left.start:
        sources.save_tier(db, replace(tier, left=Window(goal, tier.left.end)))
    return source
