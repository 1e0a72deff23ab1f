"""Rows as CSV that a spreadsheet opens by a double click, and in which no cell is ever a formula."""

import csv
import re
from io import StringIO
from pathlib import Path
from typing import BinaryIO

from bot.exports.table import Cell, Column, Kind, Row, Table

_MARK = b"\xef\xbb\xbf"
_CONTROL = re.compile("[\0-\x1f\x7f-\x9f\u2028\u2029]")
# Also behind what another country's spreadsheet takes for the end of a cell.
_FORMULA = re.compile(r"""(^|[,;|"])(\s*[=+\-@＝＋－＠])""")


class CsvFiles:
    """Parts in a folder, each within the limit and with the header; bytes are counted before they are written."""

    def __init__(self, table: Table, folder: Path) -> None:
        self._table = table
        self._folder = folder
        self._line = StringIO()
        self._writer = csv.writer(
            self._line, delimiter=";" if table.comma else ",", quoting=csv.QUOTE_ALL, lineterminator="\r\n"
        )
        self._head = self._encoded([harmless(column.title) for column in table.columns])
        self._file: BinaryIO | None = None
        self.paths: list[Path] = []

    def add(self, row: Row) -> None:
        """One more line. Raises OSError."""
        line = self._encoded([self._cell(cell, column) for cell, column in zip(row, self._table.columns, strict=True)])
        if self._file is None or self._file.tell() + len(line) > self._table.limit:
            self._begin()
        assert self._file is not None
        self._file.write(line)

    def finish(self, totals: list[Row]) -> None:  # noqa: ARG002 - a list of totals would be taken for more rows
        """Closes the last part; an empty list is a header alone."""
        if self._file is None:
            self._begin()
        assert self._file is not None
        self._file.close()

    def _begin(self) -> None:
        if self._file is not None:
            self._file.close()
        self.paths.append(self._folder / f"{len(self.paths) + 1}.csv")
        self._file = self.paths[-1].open("wb")
        self._file.write(_MARK + self._head)

    def _encoded(self, cells: list[str]) -> bytes:
        self._line.seek(0)
        self._line.truncate()
        self._writer.writerow(cells)
        return self._line.getvalue().encode("utf-8", "replace")

    def _cell(self, cell: Cell, column: Column) -> str:
        if column.kind is Kind.MONEY:
            return money(int(cell), "," if self._table.comma else ".")
        return str(cell) if isinstance(cell, int) else harmless(cell)


def money(hundredths: int, decimal: str) -> str:
    """`-1234.50`, a number for every spreadsheet of that decimal sign."""
    whole, rest = divmod(abs(hundredths), 100)
    return f"{'-' if hundredths < 0 else ''}{whole}{decimal}{rest:02}"


def harmless(text: str) -> str:
    """One line that no spreadsheet takes for a formula: an apostrophe goes before. Source: OWASP ASVS 5.0, 1.2.10."""
    return _FORMULA.sub(r"\1'\2", _CONTROL.sub(" ", text))
