"""A row in every table that an older version may have left, and whether the program goes on with them."""

from collections.abc import Mapping

from builders import NOW, SAMAL, SHOP, SHOP_LLP, an_operation, failed

from bot.incidents import Incidents
from bot.model import EPOCH, to_micros
from bot.rules import Rulebook
from bot.store import chats, operations, recount, reports
from bot.store.driver import Connection, Store
from bot.store.rollups import HOUR

# What makes the rows of all tables fit together; every other column gets something of its type.
AT = to_micros(NOW) - to_micros(NOW) % HOUR
_COLUMNS: dict[str, object] = {
    "merchant_id": SHOP,
    "terminal_id": SAMAL,
    "currency": "KZT",
    "outcome": "paid",
    "status": "ok",
    "invoice_id": "7",
    "operation_id": "op",
    "id": "op",
    "amount": 15_000,
    "sum": 15_000,
    "count": 1,
    "reason_code": 0,
    "reason_class": None,
    "created_at": AT,
    "first_at": AT,
    "start_at": AT,
    "body": "{}",
    "handled_at": None,
    "missing_at": None,
    "recheck_at": None,
    "lost_at": None,
    "disabled_reason": None,
    "dialect": "{}",
    "chat_id": 101,
    "thread_id": 0,
    "subscribed": 1,
    "kind": "private",
    "language": "en",
    "timezone": "Asia/Almaty",
}
_BY_TABLE: dict[str, dict[str, object]] = {
    "outbox": {"id": 1, "state": "waiting", "action": "say", "incident": None, "sent_at": None},
    "tier": {"name": "backfill"},
    "incident": {"number": 1, "state": "resolved", "rule": "failed_operation", "severity": "warning", "loudness": "on"},
    "incident_event": {"id": 1},
    "silence": {"id": 1, "kind": "x"},
    "subscription": {"kind": "failures", "loudness": "on", "min_severity": "info"},
    "volume_state": {"body": b""},
    "invitation": {"id": 1},
    "audit": {"id": 1},
    "dropped_sum": {"count": 0, "sum": 0},
    "dropped_invoice_sum": {"count": 0},
}


def row_for(table: str, numbers: Mapping[str, bool]) -> dict[str, object]:
    """A row of a table whose columns are numbers or not."""
    known = _COLUMNS | _BY_TABLE.get(table, {})
    return {name: known.get(name, 1 if is_number else "") for name, is_number in numbers.items()}


async def goes_on(store: Store) -> None:
    """The program reads what `row_for` made and does what it would do next."""
    assert await store.read(recount.list_differences) == []
    assert [one.id for one in await store.read(operations.list_by_invoice, SHOP, "7")] == ["op"]
    report = await store.read(reports.health, [SHOP_LLP], version="1", started_at=NOW, now=NOW)
    assert (report.sources[0].operations, report.outbox_waiting) == (1, 1)
    assert [to.chat_id for to in await store.read(chats.list_subscribed)] == [101]
    assert await store.read(chats.list_unhandled_updates) == [(1, "{}")]
    await store.write(_poll)
    assert await store.read(recount.list_differences) == []


def _poll(db: Connection) -> None:
    """What a poll would do next."""
    one = failed(an_operation("next", invoice_id="7"))
    applied = operations.apply(db, SHOP, [one], history_before=EPOCH, now=NOW)
    Incidents([SHOP_LLP], Rulebook.from_settings({}), now=lambda: NOW).report(
        db, SHOP, applied.transitions, bank_now=NOW
    )
