"""One merchant's rows in (created_at, id) order, found by time and by id."""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterator
from datetime import datetime

from bot.demo.bank.truth import TruthRow

_FEW = 64


class Ledger:
    """Keeps rows sorted whatever order they come in."""

    def __init__(self) -> None:
        self._keys: list[tuple[datetime, str]] = []
        self._rows: dict[str, TruthRow] = {}
        self._invoices: dict[str, list[str]] = {}

    def __len__(self) -> int:
        return len(self._rows)

    def insert(self, rows: list[TruthRow]) -> None:
        keys = [(row.created_at, row.id) for row in rows]
        if len(keys) > _FEW:
            self._keys += keys
            self._keys.sort()
        else:
            for key in keys:
                insort(self._keys, key)
        for row in rows:
            self._rows[row.id] = row
            self._invoices.setdefault(row.invoice_id, []).append(row.id)

    def replace(self, row: TruthRow) -> None:
        """The same row in another state; its creation time and invoice stay."""
        self._rows[row.id] = row

    def remove(self, row: TruthRow) -> None:
        del self._keys[bisect_left(self._keys, (row.created_at, row.id))]
        del self._rows[row.id]
        self._invoices[row.invoice_id].remove(row.id)

    def find(self, row_id: str) -> TruthRow | None:
        return self._rows.get(row_id)

    def between(self, first: datetime, last: datetime) -> Iterator[TruthRow]:
        """Rows created from `first` to `last`, both included."""
        low, high = bisect_left(self._keys, (first, "")), bisect_right(self._keys, (last, "~"))
        rows = self._rows
        return (rows[row_id] for _, row_id in self._keys[low:high])

    def of_invoice(self, invoice_id: str) -> list[TruthRow]:
        return [self._rows[row_id] for row_id in self._invoices.get(invoice_id, [])]

    def all(self) -> Iterator[TruthRow]:
        rows = self._rows
        return (rows[row_id] for _, row_id in self._keys)
