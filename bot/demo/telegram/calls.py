"""One call of the Bot API out of an HTTP request: urlencoded, multipart or JSON, with JSON texts inside forms."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from aiohttp import BodyPartReader, web

from bot.demo.telegram.refusal import Refusal, bad

MAX_UPLOAD = 50 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Part:
    """An uploaded file."""

    name: str
    mime: str
    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Call:
    """A method's name and its parameters; readers raise Refusal 400 on values of the wrong kind."""

    method: str
    values: Mapping[str, Any] = field(default_factory=dict)
    files: Mapping[str, Part] = field(default_factory=dict)

    @property
    def chat_id(self) -> int | None:
        """The chat meant, None when there is none or it is not a number."""
        try:
            return int(self.values.get("chat_id", ""))
        except (TypeError, ValueError):
            return None

    def text(self, name: str) -> str:
        """A text, "" when left out."""
        value = self.values.get(name)
        return "" if value is None else str(value)

    def number(self, name: str, default: int | None = None) -> int | None:
        """An integer."""
        value = self.values.get(name)
        if value is None or value == "":
            return default
        try:
            return int(value)
        except (TypeError, ValueError):
            raise bad(f"can't parse {name} as integer") from None

    def flag(self, name: str) -> bool:
        """A boolean, False when left out."""
        return str(self.values.get(name, "")).lower() in {"true", "1", "yes"}

    def structure(self, name: str) -> Any:
        """A list or object, given as such or as JSON text; None when left out."""
        value = self.values.get(name)
        if not isinstance(value, str):
            return value
        try:
            return json.loads(value) if value else None
        except ValueError:
            raise bad(f"can't parse {name} JSON object") from None


async def read_call(request: web.Request) -> Call:
    """Read the request; Refusal 400 for a broken body, 413 for one over 50 MB."""
    method = request.match_info["method"]
    values: dict[str, Any] = dict(request.query)
    if request.method == "GET":
        return Call(method, values)
    try:
        if request.content_type == "application/json":
            body = await request.json()
            return Call(method, {**values, **(body if isinstance(body, dict) else {})})
        if request.content_type == "multipart/form-data":
            return await _multipart(method, values, request)
        return Call(method, {**values, **await request.post()})
    except web.HTTPRequestEntityTooLarge:
        raise Refusal(413, "Request Entity Too Large") from None
    except ValueError:
        raise bad("can't parse the request") from None


async def _multipart(method: str, values: dict[str, Any], request: web.Request) -> Call:
    files: dict[str, Part] = {}
    async for part in await request.multipart():
        if not isinstance(part, BodyPartReader) or part.name is None:
            raise bad("can't parse the request")
        if part.filename is None:
            values[part.name] = await part.text()
        else:
            mime = part.headers.get("Content-Type", "application/octet-stream")
            files[part.name] = Part(part.filename, mime, bytes(await part.read()))
            if len(files[part.name].data) > MAX_UPLOAD:
                raise Refusal(413, "Request Entity Too Large")
    return Call(method, values, files)
