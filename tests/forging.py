"""Updates nobody's Telegram would send, and words nobody would write; from one seed always the same ones."""

from datetime import datetime
from random import Random
from typing import Any

from bot.chat.commands import COMMANDS

LONG = 4096
_PLAIN = """
1 2 7 -1 0 999999999 9999999999999999999 ² ٣ p1 p999 p0 pp # #1 №1 . all все today 7d 2026-11 01.11 31.02 1h 10m till
morning recovery 25:00 09:00 23:00-08:00 off on silent now weekly mon csv xlsx CSV samal Samal-2 98151552 97200101 shop
bakery Abay BUN 1001 op1 op2 owner accountant support viewer remove nothing figures 5 6 50 51 52 failures digest
everything critical en kk ru status=failed payer=Z terminal=Abay amount>=1 invoice~1 sort=-amount from=2020-01-01 page=2
' OR 1=1 -- ; DROP TABLE person {user} %s %n ${jndi} <b> </b> <script> &amp; ../../etc/passwd \\ " “ ” start= ?start=x
e1: v1: e1::x :: : amount>=99999999999999999999 reason=99999999999999999999 card=12345678901234567890 amount=1e999
"""
WORDS = (
    *_PLAIN.split(),
    "\u202eabc",
    "\u200b\u200c\u200d\u2060\ufeff",
    "مرحبا",
    "🎁" * 30,
    "👩‍👩‍👧‍👦",
    "\x00\x01\x1b[31m",
    "a\u0301" * 40,
    "٠١٢٣",
    "ＦＩＮＤ",
    "z" * LONG,
    "7" * 500,
    "\n\n\t",
    "",
)
NAMES = (*(command.name for command in COMMANDS), "dance", "Start", "FIND", "", "start@epay_demo_bot", "x" * 40, "_")
KINDS = ("private", "group", "supergroup", "channel")


class Forger:
    """Draws raw updates from `people` (user ids) in `chats` (id and kind), most of them nearly right."""

    def __init__(self, seed: int, people: list[int], chats: list[tuple[int, str]], at: datetime) -> None:
        self._dice = Random(seed)
        self._people = people
        self._chats = chats
        self._at = int(at.timestamp())
        self._number = 0

    def update(self) -> tuple[int, dict[str, Any]]:
        """The id of who sends it, and the update."""
        self._number += 1
        user_id = self._dice.choice(self._people)
        kind = self._dice.choice(["message"] * 5 + ["callback_query"] * 5 + ["my_chat_member", "edited_message"])
        body = getattr(self, f"_{kind}")(user_id)
        return user_id, self._spoilt({"update_id": self._number, kind: body})

    def words(self) -> str:
        """A few words, sometimes with nothing between them."""
        return self._dice.choice([" ", " ", " ", "", ":"]).join(self._dice.choices(WORDS, k=self._dice.randint(0, 4)))

    def _message(self, user_id: int) -> dict[str, Any]:
        text = f"/{self._dice.choice(NAMES)} {self.words()}" if self._dice.random() < 0.8 else self.words()
        body = self._shown(user_id) | {"from": self._user(user_id), "text": text[:LONG]}
        if self._dice.random() < 0.2:
            us = {"id": 1, "is_bot": True, "first_name": "b", "username": "epay_demo_bot"}
            body["reply_to_message"] = self._shown(user_id) | {"from": us}
        return body

    _edited_message = _message

    def _callback_query(self, user_id: int) -> dict[str, Any]:
        version = self._dice.choice(["v1", "e1", "e1", "v0", "", "e2", "V1", "v1:"])
        data = self._dice.choice(
            [f"{version}:{self._dice.choice(NAMES)}:{self.words()}", f"{version}::{self.words()}", self.words()]
        )
        return {
            "id": str(self._number),
            "from": self._user(user_id),
            "chat_instance": "1",
            "message": self._shown(user_id),
            "data": data,
        }

    def _my_chat_member(self, user_id: int) -> dict[str, Any]:
        statuses = self._dice.choices(["member", "left", "kicked", "administrator", "restricted"], k=2)
        members = [
            {"status": one, "user": {"id": 1}, "is_member": self._dice.random() < 0.5, "can_send_messages": True}
            for one in statuses
        ]
        return {
            "chat": self._chat(user_id),
            "from": self._user(user_id),
            "date": self._at,
            "old_chat_member": members[0],
            "new_chat_member": members[1],
        }

    def _shown(self, user_id: int) -> dict[str, Any]:
        shown = {"message_id": self._dice.randint(1, 60), "date": self._at, "chat": self._chat(user_id)}
        if self._dice.random() < 0.2:
            shown |= {"message_thread_id": self._dice.randint(1, 9), "is_topic_message": True}
        return shown

    def _chat(self, user_id: int) -> dict[str, Any]:
        own = (user_id, "private")
        chat_id, kind = self._dice.choice([own, own, *self._chats])
        return {"id": chat_id, "type": kind, "title" if kind != "private" else "first_name": self.words()[:100]}

    def _user(self, user_id: int) -> dict[str, Any]:
        name = self.words()[:64] or "A"
        language = self._dice.choice(["en", "ru", "kk", "xx", "e" * 50, ""])
        return {"id": user_id, "is_bot": False, "first_name": name, "language_code": language}

    def _spoilt(self, update: dict[str, Any]) -> dict[str, Any]:
        """One in twenty has lost something, or holds something of another kind."""
        if self._dice.random() > 0.05:
            return update
        body: Any = update
        for _ in range(self._dice.randint(1, 3)):
            inside = [one for one in body.values() if isinstance(one, dict) and one]
            if not inside:
                break
            body = self._dice.choice(inside)
        name = self._dice.choice(sorted(body))
        if self._dice.random() < 0.5:
            del body[name]
        else:
            body[name] = self._dice.choice([None, [], {}, "x", -1, 1.5, True, "9" * 400])
        return update
