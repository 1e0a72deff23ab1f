"""ROWS: every fault with what it may cost: nothing lost, nothing told twice without saying so, nothing out of order."""

from collections.abc import Callable
from dataclasses import dataclass

from benchmarks.replicas import database, namespaces, network, process, takeover
from benchmarks.replicas.under import Result
from benchmarks.table import Run


@dataclass(frozen=True, slots=True)
class Row:
    """`repeats`: whether marked ones may come. `silence`: the longest in which nothing is told, in seconds."""

    name: str
    run: Run[Result]
    repeats: bool = True
    silence: float = 15.0
    answer: float = 20.0
    missing: Callable[[], str] = lambda: ""

    def is_met(self, result: Result) -> bool:
        """Whether nothing was lost or told too often, and all was told in time."""
        seen = result.verdict
        in_time = seen.silence <= self.silence and seen.answer.most <= self.answer
        return seen.lost == 0 and in_time and (self.repeats or seen.repeats + seen.answered_twice == 0)


ROWS = (
    # Who has just taken over may be the next that is killed.
    Row("kill", process.kills, answer=60.0),
    # What a killed one had taken but not answered, another takes once its life of ten seconds is over.
    Row("webhook", process.posted, answer=30.0),
    Row("takeover", takeover.moments, answer=30.0),
    Row("sigterm", process.stops, repeats=False),
    Row("zombie", process.zombies),
    Row("clocks", process.wrong_clocks, repeats=False),
    # Once it is away for forty seconds.
    Row("database-stop", database.stops, silence=55.0, answer=60.0),
    Row("database-cut", network.cut_off),
    Row("database-silent", network.swallowed),
    Row("telegram-silent", network.deaf),
    Row("network", network.parted, missing=namespaces.missing),
)
