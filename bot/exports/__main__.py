"""The process that writes: a Table, then rows in frames, then the totals; it answers with what it has written."""

import json
import sys
from pathlib import Path

from bot.exports.csv_files import CsvFiles
from bot.exports.table import Format, Table
from bot.exports.xlsx_files import XlsxFiles
from bot.workers import DONE, FAILED, complaint, read_frame, write_frame


def write(folder: Path) -> list[str]:
    """Names of the files written, in order. Raises OSError, and EOFError when the bot has hung up."""
    table = Table.from_json(_frame())
    files = (CsvFiles if table.format is Format.CSV else XlsxFiles)(table, folder)
    while isinstance(rows := json.loads(_frame()), list):
        for row in rows:
            files.add(row)
    files.finish(rows["totals"])
    return [path.name for path in files.paths]


def _frame() -> bytes:
    frame = read_frame(sys.stdin.buffer)
    if frame is None:
        raise EOFError
    return frame


def main() -> None:
    try:
        state, answer = DONE, json.dumps(write(Path(sys.argv[1]))).encode()
    except EOFError:
        return
    except Exception as error:
        state, answer = FAILED, complaint(error)
    write_frame(sys.stdout.buffer, state, answer)


if __name__ == "__main__":
    main()
