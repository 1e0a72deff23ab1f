"""What a text may mean to someone looking for a payment: the same digits can be several things at once. Pure."""

import re

from bot.model import Clues
from bot.texts import clean

LONGEST = 64
SHORTEST_PART = 3
_HIDDEN = "•••• "
_CARD = re.compile(r"(?:\d[\d ]{0,8})?(?:[*•·…]|\.\.|[xXхХ]{4})[*•·….xXхХ ]{0,16}(\d{4})", re.ASCII)
_WHOLE_CARD = re.compile(r"\d{4}([ -]?)\d{4}\1\d{4}\1\d{4}", re.ASCII)
_AMOUNT = re.compile(
    r"(?P<whole>[1-9]\d{0,8}|[1-9]\d{0,2}(?P<group>[ ,'’])\d{3}(?:(?P=group)\d{3})?)"
    r"(?:(?P<point>[.,])(?P<part>\d{1,2}))?(?P<unit> ?(?:₸|тг\.?|тенге|теңге|kzt))?",
    re.IGNORECASE | re.ASCII,
)
_REFERENCE = re.compile(r"[0-9A-Za-z]{6,20}")
_FOUR = re.compile(r"\d{4}", re.ASCII)


def read_clues(text: str) -> Clues:
    """Every meaning of what was asked for; an invoice may be any text, so there is always one."""
    said = clean(text).replace("\N{NO-BREAK SPACE}", " ").replace("\N{NARROW NO-BREAK SPACE}", " ")
    if masked := _CARD.fullmatch(said):
        return Clues(shown=_HIDDEN + masked[1], card=masked[1])
    if (whole := _WHOLE_CARD.fullmatch(said)) and (whole[1] or _has_check_digit(said)):
        # Without gaps it may be an invoice all the same, but is never repeated.
        return Clues(shown=_HIDDEN + said[-4:], invoice=None if whole[1] else said, card=said[-4:])
    amount = _AMOUNT.fullmatch(said)
    if amount and (amount["group"] or amount["unit"] or amount["point"] == ","):
        return Clues(shown=said, amount=_tiyn(amount))
    part = said.lstrip("#№").strip()
    return Clues(
        shown=said,
        invoice=said,
        parts=tuple(dict.fromkeys((part, part.upper()))) if len(part) >= SHORTEST_PART else (),
        card=said if _FOUR.fullmatch(said) else None,
        reference=said if _REFERENCE.fullmatch(said) else None,
        amount=_tiyn(amount) if amount else None,
    )


def is_look_up(text: str, *, private: bool, reply: bool) -> bool:
    """Whether words without a command ask for a payment: a number alone in private, in groups only as a reply to us.

    There it takes three digits, since people also talk; a question mark asks about the message replied to.
    """
    if reply and is_question(text):
        return True
    digits = sum(sign.isdecimal() for sign in text)
    return (private or (reply and digits >= SHORTEST_PART)) and is_clue(text)


def is_clue(text: str) -> bool:
    """Whether a text without a command is a number or an invoice rather than talk."""
    said = clean(text)
    if not said or len(said) > LONGEST:
        return False
    clues = read_clues(said)
    one_word = " " not in said.removeprefix("№ ").removeprefix("# ")
    return clues.invoice is None or (one_word and any(sign.isdecimal() for sign in said))


def is_question(text: str) -> bool:
    """Nothing but question marks: said in reply to a message, it asks about that."""
    return bool(text.strip()) and not text.strip("?？❓❔\N{VARIATION SELECTOR-16} ")


def _tiyn(amount: re.Match[str]) -> int:
    whole = re.sub(r"\D", "", amount["whole"])
    return int(whole) * 100 + int((amount["part"] or "").ljust(2, "0"))


def _has_check_digit(digits: str) -> bool:
    """The last digit of every payment card (ISO/IEC 7812, Luhn)."""
    doubled = (sum(divmod(2 * int(digit), 10)) for digit in digits[-2::-2])
    return (sum(map(int, digits[-1::-2])) + sum(doubled)) % 10 == 0
