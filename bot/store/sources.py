"""How far each merchant's operations have been read, and what of each re-read is still to do."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.model import Freshness, MerchantId, Window, from_micros, to_micros
from bot.store.driver import Connection, Row, list_by_key


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One merchant at the bank. `through_at`: everything created before it has been read at least once.

    `whole_at`: when the whole overlap was last read; it held `whole_rows` operations.
    """

    merchant_id: MerchantId
    watching_since_at: datetime
    through_at: datetime | None
    dialect: str
    last_ok_at: datetime | None
    lost_at: datetime | None
    last_error: str
    set_aside: int
    whole_at: datetime | None = None
    whole_rows: int = 0


class TierName(StrEnum):
    """The re-reads, most urgent first."""

    WARM = "warm"
    COLD = "cold"
    AUDIT = "audit"
    BACKFILL = "backfill"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tier:
    """What is left of one re-read: `left` (empty: done) and when the next run begins."""

    merchant_id: MerchantId
    name: TierName
    left: Window
    due_at: datetime


def find(db: Connection, merchant_id: MerchantId) -> Source | None:
    """The source as stored, or None before the bot has ever read it."""
    row = db.row("SELECT * FROM source WHERE merchant_id = :merchant_id", merchant_id=merchant_id)
    return _source(row) if row else None


def list_read(db: Connection) -> dict[str, datetime | None]:
    """When the bank last answered for each merchant, as far as it ever has."""
    return {row["merchant_id"]: _instant(row["last_ok_at"]) for row in db.rows("SELECT * FROM source")}


def _source(row: Row) -> Source:
    return Source(
        merchant_id=row["merchant_id"],
        watching_since_at=from_micros(row["watching_since_at"]),
        through_at=_instant(row["through_at"]),
        dialect=row["dialect"],
        last_ok_at=_instant(row["last_ok_at"]),
        lost_at=_instant(row["lost_at"]),
        last_error=row["last_error"],
        set_aside=row["set_aside"],
        whole_at=_instant(row["whole_at"]),
        whole_rows=row["whole_rows"],
    )


def _instant(micros: int | None) -> datetime | None:
    return None if micros is None else from_micros(micros)


def begin(db: Connection, merchant_id: MerchantId, now: datetime) -> Source:
    """Starts to watch a merchant, anew if it is known; what was created before is history."""
    row = db.row(
        "INSERT INTO source (merchant_id, watching_since_at) VALUES (:merchant_id, :now) "
        "ON CONFLICT (merchant_id) DO UPDATE SET watching_since_at = excluded.watching_since_at RETURNING *",
        merchant_id=merchant_id,
        now=to_micros(now),
    )
    assert row is not None
    return _source(row)


def advance(db: Connection, merchant_id: MerchantId, through_at: datetime) -> None:
    """Everything created before `through_at` has been read; never goes back."""
    db.run(
        "UPDATE source SET through_at = :through WHERE merchant_id = :merchant_id "
        "AND (through_at IS NULL OR through_at < :through)",
        merchant_id=merchant_id,
        through=to_micros(through_at),
    )


def record_answer(
    db: Connection, merchant_id: MerchantId, *, dialect: str, through_at: datetime, now: datetime
) -> None:
    """The bank answered, and all before `through_at` has been read; what was learnt about the bank is kept."""
    db.run(
        "UPDATE source SET last_ok_at = :now, lost_at = NULL, last_error = '', dialect = :dialect, through_at = "
        "CASE WHEN through_at > :through THEN through_at ELSE :through END WHERE merchant_id = :merchant_id",
        merchant_id=merchant_id,
        dialect=dialect,
        through=to_micros(through_at),
        now=to_micros(now),
    )


def note_whole(db: Connection, merchant_id: MerchantId, at: datetime, rows: int) -> None:
    """The whole overlap has been read and held so many operations."""
    db.run(
        "UPDATE source SET whole_at = :at, whole_rows = :rows WHERE merchant_id = :merchant_id",
        merchant_id=merchant_id,
        at=to_micros(at),
        rows=rows,
    )


def set_aside(db: Connection, merchant_id: MerchantId, records: Mapping[str, str], now: datetime) -> list[str]:
    """Counts records that could not be read, each once: digest -> what is wrong. Returns the new digests."""
    select = "SELECT digest FROM bad_record WHERE merchant_id = :merchant_id AND digest"
    known = {row["digest"] for row in list_by_key(db, select, merchant_id, list(records))}
    new = [digest for digest in records if digest not in known]
    if new:
        db.many(
            "INSERT INTO bad_record (merchant_id, digest, what, seen_at) VALUES (?, ?, ?, ?)",
            ((merchant_id, digest, records[digest], to_micros(now)) for digest in new),
        )
        db.run(
            "UPDATE source SET set_aside = set_aside + :more WHERE merchant_id = :merchant_id",
            merchant_id=merchant_id,
            more=len(new),
        )
    return new


def record_loss(db: Connection, merchant_id: MerchantId, *, error: str, now: datetime) -> None:
    """The bank did not answer; the first time of a row of failures is kept as the beginning."""
    db.run(
        "UPDATE source SET lost_at = COALESCE(lost_at, :now), last_error = :error WHERE merchant_id = :merchant_id",
        merchant_id=merchant_id,
        error=error,
        now=to_micros(now),
    )


def get_freshness(db: Connection, merchant_id: MerchantId) -> Freshness:
    """How fresh the stored operations of a merchant are, and how far back they go."""
    source = find(db, merchant_id)
    if source is None:
        return Freshness(None)
    backfill = list_tiers(db, merchant_id).get(TierName.BACKFILL)
    if backfill is None:
        return Freshness(source.through_at, source.lost_at)
    left = backfill.left
    return Freshness(source.through_at, source.lost_at, left.end, left.start < left.end)


def list_tiers(db: Connection, merchant_id: MerchantId) -> dict[TierName, Tier]:
    """Every re-read that has ever been planned."""
    rows = db.rows("SELECT * FROM tier WHERE merchant_id = :merchant_id", merchant_id=merchant_id)
    return {TierName(row["name"]): _tier(row) for row in rows}


def _tier(row: Row) -> Tier:
    return Tier(
        merchant_id=row["merchant_id"],
        name=TierName(row["name"]),
        left=Window(from_micros(row["start_at"]), from_micros(row["end_at"])),
        due_at=from_micros(row["due_at"]),
    )


def save_tier(db: Connection, tier: Tier) -> None:
    """Keeps what is left of a re-read, so that a restart goes on where it stopped."""
    db.run(
        "INSERT INTO tier (merchant_id, name, start_at, end_at, due_at) "
        "VALUES (:merchant_id, :name, :start_at, :end_at, :due_at) ON CONFLICT (merchant_id, name) DO UPDATE "
        "SET start_at = excluded.start_at, end_at = excluded.end_at, due_at = excluded.due_at",
        merchant_id=tier.merchant_id,
        name=tier.name,
        start_at=to_micros(tier.left.start),
        end_at=to_micros(tier.left.end),
        due_at=to_micros(tier.due_at),
    )
