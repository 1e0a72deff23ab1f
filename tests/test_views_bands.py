"""A picture of the usual band: as many places as bars, what was told where it was told, any name and any time."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from telegram_html import check_telegram_html, utf16_units
from test_views_properties import SPEAKERS, texts
from views_bands import HALF_A_DAY, TWO_WEEKS, band
from views_samples import NOW
from views_volume import volume

from bot.charts.chart import from_json
from bot.model import Window
from bot.texts import Voices
from bot.views import band_chart, band_picture

EN = Voices().voice("en", "Asia/Almaty")
CAPTION, HOUR = 1024, timedelta(hours=1)


def test_the_moment_it_was_told_lies_within_the_time_of_the_trouble() -> None:
    chart = band_chart("Samal-2", HALF_A_DAY, EN, volume("silence"))
    ((start, end),) = chart.alarms
    (mark,) = chart.marks
    assert 0 < start < mark < end <= 48
    assert 48 == len(chart.ticks) == len(chart.seen.counts) == len(chart.low) == len(chart.high)
    assert end - mark == pytest.approx(3 / 15)


def test_what_began_before_the_picture_fills_it_from_its_left() -> None:
    long = replace(HALF_A_DAY, alarms=(Window(NOW - timedelta(days=3), NOW + timedelta(days=1)),))
    assert band_chart("", long, EN).alarms == ((0.0, 48.0),)
    early = volume("decay", opened_at=NOW - timedelta(days=2))
    assert band_chart("", long, EN, early).marks == ()


def test_amounts_are_drawn_in_whole_units_of_money() -> None:
    chart = band_chart("", band(timedelta(hours=1), 12, "amounts"), EN)
    assert (chart.seen.counts[:3], chart.high[:3]) == ((0, 1, 2), (0, 3, 6))


@pytest.mark.parametrize("shown", [HALF_A_DAY, TWO_WEEKS, band(timedelta(days=1), 14), band(timedelta(hours=1), 96)])
def test_a_phone_has_room_for_every_tick(shown) -> None:
    for voice in SPEAKERS:
        ticks = [tick for tick in band_chart("", shown, voice).ticks if tick]
        assert 2 <= len(ticks) <= 13


def test_a_clock_that_was_turned_back_keeps_its_places() -> None:
    voice = Voices().voice("en", "Europe/Berlin")
    turned = band(timedelta(minutes=15), 48)
    at = datetime(2026, 10, 25, tzinfo=UTC)
    stretches = tuple(replace(one, at=at + n * turned.step) for n, one in enumerate(turned.stretches))
    chart = band_chart("", replace(turned, stretches=stretches, until=at + 12 * HOUR, alarms=()), voice)
    assert [tick for tick in chart.ticks if tick] == ["03", "06", "09", "12"]


@settings(max_examples=40, deadline=None)
@given(texts, st.sampled_from([HALF_A_DAY, TWO_WEEKS]), st.booleans())
def test_any_name_makes_a_picture_that_survives_its_pipe_and_a_caption_that_fits(name, shown, told: bool) -> None:
    incident = volume("silence") if told else None
    for voice in SPEAKERS:
        chart = band_chart(name, shown, voice, incident)
        assert from_json(chart.to_json()) == chart
        caption = band_picture(name, shown, b"", voice, incident).text
        check_telegram_html(caption)
        assert utf16_units(caption) <= CAPTION
