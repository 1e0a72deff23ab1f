"""The bot under everything that goes wrong outside it: `make faults`. A row is one function; `ROWS` lists them."""

from benchmarks.faults.rows import ROWS, Row

__all__ = ["ROWS", "Row"]
