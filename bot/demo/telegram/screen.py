"""What one person's app shows: chats, messages, the command menu, as JSON for the page. Reads the world only."""

from __future__ import annotations

from bot.demo.telegram.records import Chat, Message, Person, Upload
from bot.demo.telegram.refusal import Json
from bot.demo.telegram.world import World


def people(world: World) -> list[Json]:
    """Everybody whose phone can be looked at."""
    return [_person(person) | {"heard": _heard(world, person)} for person in world.people.values() if not person.is_bot]


def _heard(world: World, person: Person) -> int:
    """Grows with every message in the person's chats."""
    return sum(chat.next_message_id for chat in world.chats.values() if person.user_id in chat.members)


def _person(person: Person) -> Json:
    return {"id": person.user_id, "name": person.first_name, "language": person.language_code, "bot": person.is_bot}


def chats(world: World, person: Person) -> list[Json]:
    """The person's chats; the talk with the bot comes first, even before it was started."""
    own = world.chats.get(person.user_id) or Chat(
        person.user_id, "private", "", {person.user_id: person}, standing="left"
    )
    others = [chat for chat in world.chats.values() if not chat.is_private and person.user_id in chat.members]
    return [_chat(world, chat, person) for chat in (own, *others)]


def _chat(world: World, chat: Chat, person: Person) -> Json:
    typing = chat.typing
    topics = [
        {"id": thread_id, "name": name, "closed": thread_id in chat.closed_topics}
        for thread_id, name in chat.topics.items()
    ]
    return {
        "id": chat.chat_id,
        "kind": chat.kind,
        "title": world.me.first_name if chat.is_private else chat.title,
        "standing": chat.standing,
        "members": len(chat.members) + 1,
        "topics": topics,
        "moved_to": chat.migrated_to,
        "typing": typing and {"thread": typing.thread_id, "action": typing.action, "number": typing.number},
        "commands": commands(world, chat, person),
    }


def commands(world: World, chat: Chat, person: Person) -> list[Json]:
    """The menu this person sees here: the most specific scope, in it the person's language before none."""
    administrator = person.user_id in chat.administrators
    everywhere = ["all_private_chats"] if chat.is_private else ["all_group_chats"]
    scopes = [
        f"chat_member:{chat.chat_id}:{person.user_id}",
        *([f"chat_administrators:{chat.chat_id}"] if administrator else []),
        f"chat:{chat.chat_id}",
        *(["all_chat_administrators"] if administrator else []),
        *everywhere,
        "default",
    ]
    found = (world.commands.get((scope, language)) for scope in scopes for language in (person.language_code, ""))
    return next((menu for menu in found if menu), [])


def messages(world: World, person: Person, since: int) -> list[Json]:
    """The messages of the person's chats that changed after revision `since`, oldest first."""
    mine = [chat for chat in world.chats.values() if person.user_id in chat.members and chat.revision > since]
    return [_message(message) for chat in mine for message in chat.messages.values() if message.revision > since]


def _message(message: Message) -> Json:
    place = {"chat": message.chat.chat_id, "id": message.message_id, "thread": message.thread_id}
    if message.deleted_at is not None:
        return {**place, "deleted": True}
    content = message.content
    return {
        **place,
        "from": _person(message.sender) if message.sender else None,
        "at": int(message.sent_at.timestamp() * 1000),
        "edited_at": _edited_at(message),
        "text": content.text,
        "entities": content.entities,
        "service": content.service,
        "media": content.media and _media(content.media),
        "buttons": message.buttons,
        "reply": message.reply_to and _reply(message.reply_to),
        "silent": message.silent,
        "pinned": message.pinned,
        "reactions": message.reactions,
    }


def _edited_at(message: Message) -> int | None:
    """When the words last changed, in milliseconds; new buttons alone are no edit to a reader."""
    pairs = zip(message.versions, message.versions[1:], strict=False)
    changed = [
        later.at
        for earlier, later in pairs
        if (earlier.content.text, earlier.content.media) != (later.content.text, later.content.media)
    ]
    return int(changed[-1].timestamp() * 1000) if changed else None


def _reply(message: Message) -> Json:
    name = message.sender.first_name if message.sender else message.chat.title
    return {"id": message.message_id, "name": name, "text": message.text[:200]}


def _media(upload: Upload) -> Json:
    return {
        "kind": upload.kind,
        "url": f"/demo/file/{upload.file_id}",
        "name": upload.name,
        "size": len(upload.data),
        "width": upload.width,
        "height": upload.height,
    }
