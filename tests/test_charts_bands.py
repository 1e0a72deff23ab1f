"""Pictures of the usual band and the counts, really drawn by the drawing process."""

from collections.abc import AsyncIterator
from io import BytesIO
from typing import Any

import pytest
from PIL import Image

from bot.charts import BandChart, Bars, Charts
from bot.charts.chart import from_json

BLUE, ORANGE, GROUND = (90, 169, 255), (255, 122, 89), (23, 33, 47)
HOURS = tuple(f"{hour:02}" if hour % 3 == 0 else "" for hour in range(24))


def chart(**changed: Any) -> BandChart:
    given: dict[str, Any] = {
        "title": "Самал-2",
        "period": "24 қараша, 00:00 – 14:32 (Алматы)",
        "ticks": HOURS,
        "seen": Bars("Операции за каждый 1 ч", (20,) * 18 + (0,) * 6),
        "usual": "Обычно",
        "low": (10,) * 24,
        "high": (30,) * 24,
        "alarms": ((18.0, 24.0),),
        "marks": (19.5,),
        "told": "Необычно; сказано в 19:30",
        "nothing": "Операций нет",
    }
    return BandChart(**given | changed)


@pytest.fixture(scope="module")
async def charts() -> AsyncIterator[Charts]:
    charts = Charts()
    yield charts
    await charts.close()


async def drawn(charts: Charts, **changed: Any) -> Image.Image:
    picture = Image.open(BytesIO(await charts.draw(chart(**changed)))).convert("RGB")
    assert picture.size == (1080, 720)
    assert picture.getpixel((3, 3)) == GROUND
    return picture


def rows_of(picture: Image.Image, color: tuple[int, int, int]) -> list[int]:
    """How many pixels of the plot have this colour, by column."""
    return [sum(picture.getpixel((x, y)) == color for y in range(290, 625)) for x in range(1080)]


async def test_counts_are_bars_and_the_moment_it_was_told_is_a_line(charts: Charts) -> None:
    picture = await drawn(charts)
    bars = [x for x, height in enumerate(rows_of(picture, BLUE)) if height]
    line = [x for x, height in enumerate(rows_of(picture, ORANGE)) if height > 250]
    assert len(bars) > 300
    assert 1 <= len(line) <= 4
    assert bars[-1] < line[0]


async def test_the_band_and_the_time_of_the_trouble_are_tinted(charts: Charts) -> None:
    plain = await drawn(charts, alarms=(), marks=(), low=(0,) * 24, high=(0,) * 24)
    banded = await drawn(charts, alarms=(), marks=())
    told = await drawn(charts, marks=())
    inside, above = (1000, 440), (1000, 292)
    assert banded.getpixel(inside) != plain.getpixel(inside)
    assert banded.getpixel(above) == plain.getpixel(above)
    assert told.getpixel(above) != plain.getpixel(above)


async def test_a_taller_band_makes_room_for_itself(charts: Charts) -> None:
    heights = [max(rows_of(await drawn(charts, marks=(), high=(height,) * 24), BLUE)) for height in (30, 300)]
    assert heights[0] > 5 * heights[1]


@pytest.mark.parametrize(
    "text", ["ӘәҒғҚқҢңӨөҰұҮүҺһІі", "$x^2$ \\frac{", "W" * 300, "😀 漢字 \u202e", "\x00\ud800", "", "a\nb"]
)
async def test_any_text_is_drawn_or_left_out(charts: Charts, text: str) -> None:
    await drawn(charts, title=text, period=text, usual=text, told=text, ticks=(text,) * 24, seen=Bars(text, (1,) * 24))


async def test_every_length_is_drawn(charts: Charts) -> None:
    for length in (0, 1, 96):
        band = {"low": (1,) * length, "high": (2,) * length, "ticks": ("",) * length}
        await drawn(charts, seen=Bars("", (1,) * length), alarms=((0.0, float(length)),), **band)


def test_a_band_survives_its_pipe() -> None:
    assert from_json(chart().to_json()) == chart()
