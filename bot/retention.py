"""How long operations and payers are kept: drops what is older, batch by batch, between the writes of others."""

import logging
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial

from bot.config import Retention
from bot.model import Merchant
from bot.store import retention
from bot.store.driver import Connection, Store

log = logging.getLogger(__name__)


class Retained:
    """Each batch is a transaction of its own: ingestion waits for one at most, some milliseconds."""

    def __init__(
        self, merchants: Sequence[Merchant], settings: Retention, store: Store, *, now: Callable[[], datetime]
    ) -> None:
        self._merchants = merchants
        self._settings = settings
        self._store = store
        self._now = now

    async def step(self) -> None:
        """Drops everything that is too old by now. Ended in between, it goes on the next time."""
        now = self._now()
        payers, operations = now - self._settings.payer_data, now - self._settings.operations
        stored = await self._store.read(retention.list_merchants)
        merchants = sorted({merchant.id for merchant in self._merchants} | set(stored))
        for one in merchants:
            await self._drop(f"{one}: payers", partial(retention.drop_payers, merchant_id=one, before=payers))
            await self._drop(
                f"{one}: operations", partial(retention.drop_operations, merchant_id=one, before=operations)
            )
        await self._drop("months", partial(retention.drop_months, before=operations))
        for one in merchants:
            await self._drop(f"{one}: invoices", partial(retention.drop_left, merchant_id=one))

    async def _drop(self, what: str, drop: Callable[[Connection], bool]) -> None:
        batches = 1
        while await self._store.write(drop):
            batches += 1
        if batches > 1:
            log.info("%s that are no longer kept are dropped, batches: %s", what, batches)
