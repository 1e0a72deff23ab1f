"""Updates that Telegram posts: behind a secret, stored before they are confirmed, none lost or done twice."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from running import TOKEN, Outside

from bot.errors import StoreError
from bot.web import LARGEST_BODY, SECRET_HEADER, Doors, Web

SECRET = "a-secret_of-Ours"


@pytest.fixture
async def outside(tmp_path: Path) -> AsyncIterator[Outside]:
    outside = await Outside(tmp_path).open()
    yield outside
    await outside.close()


def posted(outside: Outside, port: int) -> dict[str, Any]:
    """The sections of a configuration with a webhook on this port."""
    webhook = {"url": f"http://127.0.0.1:{port}/telegram", "secret": SECRET}
    telegram = {"token": TOKEN, "api_url": outside.api.root, "webhook": webhook}
    return {"telegram": telegram, "server": {"listen": f"127.0.0.1:{port}"}}


async def ask(outside: Outside) -> None:
    await outside.api.says(outside.owner, outside.chat, "/id")


async def test_updates_are_posted_and_answered_once(outside: Outside, unused_tcp_port: int) -> None:
    outside.config(**posted(outside, unused_tcp_port))
    program = await outside.run()
    await ask(outside)
    await outside.api.wait_for(outside.sent)
    assert [call.status for call in outside.api.calls if call.method == "setWebhook"] == [200]
    assert outside.api.updates.webhook is not None
    assert outside.api.updates.webhook.secret == SECRET
    assert outside.api.updates.allowed == {"message", "callback_query", "my_chat_member"}
    assert not [call for call in outside.api.calls if call.method == "getUpdates"]
    await outside.api.wait_for(lambda: not outside.api.updates.pending)
    url, headers = f"http://127.0.0.1:{unused_tcp_port}/telegram", {SECRET_HEADER: SECRET}
    update = {"update_id": 10**9, "message": message(outside, "/id")}
    async with aiohttp.ClientSession(headers=headers) as http:
        for _ in range(3):
            async with http.post(url, json=update) as answer:
                assert answer.status == 200
        async with http.post(url, json=update | {"update_id": 10**9 + 1}) as answer:
            assert answer.status == 200
    await outside.api.wait_for(lambda: len(outside.sent()) == 3)
    assert await program.stop() == 0
    assert len(outside.sent()) == 3
    assert SECRET not in program.output
    assert "Traceback" not in program.output


def message(outside: Outside, text: str) -> dict[str, Any]:
    owner = {"id": outside.owner.user_id, "is_bot": False, "first_name": "A", "language_code": "en"}
    chat = {"id": outside.owner.user_id, "type": "private", "first_name": "A"}
    entities = [{"type": "bot_command", "offset": 0, "length": len(text)}]
    return {"message_id": 9, "date": 1_795_500_000, "chat": chat, "from": owner, "text": text, "entities": entities}


async def test_no_update_is_lost_or_answered_twice_at_the_switch_there_and_back(
    outside: Outside, unused_tcp_port: int
) -> None:
    for number, sections in enumerate(({}, posted(outside, unused_tcp_port), {}, posted(outside, unused_tcp_port)), 1):
        await ask(outside)
        outside.config(**sections)
        program = await outside.run()
        await outside.api.wait_for(lambda number=number: len(outside.sent()) == 2 * number - 1)
        await ask(outside)
        await outside.api.wait_for(lambda number=number: len(outside.sent()) == 2 * number)
        assert await program.stop() == 0
        assert "Traceback" not in program.output
    assert len(outside.sent()) == 8


@pytest.mark.parametrize(
    ("secret", "body", "status"),
    [
        (SECRET, b'{"update_id": 1}', 200),
        (None, b'{"update_id": 1}', 403),
        ("", b'{"update_id": 1}', 403),
        (SECRET[:-1], b'{"update_id": 1}', 403),
        (SECRET + "x", b"x" * 10, 403),
        (SECRET, b"not json", 400),
        (SECRET, b"[1]", 400),
        (SECRET, b'{"update_id": "1"}', 400),
        (SECRET, b"\xff\xfe", 400),
        (SECRET, b" " * (LARGEST_BODY + 1), 413),
        (SECRET, b'{"update_id": 2}', 503),
    ],
)
async def test_only_what_telegram_may_have_sent_is_taken(secret: str | None, body: bytes, status: int) -> None:
    taken: list[object] = []

    async def receive(update: dict[str, Any]) -> None:
        if update["update_id"] == 2:
            raise StoreError("the disk is full")
        taken.append(update)

    async def nothing() -> Any:
        return []

    web = Web("127.0.0.1:0", Doors(missing=nothing, metrics=nothing, receive=receive, secret=SECRET))
    address = await web.start()
    headers = {} if secret is None else {SECRET_HEADER: secret}
    try:
        async with aiohttp.ClientSession(headers=headers) as http, http.post(address + "/telegram", data=body) as got:
            assert got.status == status
            assert await got.read() == b"" or status == 413
    finally:
        await web.stop()
    assert len(taken) == (status == 200)
