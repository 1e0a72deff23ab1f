"""The local Bot API on a socket: token, call, faults, limits, method, answer. Knows nothing of the bot it serves."""

from __future__ import annotations

import asyncio
import inspect
import re
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import suppress
from datetime import datetime

from aiohttp import web

from bot.demo.telegram.calls import MAX_UPLOAD, Call, read_call
from bot.demo.telegram.faults import Fault, Faults
from bot.demo.telegram.limits import Limits
from bot.demo.telegram.methods import BY_LOWER_NAME, LIMITED
from bot.demo.telegram.people import People
from bot.demo.telegram.records import Called, Person, Upload
from bot.demo.telegram.refusal import Json, Refusal
from bot.demo.telegram.webhook import deliver_updates

TOKEN_SHAPE = re.compile(r"\d+:[A-Za-z0-9_-]+")
SHUTDOWN_SECONDS = 1.0


class BotApi(People):
    """The server for one bot. Use `start`/`stop`, or `app()` under a runner with `handler_cancellation=True`."""

    def __init__(
        self, token: str, *, now: Callable[[], datetime], username: str = "epay_demo_bot", limits: bool = False
    ) -> None:
        super().__init__(Person(int(token.partition(":")[0]), "ePay", username=username, is_bot=True), now)
        self.token = token
        self.root = ""
        self.faults = Faults()
        self.limits = Limits(now) if limits else None
        self.closing = asyncio.Event()
        self._routes: list[web.RouteDef] = []
        self._runner: web.AppRunner | None = None

    def mount(self, routes: Iterable[web.RouteDef]) -> None:
        """Serve these too; before `app()` is called."""
        self._routes.extend(routes)

    def app(self) -> web.Application:
        """The application: `/bot<token>/<method>`, `/file/bot<token>/<path>` and what was mounted."""
        app = web.Application(client_max_size=MAX_UPLOAD + 1024 * 1024)
        app.router.add_get("/file/bot{token}/{path:.+}", self._download)
        app.router.add_route("*", "/bot{token}/{method}", self._serve)
        app.add_routes(self._routes)
        app.cleanup_ctx.append(self._webhook)
        app.on_shutdown.append(self._close)
        return app

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> str:
        """Listen and return the address, `http://host:port`, also kept as `root`."""
        self._runner = web.AppRunner(
            self.app(), handler_cancellation=True, shutdown_timeout=SHUTDOWN_SECONDS, access_log=None
        )
        await self._runner.setup()
        await web.TCPSite(self._runner, host, port).start()
        self.root = f"http://{host}:{self._runner.addresses[0][1]}"
        return self.root

    async def stop(self) -> None:
        """End every poll and stream, then stop listening."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def _webhook(self, app: web.Application) -> AsyncIterator[None]:  # noqa: ARG002 - aiohttp's signature
        self.closing.clear()
        self.updates.closed = False
        task = asyncio.create_task(deliver_updates(self.updates, self.bell, self.now))
        yield
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task

    async def _close(self, app: web.Application) -> None:  # noqa: ARG002 - aiohttp's signature
        self.closing.set()
        self.updates.closed = True
        self.bell.ring()

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        call, status = Call(request.match_info["method"]), None
        try:
            self._check(request.match_info["token"])
            call = await read_call(request)
            answer = await self._meet(request, call, self.faults.take(call.method, call.chat_id))
            status = answer.status
        except Refusal as refusal:
            status = refusal.status
            return refused(refusal)
        else:
            return answer
        finally:
            self.calls.append(Called(call.method, call.chat_id, status, self.now()))
            self.bell.ring()

    def _check(self, token: str) -> None:
        if not TOKEN_SHAPE.fullmatch(token):
            raise Refusal(404, "Not Found")
        if token != self.token:
            raise Refusal(401, "Unauthorized")

    async def _meet(self, request: web.Request, call: Call, fault: Fault) -> web.StreamResponse:
        """Run the call through the fault it meets."""
        await asyncio.sleep(fault.delay)
        if fault.drop == "before":
            await self._cut(request)
        if fault.html is not None:
            return web.Response(status=fault.status or 502, text=fault.html, content_type="text/html")
        if fault.status is not None:
            raise Refusal(fault.status, fault.description, fault.parameters)
        answer = await self._run(call)
        if fault.drop == "after":
            await self._cut(request)
        if fault.hang:
            await self.closing.wait()
        return answer

    async def _run(self, call: Call) -> web.Response:
        name, method = BY_LOWER_NAME.get(call.method.lower(), ("", None))
        if method is None:
            raise Refusal(404, "Not Found: method not found")
        chat = self.chats.get(call.chat_id or 0)
        if self.limits is not None and name in LIMITED and chat is not None:
            album = call.structure("media") if name == "sendMediaGroup" else None
            self.limits.take(chat, len(album) if isinstance(album, list) else 1)
        result = method(self, call)
        if inspect.isawaitable(result):
            result = await result
        return web.json_response({"ok": True, "result": result})

    async def _cut(self, request: web.Request) -> None:
        """Close the socket without a word; aiohttp then cancels this handler."""
        if request.transport is not None:
            request.transport.close()
        await self.closing.wait()

    async def _download(self, request: web.Request) -> web.Response:
        try:
            self._check(request.match_info["token"])
            upload = self._get_upload(request.match_info["path"])
        except Refusal as refusal:
            return refused(refusal)
        return web.Response(body=upload.data, content_type="application/octet-stream")

    def _get_upload(self, path: str) -> Upload:
        for upload in self.files.values():
            if upload.path == path:
                return upload
        raise Refusal(404, "Not Found")


def refused(refusal: Refusal) -> web.Response:
    """The answer to a refused call."""
    body: Json = {"ok": False, "error_code": refusal.status, "description": refusal.description}
    if refusal.parameters:
        body["parameters"] = refusal.parameters
    return web.json_response(body, status=refusal.status)
