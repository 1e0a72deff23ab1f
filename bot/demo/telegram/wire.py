"""Records into the JSON of the Bot API, with every field its clients insist on."""

from __future__ import annotations

from bot.demo.telegram.records import Chat, Message, Person, Standing, Upload
from bot.demo.telegram.refusal import Json

NO_RIGHTS = dict.fromkeys(
    (
        "can_be_edited",
        "is_anonymous",
        "can_delete_messages",
        "can_manage_video_chats",
        "can_restrict_members",
        "can_promote_members",
        "can_change_info",
        "can_invite_users",
        "can_post_stories",
        "can_edit_stories",
        "can_delete_stories",
    ),
    False,
)


def user(person: Person) -> Json:
    """A User."""
    shape: Json = {"id": person.user_id, "is_bot": person.is_bot, "first_name": person.first_name}
    if person.username:
        shape["username"] = person.username
    if not person.is_bot:
        shape["language_code"] = person.language_code
    return shape


def chat(record: Chat) -> Json:
    """A Chat."""
    shape: Json = {"id": record.chat_id, "type": record.kind}
    if record.is_private:
        person = record.members[record.chat_id]
        shape["first_name"] = person.first_name
        if person.username:
            shape["username"] = person.username
        return shape
    shape["title"] = record.title
    if record.topics:
        shape["is_forum"] = True
    return shape


def full_chat(record: Chat) -> Json:
    """A ChatFullInfo."""
    gifts = dict.fromkeys(
        ("unlimited_gifts", "limited_gifts", "unique_gifts", "premium_subscription", "gifts_from_channels"), False
    )
    return {**chat(record), "accent_color_id": 0, "max_reaction_count": 11, "accepted_gift_types": gifts}


def message(record: Message, *, with_reply: bool = True) -> Json:
    """A Message; the message replied to is one level deep."""
    shape: Json = {"message_id": record.message_id, "date": int(record.sent_at.timestamp()), "chat": chat(record.chat)}
    if record.sender is None:
        shape["sender_chat"] = chat(record.chat)
    else:
        shape["from"] = user(record.sender)
    if record.thread_id is not None:
        shape |= {"message_thread_id": record.thread_id, "is_topic_message": True}
    if record.edited_at is not None:
        shape["edit_date"] = int(record.edited_at.timestamp())
    if record.album:
        shape["media_group_id"] = record.album
    if with_reply and record.reply_to is not None:
        shape["reply_to_message"] = message(record.reply_to, with_reply=False)
    return shape | _content(record)


def _content(record: Message) -> Json:
    content = record.content
    shape: Json = dict(content.service or {})
    text, entities = ("caption", "caption_entities") if content.media else ("text", "entities")
    if content.text:
        shape[text] = content.text
    if content.entities:
        shape[entities] = list(content.entities)
    if content.media:
        shape[content.media.kind] = [photo(content.media)] if content.media.kind == "photo" else document(content.media)
    if "inline_keyboard" in (content.markup or {}):
        shape["reply_markup"] = content.markup
    return shape


def file(upload: Upload) -> Json:
    """What every file has."""
    return {"file_id": upload.file_id, "file_unique_id": f"u{upload.file_id}", "file_size": len(upload.data)}


def photo(upload: Upload) -> Json:
    """A PhotoSize."""
    return {**file(upload), "width": upload.width, "height": upload.height}


def document(upload: Upload) -> Json:
    """A Document."""
    return {**file(upload), "file_name": upload.name, "mime_type": upload.mime}


def member(person: Person, standing: Standing | str, *, posts: bool = False) -> Json:
    """A ChatMember; `standing` may also be "creator". `posts`: an administrator of a channel may post there."""
    shape: Json = {"status": "left" if standing == "deactivated" else standing, "user": user(person)}
    if standing == "kicked":
        shape["until_date"] = 0
    if standing == "creator":
        shape["is_anonymous"] = False
    if standing == "administrator":
        shape |= {**NO_RIGHTS, "can_manage_chat": True} | ({"can_post_messages": True} if posts else {})
    return shape
