"""Invented payers and texts, some of them hostile on purpose: markup, wildcards, emoji, long lines."""

from random import Random

from bot.demo.bank.truth import Payer

_FIRST = ("Айгүл", "Нұрлан", "Saule", "Тимур", "Әсел", "Yerbol", "Жанна", "Bauyrzhan", "Олеся", "Қуаныш")
_LAST = ("Ойдан", "Sampleova", "Примеров", "Тестова", "Demin", "Үлгібай", "O'Neil-Тест", "Вымышленный")
_HOSTILE_NAMES = ("<b>Bold</b> & Co", "*Star_* [x](http://example.com)", "=1+1", "\u202eright to left", "🦊 Fox")
_ISSUERS = ("", "Halyk Bank", "Kaspi Bank", "ForteBank", "Sample Bank")
_DESCRIPTIONS = (
    "Оплата заказа",
    "Тапсырыс төлемі",
    "Order payment",
    "Перевод за доставку 🚚",
    "Жеңілдік: ұйқы & өнер",
    "Скидка 15% за_опт",
)
_HOSTILE_DESCRIPTIONS = (
    "<script>alert(1)</script>",
    "*bold* _italic_ `code` [link](http://example.com)",
    '=HYPERLINK("http://example.com";"x")',
    "%_%_'; drop table operations; --",
    "{amount} %s %(name)s",
    "строка\nвторая\tтабуляция",
    "очень длинное описание заказа " * 30,
)


def make_payers(rng: Random, count: int = 400) -> tuple[Payer, ...]:
    """Regular customers of one world: the same person pays more than once."""
    return tuple(_payer(rng, number) for number in range(count))


def draw_description(rng: Random) -> str:
    """Mostly ordinary, a quarter empty, one in fifty hostile."""
    dice = rng.random()
    if dice < 0.25:
        return ""
    return rng.choice(_HOSTILE_DESCRIPTIONS if dice < 0.27 else _DESCRIPTIONS)


def draw_invoice_id(rng: Random) -> str:
    """6 to 15 digits, leading zeros possible; one in a hundred holds the wildcards of `like`."""
    if rng.random() < 0.01:
        return f"A{rng.randrange(10**5):05d}" + rng.choice(("%_7", "_50%", "\\_1"))
    digits = rng.randint(9, 15)
    return f"{rng.randrange(10**digits):0{digits}d}"


def _payer(rng: Random, number: int) -> Payer:
    hostile = number % 40 == 39
    name = rng.choice(_HOSTILE_NAMES) if hostile else f"{rng.choice(_FIRST)} {rng.choice(_LAST)}"
    sender, receiver = _card(rng), _card(rng)
    return Payer(
        account_id=rng.choice(("", f"client-{number}", f"u_{number}%x", f"{number:06d}")),
        name=name,
        email=f"payer{number}@example.{rng.choice(('com', 'kz'))}",
        phone=f"7000000{number:04d}",
        language=rng.choice(("rus", "kaz", "eng")),
        sender_card_mask=sender[0],
        sender_card_type=sender[1],
        sender_issuer=rng.choice(_ISSUERS),
        sender_card_id="",
        receiver_card_mask=receiver[0],
        receiver_card_type=receiver[1],
        receiver_issuer=rng.choice(_ISSUERS),
        receiver_card_id="",
        ip=rng.choice(("", f"192.0.2.{number % 250 + 1}")),
        ip_country=rng.choice(("", "KZ")),
        ip_city=rng.choice(("", "Almaty")),
    )


def _card(rng: Random) -> tuple[str, str]:
    bin_, brand = rng.choice((("4003", "VISA"), ("4405", "VISA"), ("5356", "MasterCard"), ("5169", "MasterCard")))
    return f"{bin_}********{rng.randrange(10_000):04d}", brand
