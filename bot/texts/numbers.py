"""Counts, rates and money as people in Kazakhstan write them. Babel writes KZT for the tenge, so this is our own."""

from bot.texts.cleaning import clean

NO_BREAK = "\u00a0"
MINUS = "\u2212"
_TENGE = {"KZT": "₸"}
_CODE_LENGTH = 8


def format_number(number: int) -> str:
    return f"{number:,}".replace(",", NO_BREAK).replace("-", MINUS)


def format_money(tiyn: int, currency: str, decimal: str) -> str:
    """`184 500 ₸`; a currency other than the tenge by its code."""
    return f"{format_amount(tiyn, decimal)}{NO_BREAK}{unit_of(currency)}".rstrip(NO_BREAK)


def format_amount(tiyn: int, decimal: str) -> str:
    """`184 500`; hundredths only when there are any."""
    whole, hundredths = divmod(abs(tiyn), 100)
    sign = MINUS if tiyn < 0 else ""
    fraction = f"{decimal}{hundredths:02}" if hundredths else ""
    return f"{sign}{format_number(whole)}{fraction}"


def unit_of(currency: str) -> str:
    """`₸`, or the code of another currency."""
    return _TENGE.get(currency) or clean(currency)[:_CODE_LENGTH]


def format_percent(rate: float, decimal: str) -> str:
    """A rate of 0 to 1 with one decimal; only a true 0 or 1 is written 0 % or 100 %."""
    tenths = round(rate * 1000)
    if 0 < rate < 1:
        tenths = min(max(tenths, 1), 999)
    whole, tenth = divmod(tenths, 10)
    fraction = f"{decimal}{tenth}" if tenth else ""
    return f"{format_number(whole)}{fraction}{NO_BREAK}%"
