"""How the bot is, said once a minute to those outside who would miss it: the supervisor and a dead man's switch."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

import aiohttp

from bot.errors import PingFailed
from bot.supervisor import Supervisor

PATIENCE = timedelta(seconds=10)
LONGEST_REASON = 2_000


class Heartbeat:
    """One word a step. `url` is an address as healthchecks gives them: itself for success, below it /start, /fail."""

    def __init__(
        self,
        missing: Callable[[], Awaitable[list[str]]],
        supervisor: Supervisor,
        http: aiohttp.ClientSession,
        url: str | None,
    ) -> None:
        self._missing = missing
        self._supervisor = supervisor
        self._http = http
        self._url = url
        self._begun = False

    async def step(self) -> None:
        """Says that the bot begins, then each time that it is well or what is missing. Raises PingFailed."""
        if not self._begun:
            await self._ping("/start", "")
            self._begun = True
            return
        missing = "; ".join(await self._missing())
        self._supervisor.status(missing or "all is well")
        await self._ping("/fail" if missing else "", missing)

    async def fail(self, reason: str) -> None:
        """The last word of a bot that ends by itself. Raises PingFailed."""
        await self._ping("/fail", reason)

    async def _ping(self, path: str, reason: str) -> None:
        if self._url is None:
            return
        timeout = aiohttp.ClientTimeout(total=PATIENCE.total_seconds())
        body = reason.encode()[:LONGEST_REASON]
        try:
            async with self._http.post(self._url + path, data=body, timeout=timeout) as answer:
                status = answer.status
        except (aiohttp.ClientError, TimeoutError) as error:
            # The error's own text may hold the address, which is a secret.
            raise PingFailed(f"server.ping_url does not answer ({type(error).__name__})") from None
        if status >= 400:
            raise PingFailed(f"server.ping_url answers with HTTP {status}: is the address right?")
