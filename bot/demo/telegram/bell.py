"""A wake-up for everybody who waits for something to change: rung after each change, never polled."""

from __future__ import annotations

import asyncio


class Bell:
    """`ring()` wakes all who are in `heard()` at that moment."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def ring(self) -> None:
        """Wake everybody who waits now."""
        rung, self._event = self._event, asyncio.Event()
        rung.set()

    async def heard(self) -> None:
        """Wait for the next ring."""
        await self._event.wait()
