"""A terminal is meant by its number, its name or any part that fits only one."""

import pytest

from bot.chat.terminals import get_terminal, with_seen
from bot.errors import UsageError
from bot.model import Merchant, MerchantId, Terminal, TerminalId


def merchant(name: str, **terminals: str) -> Merchant:
    known = tuple(Terminal(TerminalId(number.strip("n")), title) for number, title in terminals.items())
    return Merchant(MerchantId(name.lower()), name, known)


SHOP = merchant("Shop", n98151552="Samal", n98151553="Samal-2", n98151560="Достык Плаза")
BAKERY = merchant("Bakery", n97200101="Abay")


@pytest.mark.parametrize(
    ("meant", "number"),
    [
        ("98151552", "98151552"),
        ("553", "98151553"),
        ("samal", "98151552"),
        ("SAMAL-2", "98151553"),
        ("плаза", "98151560"),
        ("достык плаза", "98151560"),
        ("aba", "97200101"),
    ],
)
def test_what_fits_one_terminal_is_that_terminal(meant: str, number: str) -> None:
    owner, terminal = get_terminal([SHOP, BAKERY], meant)
    assert terminal.id == number
    assert terminal in owner.terminals


def test_what_fits_several_names_them() -> None:
    with pytest.raises(UsageError, match="several") as caught:
        get_terminal([SHOP, BAKERY], "amal")
    assert caught.value.values["terminals"] == "Samal (98151552), Samal-2 (98151553)"


def test_what_fits_none_names_what_there_is_and_not_too_much_of_it() -> None:
    with pytest.raises(UsageError, match="no terminal") as caught:
        get_terminal([BAKERY], "Mars")
    assert caught.value.values == {"terminal": "Mars", "terminals": "Abay (97200101)"}
    many = merchant("Many", **{f"n{number}": f"Shop {number}" for number in range(10)})
    with pytest.raises(UsageError) as caught:
        get_terminal([many], "Mars")
    assert str(caught.value.values["terminals"]).count("Shop") == 5
    with pytest.raises(UsageError, match="no terminal"):
        get_terminal([merchant("New")], "98151552")


def test_a_terminal_that_was_seen_is_known_by_its_number() -> None:
    seen = with_seen(BAKERY, [TerminalId("97200101"), TerminalId("97200102")])
    assert [terminal.name for terminal in seen.terminals] == ["Abay", "97200102"]
    assert get_terminal([seen], "102")[1].id == "97200102"
