"""The chat page: its files, its stream of events and its posts, for browsers on this machine only."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from contextlib import suppress
from importlib.resources import files
from typing import Protocol
from urllib.parse import quote
from uuid import uuid4

from aiohttp import web

from bot.demo.telegram import screen
from bot.demo.telegram.guard import check_post, check_read
from bot.demo.telegram.hands import Hands
from bot.demo.telegram.records import Person
from bot.demo.telegram.refusal import Json
from bot.demo.telegram.server import BotApi

TYPES = {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
SAFE = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
PANEL_EVERY = 1.0


class Panel(Protocol):
    """What stands behind the scenes; words are the page's, so both speak in names and values."""

    def look(self) -> Json:
        """All the panel shows; `clock` has `since` and `real_since` (ms), `speed` and `zone`."""

    async def act(self, name: str, wish: Json) -> Json:
        """Do what a button says: `said` is the name of a sentence. The errors of `Hands` for what makes no sense."""


class Page:
    """Serves the page at `/` of the API's own server. Make it before the API starts."""

    def __init__(self, api: BotApi, panel: Panel) -> None:
        self._api = api
        self._panel = panel
        self._hands = Hands(api)
        self._born = uuid4().hex
        folder = files("bot.demo.telegram") / "page"
        self._files = {file.name: file.read_bytes() for file in folder.iterdir() if file.is_file()}
        api.mount(self._routes())

    def _routes(self) -> list[web.RouteDef]:
        acts = {**self._hands.acts, "act": self._act}
        return [
            web.get("/", self._file),
            web.get("/demo/page/{name}", self._file),
            web.get("/demo/file/{file_id}", self._upload),
            web.get("/demo/people", self._people),
            web.get("/demo/events", self._events),
            *(web.post(f"/demo/{name}", self._posted(act)) for name, act in acts.items()),
        ]

    async def _file(self, request: web.Request) -> web.Response:
        check_read(request)
        name = request.match_info.get("name", "index.html")
        if name not in self._files:
            raise web.HTTPNotFound
        kind = TYPES.get(name[name.rfind(".") :], "application/octet-stream")
        return web.Response(body=self._files[name], content_type=kind, charset="utf-8", headers=SAFE)

    async def _upload(self, request: web.Request) -> web.Response:
        check_read(request)
        upload = self._api.files.get(request.match_info["file_id"])
        if upload is None:
            raise web.HTTPNotFound
        if upload.kind == "photo":
            kind = "image/png" if upload.data.startswith(b"\x89PNG") else "image/jpeg"
            return web.Response(body=upload.data, content_type=kind, headers=SAFE)
        saved = {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(upload.name)}"}
        return web.Response(body=upload.data, content_type="application/octet-stream", headers=SAFE | saved)

    async def _people(self, request: web.Request) -> web.Response:
        check_read(request)
        return web.json_response(screen.people(self._api), headers=SAFE)

    async def _events(self, request: web.Request) -> web.StreamResponse:
        """Server-sent events for one person: the whole state first, then what changed."""
        check_read(request)
        try:
            person = self._hands.get_person(request.query.get("person"))
        except LookupError as error:
            raise web.HTTPNotFound(text=str(error)) from None
        stream = web.StreamResponse(headers={**SAFE, "Content-Type": "text/event-stream"})
        await stream.prepare(request)
        with suppress(ConnectionError):
            await self._stream(stream, person)
        return stream

    async def _stream(self, stream: web.StreamResponse, person: Person) -> None:
        await stream.write(b"retry: 1000\n\n")
        seen, shown = -1, None
        while not self._api.closing.is_set():
            panel = self._panel.look()
            if self._api.revision != seen or panel != shown:
                state = self._state(person, seen, panel)
                seen, shown = self._api.revision, panel
                await stream.write(f"data: {json.dumps(state, ensure_ascii=False)}\n\n".encode())
            elif not await self._changed():
                await stream.write(b":\n\n")

    async def _changed(self) -> bool:
        """Wait for the next change, or until the panel is due."""
        with suppress(TimeoutError):
            async with asyncio.timeout(PANEL_EVERY):
                await self._api.bell.heard()
                return True
        return False

    def _state(self, person: Person, since: int, panel: Json) -> Json:
        return {
            "full": since < 0,
            "born": self._born,
            "me": person.user_id,
            "bot": {"name": self._api.me.first_name, "username": self._api.me.username},
            "people": screen.people(self._api),
            "chats": screen.chats(self._api, person),
            "messages": screen.messages(self._api, person, since),
            "panel": panel,
        }

    def _posted(self, act: Callable[[Json], Awaitable[Json]]) -> Callable[[web.Request], Awaitable[web.Response]]:
        """A handler for a JSON post that answers JSON; a wrong body is 400 with `error`."""

        async def handle(request: web.Request) -> web.Response:
            check_post(request)
            try:
                return web.json_response(await act(await request.json()), headers=SAFE)
            except (KeyError, TypeError, ValueError, LookupError) as error:
                return web.json_response({"error": f"{type(error).__name__}: {error}"}, status=400, headers=SAFE)

        return handle

    async def _act(self, body: Json) -> Json:
        said = await self._panel.act(str(body["action"]), body)
        self._api.bell.ring()
        return said
