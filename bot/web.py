"""ROUTES: what the bot answers over HTTP, for monitors and Telegram's webhook; knows nothing of what is behind them."""

import errno
import hmac
import json
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from bot.errors import ServerError, StoreError

log = logging.getLogger(__name__)

LARGEST_BODY = 1_000_000
SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105 - the header's name


@dataclass(frozen=True, slots=True, kw_only=True)
class Doors:
    """What lies behind the routes. `receive` takes one raw update; None while Telegram is polled."""

    missing: Callable[[], Awaitable[list[str]]]
    metrics: Callable[[], Awaitable[bytes]]
    receive: Callable[[dict[str, Any]], Awaitable[None]] | None = None
    secret: str = ""


Answer = Callable[[Doors, web.Request], Awaitable[web.Response]]


async def _alive(_doors: Doors, _request: web.Request) -> web.Response:
    return web.json_response({"alive": True})


async def _ready(doors: Doors, _request: web.Request) -> web.Response:
    missing = await doors.missing()
    return web.json_response({"ready": not missing, "missing": missing}, status=503 if missing else 200)


async def _metrics(doors: Doors, _request: web.Request) -> web.Response:
    # aiohttp refuses this type as `content_type`, for its charset.
    headers = {"Content-Type": "text/plain; version=0.0.4; charset=utf-8"}
    return web.Response(body=await doors.metrics(), headers=headers)


async def _telegram(doors: Doors, request: web.Request) -> web.Response:
    """200 once the update is stored, before it is answered; Telegram repeats whatever it gets anything else for."""
    given = request.headers.get(SECRET_HEADER, "").encode()
    if doors.receive is None or not doors.secret or not hmac.compare_digest(given, doors.secret.encode()):
        return web.Response(status=403)
    update = None
    with suppress(ValueError):
        update = json.loads(await request.read())
    if not isinstance(update, dict) or not isinstance(update.get("update_id"), int):
        return web.Response(status=400)
    try:
        await doors.receive(update)
    except StoreError as error:
        log.warning("an update could not be stored, Telegram will repeat it: %s", error)
        return web.Response(status=503)
    return web.Response()


ROUTES: tuple[tuple[str, str, Answer], ...] = (
    ("GET", "/healthz", _alive),
    ("GET", "/readyz", _ready),
    ("GET", "/metrics", _metrics),
    ("POST", "/telegram", _telegram),
)


class Web:
    """The listener on one address, `host:port`; port 0 picks a free one."""

    def __init__(self, listen: str, doors: Doors) -> None:
        self._listen = listen
        self._doors = doors
        self._runner: web.AppRunner | None = None

    async def start(self) -> str:
        """Its own address, like http://127.0.0.1:8080. Raises ServerError when it cannot listen there."""
        app = web.Application(client_max_size=LARGEST_BODY)
        for method, path, answer in ROUTES:
            app.router.add_route(method, path, self._handler(answer))
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=2)
        await self._runner.setup()
        host, _, port = self._listen.rpartition(":")
        try:
            await web.TCPSite(self._runner, host.strip("[]"), int(port)).start()
        except (OSError, OverflowError) as error:
            await self._runner.cleanup()
            raise ServerError(f"server.listen {self._listen} {_trouble(error)}") from error
        address = f"http://{host}:{self._runner.addresses[0][1]}"
        log.info("listening on %s", address)
        return address

    async def stop(self) -> None:
        """Takes nothing more and lets go of the address."""
        if self._runner is not None:
            await self._runner.cleanup()

    def _handler(self, answer: Answer) -> Callable[[web.Request], Awaitable[web.Response]]:
        async def handle(request: web.Request) -> web.Response:
            return await answer(self._doors, request)

        return handle


def _trouble(error: Exception) -> str:
    if isinstance(error, OSError) and error.errno == errno.EADDRINUSE:
        return "is taken by another program; choose another address, or server.listen: null to do without"
    return f"cannot be listened on: {error}"
