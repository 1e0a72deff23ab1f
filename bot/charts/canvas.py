"""What every picture shares: its size and ground, letters that fit, a plain pair of axes. Knows no figures."""

from collections.abc import Sequence
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

WIDTH, HEIGHT, DPI = 1080, 720, 100
LEFT, RIGHT, TOP, BOTTOM = 0.045, 0.965, 0.94, 0.13
GROUND, INK, FAINT, GRID = "#17212f", "#f4f7fb", "#9fb0c6", "#2b3950"
HALO = (Stroke(linewidth=5.5, foreground=GROUND), Normal())
_FONTS = Path(mpl.get_data_path()) / "fonts" / "ttf"
_LEAST = 0.7
_NO_BREAK = "\u00a0"
_TALL = 0.475


class Canvas:
    """One picture: words from the top, axes below them. `axes` has a place for each of `ticks`."""

    def __init__(self, title: str, period: str, ticks: Sequence[str]) -> None:
        self._figure = Figure(figsize=(WIDTH / DPI, HEIGHT / DPI), dpi=DPI, facecolor=GROUND)
        self._canvas = FigureCanvasAgg(self._figure)
        self._ticks = ticks
        self.write(title, TOP, size=30, bold=True)
        self.write(period, TOP - 0.078, size=21, color=FAINT)
        self.axes: Axes = self._figure.add_axes((LEFT, BOTTOM, RIGHT - LEFT, _TALL), facecolor="none")

    def explain(self, row: int, words: str, color: str, *, line: bool = False) -> None:
        """A line a colour: a square, or a stroke for what stands behind, and its words."""
        height = TOP - 0.148 - row * 0.062
        if line:
            middle = [height - 0.019] * 2
            stroke = Line2D([LEFT, LEFT + 0.026], middle, color=color, linewidth=4, solid_capstyle="round")
            self._figure.add_artist(stroke)
        else:
            square = Rectangle((LEFT, height - 0.035), 0.024, 0.036, facecolor=color, edgecolor="none")
            self._figure.add_artist(square)
        self.write(words, height, size=20 if line else 22, left=LEFT + 0.042, color=FAINT if line else INK)

    def say_in_the_middle(self, words: str) -> None:
        """Where there is nothing to be seen."""
        middle: dict[str, Any] = {"ha": "center", "va": "center", "transform": self.axes.transAxes, "zorder": 6}
        self.axes.text(0.5, 0.5, _drawable(words), fontproperties=_font(26), color=FAINT, parse_math=False, **middle)

    def finish(self, highest: float) -> bytes:
        """The PNG, on a ground of its own, so that it reads in a light and in a dark chat."""
        self._dress(highest)
        left = LEFT + max(map(_width, self.axes.get_yticklabels()), default=0) / WIDTH + 0.012
        self.axes.set_position((left, BOTTOM, RIGHT - left, _TALL))
        picture = BytesIO()
        self._canvas.print_figure(picture, format="png", dpi=DPI, facecolor=GROUND)
        return picture.getvalue()

    def _dress(self, highest: float) -> None:
        """Whole numbers on the left, the words below, nothing that is not needed."""
        axes = self.axes
        axes.set_xlim(-0.6, max(len(self._ticks), 1) - 0.4)
        axes.set_ylim(0, max(highest * 1.04, 4))
        axes.yaxis.set_major_locator(MaxNLocator(4, integer=True))
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{int(value):,}".replace(",", _NO_BREAK)))
        shown = [place for place, tick in enumerate(self._ticks) if tick]
        axes.set_xticks(shown, [_drawable(self._ticks[place]) for place in shown], parse_math=False)
        axes.grid(axis="y", color=GRID, linewidth=1.5, zorder=1)
        axes.tick_params(length=0, pad=9)
        axes.spines[:].set_visible(False)
        for label in (*axes.get_xticklabels(), *axes.get_yticklabels()):
            label.set(fontproperties=_font(19), color=FAINT)

    def write(self, words: str, top: float, *, size: float, left: float = LEFT, **how: Any) -> None:
        """A line from the left, made smaller and then shortened until it ends inside the picture."""
        bold, color, least = how.get("bold", False), how.get("color", INK), size * _LEAST
        font = _font(size, bold=bold)
        text = self._figure.text(
            left, top, _drawable(words), va="top", fontproperties=font, color=color, parse_math=False
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
