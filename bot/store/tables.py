"""The tables of a database and their columns, as both engines name them."""

from dataclasses import dataclass

from bot.store.driver import Connection

_SQLITE = r"""
    SELECT known.name AS table_name, of_it.name AS name, of_it.pk AS place
    FROM sqlite_schema AS known, pragma_table_xinfo(known.name) AS of_it
    WHERE known.type = 'table' AND known.name NOT LIKE 'sqlite\_%' ESCAPE '\' AND of_it.hidden = 0
    ORDER BY known.name, of_it.cid
"""
_POSTGRES = """
    SELECT known.relname AS table_name, of_it.attname AS name,
           COALESCE(array_position(named.conkey, of_it.attnum), 0) AS place
    FROM pg_class AS known
    JOIN pg_attribute AS of_it ON of_it.attrelid = known.oid AND of_it.attnum > 0
        AND NOT of_it.attisdropped AND of_it.attgenerated = ''
    LEFT JOIN pg_constraint AS named ON named.conrelid = known.oid AND named.contype = 'p'
    WHERE known.relkind IN ('r', 'p') AND NOT known.relispartition
        AND known.relnamespace = current_schema()::regnamespace
    ORDER BY known.relname, of_it.attnum
"""
_NUMBERED = """
    SELECT known.relname AS table_name, of_it.attname AS name
    FROM pg_class AS known JOIN pg_attribute AS of_it ON of_it.attrelid = known.oid AND of_it.attidentity <> ''
    WHERE known.relnamespace = current_schema()::regnamespace ORDER BY known.relname
"""


@dataclass(frozen=True, slots=True)
class Table:
    """`columns` without those the engine computes; `key` names a row, where anything does."""

    name: str
    columns: tuple[str, ...]
    key: tuple[str, ...]


def list_tables(db: Connection) -> dict[str, Table]:
    """Every table by its name, those of the engine's own use too."""
    rows: dict[str, list[tuple[str, int]]] = {}
    for row in db.rows(_POSTGRES if db.parted else _SQLITE):
        rows.setdefault(row["table_name"], []).append((row["name"], row["place"]))
    return {name: _table(name, columns) for name, columns in rows.items()}


def _table(name: str, columns: list[tuple[str, int]]) -> Table:
    key = sorted((place, column) for column, place in columns if place)
    return Table(name, tuple(column for column, _ in columns), tuple(column for _, column in key))


def settle(db: Connection) -> None:
    """After rows with numbers of their own were put in: new ones get higher numbers, and the planner knows of all.

    SQLite does the first by itself and plans without knowing.
    """
    if not db.parted:
        return
    for row in db.rows(_NUMBERED):
        table, column = row["table_name"], row["name"]
        db.rows(
            f"SELECT setval(pg_get_serial_sequence('{table}', '{column}'), "
            f"GREATEST((SELECT MAX({column}) FROM {table}), 0) + 1, false)"
        )
    db.run("ANALYZE")
