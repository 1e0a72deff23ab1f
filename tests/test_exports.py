"""Files people open: read back by Python's own readers, whatever the texts in them say."""

import asyncio
import csv
import os
import re
import signal
from collections.abc import Sequence
from datetime import datetime, timedelta
from io import StringIO
from pathlib import Path
from unicodedata import category
from xml.etree import ElementTree
from zipfile import ZipFile

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.exports import Column, Format, Kind, NotMade, Row, Table, making
from bot.exports.csv_files import CsvFiles, harmless, money
from bot.exports.xlsx_files import XlsxFiles

NAMES = {"m": "http://schemas.openxmlformats.org/spreadsheetml/2006/main"}
COLUMNS = (
    Column("Уақыты", Kind.TIME, 20),
    Column("=Шот", Kind.TEXT, 18),
    Column("Сома", Kind.MONEY, 14),
    Column("Валюта"),
)
TOTALS = (Column("Валюта"), Column("Саны", Kind.COUNT), Column("Сома", Kind.MONEY))
ROWS: list[Row] = [
    ["2026-11-24 14:32:07", "INV;1", 2_500_050, "KZT"],
    ["2026-11-24 14:33:00", '“Ә ғ қ”" ,-1', -7, ""],
]
EPOCH = datetime(1899, 12, 30)  # noqa: DTZ001 - a spreadsheet's day 0


def table(format_: Format = Format.CSV, **changed: object) -> Table:
    given: dict[str, object] = {
        "format": format_,
        "title": "Операциялар",
        "columns": COLUMNS,
        "totals_title": "Қорытынды",
        "totals_columns": TOTALS,
        "limit": 1_000_000,
    }
    return Table(**given | changed)  # type: ignore[arg-type]


async def made(folder: Path, rows: Sequence[Row], table: Table, totals: Sequence[Row] = ()) -> list[Path]:
    """The files, moved to where they outlive the process."""
    async with making(table) as made:
        for first in range(0, len(rows), 500):
            await made.add(rows[first : first + 500])
        return [path.rename(folder / path.name) for path in await made.finish(totals)]


def csv_rows(path: Path, delimiter: str = ";", *, strict: bool = True) -> list[list[str]]:
    raw = path.read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf")
    assert raw.endswith(b"\r\n")
    return list(csv.reader(StringIO(raw.decode("utf-8-sig"), newline=""), delimiter=delimiter, strict=strict))


def sheets(path: Path) -> dict[str, ElementTree.Element]:
    """The sheets of a workbook by name."""
    with ZipFile(path) as book:
        listed = _parsed(book, "workbook").iterfind("m:sheets/m:sheet", NAMES)
        return {
            sheet.attrib["name"]: _parsed(book, f"worksheets/sheet{number}") for number, sheet in enumerate(listed, 1)
        }


def _parsed(book: ZipFile, part: str) -> ElementTree.Element:
    return ElementTree.fromstring(book.read(f"xl/{part}.xml"))  # noqa: S314 - our own file


def cells(sheet: ElementTree.Element) -> list[dict[str, str | float]]:
    """Rows of a sheet as values by column letter; a formula is a failure."""
    assert sheet.find(".//m:f", NAMES) is None
    return [
        {re.sub(r"\d", "", cell.attrib["r"]): _value(cell) for cell in row}
        for row in sheet.iterfind("m:sheetData/m:row", NAMES)
    ]


def _value(cell: ElementTree.Element) -> str | float:
    if cell.attrib.get("t") == "inlineStr":
        return cell.findtext("m:is/m:t", "", NAMES)
    assert "t" not in cell.attrib
    return float(cell.findtext("m:v", "", NAMES))


async def test_csv_is_read_back_as_it_was_written(tmp_path: Path) -> None:
    (path,) = await made(tmp_path, ROWS, table())
    assert csv_rows(path) == [
        ["Уақыты", "'=Шот", "Сома", "Валюта"],
        ["2026-11-24 14:32:07", "INV;1", "25000,50", "KZT"],
        ["2026-11-24 14:33:00", "“Ә ғ қ”\" ,'-1", "-0,07", ""],
    ]


async def test_csv_is_cut_as_the_country_cuts_it(tmp_path: Path) -> None:
    (path,) = await made(tmp_path, ROWS, table(comma=False))
    assert csv_rows(path, ",")[1] == ["2026-11-24 14:32:07", "INV;1", "25000.50", "KZT"]


async def test_xlsx_has_typed_cells_a_frozen_header_a_filter_and_totals(tmp_path: Path) -> None:
    (path,) = await made(tmp_path, ROWS, table(Format.XLSX), [["KZT", 2, 2_500_043]])
    found = sheets(path)
    assert list(found) == ["Операциялар", "Қорытынды"]
    head, first, second = cells(found["Операциялар"])
    assert head == {"A": "Уақыты", "B": "=Шот", "C": "Сома", "D": "Валюта"}
    shown = EPOCH + timedelta(days=float(first.pop("A")), milliseconds=1)
    assert f"{shown:%Y-%m-%d %H:%M:%S}" == ROWS[0][0]
    assert first == {"B": "INV;1", "C": 25000.5, "D": "KZT"}
    assert (second["B"], second["C"], "D" in second) == ('“Ә ғ қ”" ,-1', -0.07, False)
    assert cells(found["Қорытынды"])[1] == {"A": "KZT", "B": 2.0, "C": 25000.43}
    sheet = found["Операциялар"]
    pane, filtered = sheet.find(".//m:pane", NAMES), sheet.find("m:autoFilter", NAMES)
    assert pane is not None
    assert filtered is not None
    assert (pane.attrib["ySplit"], pane.attrib["state"], filtered.attrib["ref"]) == ("1", "frozen", "A1:D3")
    assert [column.attrib["width"][:2] for column in sheet.iterfind("m:cols/m:col", NAMES)] == ["20", "18", "14", "12"]


async def test_a_sheet_that_is_full_goes_on_on_another(tmp_path: Path) -> None:
    rows = [["2026-11-24 14:32:07", str(number), number, "KZT"] for number in range(25)]
    (path,) = await made(tmp_path, rows, table(Format.XLSX, sheet_rows=11))
    found = sheets(path)
    assert list(found) == ["Операциялар", "Операциялар 2", "Операциялар 3", "Қорытынды"]
    numbers = [cell["B"] for name in list(found)[:3] for cell in cells(found[name])[1:]]
    assert numbers == [str(number) for number in range(25)]
    assert [len(cells(found[name])) for name in found] == [11, 11, 6, 1]


@pytest.mark.parametrize("format_", list(Format))
async def test_files_are_split_below_the_limit_and_lose_nothing(tmp_path: Path, format_: Format) -> None:
    limit = 60_000
    rows = [["2026-11-24 14:32:07", f"{number * 7919 % 100_003:09x}", number, "KZT"] for number in range(8000)]
    paths = await made(tmp_path, rows, table(format_, limit=limit), [["KZT", 8000, 0]])
    assert len(paths) > 2
    assert all(path.stat().st_size <= limit for path in paths)
    assert all(path.stat().st_size > limit / 2 for path in paths[:-1])
    if format_ is Format.CSV:
        read = [row[1] for path in paths for row in csv_rows(path)[1:]]
    else:
        read = [str(row["B"]) for path in paths for row in cells(sheets(path)["Операциялар"])[1:]]
        assert ["Қорытынды" in sheets(path) for path in paths] == [False] * (len(paths) - 1) + [True]
    assert read == [row[1] for row in rows]


@pytest.mark.parametrize("format_", list(Format))
async def test_an_empty_table_is_a_header(tmp_path: Path, format_: Format) -> None:
    (path,) = await made(tmp_path, [], table(format_))
    head = csv_rows(path) if format_ is Format.CSV else cells(sheets(path)["Операциялар"])
    assert len(head) == 1


TEXTS = st.text(max_size=30) | st.builds(
    str.__add__, st.sampled_from(["=", "+", "-", "@", "\t", "\r", "\n", "\0", " =", "＝", "'="]), st.text(max_size=10)
)


@given(texts=st.lists(TEXTS, min_size=4, max_size=4), title=TEXTS)
@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_cell_of_csv_is_ever_a_formula(tmp_path: Path, texts: list[str], title: str) -> None:
    """In every column, heading and cell, also for a reader that cuts the line at the other sign."""
    files = CsvFiles(table(columns=(Column(title),) * 4), tmp_path)
    files.add(texts)
    files.finish([])
    head, row = csv_rows(files.paths[0])
    for cell in (*head, *row):
        assert cell[:1] not in {*"=+-@＝＋－＠\0\t\r\n"}
    for cell in (cell for line in csv_rows(files.paths[0], ",", strict=False) for cell in line):
        assert cell.lstrip()[:1] not in {*"=+-@"}
    assert [cell.replace("'", "") for cell in row] == [seen(text) for text in texts]


def seen(text: str) -> str:
    """The text without apostrophes, and with a space for every control character."""
    shown = text.encode("utf-8", "replace").decode().replace("'", "")
    return "".join(" " if category(sign) in {"Cc", "Zl", "Zp"} else sign for sign in shown)


@given(texts=st.lists(TEXTS, min_size=4, max_size=4))
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_cell_of_xlsx_is_ever_a_formula_a_link_or_a_number(tmp_path: Path, texts: list[str]) -> None:
    files = XlsxFiles(table(Format.XLSX, columns=(Column("a"),) * 4), tmp_path)
    files.add([text.encode("utf-8", "replace").decode() for text in texts])
    files.finish([])
    row = cells(sheets(files.paths[0])["Операциялар"])[1:]
    assert all(isinstance(value, str) for one in row for value in one.values())


@pytest.mark.parametrize(("hundredths", "written"), [(0, "0,00"), (5, "0,05"), (-5, "-0,05"), (-12_345, "-123,45")])
def test_money_is_a_number_to_the_tiyn(hundredths: int, written: str) -> None:
    assert money(hundredths, ",") == written


def test_what_is_no_formula_stays_as_it_is() -> None:
    assert [harmless(text) for text in ("", "a=1", "7 701", "5-3")] == ["", "a=1", "7 701", "5-3"]
    assert harmless("+7 701") == "'+7 701"


@pytest.fixture
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where temporary files go."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    return tmp_path


async def test_nothing_is_left_on_the_disk(folders: Path) -> None:
    async with making(table()) as making_:
        (path,) = await making_.finish([])
        assert path.parent.parent == folders
        assert path.parent.stat().st_mode & 0o077 == 0
    with pytest.raises(ZeroDivisionError):
        await interrupted()
    assert not await asyncio.to_thread(os.listdir, folders)


async def interrupted() -> None:
    async with making(table(Format.XLSX)) as making_:
        await making_.add(ROWS)
        raise ZeroDivisionError


async def test_a_process_that_dies_is_an_error_and_the_next_table_is_made(tmp_path: Path) -> None:
    with pytest.raises(NotMade):
        await shot(signal.SIGKILL)
    assert len(await made(tmp_path, ROWS, table())) == 1


async def test_a_process_that_hangs_is_given_up() -> None:
    with pytest.raises(NotMade, match="does not end"):
        await shot(signal.SIGSTOP)


async def shot(by: signal.Signals) -> None:
    """A table whose process meets with this signal."""
    async with making(table(), patience=timedelta(milliseconds=50)) as making_:
        os.kill(making_.worker.pid, by)
        await making_.add(ROWS)
        await making_.finish([])


async def test_what_cannot_be_written_is_an_error_without_anybodys_words(tmp_path: Path) -> None:
    with pytest.raises(NotMade) as caught:
        await made(tmp_path, [["canary", "canary", 5, "KZT"]], table(Format.XLSX))
    assert "ValueError at" in str(caught.value)
    assert "canary" not in str(caught.value)
