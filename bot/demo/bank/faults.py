"""What goes wrong, when: named faults and the plan that hands them out. How a fault looks on the wire is in `wire`."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from random import Random

INSTEAD = {
    "unauthorized": 401,
    "forbidden": 403,
    "not_found": 404,
    "conflict": 409,
    "too_many": 429,
    "server_error": 500,
    "bad_gateway_html": 502,
    "maintenance": 503,
    "gateway_timeout": 504,
    "redirect": 307,
    "empty_200": 200,
    "error_in_200": 200,
    "huge_body": 200,
    "reset": 0,
}
RESHAPING = frozenset({"duplicate_rows", "wrong_total", "null_records", "numbers_as_strings", "extra_fields"})
ON_THE_WIRE = frozenset({"reset_mid_body", "truncated_json", "wrong_content_type", "slow_headers", "slow_body", "gzip"})
NAMES = (*INSTEAD, *sorted(RESHAPING), *sorted(ON_THE_WIRE))
SURVIVABLE = (
    "unauthorized",
    "too_many",
    "server_error",
    "bad_gateway_html",
    "maintenance",
    "gateway_timeout",
    "empty_200",
    "reset",
    *sorted(RESHAPING),
    *sorted(ON_THE_WIRE),
)


@dataclass(frozen=True, slots=True)
class Fault:
    """One mishap of one request. Made by the functions below, or `Fault(name)` with one of NAMES.

    `delay` in seconds is only for the slow ones; `retry_after` and `location` are headers as sent; `size` in bytes.
    """

    name: str
    delay: float = 0.2
    retry_after: str | None = None
    location: str = "http://elsewhere.example/"
    size: int = 20_000_000

    def __post_init__(self) -> None:
        if self.name not in NAMES:
            raise ValueError(f"no such fault: {self.name}")

    @property
    def replaces(self) -> bool:
        """The request is not even looked at."""
        return self.name in INSTEAD

    @classmethod
    def unauthorized(cls) -> "Fault":
        return cls("unauthorized")

    @classmethod
    def forbidden(cls) -> "Fault":
        return cls("forbidden")

    @classmethod
    def not_found(cls) -> "Fault":
        return cls("not_found")

    @classmethod
    def conflict(cls) -> "Fault":
        return cls("conflict")

    @classmethod
    def too_many(cls, retry_after: str | None = None) -> "Fault":
        return cls("too_many", retry_after=retry_after)

    @classmethod
    def server_error(cls) -> "Fault":
        return cls("server_error")

    @classmethod
    def bad_gateway_html(cls) -> "Fault":
        return cls("bad_gateway_html")

    @classmethod
    def maintenance(cls, retry_after: str | None = None) -> "Fault":
        return cls("maintenance", retry_after=retry_after)

    @classmethod
    def gateway_timeout(cls) -> "Fault":
        return cls("gateway_timeout")

    @classmethod
    def redirect(cls, location: str) -> "Fault":
        return cls("redirect", location=location)

    @classmethod
    def empty_200(cls) -> "Fault":
        return cls("empty_200")

    @classmethod
    def error_in_200(cls) -> "Fault":
        return cls("error_in_200")

    @classmethod
    def huge_body(cls, size: int = 20_000_000) -> "Fault":
        return cls("huge_body", size=size)

    @classmethod
    def reset(cls) -> "Fault":
        """The connection is cut before any answer."""
        return cls("reset")

    @classmethod
    def reset_mid_body(cls) -> "Fault":
        return cls("reset_mid_body")

    @classmethod
    def truncated_json(cls) -> "Fault":
        return cls("truncated_json")

    @classmethod
    def wrong_content_type(cls) -> "Fault":
        return cls("wrong_content_type")

    @classmethod
    def slow_headers(cls, delay: float = 0.2) -> "Fault":
        return cls("slow_headers", delay=delay)

    @classmethod
    def slow_body(cls, delay: float = 0.2) -> "Fault":
        return cls("slow_body", delay=delay)

    @classmethod
    def gzip(cls) -> "Fault":
        return cls("gzip")

    @classmethod
    def duplicate_rows(cls) -> "Fault":
        return cls("duplicate_rows")

    @classmethod
    def wrong_total(cls) -> "Fault":
        return cls("wrong_total")

    @classmethod
    def null_records(cls) -> "Fault":
        return cls("null_records")

    @classmethod
    def numbers_as_strings(cls) -> "Fault":
        return cls("numbers_as_strings")

    @classmethod
    def extra_fields(cls) -> "Fault":
        return cls("extra_fields")


@dataclass(slots=True)
class Faults:
    """The plan. Endpoints are "token", "list", "check", or "any"; a scripted fault goes before a random one.

    `down` cuts every connection; so does any instant before `down_until` (on the bank's clock).
    With `probability` each request draws one of `kinds`, by default those a correct client gets over by asking again.
    """

    probability: float = 0.0
    seed: int = 0
    kinds: Sequence[str] = SURVIVABLE
    delay: float = 0.2
    down: bool = False
    down_until: datetime | None = None
    _queues: dict[str, deque[Fault | None]] = field(default_factory=dict)
    _numbered: dict[tuple[str, int], Fault] = field(default_factory=dict)
    _always: dict[str, Fault] = field(default_factory=dict)
    _counts: dict[str, int] = field(default_factory=dict)
    _rng: Random = field(init=False)

    def __post_init__(self) -> None:
        self._rng = Random(self.seed)

    def next(self, endpoint: str, *faults: Fault | None) -> None:
        """The coming requests of this endpoint get these, one each; None lets one pass unharmed."""
        self._queues.setdefault(endpoint, deque()).extend(faults)

    def at(self, endpoint: str, number: int, fault: Fault) -> None:
        """The endpoint's request with this number (the first is 1) gets the fault."""
        self._numbered[endpoint, number] = fault

    def always(self, endpoint: str, fault: Fault | None) -> None:
        """Every request until told otherwise; None ends it."""
        if fault is None:
            self._always.pop(endpoint, None)
        else:
            self._always[endpoint] = fault

    def clear(self) -> None:
        """Back to a healthy bank; counts of requests go on."""
        self._queues.clear()
        self._numbered.clear()
        self._always.clear()
        self.probability, self.down, self.down_until = 0.0, False, None

    def take(self, endpoint: str, now: datetime) -> Fault | None:
        """The fault of this request, which counts as one."""
        keys = (endpoint, "any")
        for key in keys:
            self._counts[key] = self._counts.get(key, 0) + 1
        if self.down or (self.down_until is not None and now < self.down_until):
            return Fault.reset()
        for key in keys:
            if numbered := self._numbered.pop((key, self._counts[key]), None):
                return numbered
        for key in keys:
            if queue := self._queues.get(key):
                return queue.popleft()
        for key in keys:
            if key in self._always:
                return self._always[key]
        return self._random(endpoint)

    def _random(self, endpoint: str) -> Fault | None:
        """A 401 for a token would say "wrong password", which no client should get over: it becomes a 500."""
        if not self.probability or self._rng.random() >= self.probability:
            return None
        name = self._rng.choice(self.kinds)
        if endpoint == "token" and name == "unauthorized":
            name = "server_error"
        return Fault(name, delay=self.delay)
