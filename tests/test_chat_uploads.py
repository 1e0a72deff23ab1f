"""Pictures and files out to Telegram, over real sockets: captions, replaced pictures, slow lines, refused sizes."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from markupsafe import Markup
from pydantic import SecretStr
from test_chat_gateway import AIGERIM, HELLO, SHOP, TOKEN, now

from bot.chat.telegram import Gateway, MessageGone
from bot.demo.telegram import BotApi
from bot.errors import TooLarge
from bot.model import Button, File, Message

PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360606060000000050001"
    "a5f645400000000049454e44ae426082"
)
CAPTION = Markup("<b>Hello</b> &amp; welcome")
PICTURE = Message(CAPTION, [[Button("Again", data="v1:chart")]], picture=PIXEL)
NAME = "Выписка 24.11.csv"


@pytest.fixture
async def api() -> AsyncIterator[BotApi]:
    api = BotApi(TOKEN, now=now)
    await api.start()
    person = api.person(5, "Aigerim")
    api.private_chat(person)
    api.group(SHOP.chat_id, "Shop", [person], "supergroup", {7: "Alerts"})
    yield api
    await api.stop()


@pytest.fixture
async def gateway(api: BotApi) -> AsyncIterator[Gateway]:
    gateway = Gateway(SecretStr(TOKEN), api.root)
    yield gateway
    await gateway.close()


@pytest.fixture
def file(tmp_path: Path) -> File:
    path = tmp_path / "x.csv"
    path.write_bytes(b"1;2\r\n")
    return File(path, NAME)


async def test_a_picture_goes_out_with_its_caption_and_buttons(api: BotApi, gateway: Gateway) -> None:
    message_id = await gateway.send(SHOP, PICTURE)
    sent = api.deliveries[-1].message
    assert (sent.message_id, sent.thread_id, sent.text) == (message_id, 7, "Hello & welcome")
    assert sent.content.media is not None
    assert (sent.content.media.kind, sent.content.media.data) == ("photo", PIXEL)
    assert sent.data("Again") == "v1:chart"


async def test_a_file_goes_out_under_its_own_name(api: BotApi, gateway: Gateway, file: File) -> None:
    await gateway.send(AIGERIM, Message(CAPTION, file=file, silent=True))
    sent = api.deliveries[-1].message
    assert sent.content.media is not None
    assert (sent.content.media.name, sent.content.media.mime) == (NAME, "text/csv")
    assert (sent.content.media.data, sent.silent) == (b"1;2\r\n", True)


async def test_words_become_a_picture_and_a_picture_another_one(api: BotApi, gateway: Gateway) -> None:
    message_id = await gateway.send(AIGERIM, HELLO)
    for caption in ("one", "two", "two"):
        await gateway.edit(AIGERIM, message_id, Message(Markup.escape(caption), picture=PIXEL))
    (shown,) = api.messages(5)
    assert (shown.text, shown.content.media is not None) == ("two", True)


async def test_a_picture_cannot_become_words_so_a_new_message_is_due(api: BotApi, gateway: Gateway) -> None:
    message_id = await gateway.send(AIGERIM, PICTURE)
    with pytest.raises(MessageGone):
        await gateway.edit(AIGERIM, message_id, HELLO)


async def test_what_is_too_large_is_refused_as_such(api: BotApi, gateway: Gateway, file: File) -> None:
    with file.path.open("wb") as content:
        content.truncate(50 * 1024 * 1024 + 1)
    with pytest.raises(TooLarge):
        await gateway.send(AIGERIM, Message(CAPTION, file=file))
    assert not api.deliveries


async def test_a_slow_line_is_not_an_answer_that_never_comes(tmp_path: Path) -> None:
    """Patience counts from the last byte sent: a large file on a poor line takes longer than any answer may."""
    patience = timedelta(milliseconds=200)

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for _ in range(10):
            await asyncio.sleep(patience.total_seconds() / 5)
            await reader.read(1_000_000)
        while not (await reader.read(1_000_000)).endswith(b"--\r\n"):
            pass
        answer = b'{"ok":true,"result":{"message_id":9,"date":0,"chat":{"id":5,"type":"private"}}}'
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(answer), answer))
        await writer.drain()
        writer.close()

    (tmp_path / "x").write_bytes(bytes(20_000_000))
    server = await asyncio.start_server(listen, "127.0.0.1", 0, limit=65536)
    gateway = Gateway(SecretStr(TOKEN), f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", patience=patience)
    assert await gateway.send(AIGERIM, Message(CAPTION, file=File(tmp_path / "x", NAME))) == 9
    await gateway.close()
    server.close()
    await server.wait_closed()
