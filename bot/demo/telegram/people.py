"""What people do in their own Telegram apps: write, press, block, add and remove the bot, close topics."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from bot.demo.telegram import wire
from bot.demo.telegram.entities import detect
from bot.demo.telegram.html import Formatted, trim
from bot.demo.telegram.press import Press
from bot.demo.telegram.records import Chat, ChatKind, Content, Message, Person, Standing
from bot.demo.telegram.refusal import Json
from bot.demo.telegram.world import World

KEPT_PRESSES = 1_000
GENERAL_TOPIC = 1


class People(World):
    """The people side of the world: each act changes the state and queues the update the bot would get."""

    def person(self, user_id: int, first_name: str, language_code: str = "ru", username: str | None = None) -> Person:
        """Somebody with a Telegram account."""
        person = self.people[user_id] = Person(user_id, first_name, language_code, username)
        return person

    def private_chat(self, person: Person) -> Chat:
        """The person's talk with the bot, opened if there is none yet."""
        chat = self.chats.get(person.user_id)
        return chat or self._add(Chat(person.user_id, "private", person.first_name, {person.user_id: person}))

    def group(
        self,
        chat_id: int,
        title: str,
        members: Iterable[Person],
        kind: ChatKind = "group",
        topics: Mapping[int, str] | None = None,
    ) -> Chat:
        """A group or channel with the bot in it; `topics` maps thread ids to names, the first member owns it."""
        inside = {person.user_id: person for person in members}
        chat = Chat(chat_id, kind, title, inside, dict(topics or {}), administrators=set(list(inside)[:1]))
        chat.next_message_id = max(chat.topics, default=0) + 1
        if kind == "channel":
            chat.standing = "administrator"
        return self._add(chat)

    async def says(
        self,
        person: Person,
        chat: Chat,
        text: str,
        thread_id: int | None = None,
        reply_to: Message | None = None,
    ) -> Message:
        """Write into a chat: in groups privacy mode decides what the bot gets; a blocked bot is unblocked first."""
        if chat.is_private and chat.standing == "kicked":
            self.unblocks(person)
        formatted = detect(trim(text, []))
        sender = None if chat.kind == "channel" else person
        content = Content(formatted.text, formatted.entities)
        message = self.post(chat, sender, content, thread_id=thread_id, reply_to=reply_to)
        if self._reaches_bot(message, formatted):
            self.updates.put("channel_post" if sender is None else "message", wire.message(message))
        return message

    async def presses(self, person: Person, message: Message, data: str) -> Press:
        """Press a button that carries `data` (also one no longer shown: an old screen may still have it)."""
        press = Press(str(4_000_000_000 + self.revision * 1000 + len(self.pressed)), person, message, data)
        self.pressed[press.query_id] = press
        if len(self.pressed) > KEPT_PRESSES:
            del self.pressed[next(iter(self.pressed))]
        query = {"id": press.query_id, "from": wire.user(person), "message": wire.message(message)}
        self.updates.put("callback_query", {**query, "chat_instance": str(message.chat.chat_id), "data": data})
        return press

    def blocks(self, person: Person) -> None:
        """Stop the bot: it gets my_chat_member, and 403 on every send."""
        self._stand(self.private_chat(person), person, "kicked")

    def unblocks(self, person: Person) -> None:
        """Let the bot write again."""
        self._stand(self.private_chat(person), person, "member")

    def deactivates(self, person: Person) -> None:
        """Delete the account; the bot learns it only by the refusal of its next send."""
        self.private_chat(person).standing = "deactivated"

    def adds_bot(self, person: Person, chat: Chat, *, administrator: bool = False) -> None:
        """Take the bot into a group or channel, or change its rights there."""
        self._service(chat, person, {"new_chat_members": [wire.user(self.me)]})
        self._stand(chat, person, "administrator" if administrator else "member")

    def removes_bot(self, person: Person, chat: Chat) -> None:
        """Throw the bot out of a group or channel."""
        self._stand(chat, person, "kicked")

    def mutes_bot(self, chat: Chat, *, muted: bool = True) -> None:
        """Take away the right to write."""
        chat.muted = muted

    def close_topic(self, chat: Chat, thread_id: int) -> None:
        """Close a topic (1 is the general one): sends into it are refused."""
        chat.closed_topics.add(thread_id)
        self._service(chat, None, {"forum_topic_closed": {}}, thread_id)

    def reopen_topic(self, chat: Chat, thread_id: int) -> None:
        """Open a closed topic again."""
        chat.closed_topics.discard(thread_id)
        self._service(chat, None, {"forum_topic_reopened": {}}, thread_id)

    def delete_topic(self, chat: Chat, thread_id: int) -> None:
        """Remove a topic with its messages: sends into it find no thread."""
        del chat.topics[thread_id]
        for message in self.messages(chat.chat_id, thread_id):
            message.deleted_at = self.now()
        self.touch(chat)

    def migrate(self, group: Chat) -> Chat:
        """Turn a basic group into a supergroup with a new id; the old id answers 400 with `migrate_to_chat_id`."""
        new_id = -1_000_000_000_000 - abs(group.chat_id)
        supergroup = self.group(new_id, group.title, group.members.values(), "supergroup")
        supergroup.administrators, supergroup.standing = set(group.administrators), group.standing
        self._service(group, None, {"migrate_to_chat_id": new_id})
        group.migrated_to = new_id
        self._service(supergroup, None, {"migrate_from_chat_id": group.chat_id})
        self.touch(group)
        return supergroup

    def _add(self, chat: Chat) -> Chat:
        self.chats[chat.chat_id] = chat
        self.touch(chat)
        return chat

    def _service(self, chat: Chat, person: Person | None, what: Json, thread_id: int | None = None) -> None:
        thread = None if thread_id == GENERAL_TOPIC else thread_id
        owner = next((chat.members[user_id] for user_id in chat.administrators), None)
        message = self.post(chat, person or owner, Content(service=what), thread_id=thread)
        self.updates.put("message", wire.message(message))

    def _stand(self, chat: Chat, person: Person, standing: Standing) -> None:
        before, chat.standing = chat.standing, standing
        self.touch(chat)
        change = {"chat": wire.chat(chat), "from": wire.user(person), "date": int(self.now().timestamp())}
        members = {"old_chat_member": wire.member(self.me, before), "new_chat_member": wire.member(self.me, standing)}
        self.updates.put("my_chat_member", {**change, **members})

    def _reaches_bot(self, message: Message, formatted: Formatted) -> bool:
        """Privacy mode: of a group, a plain member bot sees commands meant for it and replies to itself."""
        chat = message.chat
        if chat.standing not in {"member", "administrator"}:
            return False
        if chat.is_private or chat.standing == "administrator":
            return True
        if message.reply_to is not None and message.reply_to.sender is self.me:
            return True
        first = formatted.text.split(maxsplit=1)[0] if formatted.text else ""
        command, _, addressee = first.partition("@")
        return command.startswith("/") and addressee.lower() in {"", (self.me.username or "").lower()}
