"""BAND_VIEWS: the words in and around a picture of the usual band, for the reviewed messages."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from markupsafe import Markup
from views_samples import HOSTILE, NOW, SHOP
from views_volume import SINCE, volume

from bot.model import Band, Incident, Measure, Message, Stretch, Window
from bot.texts import Voice
from bot.views import ask_picture, band_chart, band_picture


def band(step: timedelta, bars: int, measure: Measure = "operations") -> Band:
    midnight = datetime(NOW.year, NOW.month, NOW.day, tzinfo=ZoneInfo("Asia/Almaty"))
    start = midnight + (NOW - midnight) // step * step - (bars - 1) * step
    stretches = tuple(Stretch(start + n * step, 100 * n, 100 * n, 300 * n) for n in range(bars))
    return Band(measure=measure, step=step, stretches=stretches, until=NOW, alarms=(Window(SINCE, NOW),))


HALF_A_DAY = band(timedelta(minutes=15), 48)
TWO_WEEKS = band(timedelta(hours=4), 84)


def words(band: Band, incident: Incident | None = None) -> Callable[[Voice], Message]:
    """Everything a picture says."""

    def said(voice: Voice) -> Message:
        chart = band_chart("Samal-2", band, voice, incident)
        ticks = " ".join(tick for tick in chart.ticks if tick)
        lines = [chart.title, chart.period, chart.seen.words, chart.usual, chart.told, ticks, chart.nothing]
        return Message(Markup.escape("\n".join(lines)))

    return said


BAND_VIEWS: dict[str, Callable[[Voice], Message]] = {
    "band-words": words(HALF_A_DAY, volume("silence")),
    "band-words-fail": words(replace(HALF_A_DAY, measure="failures"), volume("fail")),
    "band-words-amount": words(replace(HALF_A_DAY, measure="amounts"), volume("amount")),
    "band-words-weeks": words(TWO_WEEKS),
    "band-caption": lambda voice: band_picture(HOSTILE, HALF_A_DAY, b"", voice, volume("silence")),
    "band-caption-weeks": lambda voice: band_picture("Samal-2", TWO_WEEKS, b"", voice),
    "band-ask": lambda voice: ask_picture(SHOP.terminals, voice),
}
