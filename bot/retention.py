"""How long operations and payers are kept: drops what is older, batch by batch, between the writes of others."""

import logging
from collections.abc import Callable, Sequence
from datetime import datetime

from bot.config import Retention
from bot.model import Merchant, MerchantId
from bot.store import retention
from bot.store.driver import Connection, Store

log = logging.getLogger(__name__)
Drop = Callable[[Connection, MerchantId, datetime], bool]


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
        for merchant in self._merchants:
            await self._drop("payers", retention.drop_payers, merchant, now - self._settings.payer_data)
            await self._drop("operations", retention.drop_operations, merchant, now - self._settings.operations)

    async def _drop(self, what: str, drop: Drop, merchant: Merchant, before: datetime) -> None:
        batches = 1
        while await self._store.write(drop, merchant.id, before):
            batches += 1
        if batches > 1:
            log.info("%s: %s before %s are dropped, batches: %s", merchant.id, what, f"{before:%F %R}", batches)
