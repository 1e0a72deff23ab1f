"""Rows into files people open: CSV and XLSX, written in a process of their own, as many parts as their size needs."""

from bot.exports.making import Making, NotMade, encoded, making
from bot.exports.table import Cell, Column, Format, Kind, Row, Table

__all__ = ["Cell", "Column", "Format", "Kind", "Making", "NotMade", "Row", "Table", "encoded", "making"]
