"""The state of the bot itself, read-only."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.model import HealthReport, Merchant, MerchantId, SourceHealth, from_micros
from bot.store import sources
from bot.store.driver import Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class Pulse:
    """For monitors. `operations`: (merchant, outcome) -> how many; `incidents`: merchant -> how many go on."""

    outbox_waiting: int
    outbox_oldest_at: datetime | None
    operations: Mapping[tuple[str, str], int]
    incidents: Mapping[str, int]


def outbox_waiting(db: Connection) -> tuple[int, datetime | None]:
    """How many rows are still to be sent, and since when the first of them waits."""
    row = db.row("SELECT COUNT(*) AS count, MIN(created_at) AS oldest FROM outbox WHERE state = 'waiting'")
    if row is None or row["oldest"] is None:
        return 0, None
    return row["count"], from_micros(row["oldest"])


def pulse(db: Connection) -> Pulse:
    """The state of the store in figures."""
    waiting, oldest_at = outbox_waiting(db)
    stored = db.rows("SELECT merchant_id, outcome, SUM(count) AS count FROM rollup_total GROUP BY merchant_id, outcome")
    going_on = db.rows(
        "SELECT merchant_id, COUNT(*) AS count FROM incident WHERE state <> 'resolved' GROUP BY merchant_id"
    )
    return Pulse(
        outbox_waiting=waiting,
        outbox_oldest_at=oldest_at,
        operations={(row["merchant_id"], row["outcome"]): row["count"] for row in stored},
        incidents={row["merchant_id"]: row["count"] for row in going_on},
    )


def health(
    db: Connection, merchants: Sequence[Merchant], *, version: str, started_at: datetime, now: datetime
) -> HealthReport:
    """The state of reading and of delivery."""
    waiting, oldest_at = outbox_waiting(db)
    dead = db.row("SELECT COUNT(*) AS count FROM outbox WHERE state IN ('dead', 'uncertain')")
    sent = db.row("SELECT MAX(sent_at) AS at FROM outbox WHERE sent_at IS NOT NULL")
    last = sent["at"] if sent else None
    return HealthReport(
        version=version,
        started_at=started_at,
        sources=tuple(_source_health(db, merchant) for merchant in merchants),
        outbox_waiting=waiting,
        outbox_oldest_at=oldest_at,
        outbox_dead=dead["count"] if dead else 0,
        last_sent_at=None if last is None else from_micros(last),
        store=db.version,
        at=now,
    )


def _source_health(db: Connection, merchant: Merchant) -> SourceHealth:
    source = sources.find(db, merchant.id)
    backfill = sources.list_tiers(db, merchant.id).get(sources.TierName.BACKFILL)
    return SourceHealth(
        merchant=merchant,
        freshness=sources.get_freshness(db, merchant.id),
        last_ok_at=source.last_ok_at if source else None,
        last_error=source.last_error if source else "",
        watching_since=source.watching_since_at if source else None,
        backfilled_to=backfill.left.end if backfill else None,
        backfill_until=backfill.left.start if backfill else None,
        operations=_count(db, "SELECT SUM(count) AS count FROM rollup_total WHERE merchant_id = :id", merchant.id),
        undecided=_count(
            db,
            "SELECT COUNT(*) AS count FROM operation WHERE merchant_id = :id AND recheck_at IS NOT NULL",
            merchant.id,
        ),
        set_aside=source.set_aside if source else 0,
    )


def _count(db: Connection, sql: str, merchant_id: MerchantId) -> int:
    row = db.row(sql, id=merchant_id)
    return int(row["count"] or 0) if row else 0
