"""One payer who asked to be forgotten: found by what is known of them, and taken out of everything stored."""

import json
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

from bot.model import MerchantId, Operation, OperationId
from bot.store.driver import Connection
from bot.store.operations import SELECT, operation_of

_BLANK = ("payer_name", "payer_phone", "payer_email", "account_id", "description", "sender_card", "receiver_card")
# Where operations stand as they were announced: the table and its key.
_BODIES = (("incident", ("number",)), ("outbox", ("id",)), ("living", ("incident", "chat_id", "thread_id")))
_PHONE = "REPLACE(REPLACE(REPLACE(REPLACE(payer_phone, ' ', ''), '-', ''), '(', ''), ')', '')"


@dataclass(frozen=True, slots=True, kw_only=True)
class Payer:
    """Who is meant: everything given must fit. `phone` is digits, of which the last ten are compared."""

    name: str = ""
    card: str = ""
    phone: str = ""
    email: str = ""
    account_id: str = ""

    def conditions(self) -> Iterator[tuple[str, str, str]]:
        """What is asked of an operation: the SQL, and the name and value in it."""
        if self.name:
            yield "lower_unicode(payer_name) = :name", "name", self.name.lower()
        if self.card:
            yield "(sender_card = :card OR receiver_card = :card)", "card", self.card
        if self.phone:
            yield f"{_PHONE} LIKE :phone", "phone", f"%{self.phone[-10:]}"
        if self.email:
            yield "lower_unicode(payer_email) = :email", "email", self.email.lower()
        if self.account_id:
            yield "account_id = :account_id", "account_id", self.account_id

    @classmethod
    def of(cls, operation: Operation) -> "Payer":
        """Everything the bank said of whoever made an operation, but the card."""
        return cls(
            name=operation.payer_name,
            phone=re.sub(r"\D", "", operation.payer_phone),
            email=operation.payer_email,
            account_id=operation.account_id,
        )

    def is_named_in(self, text: str) -> bool:
        """Whether words that somebody wrote name this person; a card alone names nobody."""
        said = text.casefold()
        digits = re.sub(r"\D", "", text)
        named = any(one and one.casefold() in said for one in (self.name, self.email, self.account_id))
        return named or (self.phone != "" and self.phone[-10:] in digits)


def list_operations(db: Connection, payer: Payer) -> list[Operation]:
    """The stored operations of a payer, oldest first."""
    asked = list(payer.conditions())
    if not asked:
        return []
    rows = db.rows(
        f"{SELECT} WHERE {' AND '.join(sql for sql, _, _ in asked)} ORDER BY created_at",
        **{name: value for _, name, value in asked},
    )
    return [operation_of(row) for row in rows]


def forget_person(db: Connection, merchant_id: MerchantId, operation_id: OperationId) -> None:
    """Takes the person out of one operation and of every announcement of it; the bank's next answer adds nothing."""
    here = {"merchant_id": merchant_id, "id": operation_id}
    blank = ", ".join(f"{name} = ''" for name in _BLANK)
    db.run(f"UPDATE operation SET {blank} WHERE merchant_id = :merchant_id AND id = :id", **here)
    db.run(
        "INSERT INTO forgotten VALUES (:merchant_id, :id) ON CONFLICT (merchant_id, operation_id) DO NOTHING", **here
    )
    announced = "SELECT 1 FROM incident_operation WHERE merchant_id = :merchant_id AND operation_id = :id"
    if db.row(announced, **here):
        for table, key in _BODIES:
            _blank_bodies(db, table, key, operation_id)


def _blank_bodies(db: Connection, table: str, key: tuple[str, ...], operation_id: OperationId) -> None:
    where = " AND ".join(f"{name} = ?" for name in key)
    rows = db.rows(f"SELECT {', '.join(key)}, body FROM {table} WHERE instr(body, :id) > 0", id=operation_id)
    changed = ((_without(row["body"], operation_id), *(row[name] for name in key)) for row in rows)
    db.many(f"UPDATE {table} SET body = ? WHERE {where}", changed)


def _without(body: str, operation_id: OperationId) -> str:
    """A kept body, which may have the name of its kind before the JSON, without the person of one operation."""
    start = body.index("{")
    values = _blanked(json.loads(body[start:]), operation_id)
    return body[:start] + json.dumps(values, ensure_ascii=False, separators=(",", ":"))


def _blanked(value: Any, operation_id: OperationId) -> Any:
    if isinstance(value, list):
        return [_blanked(one, operation_id) for one in value]
    if not isinstance(value, dict):
        return value
    blank = _BLANK if value.get("id") == operation_id else ()
    return {name: "" if name in blank else _blanked(one, operation_id) for name, one in value.items()}


def forget_words(db: Connection, payers: Collection[Payer]) -> int:
    """Takes away the words behind buttons that name a person; returns how many. Handled messages are not kept."""
    rows = db.rows("SELECT id, words FROM saved_query")
    said = [row["id"] for row in rows if any(payer.is_named_in(row["words"]) for payer in payers)]
    db.many("DELETE FROM saved_query WHERE id = ?", ((one,) for one in said))
    return len(said)
