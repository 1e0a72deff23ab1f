"""Buttons that stand for more than Telegram lets them carry: the words go to the store, their id on the button."""

import secrets
from dataclasses import replace
from datetime import datetime

from bot.model import DATA_BYTES, Button, ChatKind, Message, Request
from bot.store import queries
from bot.store.driver import Connection, Store


async def pack(message: Message, request: Request, store: Store, now: datetime) -> Message:
    """The message as it can be sent to where `request` came from; in a private chat for that person alone."""
    if not any(_is_long(button) for row in message.buttons for button in row):
        return message
    return await store.write(_packed, message, request, now)


def _packed(db: Connection, message: Message, request: Request, now: datetime) -> Message:
    chat_id = request.chat.chat_id
    user_id = request.user_id if request.chat.kind is ChatKind.PRIVATE else 0

    def fitting(button: Button) -> Button:
        if not _is_long(button):
            return button
        version, _, words = (button.data or "").partition(":")
        saved = queries.save(db, secrets.token_urlsafe(12), words, chat_id=chat_id, user_id=user_id, now=now)
        return replace(button, data=f"{version}::{saved}")

    return replace(message, buttons=[[fitting(button) for button in row] for row in message.buttons])


def _is_long(button: Button) -> bool:
    return len((button.data or "").encode()) > DATA_BYTES


async def unpack(request: Request, store: Store) -> Request:
    """The request with the words its button stands for; without a command when they are not (any more) its own."""
    if request.saved is None:
        return request
    place = {"chat_id": request.chat.chat_id, "user_id": request.user_id}
    data = await store.read(queries.find, request.saved, **place)
    command, _, words = (data or "").partition(":")
    text = f"/{command} {words}".rstrip() if command else ""
    return replace(request, command=command, arguments=tuple(words.split()), text=text)
