"""What the detectors of unusual volume have learned, and the operations they are fed with. Minutes count from 1970."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from bot.model import MerchantId, Operation, TerminalId, to_micros
from bot.store.driver import Connection, Row
from bot.store.operations import SELECT, operation_of
from bot.store.rollups import MINUTE

_LATEST = 2 * 24 * 60
# "+" keeps the planner from two days of operations: what is new by sight is far less.
_COLUMNS = "terminal_id, created_at, amount, outcome, reason_code, sender_card"


@dataclass(frozen=True, slots=True)
class Watched:
    """Minutes [since, fed) have been judged, with every operation first seen by `seen_at` (microseconds)."""

    since: int
    fed: int
    seen_at: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a person said about an alarm of a terminal."""

    terminal_id: TerminalId
    kind: str
    verdict: str
    at: datetime


def find_watched(db: Connection, merchant_id: MerchantId) -> Watched | None:
    """How far a merchant has been judged; None before the first time."""
    row = db.row("SELECT * FROM volume_watch WHERE merchant_id = :merchant_id", merchant_id=merchant_id)
    return Watched(row["since_at"] // MINUTE, row["fed_at"] // MINUTE, row["seen_at"]) if row else None


def save_watched(db: Connection, merchant_id: MerchantId, watched: Watched) -> None:
    db.run(
        "INSERT INTO volume_watch (merchant_id, since_at, fed_at, seen_at) VALUES (:merchant_id, :since, :fed, :seen) "
        "ON CONFLICT (merchant_id) DO UPDATE SET since_at = excluded.since_at, fed_at = excluded.fed_at, "
        "seen_at = excluded.seen_at",
        merchant_id=merchant_id,
        since=watched.since * MINUTE,
        fed=watched.fed * MINUTE,
        seen=watched.seen_at,
    )


def list_states(
    db: Connection, merchant_id: MerchantId, places: Iterable[TerminalId] | None = None
) -> dict[TerminalId, bytes]:
    """The kept memory of each terminal's detector, of these terminals or of all."""
    query = "SELECT terminal_id, body FROM volume_state WHERE merchant_id = :merchant_id"
    if places is None:
        rows = db.rows(query, merchant_id=merchant_id)
    else:
        one = f"{query} AND terminal_id = :terminal_id"
        rows = [row for id in places for row in db.rows(one, merchant_id=merchant_id, terminal_id=id)]
    return {TerminalId(row["terminal_id"]): row["body"] for row in rows}


def save_states(db: Connection, merchant_id: MerchantId, fed: int, states: Mapping[TerminalId, bytes]) -> None:
    """Keeps these detectors as they are after the minutes before `fed`."""
    db.many(
        "INSERT INTO volume_state (merchant_id, terminal_id, fed_at, body) VALUES (?, ?, ?, ?) "
        "ON CONFLICT (merchant_id, terminal_id) DO UPDATE SET fed_at = excluded.fed_at, body = excluded.body",
        ((merchant_id, terminal_id, fed * MINUTE, body) for terminal_id, body in states.items()),
    )


def first_minute(db: Connection, merchant_id: MerchantId) -> int | None:
    """The minute of the oldest stored operation."""
    row = db.row(
        "SELECT MIN(created_at) AS at FROM operation WHERE merchant_id = :merchant_id", merchant_id=merchant_id
    )
    return None if row is None or row["at"] is None else int(row["at"]) // MINUTE


def list_made(db: Connection, merchant_id: MerchantId, start: int, end: int) -> list[Row]:
    """What detectors need of the operations created in minutes [start, end), oldest first."""
    return db.rows(
        f"SELECT {_COLUMNS} FROM operation WHERE merchant_id = :merchant_id "
        "AND created_at >= :start AND created_at < :end ORDER BY created_at",
        merchant_id=merchant_id,
        start=start * MINUTE,
        end=end * MINUTE,
    )


def list_late(db: Connection, merchant_id: MerchantId, watched: Watched) -> list[Row]:
    """Operations of the last two days' judged minutes that were seen only after those were judged."""
    return db.rows(
        f"SELECT {_COLUMNS} FROM operation WHERE merchant_id = :merchant_id AND first_seen_at > :seen "
        "AND +created_at >= :start AND +created_at < :end ORDER BY created_at",
        merchant_id=merchant_id,
        seen=watched.seen_at,
        start=max(watched.fed - _LATEST, watched.since) * MINUTE,
        end=watched.fed * MINUTE,
    )


def list_failed_later(db: Connection, merchant_id: MerchantId, watched: Watched) -> list[Row]:
    """Operations of judged minutes, known as undecided, that have failed since."""
    columns = ", ".join(f"operation.{name}" for name in _COLUMNS.split(", "))
    return db.rows(
        f"SELECT {columns} FROM operation_change AS change JOIN operation ON operation.merchant_id = "
        "change.merchant_id AND operation.id = change.operation_id WHERE change.merchant_id = :merchant_id "
        "AND change.at > :seen AND change.outcome_before = 'undecided' AND change.outcome_after = 'failed' "
        "AND +operation.first_seen_at <= :seen AND +operation.created_at >= :start AND +operation.created_at < :end "
        "ORDER BY operation.created_at",
        merchant_id=merchant_id,
        seen=watched.seen_at,
        start=max(watched.fed - _LATEST, watched.since) * MINUTE,
        end=watched.fed * MINUTE,
    )


def newest_sight(db: Connection, merchant_id: MerchantId) -> int:
    """When anything of this merchant was last seen for the first time, or changed; microseconds."""
    seen = db.row("SELECT MAX(first_seen_at) AS at FROM operation WHERE merchant_id = :id", id=merchant_id)
    changed = db.row("SELECT MAX(at) AS at FROM operation_change WHERE merchant_id = :id", id=merchant_id)
    return max(int(row["at"] or 0) for row in (seen, changed) if row)


def get_preset(db: Connection, merchant_id: MerchantId, configured: str) -> str:
    """The preset chosen in a chat, or else the configured one."""
    row = db.row("SELECT preset FROM volume_preset WHERE merchant_id = :merchant_id", merchant_id=merchant_id)
    return str(row["preset"]) if row else configured


def choose_preset(db: Connection, merchant_id: MerchantId, preset: str) -> None:
    """The merchant's detectors are as loud as this from now on."""
    db.run(
        "INSERT INTO volume_preset (merchant_id, preset) VALUES (:merchant_id, :preset) "
        "ON CONFLICT (merchant_id) DO UPDATE SET preset = excluded.preset",
        merchant_id=merchant_id,
        preset=preset,
    )


def add_verdicts(db: Connection, merchant_id: MerchantId, verdicts: Iterable[Verdict]) -> None:
    """A person's word on alarms; the same twice is one."""
    db.many(
        "INSERT INTO volume_verdict (merchant_id, terminal_id, kind, verdict, at) VALUES (?, ?, ?, ?, ?) "
        "ON CONFLICT (merchant_id, terminal_id, kind, at) DO NOTHING",
        ((merchant_id, one.terminal_id, one.kind, one.verdict, to_micros(one.at)) for one in verdicts),
    )


def take_verdicts(db: Connection, merchant_id: MerchantId) -> list[tuple[TerminalId, str, str, int]]:
    """Those not heard yet, each given once: terminal, kind, verdict, epoch seconds."""
    rows = db.rows("SELECT * FROM volume_verdict WHERE merchant_id = :merchant_id ORDER BY at", merchant_id=merchant_id)
    if rows:
        db.run("DELETE FROM volume_verdict WHERE merchant_id = :merchant_id", merchant_id=merchant_id)
    return [(TerminalId(row["terminal_id"]), row["kind"], row["verdict"], row["at"] // 1_000_000) for row in rows]


def list_whole(db: Connection, merchant_id: MerchantId, start: int, end: int) -> list[Operation]:
    """The operations created in minutes [start, end) as they are known now, oldest first."""
    rows = db.rows(
        f"{SELECT} WHERE merchant_id = :merchant_id AND created_at >= :start AND created_at < :end ORDER BY created_at",
        merchant_id=merchant_id,
        start=start * MINUTE,
        end=end * MINUTE,
    )
    return [operation_of(row) for row in rows]
