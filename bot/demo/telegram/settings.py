"""The methods about the bot itself and about chats: profile, commands, menu, members, files, updates, webhook."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from bot.demo.telegram import wire
from bot.demo.telegram.calls import Call
from bot.demo.telegram.refusal import Json, bad
from bot.demo.telegram.sending import target
from bot.demo.telegram.updates import Webhook
from bot.demo.telegram.world import World

MAX_COMMANDS = 100
MAX_POLL_LIMIT = 100
MAX_POLL_SECONDS = 50
MAX_DOWNLOAD = 20 * 1024 * 1024


def get_me(world: World, call: Call) -> Json:  # noqa: ARG001 - every method has this shape
    """getMe."""
    abilities = {"can_join_groups": True, "can_read_all_group_messages": False, "supports_inline_queries": False}
    return {**wire.user(world.me), **abilities}


def accept(world: World, call: Call) -> bool:  # noqa: ARG001 - every method has this shape
    """Methods that change nothing here: logOut, close."""
    return True


async def get_updates(world: World, call: Call) -> list[Json]:
    """getUpdates with a real long poll."""
    world.updates.allow(call.structure("allowed_updates"))
    if world.updates.webhook is None and (offset := call.number("offset")):
        world.updates.confirm(offset)
    limit = min(max(call.number("limit", MAX_POLL_LIMIT) or 1, 1), MAX_POLL_LIMIT)
    return await world.updates.poll(limit=limit, seconds=min(call.number("timeout", 0) or 0, MAX_POLL_SECONDS))


def set_webhook(world: World, call: Call) -> bool:
    """setWebhook; plain http is allowed, as with a server of one's own. An empty url removes it."""
    if call.flag("drop_pending_updates"):
        world.updates.pending.clear()
    world.updates.allow(call.structure("allowed_updates"))
    url, secret = call.text("url"), call.text("secret_token")
    if url and not re.match(r"https?://[^\s/]+", url):
        raise bad("bad webhook: invalid URL")
    if not re.fullmatch(r"[A-Za-z0-9_-]{0,256}", secret):
        raise bad("secret token contains unallowed characters")
    world.updates.use(Webhook(url, secret, call.number("max_connections", 40) or 40) if url else None)
    return True


def delete_webhook(world: World, call: Call) -> bool:
    """deleteWebhook."""
    if call.flag("drop_pending_updates"):
        world.updates.pending.clear()
    world.updates.use(None)
    return True


def get_webhook_info(world: World, call: Call) -> Json:  # noqa: ARG001 - every method has this shape
    """getWebhookInfo; the last error only while there was one."""
    webhook, failed = world.updates.webhook, world.updates.last_failure
    info: Json = {"url": webhook.url if webhook else "", "has_custom_certificate": False}
    info["pending_update_count"] = len(world.updates.pending)
    if webhook and failed:
        info |= {"last_error_date": int(failed[0].timestamp()), "last_error_message": failed[1]}
    return info


def _scope(call: Call) -> str:
    scope: Json = call.structure("scope") or {"type": "default"}
    return ":".join(str(scope[name]) for name in ("type", "chat_id", "user_id") if name in scope)


def set_my_commands(world: World, call: Call) -> bool:
    """setMyCommands, kept by scope and language."""
    commands = call.structure("commands") or []
    if len(commands) > MAX_COMMANDS:
        raise bad("BOT_COMMANDS_TOO_MUCH")
    for command in commands:
        if not re.fullmatch(r"[a-z0-9_]{1,32}", str(command.get("command", "")).removeprefix("/")):
            raise bad("BOT_COMMAND_INVALID")
        if not 1 <= len(str(command.get("description", ""))) <= 256:
            raise bad("BOT_COMMAND_DESCRIPTION_INVALID")
    world.commands[_scope(call), call.text("language_code")] = commands
    world.touch()
    return True


def get_my_commands(world: World, call: Call) -> list[Json]:
    """getMyCommands of exactly this scope and language."""
    return world.commands.get((_scope(call), call.text("language_code")), [])


def delete_my_commands(world: World, call: Call) -> bool:
    """deleteMyCommands."""
    world.commands.pop((_scope(call), call.text("language_code")), None)
    world.touch()
    return True


def profile_text(field: str, limit: int) -> tuple[Callable[[World, Call], bool], Callable[[World, Call], Json]]:
    """The pair of methods that set and get one text of the profile by language, at most `limit` characters."""

    def put(world: World, call: Call) -> bool:
        if len(call.text(field)) > limit:
            raise bad(f"bot {field} is too long")
        world.profile[field, call.text("language_code")] = call.text(field)
        return True

    def get(world: World, call: Call) -> Json:
        default = world.profile.get((field, ""), world.me.first_name if field == "name" else "")
        return {field: world.profile.get((field, call.text("language_code")), default)}

    return put, get


def set_chat_menu_button(world: World, call: Call) -> bool:
    """setChatMenuButton for one private chat, or for all."""
    world.profile["menu_button", call.text("chat_id")] = call.structure("menu_button") or {"type": "default"}
    return True


def get_chat_menu_button(world: World, call: Call) -> Any:
    """getChatMenuButton."""
    general = world.profile.get(("menu_button", ""), {"type": "commands"})
    return world.profile.get(("menu_button", call.text("chat_id")), general)


def get_chat(world: World, call: Call) -> Json:
    """getChat."""
    return wire.full_chat(target(world, call))


def get_chat_member(world: World, call: Call) -> Json:
    """getChatMember: the first administrator is the owner."""
    chat = target(world, call)
    user_id = call.number("user_id") or 0
    if user_id == world.me.user_id:
        return wire.member(world.me, chat.standing, posts=chat.kind == "channel" and not chat.muted)
    person = world.people.get(user_id)
    if person is None:
        raise bad("invalid user_id specified")
    if user_id not in chat.members:
        return wire.member(person, "left")
    return wire.member(person, "creator" if user_id in chat.administrators else "member")


def get_chat_administrators(world: World, call: Call) -> list[Json]:
    """getChatAdministrators."""
    chat = target(world, call)
    if chat.is_private:
        raise bad("there are no administrators in the private chat")
    people = [wire.member(chat.members[user_id], "creator") for user_id in sorted(chat.administrators)]
    return people + ([wire.member(world.me, "administrator")] if chat.standing == "administrator" else [])


def get_chat_member_count(world: World, call: Call) -> int:
    """getChatMemberCount, the bot included."""
    return len(target(world, call).members) + 1


def leave_chat(world: World, call: Call) -> bool:
    """leaveChat."""
    chat = target(world, call)
    if chat.is_private:
        raise bad("chat member status can't be changed in private chats")
    chat.standing = "left"
    world.touch(chat)
    return True


def get_file(world: World, call: Call) -> Json:
    """getFile: at most 20 MB, as Telegram's own server."""
    upload = world.files.get(call.text("file_id"))
    if upload is None:
        raise bad("invalid file_id")
    if len(upload.data) > MAX_DOWNLOAD:
        raise bad("file is too big")
    return {**wire.file(upload), "file_path": upload.path}
