"""One answer of the bank's list as values: an error, or a page whose bad records are set aside and the rest kept."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from hashlib import sha256
from typing import Any, NoReturn

from bot.epay.records import Unreadable, fields_of, operation_of
from bot.errors import SourceRejected, SourceUnavailable
from bot.model import MerchantId, Operation

_SAFE_ID = re.compile(r"[0-9A-Za-z-]{1,64}")


@dataclass(frozen=True, slots=True)
class BadRecord:
    """A record that could not be read: `what` names field and problem. `digest` tells one bad record from another."""

    what: str
    raw_id: str | None
    digest: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Page:
    """`total` is the bank's count of all matches; operations are in the bank's order and may repeat."""

    total: int
    operations: tuple[Operation, ...]
    set_aside: tuple[BadRecord, ...] = ()

    @property
    def is_complete(self) -> bool:
        return len(self.keys) == self.total

    @property
    def keys(self) -> set[str]:
        """One for each different record."""
        return {row.id for row in self.operations} | {f"bad {row.digest}" for row in self.set_aside}


def parse_page(body: bytes, merchant_id: MerchantId) -> Page:
    """Decides by shape: `records` is data, `code` with `message` an error (section 2.8 of facts/epay-api.md).

    Raises SourceRejected for the bank's own error and SourceUnavailable for anything that is neither.
    """
    answer = parse_object(body)
    names = {name.lower(): name for name in answer}
    if "records" not in names or "totalcount" not in names:
        raise_error(answer)
    records = answer[names["records"]]
    total = _count(answer[names["totalcount"]])
    if records is not None and not isinstance(records, list):
        raise SourceUnavailable("the bank's answer has no list of records")
    return _page(total, records or [], merchant_id)


def parse_object(body: bytes) -> dict[str, Any]:
    """A JSON object with Decimal in place of float. Raises SourceUnavailable."""
    try:
        answer = json.loads(body, parse_float=Decimal, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        raise SourceUnavailable("the bank's answer is not JSON") from None
    if not isinstance(answer, dict):
        raise SourceUnavailable("the bank's answer is not an object")
    return _mended(answer) if _has_odd_escapes(body) else answer


def raise_error(answer: Mapping[str, Any]) -> NoReturn:
    """The bank's error if it is one, else SourceUnavailable."""
    given = {name.lower(): value for name, value in answer.items()}
    code, message = given.get("code"), given.get("message")
    if "message" in given and re.fullmatch(r"-?\d{1,9}", str(code)):
        raise SourceRejected(int(str(code)), message[:200] if isinstance(message, str) else "")
    raise SourceUnavailable("the bank's answer has an unknown shape")


def _page(total: int, records: list[Any], merchant_id: MerchantId) -> Page:
    operations: list[Operation] = []
    set_aside: list[BadRecord] = []
    for record in records:
        try:
            operations.append(operation_of(record, merchant_id))
        except Unreadable as problem:
            set_aside.append(_bad(record, str(problem)))
    return Page(total, tuple(operations), tuple(set_aside))


def _bad(record: object, what: str) -> BadRecord:
    raw_id = str(fields_of(record).get("id") or "") if isinstance(record, dict) else ""
    digest = sha256(json.dumps(record, default=str, sort_keys=True).encode()).hexdigest()[:16]
    return BadRecord(what, raw_id if _SAFE_ID.fullmatch(raw_id) else None, digest)


def _count(value: object) -> int:
    if re.fullmatch(r"\d{1,12}", str(value)):
        return int(str(value))
    raise SourceUnavailable("the bank's answer has no count")


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(name)


def _has_odd_escapes(body: bytes) -> bool:
    return b"\\u0000" in body or b"\\ud" in body or b"\\uD" in body


def _mended(value: Any) -> Any:
    """Half surrogates and NUL replaced: no database takes them."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode().replace("\0", "�")
    if isinstance(value, list):
        return [_mended(inner) for inner in value]
    if isinstance(value, dict):
        return {_mended(name): _mended(inner) for name, inner in value.items()}
    return value
