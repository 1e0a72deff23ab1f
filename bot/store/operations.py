"""Operations as the bank showed them, newest state first in rank, with their changes."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from operator import attrgetter
from typing import Any

from bot.model import (
    MerchantId,
    Operation,
    OperationId,
    Outcome,
    ReasonClass,
    TerminalId,
    Transition,
    Window,
    from_micros,
    to_micros,
)
from bot.store import partitions, retention, rollups
from bot.store.driver import Connection, Row

RECHECK_FOR = timedelta(days=7)
_RECHECK_SOONEST = timedelta(seconds=30)
_RECHECK_LATEST = timedelta(minutes=30)

_COLUMNS = ("created_at", *(field.name for field in fields(Operation) if field.name != "created_at"))
SELECT = f"SELECT {', '.join(_COLUMNS)} FROM operation"
INSERT = (
    f"INSERT INTO operation ({', '.join(_COLUMNS)}, recheck_at, first_seen_at) "
    f"VALUES ({', '.join('?' * (len(_COLUMNS) + 2))})"
)
# The time names the month, where each has a table of its own.
_HERE = "WHERE merchant_id = ? AND id = ? AND created_at = ?"
_UPDATE = (
    f"UPDATE operation SET {', '.join(f'{name} = ?' for name in _COLUMNS)}, recheck_at = ?, missing_at = NULL {_HERE}"
)
_CHANGE = "INSERT INTO operation_change VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
# One look into the index a terminal: the hours of three months would be too many rows to read.
_TERMINALS = """
    WITH RECURSIVE known (terminal_id) AS (
        SELECT MIN(terminal_id) FROM rollup_hour WHERE merchant_id = :merchant_id
        UNION ALL
        SELECT (SELECT MIN(hour.terminal_id) FROM rollup_hour AS hour
                WHERE hour.merchant_id = :merchant_id AND hour.terminal_id > known.terminal_id)
        FROM known WHERE known.terminal_id IS NOT NULL
    ), dated (terminal_id, last_at) AS (
        SELECT terminal_id, (SELECT MAX(hour.start_at) FROM rollup_hour AS hour
                             WHERE hour.merchant_id = :merchant_id AND hour.terminal_id = known.terminal_id)
        FROM known WHERE terminal_id IS NOT NULL
    )
    SELECT terminal_id, (SELECT SUM(hour.count) FROM rollup_hour AS hour
                         WHERE hour.merchant_id = :merchant_id AND hour.terminal_id = dated.terminal_id
                         AND hour.start_at > dated.last_at - :lately) AS total
    FROM dated WHERE last_at >= :since ORDER BY total DESC, terminal_id
"""
_other_values = attrgetter(*_COLUMNS[1:])


@dataclass(frozen=True, slots=True)
class Applied:
    """What a reading changed: transitions to judge, and the operations whose stale state was refused."""

    transitions: tuple[Transition, ...]
    stale: tuple[OperationId, ...]


def apply(
    db: Connection, merchant_id: MerchantId, operations: Sequence[Operation], *, history_before: datetime, now: datetime
) -> Applied:
    """Stores what the bank showed and says what changed.

    An operation never seen that was created before `history_before` is history. A lower rank than
    the stored one is a stale answer of the bank and changes nothing, nor does what is no longer to be kept.
    """
    shown = _furthest(retention.kept(db, merchant_id, operations))
    stored = _stored(db, merchant_id, shown)
    new: list[Transition] = []
    changed: list[Transition] = []
    stale: list[OperationId] = []
    for operation in shown.values():
        before = stored.get(operation.id)
        if before is None:
            new.append(Transition(None, operation, operation.created_at < history_before))
        elif operation.outcome.rank < before.outcome.rank:
            stale.append(operation.id)
        elif _differ(operation, before):
            changed.append(Transition(before, replace(operation, created_at=before.created_at)))
    _write(db, [transition.after for transition in new], changed, now)
    transitions = (*new, *changed)
    rollups.add(db, merchant_id, transitions)
    return Applied(transitions, tuple(stale))


def list_news(db: Connection, merchant_id: MerchantId, operations: Sequence[Operation]) -> tuple[Operation, ...]:
    """What of an answer `apply` has something to do about: asked by a reader, so that nothing new holds up nobody."""
    stored = _stored(db, merchant_id, {operation.id: operation for operation in operations})
    return tuple(one for one in operations if (known := stored.get(one.id)) is None or _differ(one, known))


def _differ(shown: Operation, known: Operation) -> bool:
    """When it was made is what was said first."""
    return shown != known and replace(shown, created_at=known.created_at) != known


def _furthest(operations: Iterable[Operation]) -> dict[OperationId, Operation]:
    """Each operation once, in the state of the highest rank, the last of equals."""
    shown: dict[OperationId, Operation] = {}
    for operation in operations:
        twin = shown.get(operation.id)
        if twin is None or operation.outcome.rank >= twin.outcome.rank:
            shown[operation.id] = operation
    return shown


def _stored(
    db: Connection, merchant_id: MerchantId, shown: Mapping[OperationId, Operation]
) -> dict[OperationId, Operation]:
    made = {key: to_micros(operation.created_at) for key, operation in shown.items()}
    rows = partitions.list_known(db, f"{SELECT} WHERE merchant_id = :merchant_id AND", merchant_id, made)
    return {row["id"]: operation_of(row) for row in rows}


def _write(db: Connection, new: Iterable[Operation], changed: Sequence[Transition], now: datetime) -> None:
    at = to_micros(now)
    rows = [(*values_of(operation), _recheck_at(operation, now), at) for operation in new]
    partitions.prepare(db, (created_at for created_at, *_ in rows))
    db.many(INSERT, rows)
    if not changed:
        return
    db.many(
        _UPDATE,
        (
            (*values_of(one), _recheck_at(one, now), *_place(one))
            for one in (transition.after for transition in changed)
        ),
    )
    db.many(_CHANGE, (_change(t.before, t.after, at) for t in changed if t.before))


def _place(operation: Operation) -> tuple[object, ...]:
    return operation.merchant_id, operation.id, to_micros(operation.created_at)


def _change(before: Operation, after: Operation, at: int) -> tuple[object, ...]:
    return (
        *(after.merchant_id, after.id, at),
        *(before.outcome, after.outcome),
        *(before.status, after.status),
        *(before.amount, after.amount),
        after.reason_code,
    )


def values_of(operation: Operation) -> tuple[Any, ...]:
    """The operation's columns in the order of INSERT, which wants recheck_at and first_seen_at after them."""
    return to_micros(operation.created_at), *_other_values(operation)


def operation_of(row: Row) -> Operation:
    """The operation in a row of SELECT."""
    values = {name: row[name] for name in _COLUMNS}
    values["created_at"] = from_micros(row["created_at"])
    values["outcome"] = Outcome(row["outcome"])
    values["reason_class"] = None if row["reason_class"] is None else ReasonClass(row["reason_class"])
    return Operation(**values)


def _recheck_at(operation: Operation, now: datetime) -> int | None:
    """When to look again at what is undecided: soon while it is young, ever more seldom, not after a week."""
    age = now - operation.created_at
    if operation.outcome is not Outcome.UNDECIDED or age > RECHECK_FOR:
        return None
    return to_micros(now + min(max(age / 2, _RECHECK_SOONEST), _RECHECK_LATEST))


def list_to_recheck(db: Connection, merchant_id: MerchantId, now: datetime, limit: int) -> list[Operation]:
    """Undecided operations whose time for another look has come, longest waiting first."""
    rows = db.rows(
        f"{SELECT} WHERE merchant_id = :merchant_id AND recheck_at <= :now ORDER BY recheck_at LIMIT :limit",
        merchant_id=merchant_id,
        now=to_micros(now),
        limit=limit,
    )
    return [operation_of(row) for row in rows]


def put_off_recheck(db: Connection, operations: Iterable[Operation], now: datetime) -> None:
    """Plans the next look at those of the operations that are still undecided."""
    db.many(
        f"UPDATE operation SET recheck_at = ? {_HERE} AND outcome = 'undecided'",
        ((_recheck_at(operation, now), *_place(operation)) for operation in operations),
    )


def list_by_invoice(db: Connection, merchant_id: MerchantId, invoice_id: str) -> list[Operation]:
    """Every stored attempt on an invoice, newest first."""
    rows = db.rows(
        f"{SELECT} WHERE merchant_id = :merchant_id AND invoice_id = :invoice_id ORDER BY created_at DESC, id",
        merchant_id=merchant_id,
        invoice_id=invoice_id,
    )
    return [operation_of(row) for row in rows]


def list_page(
    db: Connection, merchant_id: MerchantId, terminal_id: str, window: Window, *, after: Operation | None, limit: int
) -> list[Operation]:
    """The next operations of a window, oldest first, behind the one the page before ended with.

    `terminal_id` "" means all terminals. Each page is a reading of its own: what comes in between is not lost.
    """
    rows = db.rows(
        f"{SELECT} WHERE merchant_id = :merchant_id AND (:terminal_id = '' OR terminal_id = :terminal_id) "
        "AND created_at >= :start AND created_at < :end AND (created_at > :start OR id > :id) "
        "ORDER BY created_at, id LIMIT :limit",
        merchant_id=merchant_id,
        terminal_id=terminal_id,
        start=to_micros(after.created_at if after else window.start),
        end=to_micros(window.end),
        id=after.id if after else "",
        limit=limit,
    )
    return [operation_of(row) for row in rows]


def count_in(db: Connection, merchant_id: MerchantId, window: Window) -> int:
    """How many stored operations the bank is still known to list in the window."""
    row = db.row(
        "SELECT COUNT(*) AS count FROM operation WHERE merchant_id = :merchant_id "
        "AND created_at >= :start AND created_at < :end AND missing_at IS NULL",
        merchant_id=merchant_id,
        start=to_micros(window.start),
        end=to_micros(window.end),
    )
    return int(row["count"]) if row else 0


def mark_missing(
    db: Connection, merchant_id: MerchantId, window: Window, seen: Iterable[OperationId], now: datetime
) -> list[OperationId]:
    """Notes which stored operations of a completely read window the bank no longer lists, or lists again.

    Returns the ids missing for the first time.
    """
    rows = db.rows(
        "SELECT id, created_at, missing_at FROM operation WHERE merchant_id = :merchant_id "
        "AND created_at >= :start AND created_at < :end",
        merchant_id=merchant_id,
        start=to_micros(window.start),
        end=to_micros(window.end),
    )
    listed = set(seen)
    gone = [row for row in rows if row["missing_at"] is None and row["id"] not in listed]
    back = [row for row in rows if row["missing_at"] is not None and row["id"] in listed]
    marks = (
        (at, merchant_id, row["id"], row["created_at"])
        for at, few in ((to_micros(now), gone), (None, back))
        for row in few
    )
    db.many(f"UPDATE operation SET missing_at = ? {_HERE}", marks)
    return [row["id"] for row in gone]


def list_terminals(db: Connection, merchant_id: MerchantId, since: datetime) -> list[TerminalId]:
    """Terminals with operations since then, the busiest of the last two days of each first."""
    rows = db.rows(
        _TERMINALS,
        merchant_id=merchant_id,
        since=to_micros(since) // rollups.HOUR * rollups.HOUR,
        lately=48 * rollups.HOUR,
    )
    return [TerminalId(row["terminal_id"]) for row in rows]
