"""What a browser may do for a person: write, press, block, take the bot into a group. JSON in, JSON out."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from bot.demo.telegram.records import Chat, Message, Person
from bot.demo.telegram.refusal import Json
from bot.demo.telegram.server import BotApi

ANSWER_WITHIN = 15.0
MAX_TEXT = 4096


class Hands:
    """Acts by name; KeyError, TypeError, ValueError or LookupError on a body that makes no sense."""

    def __init__(self, api: BotApi) -> None:
        self._api = api

    @property
    def acts(self) -> Mapping[str, Callable[[Json], Awaitable[Json]]]:
        """What can be posted to `/demo/<name>`."""
        return {"say": self._say, "press": self._press, "block": self._block, "member": self._member}

    def get_person(self, user_id: object) -> Person:
        """Raises LookupError when nobody has this id."""
        for person in self._api.people.values():
            if not person.is_bot and str(person.user_id) == str(user_id):
                return person
        raise LookupError("nobody has this id")

    async def _say(self, body: Json) -> Json:
        person = self.get_person(body["person"])
        chat = self._api.private_chat(person) if body["chat"] == person.user_id else self._chat(person, body["chat"])
        text = str(body["text"]).strip()
        if not 1 <= len(text) <= MAX_TEXT:
            raise ValueError("a message has 1 to 4096 characters")
        thread = body.get("thread")
        reply_to = self._message(chat, body["reply_to"]) if body.get("reply_to") else None
        if thread is not None and thread not in chat.topics:
            raise LookupError("no such topic")
        message = await self._api.says(person, chat, text, thread, reply_to)
        return {"id": message.message_id}

    async def _press(self, body: Json) -> Json:
        person = self.get_person(body["person"])
        message = self._message(self._chat(person, body["chat"]), body["message"])
        press = await self._api.presses(person, message, str(body["data"]))
        try:
            answer = await press.answer(ANSWER_WITHIN)
        except TimeoutError:
            return {"silent": True}
        return {"text": answer.text, "alert": answer.alert, "url": answer.url}

    async def _block(self, body: Json) -> Json:
        person = self.get_person(body["person"])
        (self._api.blocks if body["blocked"] else self._api.unblocks)(person)
        return {}

    async def _member(self, body: Json) -> Json:
        """Take the bot into a group, or throw it out."""
        person = self.get_person(body["person"])
        chat = self._chat(person, body["chat"])
        if chat.is_private:
            raise ValueError("only groups have members")
        (self._api.adds_bot if body["inside"] else self._api.removes_bot)(person, chat)
        return {}

    def _chat(self, person: Person, chat_id: int) -> Chat:
        chat = self._api.chats[chat_id]
        if person.user_id not in chat.members:
            raise LookupError("not a member of this chat")
        return chat

    def _message(self, chat: Chat, message_id: int) -> Message:
        message = self._api.find_message(chat, message_id)
        if message is None:
            raise LookupError("no such message")
        return message
