"""What a clock that goes back would put off: moments that were near are near again."""

from datetime import datetime

from bot.model import to_micros
from bot.store.driver import Connection


def bring_forward(db: Connection, now: datetime) -> None:
    """Everything that is still to be said or rewritten is due now: what must wait is put off anew when it is tried."""
    for change in (
        "UPDATE outbox SET due_at = :now WHERE state = 'waiting' AND due_at > :now",
        "UPDATE living SET due_at = :now WHERE dirty = 1 AND due_at > :now",
        "UPDATE living SET shown_at = :now WHERE shown_at > :now",
    ):
        db.run(change, now=to_micros(now))
