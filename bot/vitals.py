"""How the program does: METRICS, when each loop last did well, how often it came round. In memory, one a run."""

import time
from collections import Counter as Tally
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

TELEGRAM = "telegram"
OTHER = "other"
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
_LABELS = {known.name: known.labels for known in METRICS}
_KINDS: dict[str, Callable[..., Counter | Gauge | Histogram]] = {
    "counter": Counter,
    "gauge": Gauge,
    "histogram": partial(Histogram, buckets=_SECONDS),
}


class Labels:
    """How merchants are named in metrics: the first `most` by their ids, all others as OTHER, so that series stay few.

    Without merchants everybody is named.
    """

    def __init__(self, merchants: Sequence[str] = (), most: int = 0) -> None:
        self._shown, self._hidden = frozenset(merchants[:most]), frozenset(merchants[most:])
        self._all = not merchants

    def merchant(self, merchant_id: str) -> str:
        """OTHER too for one that is only in the store any more."""
        return merchant_id if self._all or merchant_id in self._shown else OTHER

    def job(self, name: str) -> str:
        """A job or loop of a merchant, like `poll shop`."""
        kind, _, piece = name.partition(" ")
        return f"{kind} {OTHER}" if piece in self._hidden else name


class Vitals:
    """The metrics of one run. `clock`: seconds that no change of the wall clock moves."""

    def __init__(self, clock: Callable[[], float] = time.monotonic, labels: Labels | None = None) -> None:
        self._clock = clock
        self.labels = labels or Labels()
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
        (metric.labels(*self._bounded(name, labels)) if labels else metric).inc()

    def put(self, name: str, value: float, *labels: str) -> None:
        """What it is now; merchants are named by the caller, who knows how several become one."""
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

    def _bounded(self, name: str, labels: Sequence[str]) -> list[str]:
        bounds = {"merchant": self.labels.merchant, "job": self.labels.job, "loop": self.labels.job}
        return [bounds.get(kind, str)(label) for kind, label in zip(_LABELS[name], labels, strict=True)]

    def exposition(self) -> bytes:
        """Everything as Prometheus reads it."""
        return generate_latest(self._registry)
