"""What a chat need not say again."""

from bot.model import TerminalId
from bot.store.driver import Connection


def remember_terminal(db: Connection, chat_id: int, thread_id: int | None, terminal_id: TerminalId) -> None:
    """The terminal last named in a chat or topic."""
    db.run(
        "INSERT INTO last_terminal (chat_id, thread_id, terminal_id) VALUES (:chat_id, :thread_id, :terminal_id) "
        "ON CONFLICT (chat_id, thread_id) DO UPDATE SET terminal_id = excluded.terminal_id",
        chat_id=chat_id,
        thread_id=thread_id or 0,
        terminal_id=terminal_id,
    )


def find_last_terminal(db: Connection, chat_id: int, thread_id: int | None) -> TerminalId | None:
    """The terminal last named there, if any was."""
    row = db.row(
        "SELECT terminal_id FROM last_terminal WHERE chat_id = :chat_id AND thread_id = :thread_id",
        chat_id=chat_id,
        thread_id=thread_id or 0,
    )
    return TerminalId(row["terminal_id"]) if row else None
