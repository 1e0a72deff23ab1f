"""How the program does: METRICS, when each loop last did well, how often it came round. In memory, one a run."""

import time
from collections import Counter as Tally
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

TELEGRAM = "telegram"
_SECONDS = (1, 2, 5, 10, 20, 30, 60, 120, 300, 900, 3600, 86400)


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric under its exposed name. `kind`: counter, gauge or histogram (of seconds)."""

    name: str
    kind: str
    labels: tuple[str, ...]
    means: str


METRICS = (
    Metric("epay_bot_polls_total", "counter", ("merchant", "outcome"), "Polls of the bank: ok, lost, error"),
    Metric("epay_bot_poll_age_seconds", "gauge", ("merchant",), "Since the last good poll, or since the start"),
    Metric("epay_bot_updates_age_seconds", "gauge", (), "Since Telegram last gave updates, or since the start"),
    Metric("epay_bot_operations", "gauge", ("merchant", "outcome"), "Operations in the store"),
    Metric("epay_bot_lag_seconds", "histogram", (), "From a failure's time at the bank to its alert sent"),
    Metric("epay_bot_outbox_waiting", "gauge", (), "Messages that wait to be sent"),
    Metric("epay_bot_outbox_age_seconds", "gauge", (), "Age of the oldest of them, 0 for none"),
    Metric("epay_bot_sends_total", "counter", ("outcome",), "Sends: ok, uncertain, blocked, 429, unreachable, dead"),
    Metric("epay_bot_job_errors_total", "counter", ("job",), "Runs of a job that failed or took too long"),
    Metric("epay_bot_job_skips_total", "counter", ("job",), "Ticks left out: the run before was still going"),
    Metric("epay_bot_loop_restarts_total", "counter", ("loop",), "Loops restarted because they no longer came round"),
    Metric("epay_bot_sums_rebuilt_total", "counter", ("table",), "Stored sums that did not equal a recount, made anew"),
    Metric("epay_bot_incidents_open", "gauge", ("merchant",), "Incidents that go on"),
    Metric("epay_bot_database_queue", "gauge", (), "Changes that wait for the database's one writer"),
)
_KINDS: dict[str, Callable[..., Counter | Gauge | Histogram]] = {
    "counter": Counter,
    "gauge": Gauge,
    "histogram": partial(Histogram, buckets=_SECONDS),
}


class Vitals:
    """The metrics of one run. `clock`: seconds that no change of the wall clock moves."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._began = clock()
        self._registry = CollectorRegistry()
        self._metrics = {
            known.name: _KINDS[known.kind](known.name, known.means, known.labels, registry=self._registry)
            for known in METRICS
        }
        self._good: dict[str, float] = {}
        self._rounds: Tally[str] = Tally()

    def count(self, name: str, *labels: str) -> None:
        """One more. Raises KeyError for a metric that is not in METRICS."""
        metric = self._metrics[name]
        assert isinstance(metric, Counter)
        (metric.labels(*labels) if labels else metric).inc()

    def put(self, name: str, value: float, *labels: str) -> None:
        """What it is now."""
        metric = self._metrics[name]
        assert isinstance(metric, Gauge)
        (metric.labels(*labels) if labels else metric).set(value)

    def clear(self, name: str) -> None:
        """Forgets what was put under any label."""
        self._metrics[name].clear()

    def observe(self, name: str, seconds: float) -> None:
        """One more measured time."""
        metric = self._metrics[name]
        assert isinstance(metric, Histogram)
        metric.observe(seconds)

    def did_well(self, loop: str) -> None:
        """The loop has just done what it is for."""
        self._good[loop] = self._clock()

    def bad_for(self, loop: str) -> float:
        """Seconds since the loop last did well, or since the start."""
        return self._clock() - self._good.get(loop, self._began)

    def has_done_well(self, loop: str) -> bool:
        """Whether it did, once since the start."""
        return loop in self._good

    def came_round(self, loop: str) -> None:
        """The loop has ended a round by itself, well or not: it is not stalled."""
        self._rounds[loop] += 1

    def rounds(self, loop: str) -> int:
        """How often the loop has come round since the start."""
        return self._rounds[loop]

    def exposition(self) -> bytes:
        """Everything as Prometheus reads it."""
        return generate_latest(self._registry)
