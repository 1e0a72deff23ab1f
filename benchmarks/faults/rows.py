"""ROWS: every fault with what it may cost: nothing lost, nothing told twice without saying so."""

from dataclasses import dataclass

from benchmarks.faults import bank, database, process, soak, telegram
from benchmarks.faults.under import Result
from benchmarks.table import Run


@dataclass(frozen=True, slots=True)
class Row:
    """`repeats`: whether marked ones may come. `recovery`: the longest, in seconds."""

    name: str
    run: Run[Result]
    repeats: bool = False
    recovery: float = 15.0

    def is_met(self, result: Result) -> bool:
        """Whether nothing was lost or told too often, and all was told in time."""
        losses = result.losses
        lost = losses.operations + losses.alerts + losses.unmarked
        kept = lost == 0 and (self.repeats or losses.repeats == 0) and not result.broken
        return kept and result.recovery <= self.recovery


ROWS = (
    Row("kill", process.kills, repeats=True),
    Row("sigterm", process.stops),
    Row("sigstop", process.frozen, repeats=True),
    Row("clock", process.clock_steps),
    Row("disk-full", database.full_disk),
    Row("locked", database.locked),
    Row("backups", database.copies),
    Row("bank-slow", bank.slow, recovery=30),
    Row("bank-garbage", bank.garbage, recovery=45),
    Row("bank-10mb", bank.big_page),
    Row("bank-24h", bank.day_away, recovery=90),
    Row("telegram-429", telegram.floods),
    Row("telegram-drop", telegram.dropped_answers, repeats=True, recovery=30),
    Row("telegram-6h", telegram.hours_away, recovery=60),
    Row("token", telegram.revoked, repeats=True),
    Row("soak", soak.soak),
)
