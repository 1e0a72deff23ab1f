"""Pictures and files on their way to Telegram: streamed from the disk, with as much time as their size needs."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from telegram import InputFile, InputMediaPhoto
from telegram.constants import ParseMode

from bot.chat.telegram.request import WRITE_FILES
from bot.model import File, Message

SLOWEST = 64 * 1024
"""Bytes a second of the poorest line an upload is not given up on."""
_PICTURE_NAME = "picture.png"


def photo(picture: bytes) -> dict[str, Any]:
    """The picture as arguments of sendPhoto."""
    return {"photo": InputFile(picture, _PICTURE_NAME), "write_timeout": _time_for(len(picture))}


def media(message: Message) -> dict[str, Any]:
    """The picture with its caption as arguments of editMessageMedia."""
    picture = message.picture or b""
    shown = InputMediaPhoto(
        InputFile(picture, _PICTURE_NAME, attach=True), caption=str(message.text), parse_mode=ParseMode.HTML
    )
    return {"media": shown, "write_timeout": _time_for(len(picture))}


@asynccontextmanager
async def document(file: File) -> AsyncIterator[dict[str, Any]]:
    """The open file as arguments of sendDocument, valid inside the block. Raises OSError."""
    content = await asyncio.to_thread(file.path.open, "rb")
    try:
        size = (await asyncio.to_thread(file.path.stat)).st_size
        sent = InputFile(content, file.name, read_file_handle=False)
        yield {"document": sent, "disable_content_type_detection": True, "write_timeout": _time_for(size)}
    finally:
        content.close()


def _time_for(size: int) -> float:
    return WRITE_FILES + size / SLOWEST
