"""Stored operations that meet any conditions, a page at a time, and their sums. SQL for what `Query.admits` says."""

from collections.abc import Iterator

from bot.model import (
    Condition,
    Field,
    MerchantId,
    Method,
    Operation,
    Query,
    SortKey,
    Tally,
    to_micros,
)
from bot.model.searches import READ
from bot.store.driver import Connection
from bot.store.operations import SELECT, operation_of

_COLUMNS = READ | {Field.REASON: ("CAST(reason_code AS TEXT)", "reason_class")}
_COMPARED = {Method.LESS: "<", Method.MORE: ">", Method.AT_MOST: "<=", Method.AT_LEAST: ">="}


def search(db: Connection, merchant_id: MerchantId, query: Query, limit: int, offset: int = 0) -> list[Operation]:
    """`limit` operations of a merchant from the `offset`th on, in the order asked for and then the newest first."""
    where, values = _where(merchant_id, query)
    keys = (*query.order, SortKey(Field.CREATED, descending=True))
    order = ", ".join(f"{READ[key.field][0]} {'DESC' if key.descending else 'ASC'}" for key in keys)
    rows = db.rows(
        f"{SELECT} {where} ORDER BY {order}, id LIMIT :limit OFFSET :offset", **values, limit=limit, offset=offset
    )
    return [operation_of(row) for row in rows]


def tallies(db: Connection, merchant_id: MerchantId, query: Query) -> dict[str, Tally]:
    """Everything that meets the query, counted and summed by outcome in each currency."""
    where, values = _where(merchant_id, query)
    sums: dict[str, dict[str, int]] = {}
    for row in db.rows(
        f"SELECT currency, outcome, COUNT(*) AS count, SUM(amount) AS sum FROM operation {where} "
        "GROUP BY currency, outcome ORDER BY currency",
        **values,
    ):
        of_currency = sums.setdefault(row["currency"], {})
        of_currency[row["outcome"]] = row["count"]
        of_currency[f"{row['outcome']}_sum"] = row["sum"]
    return {currency: Tally(**totals) for currency, totals in sums.items()}


def count_up_to(db: Connection, merchant_id: MerchantId, query: Query, most: int) -> int:
    """How many meet the query, counted no further than `most`."""
    where, values = _where(merchant_id, query)
    row = db.row(
        f"SELECT COUNT(*) AS n FROM (SELECT 1 FROM operation {where} LIMIT :most) AS found", **values, most=most
    )
    return int(row["n"]) if row else 0


def _where(merchant_id: MerchantId, query: Query) -> tuple[str, dict[str, object]]:
    values: dict[str, object] = {"merchant_id": merchant_id}
    spans = []
    for number, window in enumerate(query.windows):
        values |= {f"s{number}": to_micros(window.start), f"e{number}": to_micros(window.end)}
        spans.append(f"created_at >= :s{number} AND created_at < :e{number}")
    parts = ["merchant_id = :merchant_id", f"({' OR '.join(spans) or '1 = 0'})"]
    for number, condition in enumerate(query.conditions):
        named = {f"c{number}_{place}": value for place, value in enumerate(_values(condition))}
        places = [f":{name}" for name in named]
        parts.append(f"({' OR '.join(_tests(condition, places))})")
        values |= named
    return f"WHERE {' AND '.join(parts)}", values


def _values(condition: Condition) -> tuple[object, ...]:
    if condition.method in {Method.LIKE, Method.CONTAINS, Method.STARTS, Method.ENDS}:
        return (condition.pattern(),)
    return condition.values


def _tests(condition: Condition, places: list[str]) -> Iterator[str]:
    for column in _COLUMNS[condition.field]:
        if condition.method in {Method.EQUAL, Method.IN}:
            yield f"{column} IN ({', '.join(places)})"
        elif condition.method is Method.BETWEEN:
            yield f"{column} BETWEEN {places[0]} AND {places[1]}"
        elif condition.method in _COMPARED:
            yield f"{column} {_COMPARED[condition.method]} {places[0]}"
        else:
            yield f"lower_unicode({column}) LIKE {places[0]} ESCAPE '\\'"
