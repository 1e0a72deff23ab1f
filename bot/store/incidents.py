"""Incidents: their state, their operations, their history, and the silences over them."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from pydantic import TypeAdapter

from bot.model import (
    Aftermath,
    Event,
    Incident,
    MerchantId,
    Operation,
    OperationId,
    Outcome,
    Rates,
    Tally,
    TerminalId,
    from_micros,
    to_micros,
)
from bot.store.driver import Connection, list_by_key, micros_or_none
from bot.store.operations import operation_of

USUAL_FOR = timedelta(days=14)
USUAL_SAMPLE = 50
_BODY = TypeAdapter(Incident)
_OPERATIONS = """
    SELECT operation.*, invoice.outcome AS fate FROM incident_operation
    JOIN operation ON operation.merchant_id = incident_operation.merchant_id
        AND operation.id = incident_operation.operation_id
    LEFT JOIN invoice ON invoice.merchant_id = operation.merchant_id AND invoice.invoice_id = operation.invoice_id
    WHERE incident_operation.number = :number
"""
_USUAL = """
    SELECT outcome, SUM(count) AS count FROM rollup_hour WHERE merchant_id = :merchant_id
    AND terminal_id = :terminal_id AND start_at >= :since AND start_at < :until AND outcome <> 'undecided'
    GROUP BY outcome
"""
_UNPAID = "AND COALESCE(invoice.outcome, operation.outcome) NOT IN ('paid', 'refunded')"


def list_open(db: Connection, merchant_id: MerchantId) -> list[Incident]:
    """Incidents of a merchant that are not over, oldest first."""
    rows = db.rows(
        "SELECT body FROM incident WHERE merchant_id = :merchant_id AND state <> 'resolved' ORDER BY number",
        merchant_id=merchant_id,
    )
    return [_BODY.validate_json(row["body"]) for row in rows]


def list_due(db: Connection, now: datetime) -> list[Incident]:
    """Incidents whose next step of time has come."""
    rows = db.rows("SELECT body FROM incident WHERE due_at <= :now ORDER BY due_at", now=to_micros(now))
    return [_BODY.validate_json(row["body"]) for row in rows]


def list_recent(db: Connection, merchant_id: MerchantId, since: datetime) -> list[Incident]:
    """Incidents open now or with a failure since then, newest first."""
    rows = db.rows(
        "SELECT body FROM incident WHERE number IN "
        "(SELECT number FROM incident WHERE merchant_id = :merchant_id AND state <> 'resolved' "
        "UNION SELECT number FROM incident WHERE merchant_id = :merchant_id AND last_at >= :since) "
        "ORDER BY number DESC",
        merchant_id=merchant_id,
        since=to_micros(since),
    )
    return [_BODY.validate_json(row["body"]) for row in rows]


def find(db: Connection, number: int) -> Incident | None:
    """The incident people call by this number."""
    row = db.row("SELECT body FROM incident WHERE number = :number", number=number)
    return _BODY.validate_json(row["body"]) if row else None


def get(db: Connection, number: int) -> Incident:
    """Raises LookupError for a number nobody has given."""
    incident = find(db, number)
    if incident is None:
        raise LookupError(f"no incident #{number}")
    return incident


def next_number(db: Connection) -> int:
    """The number the next incident is called by."""
    row = db.row("SELECT COALESCE(MAX(number), 0) + 1 AS number FROM incident")
    return int(row["number"]) if row else 1


def save(db: Connection, incident: Incident, due_at: datetime | None) -> None:
    """Keeps an incident as it is now, and when time has something to say about it."""
    db.run(
        "INSERT INTO incident (number, merchant_id, rule, state, last_at, due_at, body) "
        "VALUES (:number, :merchant_id, :rule, :state, :last_at, :due_at, :body) ON CONFLICT (number) DO UPDATE "
        "SET state = excluded.state, last_at = excluded.last_at, due_at = excluded.due_at, body = excluded.body",
        number=incident.number,
        merchant_id=incident.merchant_id,
        rule=incident.rule,
        state=incident.state,
        last_at=to_micros(incident.last_at),
        due_at=micros_or_none(due_at),
        body=_BODY.dump_json(incident).decode(),
    )


def note_operations(db: Connection, number: int, operations: Iterable[tuple[MerchantId, OperationId]]) -> None:
    """Remembers which failed operations an incident is about."""
    db.many(
        "INSERT INTO incident_operation (merchant_id, operation_id, number) VALUES (?, ?, ?) "
        "ON CONFLICT (merchant_id, operation_id) DO UPDATE SET number = excluded.number",
        [(merchant_id, operation_id, number) for merchant_id, operation_id in operations],
    )


def numbers_of(db: Connection, merchant_id: MerchantId, ids: Sequence[OperationId]) -> dict[OperationId, int]:
    """The incident of each of these operations that belongs to one."""
    select = "SELECT operation_id, number FROM incident_operation WHERE merchant_id = :merchant_id AND operation_id"
    return {row["operation_id"]: row["number"] for row in list_by_key(db, select, merchant_id, ids)}


def record_event(db: Connection, number: int, event: Event) -> None:
    """Adds a line to an incident's history."""
    db.run(
        "INSERT INTO incident_event (number, at, what, who) VALUES (:number, :at, :what, :who)",
        number=number,
        at=to_micros(event.at),
        what=event.what,
        who=event.who,
    )


def list_events(db: Connection, number: int) -> list[Event]:
    """An incident's history, oldest first."""
    rows = db.rows("SELECT at, what, who FROM incident_event WHERE number = :number ORDER BY at, id", number=number)
    return [Event(from_micros(row["at"]), row["what"], row["who"]) for row in rows]


def list_changes(db: Connection, after: int) -> list[tuple[int, Event, Incident]]:
    """Lines of history behind that one, with their ids and their incidents as they are now, oldest first."""
    rows = db.rows(
        "SELECT id, at, what, who, body FROM incident_event JOIN incident USING (number) WHERE id > :after ORDER BY id",
        after=after,
    )
    events = [Event(from_micros(row["at"]), row["what"], row["who"]) for row in rows]
    return [(row["id"], event, _BODY.validate_json(row["body"])) for row, event in zip(rows, events, strict=True)]


def list_operations(
    db: Connection, number: int, *, limit: int, offset: int = 0, unpaid: bool = False
) -> list[tuple[Operation, Outcome]]:
    """Operations of an incident, newest first, each with what became of its invoice; or of `unpaid` invoices only."""
    rows = db.rows(
        f"{_OPERATIONS} {_UNPAID if unpaid else ''} ORDER BY created_at DESC, id LIMIT :limit OFFSET :offset",
        number=number,
        limit=limit,
        offset=offset,
    )
    return [(operation_of(row), Outcome(row["fate"] or row["outcome"])) for row in rows]


def count_operations(db: Connection, number: int, *, unpaid: bool = False) -> int:
    """How many `list_operations` has in all."""
    row = db.row(f"SELECT COUNT(*) AS count FROM ({_OPERATIONS} {_UNPAID if unpaid else ''}) AS found", number=number)
    return int(row["count"]) if row else 0


def count_failed_since(db: Connection, number: int, since: datetime) -> int:
    """How many operations of an incident were made since then."""
    row = db.row(
        f"SELECT COUNT(*) AS count FROM ({_OPERATIONS} AND created_at >= :since) AS found",
        number=number,
        since=to_micros(since),
    )
    return int(row["count"]) if row else 0


def aftermath(db: Connection, incident: Incident) -> Aftermath:
    """How many of the incident's invoices were paid in the end."""
    rows = db.rows(
        "SELECT invoice.outcome AS outcome, COUNT(DISTINCT invoice.invoice_id) AS count FROM incident_operation "
        "JOIN operation ON operation.merchant_id = incident_operation.merchant_id "
        "AND operation.id = incident_operation.operation_id "
        "JOIN invoice ON invoice.merchant_id = operation.merchant_id AND invoice.invoice_id = operation.invoice_id "
        "WHERE incident_operation.number = :number GROUP BY invoice.outcome",
        number=incident.number,
    )
    counts = {row["outcome"]: row["count"] for row in rows}
    recovered = counts.get(Outcome.PAID, 0) + counts.get(Outcome.REFUNDED, 0)
    return Aftermath(recovered=recovered, unpaid=sum(counts.values()) - recovered)


def traffic(db: Connection, merchant_id: MerchantId, since: datetime) -> dict[TerminalId, Tally]:
    """What each terminal did since then, by the minute."""
    rows = db.rows(
        "SELECT terminal_id, outcome, SUM(count) AS count FROM rollup_minute "
        "WHERE merchant_id = :merchant_id AND start_at >= :since GROUP BY terminal_id, outcome",
        merchant_id=merchant_id,
        since=to_micros(since),
    )
    counts: dict[TerminalId, dict[str, int]] = {}
    for row in rows:
        counts.setdefault(row["terminal_id"], {})[row["outcome"]] = row["count"]
    return {terminal_id: Tally(**known) for terminal_id, known in counts.items()}


def rates(db: Connection, incident: Incident) -> Rates | None:
    """How the incident's terminals do since shortly before it opened, and how they did in the two weeks before."""
    terminals = {member.terminal_id for member in incident.members}
    if not terminals:
        return None
    began_at = min(incident.opened_at, incident.since).replace(second=0, microsecond=0)
    since = traffic(db, incident.merchant_id, began_at)
    tallies = [tally for terminal_id, tally in since.items() if terminal_id in terminals]
    usual = _usual(db, incident, terminals)
    return Rates(
        failed=sum(tally.failed for tally in tallies), decided=sum(tally.decided for tally in tallies), usual=usual
    )


def _usual(db: Connection, incident: Incident, terminals: set[TerminalId]) -> float | None:
    span = {
        "since": to_micros(incident.opened_at - USUAL_FOR),
        "until": to_micros(incident.opened_at - timedelta(hours=1)),
    }
    # Terminal by terminal, as the hours lie side by side: a merchant's hours of all years would be too many.
    decided = [
        row
        for terminal_id in terminals
        for row in db.rows(_USUAL, merchant_id=incident.merchant_id, terminal_id=terminal_id, **span)
    ]
    total = sum(row["count"] for row in decided)
    good = sum(row["count"] for row in decided if row["outcome"] != Outcome.FAILED)
    return good / total if total >= USUAL_SAMPLE else None
