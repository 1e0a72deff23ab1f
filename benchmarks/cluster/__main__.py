"""`make bench-cluster`: a line a number of merchants, at the same operations a second of all or of each.

Exit code 1 on a miss.
"""

import argparse
import asyncio
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import aiohttp
import psycopg

from benchmarks.cluster import figures
from benchmarks.cluster.figures import Lags, Metrics
from benchmarks.cluster.outside import Plan, Scene, now, scene
from bot.config.sections import Polling

DRAIN = 45.0
TWO_POLLS = 2 * Polling().interval.total_seconds()
HEAD = (
    "merchants | op/s | stored | lost | lag p50 / p95 / max s | worst merchant p95 | failure to sent p50 / p95 | "
    "polls a merchant min / max of expected | CPU ms/op: replicas + database (bank) | replica CPU % | MB each | "
    "bytes/op"
)


@dataclass(frozen=True, slots=True)
class Spent:
    """CPU seconds until now."""

    replicas: tuple[float, ...]
    database: float
    bank: float

    @classmethod
    def until_now(cls, on: Scene) -> "Spent":
        return cls(
            tuple(figures.cpu(one.pid) for one in on.replicas),
            figures.cpu_of_server(on.server.data),
            figures.cpu(on.bank.pid),
        )


@dataclass(frozen=True, slots=True)
class Measured:
    """One run between `start` and `end`."""

    plan: Plan
    start: datetime
    end: datetime
    spent: tuple[Spent, Spent]
    metrics: tuple[Metrics, Metrics]
    memory: Sequence[float]
    lags: Lags
    bytes_each: float

    @property
    def seconds(self) -> float:
        return (self.end - self.start).total_seconds()

    @property
    def polls(self) -> list[int]:
        """Of each merchant."""
        names = [f"m{number:04d}" for number in range(1, self.plan.merchants + 1)]
        before, after = (figures.polls(one, names) for one in self.metrics)
        return sorted(after[name] - before[name] for name in names)

    @property
    def is_good(self) -> bool:
        """Nothing is lost, nobody starves, and nineteen of twenty are there before the second poll."""
        expected = self.seconds / Polling().interval.total_seconds()
        return self.lags.lost == 0 and self.polls[0] >= expected / 2 and figures.share(self.lags.all, 0.95) < TWO_POLLS

    def line(self) -> str:
        before, after = self.spent
        stored = self.lags.all
        count = max(self.lags.stored, 1)
        own = [late - early for early, late in zip(before.replicas, after.replicas, strict=True)]
        per = [f"{1000 * value / count:.2f}" for value in (sum(own), after.database - before.database)]
        bank = 1000 * (after.bank - before.bank) / count
        polls, interval = self.polls, Polling().interval.total_seconds()
        percents = " ".join(f"{100 * one / self.seconds:.0f}" for one in own)
        p50, p95, most = (figures.share(stored, part) for part in (0.5, 0.95, 1))
        return " | ".join(
            (
                f"{self.plan.merchants}",
                f"{count / self.seconds:.0f}",
                f"{count}",
                f"{self.lags.lost}",
                f"{p50:.1f} / {p95:.1f} / {most:.1f}",
                f"{self.lags.worst:.1f}",
                f"{figures.below(self.metrics[1], 0.5)} / {figures.below(self.metrics[1], 0.95)}",
                f"{polls[0]} / {polls[-1]} of {self.seconds / interval:.0f}",
                f"{per[0]} + {per[1]} ({bank:.2f})",
                percents,
                " ".join(f"{one:.0f}" for one in self.memory),
                f"{self.bytes_each:.0f}",
            )
        )


async def run(plan: Plan, *, warm_up: float, seconds: float) -> Measured:
    """The plan for so many seconds, after a while in which everybody begins."""
    with TemporaryDirectory(prefix="epay-bot-cluster-") as folder:
        async with scene(Path(folder), plan) as on:
            try:
                await asyncio.sleep(warm_up)
                start, spent, metrics = now(), Spent.until_now(on), await _metrics(on)
                await asyncio.sleep(seconds)
                end, later = now(), Spent.until_now(on)
                memory = [figures.memory(one.pid) for one in on.replicas]
                known = await _metrics(on)
                await asyncio.sleep(DRAIN)
                on.world.advance_to(end + timedelta(minutes=1))
                lags = await asyncio.to_thread(figures.lags, on.url, on.world, start, end)
                size = await asyncio.to_thread(_bytes_each, on.url)
            finally:
                await asyncio.to_thread(_show_trouble, Path(folder))
            return Measured(plan, start, end, (spent, later), (metrics, known), memory, lags, size)


def _show_trouble(folder: Path) -> None:
    """What the replicas had to say."""
    for log in sorted(folder.glob("*.log")):
        lines = log.read_text(encoding="utf-8").splitlines()
        bad = [line for line in lines if any(level in line for level in ("warning", "error", "critical"))]
        sys.stderr.writelines(f"{log.name}: {line[:300]}\n" for line in bad[:10])


async def _metrics(on: Scene) -> Metrics:
    total: Metrics = Metrics()
    async with aiohttp.ClientSession() as http:
        for url in on.metrics:
            async with http.get(url) as answer:
                total += figures.read_metrics(await answer.text())
    return total


def _bytes_each(url: str) -> float:
    with psycopg.connect(url) as connection:
        row = connection.execute(
            "SELECT CAST(pg_database_size(current_database()) AS float8) / GREATEST(COUNT(*), 1) FROM operation"
        ).fetchone()
    return float(row[0]) if row else 0.0


async def main(arguments: argparse.Namespace) -> bool:
    print(HEAD)
    good = True
    for merchants in arguments.merchants:
        chats = merchants * arguments.chats
        rate = merchants * arguments.each if arguments.each else arguments.rate
        plan = Plan(merchants=merchants, rate=rate, chats=chats, replicas=arguments.replicas)
        measured = await run(plan, warm_up=arguments.warm_up, seconds=arguments.seconds)
        print(f"{'ok  ' if measured.is_good else 'MISS'} {measured.line()}", flush=True)
        good = good and measured.is_good
    return good


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="benchmarks.cluster", description=__doc__)
    parser.add_argument("--merchants", type=int, nargs="+", default=[10, 30, 100, 300])
    parser.add_argument("--rate", type=float, default=200, help="operations a second of all merchants")
    parser.add_argument("--each", type=float, help="operations a second of each merchant, instead of --rate")
    parser.add_argument("--chats", type=int, default=2, help="groups that hear of each merchant")
    parser.add_argument("--replicas", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--warm-up", type=float, default=90)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(not asyncio.run(main(_arguments())))
