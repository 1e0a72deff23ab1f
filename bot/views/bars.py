"""A series as a line of bars: any phone can show it."""

from collections.abc import Sequence

from markupsafe import Markup

from bot.model import Bar, Period
from bot.model.periods import MOST_BARS
from bot.texts import Voice

_BARS = "▁▂▃▄▅▆▇█"


def sparkline(values: Sequence[int], top: int | None = None) -> str:
    """A bar a value, the tallest for `top` (by default the largest value); the lowest is only for nothing at all."""
    highest = max(top or 0, *values, 1)
    steps = len(_BARS) - 1
    return "".join(_BARS[-(-max(value, 0) * steps // highest)] for value in values)


def bar_lines(period: Period, bars: Sequence[Bar], before: Sequence[Bar], voice: Voice) -> list[Markup]:
    """Operations by hour or day, and those of the earlier period below on the same scale; nothing without any."""
    now, then = [bar.total for bar in bars], [bar.total for bar in before]
    top = max((*now, *then), default=0)
    if top <= 0 or not bars:
        return []
    lines = [Markup(), _caption(period, bars, voice), _line(now, top)]
    if any(then):
        a_week = period.days == 1
        lines += [voice("A week before:") if a_week else voice("The period before:"), _line(then, top)]
    return lines


def _caption(period: Period, bars: Sequence[Bar], voice: Voice) -> Markup:
    if period.days == 1:
        first, last = (voice.local(bar.at).hour for bar in (bars[0], bars[-1]))
        return voice("By hour, {span}:", span=f"{first:02}–{last:02}")
    step = period.step(MOST_BARS)
    if step == 1:
        return voice("By day:")
    return voice.plural("{n} day a bar:", "{n} days a bar:", step)


def _line(values: Sequence[int], top: int) -> Markup:
    return Markup("<code>{}</code>").format(sparkline(values, top))
