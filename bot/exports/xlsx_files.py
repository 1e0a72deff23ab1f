"""Rows as XLSX by xlsxwriter, row by row onto the disk; text cells are text whatever they begin with."""

import zlib
from datetime import datetime
from pathlib import Path
from typing import Any

from xlsxwriter import Workbook
from xlsxwriter.worksheet import Worksheet

from bot.exports.table import Cell, Column, Kind, Row, Table

_LONGEST = 32_767
_EMPTY = 8_000
_NUMBERS = {Kind.TIME: "yyyy-mm-dd hh:mm:ss", Kind.MONEY: "#,##0.00", Kind.COUNT: "#,##0"}
_HEAD = {"bold": True, "bg_color": "#E7EEF7", "bottom": 1, "text_wrap": True, "valign": "top"}
# One row in so many is compressed as the finished file will have it, to tell the size of all.
_WEIGHED = 10
_MARGIN = 1.1
_CELL = '<c r="{}{}" t="inlineStr"><is><t>{}</t></is></c>'
_LOOKS_EVERY = 500


class XlsxFiles:
    """Parts in a folder: workbooks of as many sheets as it takes, the totals of all in the last one."""

    def __init__(self, table: Table, folder: Path) -> None:
        self._table = table
        self._folder = folder
        self._book: _Book | None = None
        self.paths: list[Path] = []

    def add(self, row: Row) -> None:
        """One more line. Raises OSError."""
        if self._book is None or self._book.is_full():
            self._begin()
        assert self._book is not None
        self._book.add(row)

    def finish(self, totals: list[Row]) -> None:
        """Writes the totals and closes the last part."""
        if self._book is None:
            self._begin()
        assert self._book is not None
        self._book.add_totals(totals)
        self._book.close()

    def _begin(self) -> None:
        if self._book is not None:
            self._book.close()
        self.paths.append(self._folder / f"{len(self.paths) + 1}.xlsx")
        self._book = _Book(self._table, self.paths[-1])


class _Book:
    """One workbook. Its size is known only when it is finished, so the texts are weighed as they come."""

    def __init__(self, table: Table, path: Path) -> None:
        options = {"constant_memory": True, "tmpdir": str(path.parent)}
        self._table = table
        self._book = Workbook(str(path), options)
        self._formats = {kind: self._book.add_format({"num_format": number}) for kind, number in _NUMBERS.items()}
        self._head = self._book.add_format(_HEAD)
        self._scales = zlib.compressobj(6)
        self._weight = 0
        self._rows = 0
        self._sheets = 0
        self._sheet: Worksheet | None = None
        self._left = 0

    def is_full(self) -> bool:
        """Whether as many rows again as pass between two looks could be too many bytes."""
        if self._rows % _LOOKS_EVERY or not self._rows:
            return False
        size = self._weight * _WEIGHED * _MARGIN
        return size + size / self._rows * _LOOKS_EVERY > self._table.limit - _EMPTY

    def add(self, row: Row) -> None:
        if self._sheet is None or self._left == 0:
            self._sheets += 1
            number = f" {self._sheets}" if self._sheets > 1 else ""
            self._sheet = self._begin(self._table.title + number, self._table.columns)
            self._left = self._table.sheet_rows - 1
        self._write(self._sheet, self._table.sheet_rows - self._left, row, self._table.columns)
        self._rows += 1
        self._left -= 1
        if self._rows % _WEIGHED == 0:
            self._weigh(row)
        if self._left == 0:
            self._filter(self._sheet)

    def _weigh(self, row: Row) -> None:
        cells = "".join(_CELL.format(place, self._rows, cell) for place, cell in enumerate(row) if cell != "")
        self._weight += len(self._scales.compress(cells.encode("utf-8", "replace")))
        if self._rows % _LOOKS_EVERY == 0:
            self._weight += len(self._scales.flush(zlib.Z_SYNC_FLUSH))

    def add_totals(self, totals: list[Row]) -> None:
        sheet = self._begin(self._table.totals_title, self._table.totals_columns)
        for number, row in enumerate(totals, 1):
            self._write(sheet, number, row, self._table.totals_columns)

    def close(self) -> None:
        if self._sheet is None:
            self._sheet = self._begin(self._table.title, self._table.columns)
            self._left = self._table.sheet_rows - 1
        if self._left:
            self._filter(self._sheet)
        self._book.close()

    def _begin(self, title: str, columns: tuple[Column, ...]) -> Worksheet:
        sheet = self._book.add_worksheet(title)
        for place, column in enumerate(columns):
            sheet.set_column(place, place, column.width)
        for place, column in enumerate(columns):
            sheet.write_string(0, place, column.title, self._head)
        sheet.freeze_panes(1, 0)
        return sheet

    def _filter(self, sheet: Worksheet) -> None:
        last = self._table.sheet_rows - 1 - self._left
        sheet.autofilter(0, 0, last, len(self._table.columns) - 1)

    def _write(self, sheet: Worksheet, number: int, row: Row, columns: tuple[Column, ...]) -> None:
        for place, (cell, column) in enumerate(zip(row, columns, strict=True)):
            if cell != "":
                self._write_cell(sheet, number, place, cell, column.kind)

    def _write_cell(self, sheet: Worksheet, number: int, place: int, cell: Cell, kind: Kind) -> None:
        if kind is Kind.TEXT:
            sheet.write_string(number, place, str(cell)[:_LONGEST])
        elif kind is Kind.TIME:
            sheet.write_datetime(number, place, datetime.fromisoformat(str(cell)), self._formats[kind])
        else:
            value: Any = int(cell) / 100 if kind is Kind.MONEY else int(cell)
            sheet.write_number(number, place, value, self._formats[kind])
