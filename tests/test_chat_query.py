"""The language of /search: every filter by every method, and what is wrong told at its word."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.chat.query import EXAMPLES, windows_of
from bot.chat.query.parsing import Reader
from bot.chat.query.words import KINDS, SORTABLE
from bot.errors import Unclear, UsageError
from bot.model import (
    Calendar,
    Condition,
    Field,
    Merchant,
    MerchantId,
    Method,
    Outcome,
    ReasonClass,
    Search,
    SortKey,
    Terminal,
    TerminalId,
    Window,
)
from bot.texts import clean

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
ALMATY = Calendar(ZoneInfo("Asia/Almaty"))
DAY = timedelta(days=1)
MIDNIGHT = datetime(2026, 11, 23, 19, 0, tzinfo=UTC)
SHOP = Merchant(
    MerchantId("shop"),
    "Shop",
    (Terminal(TerminalId("98151552"), "Samal-2"), Terminal(TerminalId("98151553"), "Достык Плаза")),
)
READER = Reader((SHOP,), ALMATY, NOW)


def one(field: Field, method: Method, *values: Any) -> Search:
    return Search((Condition(field, method, values),))


def on(word: str) -> Search:
    return one(Field.CREATED, Method.EQUAL, word)


ANY_TEXT = [
    ("{}=12", Method.EQUAL, ["12"]),
    ("{} = 12", Method.EQUAL, ["12"]),
    ("{}:12", Method.EQUAL, ["12"]),
    ("{} in 1,2", Method.IN, ["1", "2"]),
    ("{} IN 1 , 2", Method.IN, ["1", "2"]),
    ("{} in 1", Method.IN, ["1"]),
    ("{}=1|2", Method.IN, ["1", "2"]),
    ("{} between 1 and 3", Method.BETWEEN, ["1", "3"]),
    ("{} between 1,3", Method.BETWEEN, ["1", "3"]),
    ("{} like %1_2", Method.LIKE, ["%1_2"]),
    ("{}<5", Method.LESS, ["5"]),
    ("{}>5", Method.MORE, ["5"]),
    ("{}<=5", Method.AT_MOST, ["5"]),
    ("{} ≥ 5", Method.AT_LEAST, ["5"]),
    ("{}~77", Method.CONTAINS, ["77"]),
    ("{}~7%7_", Method.CONTAINS, ["7%7_"]),
    ("{}~%77%", Method.CONTAINS, ["77"]),
    ("{}~%77", Method.ENDS, ["77"]),
    ("{}~77%", Method.STARTS, ["77"]),
    ("{}~%%%", Method.CONTAINS, ["%"]),
    ('{}="a b"', Method.EQUAL, ["a b"]),
    ("{}=“a, b”", Method.EQUAL, ["a, b"]),
    ('{}="say ""hi"""', Method.EQUAL, ['say "hi"']),
    ("{}=A=B", Method.EQUAL, ["A=B"]),
    ("{}=-", Method.EQUAL, ["-"]),
]
GOOD: list[tuple[str, Search]] = [
    *(
        (text.format(field.value), Search((Condition(field, method, tuple(values)),)))
        for field in (Field.INVOICE, Field.ACCOUNT)
        for text, method, values in ANY_TEXT
    ),
    ("", Search()),
    ("   \n ", Search()),
    ("INVOICE=7", one(Field.INVOICE, Method.EQUAL, "7")),
    ("заказ=7", one(Field.INVOICE, Method.EQUAL, "7")),
    ("terminal=98151552", one(Field.TERMINAL, Method.EQUAL, "98151552")),
    ("terminal=samal", one(Field.TERMINAL, Method.EQUAL, "98151552")),
    ("терминал=плаза", one(Field.TERMINAL, Method.EQUAL, "98151553")),
    ('terminal="достык плаза"', one(Field.TERMINAL, Method.EQUAL, "98151553")),
    ("terminal in 552,плаза", one(Field.TERMINAL, Method.IN, "98151552", "98151553")),
    ("terminal~9815", one(Field.TERMINAL, Method.CONTAINS, "9815")),
    ("terminal~а", one(Field.TERMINAL, Method.IN, "98151553")),
    ("terminal like 98%", one(Field.TERMINAL, Method.LIKE, "98%")),
    ("terminal>=98151552", one(Field.TERMINAL, Method.AT_LEAST, "98151552")),
    ("terminal between 1 and 2", one(Field.TERMINAL, Method.BETWEEN, "1", "2")),
    ("amount=5000", one(Field.AMOUNT, Method.EQUAL, 500_000)),
    ("amount=5000.5", one(Field.AMOUNT, Method.EQUAL, 500_050)),
    ("amount>=100 000", one(Field.AMOUNT, Method.AT_LEAST, 10_000_000)),
    ("сумма > 184\u00a0500\u00a0₸", one(Field.AMOUNT, Method.MORE, 18_450_000)),
    ("amount=5000₸", one(Field.AMOUNT, Method.EQUAL, 500_000)),
    ("amount in 100,200", one(Field.AMOUNT, Method.IN, 10_000, 20_000)),
    ("amount between 500 and 100", one(Field.AMOUNT, Method.BETWEEN, 10_000, 50_000)),
    ("amount<5000", one(Field.AMOUNT, Method.LESS, 500_000)),
    ("amount<=5000", one(Field.AMOUNT, Method.AT_MOST, 500_000)),
    ("status=failed", one(Field.STATUS, Method.EQUAL, "failed")),
    ("status in paid,REFUNDED", one(Field.STATUS, Method.IN, "paid", "refunded")),
    ("status=ошибка", one(Field.STATUS, Method.EQUAL, "failed")),
    ("failed", one(Field.STATUS, Method.EQUAL, "failed")),
    ("reason=484", one(Field.REASON, Method.EQUAL, "484")),
    ("reason in 484, 455", one(Field.REASON, Method.IN, "484", "455")),
    ("reason=issuer|-31", one(Field.REASON, Method.IN, "issuer", "-31")),
    ("card=1187", one(Field.CARD, Method.EQUAL, "1187")),
    ("card in 1187,••••9821", one(Field.CARD, Method.IN, "1187", "9821")),
    ("card=4003********1187", one(Field.CARD, Method.EQUAL, "1187")),
    ("rrn=0012", one(Field.RRN, Method.EQUAL, "0012")),
    ("rrn~12", one(Field.RRN, Method.CONTAINS, "12")),
    ("rrn like 12%", one(Field.RRN, Method.LIKE, "12%")),
    ("payer=Aigerim", one(Field.PAYER, Method.CONTAINS, "Aigerim")),
    ('payer~"Айгерим К"', one(Field.PAYER, Method.CONTAINS, "Айгерим К")),
    ("created=today", on("today")),
    ("today", on("today")),
    ("7d", on("7d")),
    ("created in 2026-11-01,2026-11-03", one(Field.CREATED, Method.IN, "2026-11-01", "2026-11-03")),
    (
        "created between 2026-11-01 and 2026-11-03",
        one(Field.CREATED, Method.BETWEEN, "2026-11-01", "2026-11-03"),
    ),
    ("2026-11-01 2026-11-03", one(Field.CREATED, Method.BETWEEN, "2026-11-01", "2026-11-03")),
    ("created>2026-11-01 10:30", one(Field.CREATED, Method.MORE, "2026-11-01 10:30")),
    ("created<=01.11.2026 10:30", one(Field.CREATED, Method.AT_MOST, "01.11.2026 10:30")),
    ("created<yesterday", one(Field.CREATED, Method.LESS, "yesterday")),
    ("created like 2026-11-%", one(Field.CREATED, Method.LIKE, "2026-11-%")),
    (
        "from=2026-11-01 to=10:30",
        Search(
            (
                Condition(Field.CREATED, Method.AT_LEAST, ("2026-11-01",)),
                Condition(Field.CREATED, Method.AT_MOST, ("10:30",)),
            )
        ),
    ),
    (
        "failed today sort=-amount,created page=3",
        Search(
            (Condition(Field.STATUS, Method.EQUAL, ("failed",)), Condition(Field.CREATED, Method.EQUAL, ("today",))),
            (SortKey(Field.AMOUNT, descending=True), SortKey(Field.CREATED)),
            3,
        ),
    ),
    (
        "amount>=5000 status=failed",
        Search(
            (
                *one(Field.AMOUNT, Method.AT_LEAST, 500_000).conditions,
                *one(Field.STATUS, Method.EQUAL, "failed").conditions,
            )
        ),
    ),
]


@pytest.mark.parametrize(("text", "search"), GOOD, ids=[text for text, _ in GOOD])
def test_what_is_written_is_what_is_meant_and_can_be_written_again(text: str, search: Search) -> None:
    assert READER.read(text) == search
    assert READER.read(search.words) == search


BAD = [
    ("amoun>=5", "amoun", "I know no filter", ["amount"]),
    ("colour=red", "colour", "I know no filter", []),
    ("amount~5", "amount~5", "cannot be compared", ["amount=5000"]),
    ("amount like %5", "amount like %5", "cannot be compared", ["amount=5000"]),
    ("amount=five", "five", "is no amount", []),
    ("amount=5,5,5.001", "5.001", "is no amount", []),
    ("amount>=1,2", "2", "exactly one", []),
    ("amount between 1", "", "needs two values", []),
    ("amount 5000", "amount", "compared with nothing", ["amount=5000"]),
    ("status=", "", "A value is missing", []),
    ("status in paid,", "", "A value is missing", []),
    ("status=broken", "broken", "I know no status", []),
    ("status>=paid", "status>=paid", "cannot be compared", ["status=failed"]),
    ("status!=paid", "!=", "name what you want", ["="]),
    ("reason=xyz", "xyz", "is no reason", []),
    ("reason>484", "reason>484", "cannot be compared", ["reason=484"]),
    ("card=118", "118", "last four digits", []),
    ("card~1187", "card~1187", "cannot be compared", ["card=1187"]),
    ("rrn<5", "rrn<5", "cannot be compared", ["rrn=112233447719"]),
    ("payer in a,b", "payer in a,b", "cannot be compared", ["payer~Aigerim"]),
    ("invoice like 77", "77", "needs one value with %", ["%77%"]),
    ("invoice like %7,%8", "%8", "exactly one", []),
    ("invoice~1,2", "2", "exactly one", []),
    ("invoice~%", "%", "A value is missing", []),
    ('invoice=""', '""', "A value is missing", []),
    ('invoice="77', '"77', "quotation mark", []),
    ("terminal=Mars", "Mars", "I know no terminal", ["Samal-2", "Достык Плаза"]),
    ("terminal in 552,9815", "9815", "fits several", ["Samal-2", "Достык Плаза"]),
    ("terminal~Mars", "Mars", "I know no terminal", ["Samal-2", "Достык Плаза"]),
    ("created=2026-13-01", "2026-13-01", "is no time", []),
    ("created=2026-11-01 25:00", "2026-11-01 25:00", "is no time", []),
    ("created~2026", "created~2026", "cannot be compared", ["created=today"]),
    ("created like %11", "%11", "no pattern but its beginning", []),
    ("from=2026-11-01,2026-11-02", "2026-11-02", "exactly one", []),
    ("from>2026-11-01", ">", "After “{name}” comes", ["="]),
    ("from=tomorrow", "tomorrow", "is no time", []),
    ("sort=colour", "colour", "I cannot sort", ["-created"]),
    ("sort=payer", "payer", "I cannot sort", ["-created"]),
    ("page=0", "0", "Pages go from", ["1"]),
    ("page=x", "x", "Pages go from", ["1"]),
    ("hello", "hello", "What is", ["invoice=hello"]),
    ("=5", "=5", "I cannot read this", []),
    ("status=failed =", "=", "I cannot read this", []),
]


@pytest.mark.parametrize(("text", "word", "told", "choices"), BAD, ids=[text for text, *_ in BAD])
def test_a_mistake_is_told_at_its_word_with_what_would_work(
    text: str, word: str, told: str, choices: list[str]
) -> None:
    with pytest.raises(Unclear) as caught:
        READER.read(text)
    error = caught.value
    assert error.said[error.start : error.end] == word
    assert error.said == text
    assert told in error.text
    assert [label for label, _ in error.choices][: len(choices)] == choices


@pytest.mark.parametrize("text", [text for text, _, _, choices in BAD if choices])
def test_what_is_offered_instead_is_not_the_same_mistake(text: str) -> None:
    error = attempt(text)
    assert isinstance(error, Unclear)
    for _, word in error.choices:
        again = attempt(error.instead(word))
        assert not isinstance(again, UsageError) or again.text != error.text


@pytest.mark.parametrize("field", Field)
def test_every_filter_has_examples_that_work(field: Field) -> None:
    reader = Reader((SHOP,), ALMATY, NOW)
    for example in EXAMPLES[field]:
        (condition,) = reader.read(example).conditions
        assert condition.field is field


@pytest.mark.parametrize("text", [" ".join(["failed"] * 21), "invoice in " + ",".join(map(str, range(51)))])
def test_too_much_at_once_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="too much"):
        READER.read(text)


def test_a_filter_without_a_comparison_keeps_to_what_follows() -> None:
    assert READER.read("today failed").conditions == READER.read("created=today status=failed").conditions


NAMES = "invoice account terminal amount status reason card rrn payer created from to sort page failed today"
SIGNS = '= ~ < > <= >= != : , | " “ ” % _ \\ ₸ - in like between and'
SAID = "12 5000 100 000 7d 2026-11-01 10:30 2026-99-99 484 issuer Samal x"
SCRAPS = st.sampled_from([*NAMES.split(), *SIGNS.split(), *SAID.split(), " ", "\n", "\u00a0", "\u202e"])


@given(st.one_of(st.text(), st.lists(SCRAPS).map("".join), st.lists(SCRAPS).map(" ".join)))
@settings(max_examples=400, deadline=None)
def test_no_text_raises_anything_but_what_a_person_can_mend(text: str) -> None:
    search = attempt(text)
    if isinstance(search, Unclear):
        assert 0 <= search.start <= search.end <= len(text)
    elif isinstance(search, Search):
        assert READER.read(search.words) == search
        windows_of(search, ALMATY, NOW)


def attempt(text: str) -> Search | UsageError:
    try:
        return READER.read(text)
    except UsageError as error:
        return error


words = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z")), min_size=1, max_size=12).filter(
    lambda text: clean(text) == text
)
plain_words = st.one_of(words, st.sampled_from(["a b", 'x"y', "a,b", "in", "and", "<5", "=", "%", "_", "\\"]))
times = st.sampled_from(["today", "yesterday", "7d", "2026-11-01", "2026-11-01 10:30", "10:30:05", "12h", "2026-10"])
VALUES: dict[Field, st.SearchStrategy[Any]] = {
    Field.CREATED: times,
    Field.TERMINAL: st.sampled_from([terminal.id for terminal in SHOP.terminals]),
    Field.INVOICE: plain_words,
    Field.ACCOUNT: plain_words,
    Field.AMOUNT: st.integers(0, 10**12),
    Field.STATUS: st.sampled_from([outcome.value for outcome in Outcome]),
    Field.REASON: st.one_of(st.integers(-99, 9999).map(str), st.sampled_from([one.value for one in ReasonClass])),
    Field.CARD: st.integers(0, 9999).map("{:04}".format),
    Field.RRN: plain_words,
    Field.PAYER: plain_words,
}


@st.composite
def conditions(draw: st.DrawFn) -> Condition:
    field = draw(st.sampled_from(Field))
    method = draw(st.sampled_from(sorted(KINDS[field].methods)))
    if method is Method.LIKE:
        pattern = "2026-11-%" if field is Field.CREATED else f"{draw(words)}%"
        return Condition(field, method, (pattern,))
    if method in {Method.STARTS, Method.ENDS} and field is not Field.TERMINAL:
        return Condition(field, method, (f"x{draw(words)}x",))
    size = {Method.BETWEEN: 2, Method.IN: draw(st.integers(1, 4))}.get(method, 1)
    values = [draw(VALUES[field]) for _ in range(size)]
    return Condition(field, method, tuple(sorted(values) if field is Field.AMOUNT else values))


searches = st.builds(
    Search,
    st.lists(conditions(), max_size=6).map(tuple),
    st.lists(st.builds(SortKey, st.sampled_from(SORTABLE), st.booleans()), max_size=3).map(tuple),
    st.integers(1, 500),
)


@given(searches)
@settings(max_examples=300, deadline=None)
def test_a_search_written_out_reads_as_the_same_search(search: Search) -> None:
    assert READER.read(search.words) == search


def hours(start: float, end: float) -> Window:
    """From and to so many hours after the local midnight before NOW."""
    return Window(MIDNIGHT + timedelta(hours=start), MIDNIGHT + timedelta(hours=end))


SOON = 14 + 1 / 6
SPANS = [
    ("", [hours(-144, SOON)], False),
    ("invoice=1", [hours(-144, SOON)], False),
    ("today", [hours(0, SOON)], True),
    ("yesterday", [hours(-24, 0)], True),
    ("7d", [hours(-144, SOON)], True),
    ("12h", [hours(2, SOON)], True),
    ("from=2026-11-23", [hours(-24, SOON)], True),
    ("from=2026-11-23 10:30 to=2026-11-23 12:00", [hours(-13.5, -12 + 1 / 60)], True),
    ("to=2026-11-23", [hours(-168, 0)], False),
    ("created<2026-11-23", [hours(-192, -24)], False),
    ("created<=2026-11-23 created>2026-11-21", [hours(-48, 0)], True),
    ("created between 2026-11-23 and 2026-11-21", [hours(-72, 0)], True),
    ("created in 2026-11-21,2026-11-23", [hours(-72, -48), hours(-24, 0)], True),
    ("created in 2026-11-22,2026-11-23", [hours(-48, 0)], True),
    ("created=10:30", [hours(10.5, 10.5 + 1 / 60)], True),
    ("created=2027-01-01", [], True),
    ("today yesterday created=today", [hours(0, SOON)], True),
    ("from=today to=yesterday", [], True),
]


@pytest.mark.parametrize(("text", "windows", "named"), SPANS, ids=[text or "nothing" for text, *_ in SPANS])
def test_times_are_cut_on_the_clock_of_the_chat(text: str, windows: list[Window], named: bool) -> None:
    found, since_named = windows_of(READER.read(text), ALMATY, NOW)
    assert (list(found), since_named) == (windows, named)


def test_a_month_a_year_and_a_day_may_be_asked_by_their_beginning() -> None:
    for pattern, days in (("2026-10%", 31), ("2025%", 365), ("2026-11-01%", 1)):
        (window,), _ = windows_of(READER.read(f"created like {pattern}"), ALMATY, NOW)
        assert window.span == days * DAY


def test_a_day_that_begins_later_is_cut_there() -> None:
    late = Calendar(ZoneInfo("Asia/Almaty"), datetime(2026, 1, 1, 6).time())  # noqa: DTZ001
    (window,), _ = windows_of(READER.read("yesterday"), late, NOW)
    assert window == hours(-18, 6)
