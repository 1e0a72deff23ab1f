"""What a picture shows: numbers and words ready to be drawn, and their way through a pipe."""

import json
from dataclasses import asdict, dataclass
from typing import Any


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
        return _to_json(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class BandChart:
    """What was `seen`, a bar a tick, in front of the usual range of each bar, `low` to `high`.

    `alarms` (from, to) and `marks` are places along the bars, 0 where the first begins and 1 where it ends; `told`
    explains them. Texts as those of a Chart.
    """

    title: str
    period: str
    ticks: tuple[str, ...]
    seen: Bars
    usual: str
    low: tuple[int, ...]
    high: tuple[int, ...]
    alarms: tuple[tuple[float, float], ...]
    marks: tuple[float, ...]
    told: str
    nothing: str

    def to_json(self) -> bytes:
        return _to_json(self)


def from_json(given: bytes) -> Chart | BandChart:
    """The picture that was given to the pipe."""
    fields = json.loads(given)
    kind = {one.__name__: one for one in (Chart, BandChart)}[fields.pop("kind")]
    return kind(**{name: _value(value) for name, value in fields.items()})


def _to_json(chart: Chart | BandChart) -> bytes:
    fields = {"kind": type(chart).__name__, **asdict(chart)}
    return json.dumps(fields, ensure_ascii=False).encode("utf-8", "replace")


def _value(given: Any) -> Any:
    if isinstance(given, dict):
        return Bars(given["words"], tuple(given["counts"]))
    return tuple(map(_value, given)) if isinstance(given, list) else given
