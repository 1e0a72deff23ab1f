"""Who else works on the same database."""

from bot.store.driver import Connection

# Each process of ours has a name of its own; those that wait in a pool count too.
OTHERS = (
    "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'epay-bot%' "
    "AND application_name <> current_setting('application_name')"
)


def has_company(db: Connection) -> bool:
    """Whether another bot works on it now; a file is always one's own."""
    return db.parted and db.row(OTHERS) is not None
