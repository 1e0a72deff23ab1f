"""What a picture shows: numbers and words ready to be drawn, and their way through a pipe."""

import json
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Bars:
    """One colour of the picture: what it stands for, with its sums, and a number a bar."""

    words: str
    counts: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """Paid and failed as stacked bars over `ticks` (a text a bar, "" for none), paid earlier as a curve behind.

    All texts are in the reader's language and may be anything; what the font cannot draw is left out.
    """

    title: str
    period: str
    ticks: tuple[str, ...]
    paid: Bars
    failed: Bars
    before: Bars
    nothing: str

    def to_json(self) -> bytes:
        return json.dumps(asdict(self), ensure_ascii=False).encode("utf-8", "replace")

    @classmethod
    def from_json(cls, given: bytes) -> "Chart":
        fields = json.loads(given)
        for name in ("paid", "failed", "before"):
            fields[name] = Bars(fields[name]["words"], tuple(fields[name]["counts"]))
        return cls(**fields | {"ticks": tuple(fields["ticks"])})
