"""How operations arrive and live: a day rhythm, retries, late rows, later changes. Deterministic per minute."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from math import exp
from random import Random
from uuid import UUID
from zoneinfo import ZoneInfo

from bot.demo.bank.merchants import BankMerchant, BankTerminal
from bot.demo.bank.payers import draw_description, draw_invoice_id, make_payers
from bot.demo.bank.reasons import draw_failure, draw_non_final
from bot.demo.bank.truth import Change, Outcome, Payer, TruthRow

ALMATY = ZoneInfo("Asia/Almaty")
# fmt: off
_HOURS = (
    0.15, 0.08, 0.05, 0.04, 0.04, 0.08, 0.25, 0.5, 0.9, 1.2, 1.4, 1.5,
    2.0, 1.9, 1.4, 1.3, 1.4, 1.7, 2.3, 2.4, 1.9, 1.3, 0.8, 0.4,
)
# fmt: on
_WEEKDAYS = (0.97, 0.98, 0.98, 1.0, 1.1, 1.12, 0.85)
_MASK = (1 << 64) - 1


@dataclass(frozen=True, slots=True)
class Habits:
    """Shares (0..1) of what may happen to an operation. The defaults are a normal day; `even`: all hours are alike."""

    fail: float = 0.12
    retry: float = 0.6
    pending: float = 0.03
    non_final: float = 0.01
    refund: float = 0.004
    disappear: float = 0.0005
    late: float = 0.03
    twin: float = 0.01
    even: bool = False


CALM = Habits(fail=0, retry=0, pending=0, non_final=0, refund=0, disappear=0, late=0, twin=0)


@dataclass(frozen=True, slots=True)
class Influence:
    """Unusual weather on one terminal during [since, until): `factor` on arrivals, `fail` share with one code."""

    terminal: str
    since: datetime
    until: datetime
    factor: float = 1.0
    fail: float | None = None
    reason_code: int = 0


@dataclass(frozen=True, slots=True)
class _Order:
    merchant: BankMerchant
    terminal: BankTerminal
    invoice_id: str
    amount: Decimal
    description: str
    payer: Payer


@lru_cache(maxsize=4096)
def rhythm(hour: int) -> float:
    """Arrivals in the hour that begins `hour` hours after 1970 in UTC, against the mean hour."""
    local = datetime.fromtimestamp(hour * 3600, ALMATY)
    return _HOURS[local.hour] * 24 / sum(_HOURS) * _WEEKDAYS[local.weekday()] * 7 / sum(_WEEKDAYS)


class Traffic:
    """Makes the rows of one minute; the same seed, terminal, minute and influence always give the same rows."""

    def __init__(self, seed: int, habits: Habits) -> None:
        self._seed = seed
        self._habits = habits
        self._payers = make_payers(Random(seed))
        self._attempts = 1 + habits.fail * habits.retry * (1 + habits.fail * habits.retry) + habits.twin

    def payer(self, rng: Random) -> Payer:
        return rng.choice(self._payers)

    def minute(
        self, merchant: BankMerchant, terminal: BankTerminal, minute: int, influences: list[Influence]
    ) -> list[TruthRow]:
        """Rows whose invoice was opened in that minute (counted since 1970, UTC); retries may be created later."""
        mean = terminal.per_day / 1440 / self._attempts * (1 if self._habits.even else rhythm(minute // 60))
        start = datetime.fromtimestamp(minute * 60, UTC)
        active = [one for one in influences if one.terminal == terminal.tid and one.since <= start < one.until]
        for influence in active:
            mean *= influence.factor
        key = (self._seed << 64) | (int(terminal.tid) << 32) | minute
        count = _poisson(mean, _uniform(key))
        if not count:
            return []
        failing = next((one for one in reversed(active) if one.fail is not None), None)
        return self._invoices(Random(key), (merchant, terminal), start, count, failing)

    def _invoices(
        self,
        rng: Random,
        where: tuple[BankMerchant, BankTerminal],
        start: datetime,
        count: int,
        failing: Influence | None,
    ) -> list[TruthRow]:
        rows: list[TruthRow] = []
        for _ in range(count):
            created_at = start + timedelta(microseconds=rng.randrange(60_000_000))
            rows += self._attempts_of(rng, self._order(rng, *where), created_at, failing)
            if rng.random() < self._habits.twin:
                rows.append(self._attempt(rng, self._order(rng, *where), created_at, failing))
        return rows

    def _order(self, rng: Random, merchant: BankMerchant, terminal: BankTerminal) -> _Order:
        amount = Decimal(int(rng.lognormvariate(8.6, 0.9)) + 100)
        if rng.random() < 0.15:
            amount += Decimal(rng.randrange(1, 100)) / 100
        return _Order(merchant, terminal, draw_invoice_id(rng), amount, draw_description(rng), self.payer(rng))

    def _attempts_of(
        self, rng: Random, order: _Order, created_at: datetime, failing: Influence | None
    ) -> list[TruthRow]:
        """One to three attempts: the form closes after three."""
        rows = [self._attempt(rng, order, created_at, failing)]
        while len(rows) < 3 and rows[-1].outcome == "failed" and rng.random() < self._habits.retry:
            created_at += timedelta(seconds=rng.uniform(30, 360))
            rows.append(self._attempt(rng, order, created_at, failing))
        return rows

    def _attempt(self, rng: Random, order: _Order, created_at: datetime, failing: Influence | None) -> TruthRow:
        changes = self._life(rng, created_at, order.amount, failing)
        first, last = changes[0], changes[-1]
        hidden = rng.random() < self._habits.disappear
        return TruthRow(
            id=str(UUID(int=rng.getrandbits(128), version=4)),
            merchant_id=order.merchant.id,
            terminal=order.terminal.tid,
            terminal_uuid=order.terminal.uuid,
            invoice_id=order.invoice_id,
            amount=first.amount,
            outcome=first.outcome,
            reason_code=first.reason_code,
            created_at=created_at,
            visible_at=created_at + timedelta(seconds=self._delay(rng)),
            changes=changes,
            payer=order.payer,
            reference="" if last.outcome == "failed" and rng.random() < 0.5 else f"{rng.randrange(10**12):012d}",
            description=order.description,
            hidden_at=created_at + timedelta(hours=rng.uniform(1, 48)) if hidden else None,
        )

    def _life(
        self, rng: Random, created_at: datetime, amount: Decimal, failing: Influence | None
    ) -> tuple[Change, ...]:
        habits, dice = self._habits, rng.random()
        fail = habits.fail if failing is None or failing.fail is None else failing.fail
        if dice < fail:
            code = failing.reason_code if failing and failing.reason_code else draw_failure(rng)
            return (Change(created_at, "failed", code, amount),)
        if dice < fail + habits.pending + habits.non_final:
            code = draw_non_final(rng) if dice >= fail + habits.pending else 0
            first = Change(created_at, "undecided", code, amount)
            return self._decided(rng, first)
        return self._refunded(rng, Change(created_at, "paid", 0, amount))

    def _decided(self, rng: Random, first: Change) -> tuple[Change, ...]:
        """Within 20 minutes; a few with a non-final code are never settled."""
        if first.reason_code and rng.random() < 0.2:
            return (first,)
        outcome: Outcome = "paid" if rng.random() < 0.7 else "failed"
        code = 0 if outcome == "paid" else draw_failure(rng)
        return first, Change(first.at + timedelta(seconds=rng.uniform(20, 1200)), outcome, code, first.amount)

    def _refunded(self, rng: Random, paid: Change) -> tuple[Change, ...]:
        if rng.random() >= self._habits.refund:
            return (paid,)
        return paid, Change(paid.at + timedelta(hours=rng.uniform(2, 120)), "refunded", 0, paid.amount)

    def _delay(self, rng: Random) -> float:
        """Seconds until the list shows the row: usually at once, sometimes up to 25 minutes."""
        if rng.random() < self._habits.late:
            return rng.uniform(60, 1500)
        return rng.uniform(0, 3) if self._habits.late else 0.0


def _uniform(key: int) -> float:
    """SplitMix64 of the key as a number in [0, 1): far cheaper than seeding a generator for every empty minute."""
    mixed = (key ^ (key >> 64) * 0x9E3779B97F4A7C15) * 0xD1342543DE82EF95 & _MASK
    mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9 & _MASK
    mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EB & _MASK
    return ((mixed ^ (mixed >> 31)) >> 11) / (1 << 53)


def _poisson(mean: float, uniform: float) -> int:
    """Inverse of the distribution. Means over 500 a minute are cut: near 700 exp() would underflow."""
    mean = min(mean, 500.0)
    count, chance = 0, exp(-mean)
    total = chance
    while uniform > total and (count < mean or chance > 1e-15):
        count += 1
        chance *= mean / count
        total += chance
    return count
