"""What people type when they look for a payment, and what it may mean."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.chat.clues import is_look_up, is_question, read_clues
from bot.model import Clues


def number(text: str, **more: object) -> Clues:
    """A text that may be a whole invoice or an end of one."""
    return Clues(shown=text, invoice=text, parts=(text,), **more)  # type: ignore[arg-type]


READINGS: dict[str, Clues] = {
    "INV-88213": number("INV-88213"),
    "inv-88213": Clues(shown="inv-88213", invoice="inv-88213", parts=("inv-88213", "INV-88213")),
    "№ 1001": Clues(shown="№ 1001", invoice="№ 1001", parts=("1001",)),
    "#88213": Clues(shown="#88213", invoice="#88213", parts=("88213",)),
    "12": Clues(shown="12", invoice="12", amount=1200),
    "25000": number("25000", amount=2_500_000),
    "25000.50": number("25000.50", amount=2_500_050),
    "25 000": Clues(shown="25 000", amount=2_500_000),
    "25\N{NO-BREAK SPACE}000\N{NO-BREAK SPACE}₸": Clues(shown="25 000 ₸", amount=2_500_000),
    "25,000": Clues(shown="25,000", amount=2_500_000),
    "1,234,567.89": Clues(shown="1,234,567.89", amount=123_456_789),
    "9,5": Clues(shown="9,5", amount=950),
    "500 тг": Clues(shown="500 тг", amount=50_000),
    "500 KZT": Clues(shown="500 KZT", amount=50_000),
    "0500": number("0500", card="0500"),
    "1187": number("1187", card="1187", amount=118_700),
    "١١٨٧": number("١١٨٧"),
    "112233447719": number("112233447719", reference="112233447719"),
    "•••• 1187": Clues(shown="•••• 1187", card="1187"),
    "*1187": Clues(shown="•••• 1187", card="1187"),
    "…1187": Clues(shown="•••• 1187", card="1187"),
    "xxxx1187": Clues(shown="•••• 1187", card="1187"),
    "4405 55** **** 1187": Clues(shown="•••• 1187", card="1187"),
    "440555******1187": Clues(shown="•••• 1187", card="1187"),
    "4003...3957": Clues(shown="•••• 3957", card="3957"),
    "4405-5512-3456-1187": Clues(shown="•••• 1187", card="1187"),
    "4111111111111111": Clues(shown="•••• 1111", invoice="4111111111111111", card="1111"),
    "4111111111111112": number("4111111111111112", reference="4111111111111112"),
    "A 7": number("A 7"),
}


@pytest.mark.parametrize(("text", "meant"), READINGS.items(), ids=ascii)
def test_a_text_means_what_the_table_says(text: str, meant: Clues) -> None:
    assert read_clues(text) == meant


LOOK_UPS = ["1001", "A:7", "25 000 ₸", "•••• 1187", "№ 1001", "INV-88213", "1"]
TALK = ["", " ", "hello", "hello there", "room 12", "at 5 pm", "1 2 3", "-", "/usr/bin", "x" * 70 + "1"]


@pytest.mark.parametrize("text", LOOK_UPS)
def test_a_number_alone_is_a_look_up_in_private_and_in_groups_only_as_a_reply(text: str) -> None:
    assert is_look_up(text, private=True, reply=False)
    assert not is_look_up(text, private=False, reply=False)


@pytest.mark.parametrize("text", TALK)
def test_talk_is_no_look_up(text: str) -> None:
    assert not is_look_up(text, private=True, reply=True)


def test_in_a_group_a_reply_takes_three_digits_or_a_question_mark() -> None:
    said = {
        "1001": True,
        "25 000": True,
        "?": True,
        "??": True,
        "❓": True,
        "2pm": False,
        "ok2": False,
        "thanks!": False,
    }
    assert {text: is_look_up(text, private=False, reply=True) for text in said} == said


@given(st.text(max_size=80))
def test_any_text_can_be_looked_for(text: str) -> None:
    clues = read_clues(text)
    assert clues.invoice is not None or clues.card or clues.amount is not None
    assert is_question(text) is False or not any(sign.isalnum() for sign in text)


@given(st.integers(1, 10**9 - 1), st.integers(0, 99), st.sampled_from([" ", "\N{NO-BREAK SPACE}", ",", "'"]))
def test_an_amount_as_it_is_written_anywhere_is_read_to_the_tiyn(tenge: int, tiyn: int, group: str) -> None:
    spelt = f"{tenge:,}".replace(",", group)
    assert read_clues(f"{spelt}.{tiyn:02} ₸").amount == tenge * 100 + tiyn
    assert read_clues(f"{tenge}.{tiyn:02}").amount == tenge * 100 + tiyn


@given(st.from_regex(r"[0-9]{4}( ?)[0-9]{4}( ?)[0-9]{4}( ?)[0-9]{4}", fullmatch=True))
def test_a_card_number_with_a_good_check_digit_is_never_repeated(number_: str) -> None:
    digits = number_.replace(" ", "")
    good = digits[:-1] + next(last for last in "0123456789" if luhn(digits[:-1] + last))
    grouped = " ".join(good[first : first + 4] for first in range(0, 16, 4))
    for text in (good, grouped):
        clues = read_clues(text)
        assert (clues.shown, clues.card) == (f"•••• {good[-4:]}", good[-4:])


def luhn(digits: str) -> bool:
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if place % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0
