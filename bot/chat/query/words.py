"""What may stand for which filter, and what its values must look like."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from bot.errors import UsageError
from bot.model import Field, Method, Outcome, ReasonClass
from bot.model.searches import Value
from bot.texts import clean

_SPACES = re.compile("[\\s\u00a0\u202f_'’₸]")
_AMOUNT = re.compile(r"(\d{1,12})(?:\.(\d{1,2}))?")
_CARD = re.compile(r"[\d*•.x\s]*(\d{4})", re.IGNORECASE)
_REASON = re.compile(r"-?\d{1,6}")
_ORDERED = frozenset({Method.LESS, Method.MORE, Method.AT_MOST, Method.AT_LEAST, Method.BETWEEN})
_ONE_OF = frozenset({Method.EQUAL, Method.IN})
_PART_OF = frozenset({Method.CONTAINS, Method.STARTS, Method.ENDS, Method.LIKE})

NAMES: Mapping[str, Field] = {field.value: field for field in Field} | {
    "date": Field.CREATED,
    "дата": Field.CREATED,
    "создан": Field.CREATED,
    "күні": Field.CREATED,
    "терминал": Field.TERMINAL,
    "заказ": Field.INVOICE,
    "тапсырыс": Field.INVOICE,
    "order": Field.INVOICE,
    "аккаунт": Field.ACCOUNT,
    "клиент": Field.ACCOUNT,
    "sum": Field.AMOUNT,
    "сумма": Field.AMOUNT,
    "сома": Field.AMOUNT,
    "статус": Field.STATUS,
    "күй": Field.STATUS,
    "причина": Field.REASON,
    "себеп": Field.REASON,
    "карта": Field.CARD,
    "reference": Field.RRN,
    "имя": Field.PAYER,
    "плательщик": Field.PAYER,
    "төлеуші": Field.PAYER,
}
FROM, TO, SORT, PAGE = "from", "to", "sort", "page"
CONTROLS: Mapping[str, str] = {
    **dict.fromkeys(("from", "since", "с"), FROM),
    **dict.fromkeys(("to", "until", "till", "по", "до"), TO),
    **dict.fromkeys(("sort", "сортировка", "сұрыптау"), SORT),
    **dict.fromkeys(("page", "страница", "бет"), PAGE),
}
STATUSES: Mapping[str, Outcome] = {outcome.value: outcome for outcome in Outcome} | {
    "ok": Outcome.PAID,
    "оплачен": Outcome.PAID,
    "оплачено": Outcome.PAID,
    "төленді": Outcome.PAID,
    "fail": Outcome.FAILED,
    "error": Outcome.FAILED,
    "ошибка": Outcome.FAILED,
    "отказ": Outcome.FAILED,
    "сәтсіз": Outcome.FAILED,
    "refund": Outcome.REFUNDED,
    "возврат": Outcome.REFUNDED,
    "қайтарылды": Outcome.REFUNDED,
    "ожидает": Outcome.UNDECIDED,
    "күтуде": Outcome.UNDECIDED,
}
EXAMPLES: Mapping[Field, tuple[str, ...]] = {
    Field.CREATED: ("created=today", "created>=2026-11-01", "created between 2026-11-01 and 2026-11-03"),
    Field.TERMINAL: ("terminal=98151552", "terminal in 98151552,98151553", "terminal~9815"),
    Field.INVOICE: ("invoice=12345", "invoice~345", "invoice in 1,2"),
    Field.ACCOUNT: ("account=77", "account~77", "account like 77%"),
    Field.AMOUNT: ("amount=5000", "amount>=5000", "amount between 100 and 500"),
    Field.STATUS: ("status=failed", "status=paid,refunded", "status=undecided"),
    Field.REASON: ("reason=484", "reason in 484,455", "reason=issuer"),
    Field.CARD: ("card=1187", "card in 1187,9821"),
    Field.RRN: ("rrn=112233447719", "rrn~7719"),
    Field.PAYER: ("payer~Aigerim",),
}


@dataclass(frozen=True, slots=True)
class Kind:
    """What may be asked of a field: by which methods, and how a value is read (raising UsageError)."""

    methods: frozenset[Method]
    read: Callable[[str], Value]


def _text(said: str) -> Value:
    if text := clean(said):
        return text
    raise UsageError("A value is missing here, for example: status=failed")


def _amount(said: str) -> Value:
    if found := _AMOUNT.fullmatch(_SPACES.sub("", said)):
        return int(found[1]) * 100 + int((found[2] or "0").ljust(2, "0"))
    raise UsageError("“{word}” is no amount. Write tenge like 5000 or 5000.50", word=said)


def _status(said: str) -> Value:
    if outcome := STATUSES.get(said.lower()):
        return outcome.value
    raise UsageError("I know no status “{word}”. There are: failed, paid, undecided, refunded", word=said)


def _reason(said: str) -> Value:
    if said.lower() in set(ReasonClass):
        return said.lower()
    if _REASON.fullmatch(said):
        return str(int(said))
    raise UsageError(
        "“{word}” is no reason. Write a code like 484, or payer, issuer, limit, merchant, system, unknown", word=said
    )


def _card(said: str) -> Value:
    if found := _CARD.fullmatch(said):
        return found[1]
    raise UsageError("Write the last four digits of the card, for example: card=1187")


_ANY_TEXT = Kind(frozenset(Method), _text)
KINDS: Mapping[Field, Kind] = {
    Field.CREATED: Kind(_ONE_OF | _ORDERED | {Method.LIKE}, _text),
    Field.TERMINAL: _ANY_TEXT,
    Field.INVOICE: _ANY_TEXT,
    Field.ACCOUNT: _ANY_TEXT,
    Field.AMOUNT: Kind(_ONE_OF | _ORDERED, _amount),
    Field.STATUS: Kind(_ONE_OF, _status),
    Field.REASON: Kind(_ONE_OF, _reason),
    Field.CARD: Kind(_ONE_OF, _card),
    Field.RRN: Kind(_ONE_OF | _PART_OF, _text),
    Field.PAYER: Kind(_PART_OF, _text),
}
SORTABLE = (Field.CREATED, Field.AMOUNT, Field.TERMINAL, Field.INVOICE, Field.ACCOUNT, Field.STATUS)
