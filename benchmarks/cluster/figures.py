"""What a run has cost, and how far behind it was: from the kernel, the database and the replicas' own metrics."""

import os
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import psycopg

from bot.demo.bank import World

_TICKS = os.sysconf("SC_CLK_TCK")
_SAMPLE = re.compile(r"^(\w+)(?:\{(.*)\})? (\S+)$", re.MULTILINE)
_LABEL = re.compile(r'(\w+)="([^"]*)"')
_STORED = """
    SELECT id, EXTRACT(EPOCH FROM pg_xact_commit_timestamp(xmin)) FROM operation WHERE created_at >= %s
    AND created_at < %s
"""


@dataclass(frozen=True, slots=True)
class Lags:
    """Seconds from the bank listing an operation to it being stored, by merchant; how many were and never were."""

    by_merchant: Mapping[str, Sequence[float]]
    stored: int
    lost: int

    @property
    def all(self) -> list[float]:
        return sorted(lag for lags in self.by_merchant.values() for lag in lags)

    @property
    def worst(self) -> float:
        """The 95th percentile of the merchant that has waited longest."""
        return max((share(sorted(lags), 0.95) for lags in self.by_merchant.values()), default=0)


def lags(url: str, world: World, start: datetime, end: datetime) -> Lags:
    """Of what was made in [start, end). What has changed since was written again, so it is only looked for."""
    first, last = (int(at.timestamp() * 1_000_000) for at in (start, end))
    with psycopg.connect(url) as connection:
        stored = {id_: float(at) for id_, at in connection.execute(_STORED, (first, last)) if at is not None}
    found: defaultdict[str, list[float]] = defaultdict(list)
    kept = lost = 0
    for merchant in world.merchants:
        for row in world.ledger(merchant.id).between(start, end):
            if row.created_at >= end or row.hidden_at:
                continue
            kept, lost = kept + (row.id in stored), lost + (row.id not in stored)
            if row.id in stored and len(row.changes) == 1:
                found[merchant.id].append(stored[row.id] - max(row.created_at, row.visible_at).timestamp())
    return Lags(found, kept, lost)


def share(values: Sequence[float], part: float) -> float:
    """The value below which this part of the sorted values lies."""
    return values[min(int(len(values) * part), len(values) - 1)] if values else 0.0


def cpu(pid: int) -> float:
    """Seconds a process and the children it waited for have used."""
    words = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return sum(map(int, words[11:15])) / _TICKS


def cpu_of_server(data: str) -> float:
    """The same of a PostgreSQL server with all of its processes."""
    pid = int(Path(data, "postmaster.pid").read_text(encoding="utf-8").split()[0])
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="utf-8").split()
    return cpu(pid) + sum(cpu(int(child)) for child in children)


def memory(pid: int) -> float:
    """Resident megabytes."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    return next(int(line.split()[1]) / 1000 for line in status.splitlines() if line.startswith("VmRSS"))


Metrics = Counter[tuple[str, tuple[tuple[str, str], ...]]]


def read_metrics(text: str) -> Metrics:
    """Every sample by name and labels."""
    samples: Metrics = Counter()
    for name, labels, value in _SAMPLE.findall(text):
        samples[name, tuple(sorted(_LABEL.findall(labels)))] += float(value)  # type: ignore[assignment]
    return samples


def polls(metrics: Metrics, merchants: Iterable[str]) -> dict[str, int]:
    """Good polls of each merchant."""
    return {one: int(metrics["epay_bot_polls_total", (("merchant", one), ("outcome", "ok"))]) for one in merchants}


def below(metrics: Metrics, part: float) -> str:
    """The bucket of the time from failure to sent that holds this part of all."""
    name = "epay_bot_lag_seconds_bucket"
    buckets = sorted((float(labels[0][1]), count) for (known, labels), count in metrics.items() if known == name)
    total = buckets[-1][1] if buckets else 0
    bound = next((bound for bound, count in buckets if count >= part * total), 0.0)
    return f"≤{bound:g} s" if total else "-"
