"""Figures as pictures, drawn in a process of their own; neither matplotlib nor numpy ever enters the bot's."""

from bot.charts.chart import Bars, Chart
from bot.charts.studio import Charts, NotDrawn

__all__ = ["Bars", "Chart", "Charts", "NotDrawn"]
