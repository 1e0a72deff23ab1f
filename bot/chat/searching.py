"""Runs a search: live at the bank of every merchant that can be meant, or on the store. Stores nothing."""

import asyncio
import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.chat.desk import Desk
from bot.chat.query import windows_of
from bot.epay import Filter, contains, ends_with, starts_with, terminal_in
from bot.epay.search import Name
from bot.errors import SourceError
from bot.model import (
    Calendar,
    Condition,
    Field,
    Freshness,
    Merchant,
    Method,
    Operation,
    Query,
    Search,
    SearchReport,
    Tally,
    stalest,
)
from bot.model.searches import BANK_FIELDS
from bot.store import searches, sources
from bot.store.driver import Connection

log = logging.getLogger(__name__)

ROWS = 10
MOST = 5000
_NAMES: Mapping[Field, Name] = {Field.TERMINAL: "terminal", Field.INVOICE: "invoice", Field.ACCOUNT: "account"}
_PARTS = {Method.CONTAINS: contains, Method.STARTS: starts_with, Method.ENDS: ends_with}
_PICKS = frozenset({Method.EQUAL, Method.IN})


@dataclass(frozen=True, slots=True)
class Plan:
    """A search made definite for each merchant that can be meant."""

    search: Search
    merchants: tuple[Merchant, ...]
    query: Query
    since_named: bool
    at: datetime

    @classmethod
    def of(cls, search: Search, merchants: Sequence[Merchant], calendar: Calendar, now: datetime) -> "Plan":
        windows, since_named = windows_of(search, calendar, now)
        conditions = tuple(one for one in search.conditions if one.field is not Field.CREATED)
        meant = tuple(merchant for merchant in merchants if _is_meant(merchant, conditions))
        return cls(search, meant, Query(windows, conditions, search.order), since_named, now)

    @property
    def asked_of_bank(self) -> Query:
        """What the bank itself can be asked; the rest is sifted out of its answer."""
        return self.query.only(BANK_FIELDS)


def _is_meant(merchant: Merchant, conditions: Iterable[Condition]) -> bool:
    picked = [one for one in conditions if one.field is Field.TERMINAL and one.method in _PICKS]
    return all(any(one.fits(terminal.id) for terminal in merchant.terminals) for one in picked)


async def search_live(desk: Desk, plan: Plan) -> SearchReport:
    """What the banks say now; what is stored where that would be too much to read, or one of them does not answer."""
    if await desk.store.read(_is_too_much, plan):
        return await search_stored(desk, plan, too_many=True)
    try:
        async with asyncio.timeout(desk.patience.total_seconds()):
            found = await asyncio.gather(*(_read(desk, plan, merchant) for merchant in plan.merchants))
    except (SourceError, TimeoutError) as error:
        log.info("the store answers a search for the bank: %s", error or "no answer in time")
        return await search_stored(desk, plan)
    rows = plan.query.sorted(row for of_merchant in found for row in of_merchant)
    now = desk.now()
    return _report(plan, rows, _tallies(rows), live=True, freshness=Freshness(now), at=now)


async def search_stored(desk: Desk, plan: Plan, *, too_many: bool = False, waiting: bool = False) -> SearchReport:
    """What is stored; `waiting`: while the bank may still answer."""
    rows, currencies, freshness = await desk.store.read(_stored, plan)
    return _report(
        plan,
        rows,
        currencies,
        live=False,
        freshness=freshness,
        at=desk.now(),
        too_many=too_many,
        waiting=waiting,
    )


def _is_too_much(db: Connection, plan: Plan) -> bool:
    counts = (searches.count_up_to(db, merchant.id, plan.asked_of_bank, MOST + 1) for merchant in plan.merchants)
    return any(count > MOST for count in counts)


async def _read(desk: Desk, plan: Plan, merchant: Merchant) -> list[Operation]:
    filters = [bank_filter(one, merchant) for one in plan.asked_of_bank.conditions]
    client, sifted = desk.clients[merchant.id], [one for one in plan.query.conditions if one.field not in BANK_FIELDS]
    rows: list[Operation] = []
    for window in plan.query.windows:
        rows += (await client.read(window, *filters)).operations
    return [row for row in rows if all(one.admits(row) for one in sifted)]


def bank_filter(condition: Condition, merchant: Merchant) -> Filter:
    """A condition in the bank's words. Which terminals fit is decided here, where the bank may know them otherwise."""
    if condition.field is Field.TERMINAL:
        fitting = [terminal for terminal in merchant.terminals if condition.fits(terminal.id)]
        if fitting:
            return terminal_in(*fitting)
    name, values = _NAMES[condition.field], tuple(map(str, condition.values))
    if part := _PARTS.get(condition.method):
        return part(name, values[0])
    return Filter(name, condition.method.value, values)  # type: ignore[arg-type]


def _stored(db: Connection, plan: Plan) -> tuple[list[Operation], dict[str, Tally], Freshness]:
    """As many rows as the pages up to the one asked for can hold, and the sums of all."""
    currencies: dict[str, Tally] = {}
    rows: list[Operation] = []
    for merchant in plan.merchants:
        for currency, tally in searches.tallies(db, merchant.id, plan.query).items():
            currencies[currency] = currencies.get(currency, Tally()) + tally
        rows += searches.search(db, merchant.id, plan.query, limit=plan.search.page * ROWS)
    fresh = [sources.get_freshness(db, merchant.id) for merchant in plan.merchants]
    return plan.query.sorted(rows), currencies, stalest(fresh)


def _tallies(rows: Iterable[Operation]) -> dict[str, Tally]:
    sums: dict[str, dict[str, int]] = {}
    for row in rows:
        of_currency = sums.setdefault(row.currency, {})
        of_currency[row.outcome] = of_currency.get(row.outcome, 0) + 1
        of_currency[f"{row.outcome}_sum"] = of_currency.get(f"{row.outcome}_sum", 0) + row.amount
    return {currency: Tally(**totals) for currency, totals in sorted(sums.items())}


def _report(
    plan: Plan,
    rows: Sequence[Operation],
    currencies: Mapping[str, Tally],
    **how: object,
) -> SearchReport:
    total = sum(tally.total for tally in currencies.values())
    pages = max(-(-total // ROWS), 1)
    page = min(plan.search.page, pages)
    return SearchReport(
        search=plan.search,
        merchants=plan.merchants,
        windows=plan.query.windows,
        since_named=plan.since_named,
        operations=tuple(rows[(page - 1) * ROWS : page * ROWS]),
        currencies=currencies,
        page=page,
        pages=pages,
        **how,  # type: ignore[arg-type]
    )
