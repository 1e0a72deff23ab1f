"""Faults of the program at a Sentry of our own on a real socket: what and where, and nothing of anybody's."""

import asyncio
import gzip
import json
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from listening import listening
from running import Outside

from bot.logs import Redactor
from bot.sentry import scrubbed


class Receiver:
    """Takes Sentry's envelopes and keeps the events in them."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []
        self.bodies = ""
        self.heard = asyncio.Event()

    async def take(self, request: web.Request) -> web.Response:
        body = await request.read()
        text = (gzip.decompress(body) if body.startswith(b"\x1f\x8b") else body).decode()
        self.bodies += text
        self.events += [part for line in text.splitlines() if "exception" in (part := json.loads(line))]
        self.heard.set()
        return web.json_response({"id": "1"})


@pytest.fixture
async def receiver() -> Receiver:
    return Receiver()


@pytest.fixture
async def dsn(receiver: Receiver) -> AsyncIterator[str]:
    async with listening(receiver.take) as address:
        yield f"http://publickeyofours@{address}/1"


@pytest.fixture
async def outside(tmp_path: Path) -> AsyncIterator[Outside]:
    outside = await Outside(tmp_path).open()
    yield outside
    await outside.close()


async def test_a_fault_is_reported_by_its_place_alone(outside: Outside, receiver: Receiver, dsn: str) -> None:
    pytest.importorskip("sentry_sdk")
    await outside.begin(server={"listen": None, "sentry_dsn": dsn})
    program = await outside.run()
    secret = {"id": "Canary Paying", "first_name": "Canary Paying", "token": outside.api.token}
    outside.api.updates.put("message", {"message_id": f"{outside.api.token} 4400430011112222", "from": secret})
    await asyncio.wait_for(receiver.heard.wait(), 15)
    assert await program.stop() == 0
    (event,) = receiver.events
    assert event["message"] == "update %s cannot be read and is set aside"
    (*_, fault) = event["exception"]["values"]
    assert any(frame["function"] == "_take" for frame in fault["stacktrace"]["frames"])
    for hidden in ("Canary", "440043", outside.api.token.partition(":")[2], outside.shop.password, "vars"):
        assert hidden not in receiver.bodies
    assert "publickeyofours" not in program.output


def test_what_is_not_known_to_be_harmless_stays_at_home() -> None:
    event = {
        "level": "error",
        "logentry": {"message": "chat %s is lost", "params": ["Canary"], "formatted": "chat Canary is lost"},
        "exception": {
            "values": [
                {
                    "type": "ValueError",
                    "value": "Canary Paying",
                    "stacktrace": {"frames": [{"function": "f", "lineno": 3, "vars": {"name": "Canary"}}]},
                }
            ]
        },
        "extra": {"sys.argv": ["Canary"]},
        "server_name": "Canary",
        "user": {"id": "Canary"},
    }
    said = scrubbed(event, Redactor(["error"]))
    assert "Canary" not in json.dumps(said)
    assert said["message"] == "chat %s is lost"
    assert said["exception"]["values"][0]["stacktrace"]["frames"] == [{"function": "f", "lineno": 3}]
    assert said["level"] == "[…]"


async def test_without_the_package_the_setting_says_what_to_do(outside: Outside, tmp_path: Path, dsn: str) -> None:
    (tmp_path / "without").mkdir()
    (tmp_path / "without" / "sentry_sdk.py").write_text("raise ImportError\n")
    config = outside.config(server={"sentry_dsn": dsn})
    path = ":".join([str(tmp_path / "without"), *filter(None, sys.path)])
    program = await outside.start_anew("run", "--config", config, PYTHONPATH=path)
    assert await program.ends() == 2
    assert "server.sentry_dsn: needs the package sentry-sdk" in program.output
    assert "Traceback" not in program.output
