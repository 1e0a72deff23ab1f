"""Figures as pictures, drawn in a process of their own; neither matplotlib nor numpy ever enters the bot's."""

from bot.charts.chart import BandChart, Bars, Chart
from bot.charts.studio import Charts, NotDrawn

__all__ = ["BandChart", "Bars", "Chart", "Charts", "NotDrawn"]
