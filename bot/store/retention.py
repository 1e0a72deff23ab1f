"""What the store need not keep."""

from datetime import datetime

from bot.model import to_micros
from bot.store.driver import Connection


def forget_sent(db: Connection, before: datetime) -> int:
    """Removes what was sent long ago, some thousand rows at a time; returns how many."""
    return db.run(
        "DELETE FROM outbox WHERE id IN "
        "(SELECT id FROM outbox WHERE sent_at < :before AND state = 'sent' ORDER BY sent_at LIMIT 5000)",
        before=to_micros(before),
    )
