"""METHODS: the Bot API's methods by name. A method is one function and one row here."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from bot.demo.telegram import sending, settings
from bot.demo.telegram.calls import Call
from bot.demo.telegram.world import World

Method = Callable[[World, Call], Awaitable[Any] | Any]

set_name, get_name = settings.profile_text("name", 64)
set_description, get_description = settings.profile_text("description", 512)
set_short_description, get_short_description = settings.profile_text("short_description", 120)

METHODS: Mapping[str, Method] = {
    "getMe": settings.get_me,
    "logOut": settings.accept,
    "close": settings.accept,
    "getUpdates": settings.get_updates,
    "setWebhook": settings.set_webhook,
    "deleteWebhook": settings.delete_webhook,
    "getWebhookInfo": settings.get_webhook_info,
    "sendMessage": sending.send_message,
    "sendPhoto": sending.send_photo,
    "sendDocument": sending.send_document,
    "sendMediaGroup": sending.send_media_group,
    "sendChatAction": sending.send_chat_action,
    "editMessageText": sending.edit_message_text,
    "editMessageCaption": sending.edit_message_caption,
    "editMessageMedia": sending.edit_message_media,
    "editMessageReplyMarkup": sending.edit_message_reply_markup,
    "deleteMessage": sending.delete_message,
    "pinChatMessage": sending.pin_chat_message,
    "unpinChatMessage": sending.unpin_chat_message,
    "setMessageReaction": sending.set_message_reaction,
    "answerCallbackQuery": sending.answer_callback_query,
    "setMyCommands": settings.set_my_commands,
    "getMyCommands": settings.get_my_commands,
    "deleteMyCommands": settings.delete_my_commands,
    "setMyName": set_name,
    "getMyName": get_name,
    "setMyDescription": set_description,
    "getMyDescription": get_description,
    "setMyShortDescription": set_short_description,
    "getMyShortDescription": get_short_description,
    "setChatMenuButton": settings.set_chat_menu_button,
    "getChatMenuButton": settings.get_chat_menu_button,
    "getChat": settings.get_chat,
    "getChatMember": settings.get_chat_member,
    "getChatAdministrators": settings.get_chat_administrators,
    "getChatMemberCount": settings.get_chat_member_count,
    "leaveChat": settings.leave_chat,
    "getFile": settings.get_file,
}
BY_LOWER_NAME = {name.lower(): (name, method) for name, method in METHODS.items()}
LIMITED = frozenset(name for name in METHODS if name.startswith(("send", "editMessage"))) - {"sendChatAction"}
