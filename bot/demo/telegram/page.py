"""The chat page: its files, its stream of events and its small posts, for browsers on this machine only."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from importlib.resources import files
from typing import Any, NamedTuple
from urllib.parse import quote

from aiohttp import web

from bot.demo.telegram import screen
from bot.demo.telegram.guard import check_post, check_read
from bot.demo.telegram.records import Chat, Message, Person
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
FACTS_EVERY = 1.0
ANSWER_WITHIN = 15.0
MAX_TEXT = 4096


class Action(NamedTuple):
    """A button of the bank's panel; `run` may return a sentence to show."""

    label: str
    run: Callable[[], Awaitable[str | None]]


class Page:
    """Serves the page at `/` of the API's own server. Make it before the API starts.

    `actions` are the buttons of the bank's panel by name, `facts` gives its figures (label to value) whenever asked.
    """

    def __init__(self, api: BotApi, actions: Mapping[str, Action], facts: Callable[[], Mapping[str, Any]]) -> None:
        self._api = api
        self._actions = actions
        self._facts = facts
        folder = files("bot.demo.telegram") / "page"
        self._files = {file.name: file.read_bytes() for file in folder.iterdir() if file.is_file()}
        api.mount(self._routes())

    def _routes(self) -> list[web.RouteDef]:
        return [
            web.get("/", self._file),
            web.get("/demo/page/{name}", self._file),
            web.get("/demo/file/{file_id}", self._upload),
            web.get("/demo/people", self._people),
            web.get("/demo/events", self._events),
            web.post("/demo/say", self._posted(self._say)),
            web.post("/demo/press", self._posted(self._press)),
            web.post("/demo/block", self._posted(self._block)),
            web.post("/demo/act", self._posted(self._act)),
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
        person = self._person(request.query.get("person"))
        stream = web.StreamResponse(headers={**SAFE, "Content-Type": "text/event-stream"})
        await stream.prepare(request)
        with suppress(ConnectionError):
            await self._stream(stream, person)
        return stream

    async def _stream(self, stream: web.StreamResponse, person: Person) -> None:
        await stream.write(b"retry: 1000\n\n")
        seen, shown = -1, None
        while not self._api.closing.is_set():
            facts = self._shown_facts()
            if self._api.revision != seen or facts != shown:
                state = self._state(person, seen, facts)
                seen, shown = self._api.revision, facts
                await stream.write(f"data: {json.dumps(state, ensure_ascii=False)}\n\n".encode())
            elif not await self._changed():
                await stream.write(b":\n\n")

    async def _changed(self) -> bool:
        """Wait for the next change, or until the facts are due."""
        with suppress(TimeoutError):
            async with asyncio.timeout(FACTS_EVERY):
                await self._api.bell.heard()
                return True
        return False

    def _state(self, person: Person, since: int, facts: Json) -> Json:
        return {
            "full": since < 0,
            "revision": self._api.revision,
            "me": person.user_id,
            "bot": self._api.me.first_name,
            "people": screen.people(self._api),
            "chats": screen.chats(self._api, person),
            "messages": screen.messages(self._api, person, since),
            "actions": [{"name": name, "label": action.label} for name, action in self._actions.items()],
            "facts": facts,
        }

    def _shown_facts(self) -> Json:
        return {str(label): str(value) for label, value in self._facts().items()}

    def _posted(self, act: Callable[[Json], Awaitable[Json]]) -> Callable[[web.Request], Awaitable[web.Response]]:
        """A handler for a JSON post that answers JSON; a wrong body is 400 with `error`."""

        async def handle(request: web.Request) -> web.Response:
            check_post(request)
            try:
                body = await request.json()
                return web.json_response(await act(body), headers=SAFE)
            except (KeyError, TypeError, ValueError, LookupError) as error:
                return web.json_response({"error": f"{type(error).__name__}: {error}"}, status=400, headers=SAFE)

        return handle

    async def _say(self, body: Json) -> Json:
        person = self._person(body["person"])
        chat = self._api.private_chat(person) if body["chat"] == person.user_id else self._chat(person, body["chat"])
        text = str(body["text"]).strip()
        if not 1 <= len(text) <= MAX_TEXT:
            raise ValueError("a message has 1 to 4096 characters")
        thread = body.get("thread")
        reply_to = self._message(chat, body["reply_to"]) if body.get("reply_to") else None
        if thread is not None and thread not in chat.topics:
            raise LookupError("no such topic")
        message = await self._api.says(person, chat, text, thread, reply_to)
        return {"id": message.message_id}

    async def _press(self, body: Json) -> Json:
        person = self._person(body["person"])
        message = self._message(self._chat(person, body["chat"]), body["message"])
        press = await self._api.presses(person, message, str(body["data"]))
        try:
            answer = await press.answer(ANSWER_WITHIN)
        except TimeoutError:
            return {"silent": True}
        return {"text": answer.text, "alert": answer.alert, "url": answer.url}

    async def _block(self, body: Json) -> Json:
        person = self._person(body["person"])
        (self._api.blocks if body["blocked"] else self._api.unblocks)(person)
        return {}

    async def _act(self, body: Json) -> Json:
        said = await self._actions[str(body["action"])].run()
        self._api.bell.ring()
        return {"text": said}

    def _person(self, user_id: object) -> Person:
        for person in self._api.people.values():
            if not person.is_bot and str(person.user_id) == str(user_id):
                return person
        raise web.HTTPNotFound(text="nobody has this id")

    def _chat(self, person: Person, chat_id: int) -> Chat:
        chat = self._api.chats[chat_id]
        if person.user_id not in chat.members:
            raise LookupError("not a member of this chat")
        return chat

    def _message(self, chat: Chat, message_id: int) -> Message:
        message = self._api.find_message(chat, message_id)
        if message is None:
            raise LookupError("no such message")
        return message
