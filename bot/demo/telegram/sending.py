"""The methods that put messages into chats, change them and take them away."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from bot.demo.telegram import content, wire
from bot.demo.telegram.calls import Call
from bot.demo.telegram.records import Chat, Content, Message, Typing
from bot.demo.telegram.refusal import Json, Refusal, bad, forbidden
from bot.demo.telegram.world import World

GENERAL_TOPIC = 1
NOT_MODIFIED = (
    "message is not modified: specified new message content and reply markup are exactly the same "
    "as a current content and reply markup of the message"
)
KIND_NAMES = {"group": "group chat", "supergroup": "supergroup chat", "channel": "channel chat"}


def target(world: World, call: Call) -> Chat:
    """The chat a call is for, if the bot may be there. Refusal 400 or 403 as Telegram words it."""
    if not call.text("chat_id"):
        raise bad("chat_id is empty")
    chat = world.chats.get(call.chat_id or 0)
    if chat is None:
        raise bad("chat not found")
    if chat.migrated_to is not None:
        moved = {"migrate_to_chat_id": chat.migrated_to}
        raise Refusal(400, "Bad Request: group chat was upgraded to a supergroup chat", moved)
    _refuse_outside(chat)
    return chat


def _refuse_outside(chat: Chat) -> None:
    if chat.standing == "deactivated":
        raise forbidden("user is deactivated")
    if chat.standing == "kicked":
        raise forbidden(
            "bot was blocked by the user" if chat.is_private else f"bot was kicked from the {KIND_NAMES[chat.kind]}"
        )
    if chat.standing == "left":
        raise forbidden(f"bot is not a member of the {KIND_NAMES[chat.kind]}")


def _thread(chat: Chat, call: Call) -> int | None:
    thread_id = call.number("message_thread_id")
    if thread_id is not None and thread_id not in chat.topics:
        raise bad("message thread not found")
    if (thread_id or GENERAL_TOPIC) in chat.closed_topics:
        raise bad("TOPIC_CLOSED")
    return thread_id


def _reply(world: World, chat: Chat, call: Call) -> Message | None:
    asked: Json = call.structure("reply_parameters") or {}
    message_id = asked.get("message_id", call.number("reply_to_message_id"))
    if message_id is None:
        return None
    found = world.find_message(chat, int(message_id))
    optional = asked.get("allow_sending_without_reply") or call.flag("allow_sending_without_reply")
    if found is None and not optional:
        raise bad("message to be replied not found")
    return found


def _place(world: World, call: Call, chat: Chat) -> Json:
    """Where and how a message appears: thread, reply, sound."""
    if chat.muted:
        raise bad("not enough rights to send text messages to the chat")
    reply = _reply(world, chat, call)
    thread_id = _thread(chat, call)
    if thread_id is None and reply is not None:
        thread_id = reply.thread_id
    return {"thread_id": thread_id, "reply_to": reply, "silent": call.flag("disable_notification")}


def _send(world: World, call: Call, chat: Chat, what: Content, **about: Any) -> Message:
    sender = None if chat.kind == "channel" else world.me
    chat.typing = None
    message = world.post(chat, sender, what, **about)
    world.deliver(call.method, message, call.values)
    return message


def send_message(world: World, call: Call) -> Json:
    """sendMessage."""
    chat = target(world, call)
    place = _place(world, call, chat)
    return wire.message(_send(world, call, chat, content.text_content(call, chat), **place))


def send_photo(world: World, call: Call) -> Json:
    """sendPhoto."""
    chat = target(world, call)
    place = _place(world, call, chat)
    what = content.media_content(call, chat, content.upload(world, call, "photo"))
    return wire.message(_send(world, call, chat, what, **place))


def send_document(world: World, call: Call) -> Json:
    """sendDocument."""
    chat = target(world, call)
    place = _place(world, call, chat)
    what = content.media_content(call, chat, content.upload(world, call, "document"))
    return wire.message(_send(world, call, chat, what, **place))


def send_media_group(world: World, call: Call) -> list[Json]:
    """sendMediaGroup of photos and documents; all or nothing."""
    chat = target(world, call)
    place = _place(world, call, chat)
    items = call.structure("media") or []
    if not 2 <= len(items) <= 10:
        raise bad("there must be from 2 to 10 items in the album")
    contents = [_media(world, call, item) for item in items]
    album = f"album{world.revision}"
    return [wire.message(_send(world, call, chat, what, album=album, **place)) for what in contents]


def _media(world: World, call: Call, item: Json) -> Content:
    kind = item.get("type")
    if kind not in {"photo", "document"}:
        raise bad(f"type {kind!r} of media is not supported here")
    formatted = content.caption(item, item.get("caption_entities"))
    media = content.upload(world, call, kind, str(item.get("media", "")))
    return Content(formatted.text, formatted.entities, media)


def _own(world: World, call: Call, chat: Chat) -> Message:
    found = world.find_message(chat, call.number("message_id"))
    if found is None:
        raise bad("message to edit not found")
    if found.sender not in {None, world.me} or found.content.service:
        raise bad("message can't be edited")
    return found


def _edit(world: World, call: Call, message: Message, new: Content) -> Json:
    if new == message.content:
        raise bad(NOT_MODIFIED)
    world.rewrite(message, new)
    world.deliver(call.method, message, call.values)
    return wire.message(message)


def edit_message_text(world: World, call: Call) -> Json:
    """editMessageText."""
    chat = target(world, call)
    message = _own(world, call, chat)
    if message.content.media:
        raise bad("there is no text in the message to edit")
    return _edit(world, call, message, content.text_content(call, chat))


def edit_message_caption(world: World, call: Call) -> Json:
    """editMessageCaption."""
    chat = target(world, call)
    message = _own(world, call, chat)
    if message.content.media is None:
        raise bad("there is no caption in the message to edit")
    return _edit(world, call, message, content.media_content(call, chat, message.content.media))


def edit_message_media(world: World, call: Call) -> Json:
    """editMessageMedia."""
    chat = target(world, call)
    message = _own(world, call, chat)
    what = _media(world, call, call.structure("media") or {})
    return _edit(world, call, message, replace(what, markup=content.markup(call, chat)))


def edit_message_reply_markup(world: World, call: Call) -> Json:
    """editMessageReplyMarkup."""
    chat = target(world, call)
    message = _own(world, call, chat)
    return _edit(world, call, message, replace(message.content, markup=content.markup(call, chat)))


def delete_message(world: World, call: Call) -> bool:
    """deleteMessage: of a private chat and its own anywhere; of others only as an administrator."""
    chat = target(world, call)
    message = world.find_message(chat, call.number("message_id"))
    if message is None:
        raise bad("message to delete not found")
    if not chat.is_private and message.sender is not world.me and chat.standing != "administrator":
        raise bad("message can't be deleted")
    message.deleted_at = world.now()
    world.touch(chat, message)
    return True


def pin_chat_message(world: World, call: Call) -> bool:
    """pinChatMessage; groups want an administrator."""
    return _pin(world, call, pinned=True)


def unpin_chat_message(world: World, call: Call) -> bool:
    """unpinChatMessage."""
    return _pin(world, call, pinned=False)


def _pin(world: World, call: Call, *, pinned: bool) -> bool:
    chat = target(world, call)
    if not chat.is_private and chat.standing != "administrator":
        raise bad("not enough rights to manage pinned messages in the chat")
    message = world.find_message(chat, call.number("message_id"))
    if message is None:
        raise bad("message to pin not found" if pinned else "message to unpin not found")
    message.pinned = pinned
    world.touch(chat, message)
    return True


def set_message_reaction(world: World, call: Call) -> bool:
    """setMessageReaction with plain emoji."""
    chat = target(world, call)
    message = world.find_message(chat, call.number("message_id"))
    if message is None:
        raise bad("message to react not found")
    message.reactions = tuple(str(reaction.get("emoji", "")) for reaction in call.structure("reaction") or [])
    world.touch(chat, message)
    return True


def send_chat_action(world: World, call: Call) -> bool:
    """sendChatAction: shown until the next message."""
    chat = target(world, call)
    chat.typing = Typing(_thread(chat, call), call.text("action"), world.revision)
    world.touch(chat)
    return True


def answer_callback_query(world: World, call: Call) -> bool:
    """answerCallbackQuery: once a press, at most 200 characters."""
    press = world.pressed.get(call.text("callback_query_id"))
    if len(call.text("text")) > 200:
        raise bad("MESSAGE_TOO_LONG")
    said = {"text": call.text("text"), "alert": call.flag("show_alert"), "url": call.text("url")}
    if press is None or not press.settle(**said):
        raise bad("query is too old and response timeout expired or query ID is invalid")
    world.bell.ring()
    return True
