"""Reads windows whole, or all around a moment which the bank cannot list: one bad moment must not stop the rest."""

import asyncio
import logging
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta

from bot.epay import EpayClient, Reading
from bot.errors import SourceRejected, SourceUnavailable
from bot.model import Merchant, Window

log = logging.getLogger(__name__)

LEAST = timedelta(seconds=30)
QUICK = timedelta(seconds=10)
LEFT_ALONE = timedelta(hours=1)
_MINUTE = timedelta(minutes=1)


class Reader:
    """Reads for one merchant. A hole is a moment that cannot be listed while others can; it is left alone a while."""

    def __init__(self, merchant: Merchant, client: EpayClient, now: Callable[[], datetime]) -> None:
        self._merchant = merchant
        self._client = client
        self._now = now
        self._holes: dict[Window, datetime] = {}

    async def read(self, window: Window) -> tuple[Reading, bool]:
        """What the bank lists in the window, and whether that is all of it. Raises SourceError when it is away."""
        readings = [reading for part in _without(window, self._known_holes()) for reading in await self._read(part)]
        whole = not any(_meets(hole, window) for hole in self._known_holes())
        return (readings[0] if len(readings) == 1 else _joined(readings)), whole

    async def _read(self, window: Window) -> list[Reading]:
        began = asyncio.get_running_loop().time()
        try:
            return [await self._client.read(window)]
        except SourceUnavailable as error:
            slow = asyncio.get_running_loop().time() - began > QUICK.total_seconds()
            # A slow bank is asked for less the next time, one that asks to wait is not asked at all.
            if slow or error.retry_after:
                raise
            return await self._read_around(window, error)
        except SourceRejected as error:
            return await self._read_around(window, error)

    async def _read_around(self, window: Window, error: SourceUnavailable | SourceRejected) -> list[Reading]:
        """The halves apart, if it is not the bank as a whole that is away; in the end the hole is left out."""
        now = self._now()
        await self._client.count(Window(now - _MINUTE, now))
        if window.span <= LEAST:
            at = f"{window.start:%F %T}"
            log.warning("%s: the bank cannot list what was at %s UTC: %s", self._merchant.id, at, error)
            self._holes[window] = now
            return []
        middle = window.start + window.span / 2
        later = await self._read(Window(middle, window.end))
        return await self._read(Window(window.start, middle)) + later

    def _known_holes(self) -> list[Window]:
        now = self._now()
        self._holes = {hole: at for hole, at in self._holes.items() if abs(now - at) < LEFT_ALONE}
        return sorted(self._holes, key=lambda hole: hole.start)


def _meets(hole: Window, window: Window) -> bool:
    return hole.start < window.end and window.start < hole.end


def _without(window: Window, holes: Iterable[Window]) -> Iterator[Window]:
    """What is left of the window when the holes, which are in order, are taken out."""
    start = window.start
    for hole in holes:
        if _meets(hole, window):
            if start < hole.start:
                yield Window(start, hole.start)
            start = max(start, hole.end)
    if start < window.end:
        yield Window(start, window.end)


def _joined(readings: Iterable[Reading]) -> Reading:
    parts = list(readings)
    return Reading(
        tuple(operation for part in parts for operation in part.operations),
        tuple(bad for part in parts for bad in part.set_aside),
        sum(part.total for part in parts),
    )
