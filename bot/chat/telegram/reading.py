"""One raw update into what the bot works with. Pure; raises only for an update that is not what Telegram promises."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from telegram import CallbackQuery, Chat, Message, Update
from telegram.constants import ChatMemberStatus

from bot.chat.telegram.incoming import BotMembership, ChatMoved, Incoming
from bot.model import BELOW, IN_PLACE, ChatKind, Destination, Request

_COMMAND = re.compile(r"/([A-Za-z0-9_]{1,32})(?:@([A-Za-z0-9_]+))?(?=\s|$)")
_OUT = {ChatMemberStatus.LEFT, ChatMemberStatus.BANNED}


def read_update(raw: Mapping[str, Any], *, username: str, now: datetime) -> Incoming | None:
    """What a person asked, or what happened to a chat; None for what does not concern this bot.

    `username` is the bot's own: a command that names another bot is not ours. `now` is the time of a
    press, which carries none. Raises KeyError, TypeError or ValueError for a broken update.
    """
    incoming = _read(raw, username, now)
    if isinstance(incoming, Request | BotMembership):
        _check(incoming)
    return incoming


def _read(raw: Mapping[str, Any], username: str, now: datetime) -> Incoming | None:
    if "my_chat_member" in raw:
        return _membership(raw["my_chat_member"])
    update = Update.de_json(dict(raw))
    if update.callback_query is not None:
        return _press(update.callback_query, now)
    if update.message is not None:
        return _message(update.message, username)
    return None


def _check(incoming: Request | BotMembership) -> None:
    """The library believes whatever it is given. Raises TypeError."""
    chat = incoming.chat
    whole: list[object] = [incoming.user_id, chat.chat_id, chat.thread_id or 0]
    words: list[object] = [chat.title]
    if isinstance(incoming, Request):
        whole += [incoming.answer_to or 0, incoming.pressed or 0, incoming.quotes or 0]
        words += [incoming.user_name, incoming.user_language or "", incoming.text, incoming.press_id or ""]
    if not all(type(one) is int for one in whole) or not all(isinstance(one, str) for one in words):
        raise TypeError("an update holds values of another kind than Telegram's")


def _message(message: Message, username: str) -> Incoming | None:
    if message.migrate_to_chat_id is not None:
        return ChatMoved(message.chat.id, message.migrate_to_chat_id)
    if message.migrate_from_chat_id is not None:
        return ChatMoved(message.migrate_from_chat_id, message.chat.id)
    person = message.from_user
    if person is None or person.is_bot or not message.text:
        return None
    name, addressee, arguments = _words(message.text)
    if addressee is not None and addressee.lower() != username.lower():
        return None
    return Request(
        user_id=person.id,
        user_name=person.full_name,
        user_language=person.language_code,
        chat=_destination(message.chat, _topic(message)),
        command=name.lower(),
        arguments=arguments,
        text=message.text,
        at=message.date,
        answer_to=message.message_id,
        quotes=_quoted(message.reply_to_message, username),
    )


def _quoted(message: Message | None, username: str) -> int | None:
    """The message of ours that is replied to; in a topic every message "replies" to the topic's beginning."""
    if message is None or message.forum_topic_created or message.from_user is None:
        return None
    return message.message_id if (message.from_user.username or "").lower() == username.lower() else None


def _words(text: str) -> tuple[str, str | None, tuple[str, ...]]:
    """Command without its slash ("" for plain text), the bot it names, and the words after it."""
    found = _COMMAND.match(text)
    if found is None:
        return "", None, ()
    return found[1], found[2], tuple(text[found.end() :].split())


def _press(query: CallbackQuery, now: datetime) -> Request | None:
    """A press does what typing the command would do; a button of another version has no command.

    IN_PLACE changes the message, as long as that can still be seen; all else, say under an alert, is answered below.
    """
    message = query.message
    if message is None:
        return None
    version, _, rest = (query.data or "").partition(":")
    command, _, words = rest.partition(":") if version in {BELOW, IN_PLACE} else ("", "", "")
    rewrites = version == IN_PLACE and message.is_accessible
    return Request(
        user_id=query.from_user.id,
        user_name=query.from_user.full_name,
        user_language=query.from_user.language_code,
        chat=_destination(message.chat, _topic(message) if isinstance(message, Message) else None),
        command=command,
        arguments=tuple(words.split()) if command else (),
        text=f"/{command} {words}".rstrip() if command else "",
        at=now,
        answer_to=None if rewrites else message.message_id,
        pressed=message.message_id if rewrites else None,
        press_id=query.id,
        saved=None if command else words or None,
    )


def _membership(change: Mapping[str, Any]) -> BotMembership:
    """Read by hand: the library insists on every right of the newest server, and we ask for two of them."""
    return BotMembership(
        chat=_destination(Chat.de_json(dict(change["chat"])), None),
        allowed=_may_write(change["new_chat_member"]),
        joined=_is_inside(change["new_chat_member"]) and not _is_inside(change["old_chat_member"]),
        user_id=change["from"]["id"],
        at=datetime.fromtimestamp(change["date"], UTC),
    )


def _is_inside(member: Mapping[str, Any]) -> bool:
    if member["status"] == ChatMemberStatus.RESTRICTED:
        return bool(member["is_member"])
    return member["status"] not in _OUT


def _may_write(member: Mapping[str, Any]) -> bool:
    if member["status"] == ChatMemberStatus.RESTRICTED:
        return bool(member["is_member"] and member["can_send_messages"])
    return member["status"] not in _OUT


def _topic(message: Message) -> int | None:
    """A reply outside a forum carries a thread id too, which no send accepts: only a topic's counts."""
    return message.message_thread_id if message.is_topic_message else None


def _destination(chat: Chat, thread_id: int | None) -> Destination:
    title = chat.title or chat.full_name or ""
    return Destination(chat_id=chat.id, thread_id=thread_id, kind=ChatKind(chat.type), title=title)
