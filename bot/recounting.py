"""Each night: do the stored sums equal a recount? Those that do not are made anew, logged and counted."""

import logging
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from bot.store import recount
from bot.store.driver import Store
from bot.vitals import Vitals

log = logging.getLogger(__name__)

NIGHT = time(4)


class Recounting:
    """Once a night on the shop's clock, a stretch at a time so that nobody waits for long."""

    def __init__(self, store: Store, vitals: Vitals, *, zone: ZoneInfo, now: Callable[[], datetime]) -> None:
        self._store = store
        self._vitals = vitals
        self._zone = zone
        self._now = now
        self._done = self._night()

    async def step(self) -> None:
        """Recounts if a night has come since the last time, or since the start. Raises StoreError."""
        night = self._night()
        if night == self._done:
            return
        for stretch in await self._store.read(recount.list_stretches, self._now()):
            if await self._store.read(recount.list_differences, stretch):
                self._note(stretch, await self._store.write(recount.rebuild, stretch))
        self._done = night

    def _night(self) -> date:
        """The day whose night it was last."""
        local = self._now().astimezone(self._zone)
        return local.date() if local.time() >= NIGHT else local.date() - timedelta(days=1)

    def _note(self, stretch: recount.Stretch, tables: list[str]) -> None:
        for table in tables:
            self._vitals.count("epay_bot_sums_rebuilt_total", table)
            log.error(
                "%s: %s did not equal a recount in %s and is made anew",
                stretch.merchant_id,
                table,
                f"{stretch.window.start:%Y-%m-%d} to {stretch.window.end:%Y-%m-%d}",
            )
