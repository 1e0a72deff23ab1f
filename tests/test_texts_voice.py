"""A voice: what it says in three languages, and what it does to foreign values."""

from datetime import UTC, date, datetime, timedelta
from html import unescape
from unicodedata import category

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup
from telegram_html import check_telegram_html

from bot.texts import Voice, Voices, clean

VOICES = Voices()
NBSP = "\u00a0"
NOW = datetime(2026, 11, 9, 9, 32, 7, tzinfo=UTC)


def speak(language: str | None, timezone: str = "Asia/Almaty") -> Voice:
    return VOICES.voice(language, timezone)


RU, KK, EN = speak("ru"), speak("kk"), speak("en")


def test_a_text_is_said_in_the_language_of_the_voice() -> None:
    assert [voice("Nothing is failing now.") for voice in (RU, KK, EN)] == [
        "Сейчас сбоев нет.",
        "Қазір ақау жоқ.",
        "Nothing is failing now.",
    ]


@pytest.mark.parametrize(
    ("asked", "spoken"), [("kk", "kk"), ("en-US", "en"), ("KK", "kk"), ("de", "ru"), ("", "ru"), (None, "ru")]
)
def test_a_language_nobody_wrote_falls_back(asked: str | None, spoken: str) -> None:
    assert speak(asked).language == spoken


def test_the_fallback_is_chosen_by_whoever_builds_the_voices() -> None:
    assert Voices(fallback="kk").voice("de", "Asia/Almaty").language == "kk"


def test_every_value_is_escaped_and_markup_passes() -> None:
    assert EN("Hello, {name}!", name="<b>&'\"") == "Hello, &lt;b&gt;&amp;&#39;&#34;!"
    assert EN("Hello, {name}!", name=Markup("<b>A</b>")) == "Hello, <b>A</b>!"


def test_a_value_is_never_a_format_string() -> None:
    assert EN("Hello, {name}!", name="{name.__class__} {0}") == "Hello, {name.__class__} {0}!"


def test_plain_text_for_buttons_has_no_entities() -> None:
    assert EN.plain("Hello, {name}!", name="A & B") == "Hello, A & B!"


@pytest.mark.parametrize(
    ("count", "russian", "kazakh", "english"),
    [
        (1, "1 платёж не прошёл", "1 төлем өтпеді", "1 payment failed"),
        (2, "2 платежа не прошли", "2 төлем өтпеді", "2 payments failed"),
        (5, "5 платежей не прошли", "5 төлем өтпеді", "5 payments failed"),
        (11, "11 платежей не прошли", "11 төлем өтпеді", "11 payments failed"),
        (21, "21 платёж не прошёл", "21 төлем өтпеді", "21 payments failed"),
        (1234, "1\u00a0234 платежа не прошли", "1\u00a0234 төлем өтпеді", "1\u00a0234 payments failed"),
    ],
)
def test_plurals_follow_each_language(count: int, russian: str, kazakh: str, english: str) -> None:
    said = [voice.plural("{n} payment failed", "{n} payments failed", count) for voice in (RU, KK, EN)]
    assert said == [russian, kazakh, english]


@pytest.mark.parametrize(
    ("foreign", "harmless"),
    [
        ("a\u202eb\u2066c\u200bd\ufeff", "abcd"),
        ("line\none\r\n\ttwo\u2028three", "line one two three"),
        ("\x00\x1b[31mred\x7f", "[31mred"),
        ("\u3164\u2800\u115f", ""),
        ("\ud800half", "half"),
        ("әғқңөұүһі ₸ 👍🏽 ❤️", "әғқңөұүһі ₸ 👍🏽 ❤️"),
        ("184\u00a0500\u00a0₸", "184\u00a0500\u00a0₸"),
    ],
)
def test_what_cannot_be_seen_is_taken_out(foreign: str, harmless: str) -> None:
    assert clean(foreign) == harmless


@given(st.text(max_size=300))
def test_any_value_comes_back_as_visible_text(foreign: str) -> None:
    said = EN("Hello, {name}!", name=foreign)
    check_telegram_html(said)
    assert unescape(said) == f"Hello, {clean(foreign)}!"
    assert not [sign for sign in clean(foreign) if category(sign) in {"Cc", "Cf", "Cs"}]
    assert clean(clean(foreign)) == clean(foreign)


@pytest.mark.parametrize(
    ("tiyn", "currency", "russian", "english"),
    [
        (18450000, "KZT", "184 500 ₸", "184 500 ₸"),
        (18450050, "KZT", "184 500,50 ₸", "184 500.50 ₸"),
        (5, "KZT", "0,05 ₸", "0.05 ₸"),
        (0, "KZT", "0 ₸", "0 ₸"),
        (-100000, "KZT", "\u22121 000 ₸", "\u22121 000 ₸"),
        (-5, "KZT", "\u22120,05 ₸", "\u22120.05 ₸"),
        (123456, "USD", "1 234,56 USD", "1 234.56 USD"),
        (100, "", "1", "1"),
        (100, "\u202eABCDEFGHIJ", "1 ABCDEFGH", "1 ABCDEFGH"),
        (10**18, "KZT", "10 000 000 000 000 000 ₸", "10 000 000 000 000 000 ₸"),
    ],
)
def test_money_is_written_as_people_write_it(tiyn: int, currency: str, russian: str, english: str) -> None:
    assert RU.money(tiyn, currency) == russian.replace(" ", NBSP)
    assert KK.money(tiyn, currency) == russian.replace(" ", NBSP)
    assert EN.money(tiyn, currency) == english.replace(" ", NBSP)


@given(st.integers(-(10**16), 10**16))
def test_money_loses_not_one_tiyn(tiyn: int) -> None:
    digits = EN.money(tiyn, "KZT").replace(NBSP, "").replace("\u2212", "-").removesuffix("₸")
    whole, _, rest = digits.partition(".")
    assert int(whole + (rest or "00")) == tiyn


@pytest.mark.parametrize(
    ("rate", "russian"),
    [
        (0.942, "94,2 %"),
        (1, "100 %"),
        (0, "0 %"),
        (0.9999, "99,9 %"),
        (0.0001, "0,1 %"),
        (0.5, "50 %"),
        (2 / 3, "66,7 %"),
    ],
)
def test_a_rate_is_a_hundred_percent_only_when_nothing_failed(rate: float, russian: str) -> None:
    assert RU.percent(rate) == russian.replace(" ", NBSP)


def test_the_clock_is_that_of_the_destination() -> None:
    assert EN.clock(NOW) == "14:32"
    assert EN.clock_seconds(NOW) == "14:32:07"
    assert speak("en", "UTC").clock(NOW) == "09:32"


@pytest.mark.parametrize(
    ("utc", "almaty"),
    [
        ("2024-02-29T16:59:59", "22:59:59"),
        ("2024-02-29T17:30:00", "23:30:00"),
        ("2024-02-29T18:00:00", "23:00:00"),
        ("2024-02-29T18:30:00", "23:30:00"),
        ("2024-02-29T19:00:00", "00:00:00"),
    ],
)
def test_the_hour_that_came_twice_in_almaty(utc: str, almaty: str) -> None:
    assert EN.clock_seconds(datetime.fromisoformat(utc).replace(tzinfo=UTC)) == almaty


def test_midnight_is_cut_in_the_zone_of_the_destination() -> None:
    before, after = datetime(2024, 2, 29, 18, 59, 59, tzinfo=UTC), datetime(2024, 2, 29, 19, 0, tzinfo=UTC)
    assert EN.moment(before, after) == "29 Feb, 23:59"
    assert EN.moment(before, before) == "23:59"
    assert EN.moment(after, after, seconds=True) == "00:00:00"


def test_a_moment_of_another_day_or_year_says_so() -> None:
    yesterday, last_year = NOW - timedelta(days=1), NOW - timedelta(days=365)
    assert [voice.moment(yesterday, NOW) for voice in (RU, KK, EN)] == [
        "8 нояб., 14:32",
        "8 қар., 14:32",
        "8 Nov, 14:32",
    ]
    assert EN.moment(last_year, NOW) == "9 Nov 2025, 14:32"


def test_days_are_written_out_without_narrow_spaces() -> None:
    day = date(2026, 11, 9)
    assert [voice.day(day) for voice in (RU, KK, EN)] == [
        "9 ноября 2026\u00a0г.",
        "2026\u00a0ж. 9 қараша",
        "9 November 2026",
    ]
    assert [voice.weekday(day) for voice in (RU, KK, EN)] == ["пн, 9 нояб.", "9 қар., дс", "Mon 9 Nov"]


@pytest.mark.parametrize(
    ("duration", "russian"),
    [
        (timedelta(minutes=41, seconds=20), "41 мин"),
        (timedelta(seconds=12), "12 с"),
        (timedelta(hours=2, minutes=5), "2 ч 5 мин"),
        (timedelta(hours=2), "2 ч"),
        (timedelta(days=3, hours=4, minutes=59), "3 дн. 4 ч"),
        (timedelta(hours=23, minutes=59, seconds=59), "23 ч 59 мин"),
        (timedelta(seconds=59, milliseconds=999), "59 с"),
        (timedelta(0), "0 с"),
        (timedelta(days=-400), "0 с"),
    ],
)
def test_a_span_is_short_and_never_negative(duration: timedelta, russian: str) -> None:
    assert RU.span(duration) == russian.replace(" ", NBSP)


def test_how_long_ago_also_with_a_clock_that_runs_ahead() -> None:
    assert [voice.ago(NOW - timedelta(minutes=5), NOW) for voice in (RU, KK, EN)] == [
        "5 минут назад",
        "5 минут бұрын",
        "5 minutes ago",
    ]
    assert RU.ago(NOW - timedelta(seconds=41), NOW) == "41 секунду назад"
    assert [voice.ago(NOW + timedelta(hours=3), NOW) for voice in (RU, KK, EN)] == [
        "только что",
        "жаңа ғана",
        "just now",
    ]


def test_a_reason_is_said_in_words_and_an_unknown_one_by_its_number() -> None:
    assert [voice.reason(484) for voice in (RU, KK, EN)] == [
        "недостаточно средств",
        "қаражат жеткіліксіз",
        "not enough money",
    ]
    assert [voice.reason(9999) for voice in (RU, KK, EN)] == ["код 9999", "код 9999", "code 9999"]
    assert EN.reason(0) == "no reason given"


def test_a_zone_is_called_by_its_city() -> None:
    assert [voice.zone_name() for voice in (RU, KK, EN)] == ["Алматы", "Алматы", "Almaty"]
    assert speak("kk", "Asia/Qyzylorda").zone_name() == "Қызылорда"
    assert speak("ru", "UTC").zone_name() == "UTC"
