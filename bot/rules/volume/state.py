"""A detector's memory as one blob: JSON for the small things, packed doubles for the long lists, compressed.

Doubles are kept whole, so a detector that is loaded goes on exactly as the one that was dumped.
"""

import json
import zlib
from array import array
from base64 import b64decode, b64encode
from typing import Any

from bot.rules.volume.amounts import Amounts
from bot.rules.volume.backoff import BackOff
from bot.rules.volume.bursts import Bursts
from bot.rules.volume.extremes import Extremes
from bot.rules.volume.failures import Failures
from bot.rules.volume.history import History
from bot.rules.volume.incidents import Incidents, Opened
from bot.rules.volume.learner import Block, Learner, Today
from bot.rules.volume.level import DayLevel
from bot.rules.volume.rate import RateTable
from bot.rules.volume.scan import Row
from bot.rules.volume.season import DayPlan, DayRecord, Season
from bot.rules.volume.silence import Silence
from bot.rules.volume.spread import Spread

VERSION = 3
CLASSES: tuple[type, ...] = (
    *(Learner, History, Season, RateTable, DayRecord, DayPlan, Spread, Extremes, DayLevel, Bursts, Silence, Failures),
    *(Amounts, Today, Block, Incidents, Opened, BackOff, Row),
)
LONG = 24  # lists of numbers from this length are packed


def dump(parts: dict[str, object]) -> bytes:
    """The blob of these parts; each is plain data or an object of plain data."""
    text = json.dumps([VERSION, {k: _plain(v) for k, v in parts.items()}], separators=(",", ":"))
    return zlib.compress(text.encode(), 6)


def load(blob: bytes) -> dict[str, Any]:
    """The parts again, with objects of no other than CLASSES. Raises ValueError for a foreign blob."""
    try:
        version, parts = json.loads(zlib.decompress(blob))
    except (zlib.error, ValueError, TypeError) as error:
        raise ValueError("not a volume state") from error
    if version != VERSION:
        raise ValueError(f"volume state of version {version}, not {VERSION}")
    known = {c.__name__: c for c in CLASSES}
    return {k: _object(v, known) for k, v in parts.items()}


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, int | float | str):
        return value
    if isinstance(value, list):
        if len(value) >= LONG and all(type(x) is float for x in value):
            return {"f": b64encode(array("d", value).tobytes()).decode()}
        return [_plain(x) for x in value]
    if isinstance(value, dict):
        return {"d": {k: _plain(v) for k, v in value.items()}}
    if isinstance(value, frozenset):
        return {"s": sorted(value)}
    if type(value) is tuple:
        return {"t": [_plain(x) for x in value]}
    names = getattr(value, "_fields", None) or getattr(type(value), "__slots__", None) or vars(value)
    return {"c": type(value).__name__, "a": {k: _plain(getattr(value, k)) for k in names}}


def _object(value: Any, known: dict[str, type]) -> Any:
    if isinstance(value, list):
        return [_object(x, known) for x in value]
    if not isinstance(value, dict):
        return value
    if "c" in value:
        return _instance(known[value["c"]], {k: _object(v, known) for k, v in value["a"].items()})
    if "f" in value:
        return array("d", b64decode(value["f"])).tolist()
    if "d" in value:
        return {k: _object(v, known) for k, v in value["d"].items()}
    if "s" in value:
        return frozenset(value["s"])
    return tuple(_object(x, known) for x in value["t"])


def _instance(cls: type, attributes: dict[str, Any]) -> Any:
    if issubclass(cls, tuple):
        return cls(**attributes)
    made = cls.__new__(cls)
    for name, value in attributes.items():
        setattr(made, name, value)
    return made
