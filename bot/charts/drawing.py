"""The pictures themselves, by matplotlib: only the worker process may import this module."""

from typing import Any

from matplotlib.axes import Axes

from bot.charts.canvas import HALO, Canvas
from bot.charts.chart import BandChart, Chart

PAID, FAILED, BEFORE = "#3ecf8e", "#ff7a59", "#c9d6e8"
SEEN, ODD = "#5aa9ff", "#ff7a59"


def draw(chart: Chart | BandChart) -> bytes:
    """A PNG."""
    return _draw_band(chart) if isinstance(chart, BandChart) else _draw_period(chart)


def _draw_period(chart: Chart) -> bytes:
    canvas = Canvas(chart.title, chart.period, chart.ticks)
    canvas.explain(0, chart.paid.words, PAID)
    canvas.explain(1, chart.failed.words, FAILED)
    if any(chart.before.counts):
        canvas.explain(2, chart.before.words, BEFORE, line=True)
    _draw_bars(canvas.axes, chart)
    if not any((*chart.paid.counts, *chart.failed.counts)):
        canvas.say_in_the_middle(chart.nothing)
    sums = map(sum, zip(chart.paid.counts, chart.failed.counts, strict=True))
    return canvas.finish(max((*sums, *chart.before.counts), default=0))


def _draw_bars(axes: Axes, chart: Chart) -> None:
    places = range(len(chart.ticks))
    if any(chart.before.counts):
        curve = chart.before.counts
        axes.fill_between(range(len(curve)), curve, color=BEFORE, alpha=0.12, linewidth=0, zorder=2)
        line: dict[str, Any] = {
            "color": BEFORE,
            "linewidth": 2.2,
            "solid_capstyle": "round",
            "solid_joinstyle": "round",
        }
        axes.plot(range(len(curve)), curve, zorder=5, path_effects=HALO, **line)
    if any(chart.paid.counts):
        axes.bar(places, chart.paid.counts, width=0.72, color=PAID, zorder=3)
    if any(chart.failed.counts):
        axes.bar(places, chart.failed.counts, width=0.72, bottom=chart.paid.counts, color=FAILED, zorder=3)


def _draw_band(chart: BandChart) -> bytes:
    """The counts as bars in front of the usual band; what was told is tinted, its moment a line."""
    canvas, size = Canvas(chart.title, chart.period, chart.ticks), len(chart.ticks)
    canvas.explain(0, chart.seen.words, SEEN)
    canvas.explain(1, chart.usual, BEFORE, line=True)
    if chart.alarms:
        canvas.explain(2, chart.told, ODD)
    for start, end in chart.alarms:
        canvas.axes.axvspan(start - 0.5, end - 0.5, color=ODD, alpha=0.16, linewidth=0, zorder=2)
    for at in chart.marks:
        canvas.axes.axvline(at - 0.5, color=ODD, linewidth=2.5, zorder=6)
    if size:
        _draw_usual(canvas.axes, chart)
        canvas.axes.bar(range(size), chart.seen.counts, width=0.62, color=SEEN, zorder=4)
    else:
        canvas.say_in_the_middle(chart.nothing)
    return canvas.finish(max((*chart.seen.counts, *chart.high), default=0))


def _draw_usual(axes: Axes, chart: BandChart) -> None:
    """As wide as the bars' places, so that a single bar has its band too."""
    edges = [place - 0.5 for place in range(len(chart.ticks) + 1)]
    low, high = [*chart.low, chart.low[-1]], [*chart.high, chart.high[-1]]
    axes.fill_between(edges, low, high, step="post", color=BEFORE, alpha=0.2, linewidth=0, zorder=3)
    axes.step(edges, high, where="post", color=BEFORE, linewidth=1.6, alpha=0.8, zorder=5)
    axes.step(edges, low, where="post", color=BEFORE, linewidth=1.6, alpha=0.8, zorder=5)
