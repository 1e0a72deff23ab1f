"""Several replicas under everything that goes wrong among them: `make faults-cluster`. `ROWS` lists it."""

from benchmarks.replicas.rows import ROWS, Row

__all__ = ["ROWS", "Row"]
