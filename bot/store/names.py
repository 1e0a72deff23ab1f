"""Names people gave to terminals; what the configuration names keeps the name it has there."""

from collections.abc import Sequence
from dataclasses import replace

from bot.model import Merchant, MerchantId, Terminal, TerminalId
from bot.store.driver import Connection


def give(db: Connection, merchant_id: MerchantId, terminal_id: TerminalId, name: str) -> None:
    """The terminal is called this from now on."""
    db.run(
        "INSERT INTO terminal_name (merchant_id, terminal_id, name) VALUES (:merchant_id, :terminal_id, :name) "
        "ON CONFLICT (merchant_id, terminal_id) DO UPDATE SET name = excluded.name",
        merchant_id=merchant_id,
        terminal_id=terminal_id,
        name=name,
    )


def find(db: Connection, merchant_id: MerchantId, terminal_id: TerminalId) -> str | None:
    """The name people gave to a terminal."""
    row = db.row(
        "SELECT name FROM terminal_name WHERE merchant_id = :merchant_id AND terminal_id = :terminal_id",
        merchant_id=merchant_id,
        terminal_id=terminal_id,
    )
    return row["name"] if row else None


def named(db: Connection, merchants: Sequence[Merchant]) -> tuple[Merchant, ...]:
    """The merchants with the terminals that people named besides those of the configuration."""
    given: dict[str, list[Terminal]] = {}
    for row in db.rows("SELECT * FROM terminal_name ORDER BY terminal_id"):
        given.setdefault(row["merchant_id"], []).append(Terminal(row["terminal_id"], row["name"]))
    return tuple(_with(merchant, given.get(merchant.id, ())) for merchant in merchants)


def _with(merchant: Merchant, given: Sequence[Terminal]) -> Merchant:
    configured = {terminal.id for terminal in merchant.terminals}
    more = [terminal for terminal in given if terminal.id not in configured]
    return replace(merchant, terminals=(*merchant.terminals, *more)) if more else merchant
