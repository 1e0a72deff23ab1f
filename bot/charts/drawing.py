"""The picture itself, by matplotlib: only the worker process may import this module."""

from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.ft2font import FT2Font
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle
from matplotlib.patheffects import Normal, Stroke
from matplotlib.text import Text
from matplotlib.ticker import FuncFormatter, MaxNLocator

from bot.charts.chart import Chart

WIDTH, HEIGHT, DPI = 1080, 720, 100
LEFT, RIGHT, TOP, BOTTOM = 0.045, 0.965, 0.94, 0.13
GROUND, INK, FAINT, GRID = "#17212f", "#f4f7fb", "#9fb0c6", "#2b3950"
PAID, FAILED, BEFORE = "#3ecf8e", "#ff7a59", "#c9d6e8"
_FONTS = Path(mpl.get_data_path()) / "fonts" / "ttf"
_LEAST = 0.7
_NO_BREAK = "\u00a0"
_HALO = (Stroke(linewidth=5.5, foreground=GROUND), Normal())


def draw(chart: Chart) -> bytes:
    """A PNG of WIDTH x HEIGHT on a ground of its own, so that it reads in a light and in a dark chat."""
    figure = Figure(figsize=(WIDTH / DPI, HEIGHT / DPI), dpi=DPI, facecolor=GROUND)
    canvas = FigureCanvasAgg(figure)
    _write(figure, chart.title, TOP, size=30, bold=True)
    _write(figure, chart.period, TOP - 0.078, size=21, color=FAINT)
    _write_legend(figure, chart)
    axes = figure.add_axes((LEFT, BOTTOM, RIGHT - LEFT, 0.475), facecolor="none")
    _draw_bars(axes, chart)
    _dress(axes, chart)
    left = LEFT + max(map(_width, axes.get_yticklabels()), default=0) / WIDTH + 0.012
    axes.set_position((left, BOTTOM, RIGHT - left, 0.475))
    picture = BytesIO()
    canvas.print_figure(picture, format="png", dpi=DPI, facecolor=GROUND)
    return picture.getvalue()


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
        axes.plot(range(len(curve)), curve, zorder=5, path_effects=_HALO, **line)
    if any(chart.paid.counts):
        axes.bar(places, chart.paid.counts, width=0.72, color=PAID, zorder=3)
    if any(chart.failed.counts):
        axes.bar(places, chart.failed.counts, width=0.72, bottom=chart.paid.counts, color=FAILED, zorder=3)
    if not any((*chart.paid.counts, *chart.failed.counts)):
        middle: dict[str, Any] = {"ha": "center", "va": "center", "transform": axes.transAxes, "zorder": 6}
        axes.text(0.5, 0.5, _drawable(chart.nothing), fontproperties=_font(26), color=FAINT, parse_math=False, **middle)


def _dress(axes: Axes, chart: Chart) -> None:
    """Whole numbers on the left, the words below, nothing that is not needed."""
    axes.set_xlim(-0.6, max(len(chart.ticks), 1) - 0.4)
    axes.set_ylim(0, max(_highest(chart) * 1.04, 4))
    axes.yaxis.set_major_locator(MaxNLocator(4, integer=True))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{int(value):,}".replace(",", _NO_BREAK)))
    shown = [place for place, tick in enumerate(chart.ticks) if tick]
    axes.set_xticks(shown, [_drawable(chart.ticks[place]) for place in shown], parse_math=False)
    axes.grid(axis="y", color=GRID, linewidth=1.5, zorder=1)
    axes.tick_params(length=0, pad=9)
    axes.spines[:].set_visible(False)
    for label in (*axes.get_xticklabels(), *axes.get_yticklabels()):
        label.set(fontproperties=_font(19), color=FAINT)


def _highest(chart: Chart) -> int:
    return max((*map(sum, zip(chart.paid.counts, chart.failed.counts, strict=True)), *chart.before.counts), default=0)


def _write_legend(figure: Figure, chart: Chart) -> None:
    """A line a colour: what it is and how much of it there was."""
    for row, (bars, color) in enumerate(((chart.paid, PAID), (chart.failed, FAILED), (chart.before, BEFORE))):
        height = TOP - 0.148 - row * 0.062
        if bars is chart.before:
            if not any(bars.counts):
                continue
            middle = [height - 0.019] * 2
            figure.add_artist(Line2D([LEFT, LEFT + 0.026], middle, color=color, linewidth=4, solid_capstyle="round"))
        else:
            figure.add_artist(_square(color, height))
        ink = FAINT if bars is chart.before else INK
        _write(figure, bars.words, height, size=22 if ink is INK else 20, left=LEFT + 0.042, color=ink)


def _square(color: str, height: float) -> Rectangle:
    return Rectangle((LEFT, height - 0.035), 0.024, 0.036, facecolor=color, edgecolor="none")


def _write(figure: Figure, words: str, top: float, *, size: float, left: float = LEFT, **how: Any) -> None:
    """A line from the left, made smaller and then shortened until it ends inside the picture."""
    bold, color, least = how.get("bold", False), how.get("color", INK), size * _LEAST
    text = figure.text(
        left, top, _drawable(words), va="top", fontproperties=_font(size, bold=bold), color=color, parse_math=False
    )
    room = (RIGHT - left) * WIDTH
    while (wide := _width(text)) > room:
        if size > least:
            size = max(min(size * room / wide, size - 1), least)
            text.set_fontproperties(_font(size, bold=bold))
        else:
            text.set_text(text.get_text().rstrip("…")[: int(len(text.get_text()) * room / wide) - 1] + "…")


def _width(text: Text) -> float:
    return float(text.get_window_extent().width)


@cache
def _face(*, bold: bool) -> Path:
    return _FONTS / ("DejaVuSans-Bold.ttf" if bold else "DejaVuSans.ttf")


def _font(size: float, *, bold: bool = False) -> FontProperties:
    return FontProperties(fname=_face(bold=bold), size=size)


@cache
def _known() -> frozenset[int]:
    return frozenset(FT2Font(str(_face(bold=False))).get_charmap()) & frozenset(
        FT2Font(str(_face(bold=True))).get_charmap()
    )


def _drawable(words: str) -> str:
    """What the font has letters for: an emoji in a name must not become an empty box."""
    return "".join(sign for sign in words if ord(sign) in _known() or sign == "\n").strip()
