"""Unusual volume as it is read in every language, and the buttons under it."""

from datetime import UTC, datetime
from typing import Any

import pytest
from builders import SAMAL, an_incident

from bot.model import IncidentState
from bot.texts import Voices
from bot.views.volume import volume_buttons, volume_words

SINCE = datetime(2026, 11, 19, 8, 40, tzinfo=UTC)  # a Thursday, 13:40 in Almaty
FIGURES = {"since": int(SINCE.timestamp()), "seen": 12, "of": 40, "low": 39, "high": 86, "percent": 30, "reason": 484}
WORDS = {
    "silence": (
        "🔇 No operations since 13:40, usually 39–86 by now on a Thursday",
        "🔇 Нет операций с 13:40, в четверг к этому времени обычно 39–86",
        "🔇 13:40 бастап операция жоқ, бейсенбіде бұл уақытқа дейін әдетте 39–86",
    ),
    "drop": (
        "📉 Only 12 operations since 13:40, usually 39–86 by now on a Thursday",
        "📉 Операций с 13:40 только 12, в четверг к этому времени обычно 39–86",
        "📉 13:40 бастап бар болғаны 12 операция, бейсенбіде бұл уақытқа дейін әдетте 39–86",
    ),
    "spike": (
        "📈 12 operations since 13:40, usually 39–86 by now on a Thursday",
        "📈 Операций с 13:40 уже 12, в четверг к этому времени обычно 39–86",
        "📈 13:40 бастап 12 операция, бейсенбіде бұл уақытқа дейін әдетте 39–86",
    ),
    "fail": (
        "❌ 12 of 40 operations failed since 13:40, usually 39–86. Most of all: not enough money",
        "❌ 12 из 40 операций не прошли с 13:40, обычно 39–86. Чаще всего: недостаточно средств",
        "❌ 13:40 бастап 40 операцияның 12 сәтсіз, әдетте 39–86. Ең жиі себебі: қаражат жеткіліксіз",
    ),
    "decay": (
        "🪫 Ever fewer operations: 12 since 13:40, usually 39–86",
        "🪫 Операций всё меньше: 12 с 13:40, обычно 39–86",
        "🪫 Операциялар азайып барады: 13:40 бастап 12, әдетте 39–86",
    ),
}


def an_alarm(kind: str, **changes: Any):
    values = {**FIGURES, "kind": kind, **changes.pop("values", {})}
    given = {"rule": "volume", "key": f"{SAMAL}/{kind}", "members": (), "attempts": (), "terminals": (SAMAL,)}
    return an_incident(
        7, **given | {"opened_at": datetime(2026, 11, 19, 9, 30, tzinfo=UTC), "values": values} | changes
    )


@pytest.mark.parametrize("kind", WORDS)
@pytest.mark.parametrize("number", range(3))
def test_each_kind_says_what_since_when_and_what_is_usual(kind: str, number: int) -> None:
    voice = Voices().voice(("en", "ru", "kk")[number], "Asia/Almaty")
    assert volume_words(an_alarm(kind), voice).unescape() == WORDS[kind][number]


def test_amounts_are_money() -> None:
    voice = Voices().voice("en", "Asia/Almaty")
    words = volume_words(an_alarm("amount", values={"seen": 1_250_000, "low": 400_000, "high": 650_000}), voice)
    assert words.unescape().replace("\u00a0", " ").replace("\u202f", " ") == (
        "💰 The typical amount is 12 500 since 13:40, usually 4 000–6 500"
    )


@pytest.mark.parametrize("group", ["low", "high", "fail", "amount", "decay"])
def test_many_terminals_and_the_end_are_told(group: str) -> None:
    for language in ("ru", "kk", "en"):
        voice = Voices().voice(language, "Asia/Almaty")
        assert "37" in volume_words(an_alarm("bank", values={"group": group, "count": 37}), voice)
        assert volume_words(an_alarm("over", values={"group": group, "was": "bank", "count": 37}), voice)


def test_a_persons_word_is_shown_and_its_buttons_are_gone() -> None:
    voice = Voices().voice("en", "Asia/Almaty")
    buttons = volume_buttons(an_alarm("silence"), voice)
    assert [(one.text, one.data) for one in buttons] == [
        ("📈 Picture", "v1:picture:#7"),
        ("✅ Planned", "v1:planned:7"),
        ("👎 False alarm", "v1:falsealarm:7"),
    ]
    amounts = volume_buttons(an_alarm("bank", values={"group": "amount", "count": 3}), voice)
    assert [one.text for one in amounts] == ["✅ Planned", "👎 False alarm"]
    over = an_alarm("silence", state=IncidentState.RESOLVED, values={"verdict": "planned", "by": "<Aigerim>"})
    assert volume_words(over, voice).endswith("\n✅ Planned, says &lt;Aigerim&gt;")
    assert volume_buttons(over, voice) == []
    assert volume_buttons(an_incident(), voice) == []
