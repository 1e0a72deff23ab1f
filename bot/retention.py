"""How long operations and payers are kept: drops what is older, batch by batch, between the writes of others."""

import logging
from collections.abc import Callable, Sequence
from datetime import datetime

from bot.config import Retention
from bot.model import Merchant
from bot.store import retention
from bot.store.driver import Store

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
        for merchant in self._merchants:
            for drop, kept in (
                (retention.drop_payers, self._settings.payer_data),
                (retention.drop_operations, self._settings.operations),
            ):
                batches = 1
                while await self._store.write(drop, merchant.id, now - kept):
                    batches += 1
                if batches > 1:
                    log.info("%s: %s, batches: %s", merchant.id, drop.__name__, batches)
