"""Finds an invoice: live at every merchant's bank side by side, and in the store where a bank does not answer."""

import asyncio
import logging
from collections.abc import Sequence
from datetime import datetime, timedelta

from bot.chat.desk import Desk
from bot.epay import Filter
from bot.errors import SourceError
from bot.model import FoundReport, Freshness, Merchant, Operation, Window
from bot.store import operations, sources

log = logging.getLogger(__name__)

REACH = timedelta(days=90)
AHEAD = timedelta(minutes=10)


async def find_invoice(desk: Desk, invoice: str) -> list[FoundReport]:
    """A report a merchant; only those that have the invoice, or all of them when none has."""
    reports = await asyncio.gather(*(_at_merchant(desk, merchant, invoice) for merchant in desk.merchants))
    return [report for report in reports if report.operations] or list(reports)


async def _at_merchant(desk: Desk, merchant: Merchant, invoice: str) -> FoundReport:
    now = desk.now()
    stored = await desk.store.read(operations.list_by_invoice, merchant.id, invoice)
    window = _window(stored, now)
    try:
        async with asyncio.timeout(desk.patience.total_seconds()):
            # The bank's clock may be ahead of ours: its newest operation must not fall out.
            asked = Window(window.start, window.end + AHEAD)
            reading = await desk.clients[merchant.id].read(asked, Filter("invoice", "=", (invoice,)))
    except (SourceError, TimeoutError) as error:
        log.info("%s: the store answers for the bank: %s", merchant.id, error or "no answer in time")
        freshness = await desk.store.read(sources.get_freshness, merchant.id)
        return FoundReport(
            merchant=merchant, query=invoice, operations=tuple(stored), live=False, freshness=freshness, at=now
        )
    return FoundReport(
        merchant=merchant,
        query=invoice,
        operations=tuple(reversed(reading.operations)),
        live=True,
        freshness=Freshness(now),
        at=desk.now(),
        window=window,
    )


def _window(stored: Sequence[Operation], now: datetime) -> Window:
    """The last 90 days, or since the first attempt the store knows of."""
    return Window(min([now - REACH, *(operation.created_at for operation in stored)]), now)
