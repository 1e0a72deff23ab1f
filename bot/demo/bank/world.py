"""The truth of the simulated bank: makes operations as time passes and lets a test or the demo page interfere."""

from collections.abc import Sequence
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import TypedDict, Unpack
from uuid import UUID

from bot.demo.bank.ledger import Ledger
from bot.demo.bank.merchants import BankMerchant, BankTerminal, default_merchants, many_merchants
from bot.demo.bank.traffic import Habits, Influence, Traffic
from bot.demo.bank.truth import Change, Outcome, Payer, TruthRow

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_PAYER_FIELDS = frozenset(field.name for field in fields(Payer))
_NORMAL = Habits()
_EVEN = Habits(fail=0.03, late=0, even=True)


class RowDetails(TypedDict, total=False):
    """What `World.add` may be told; everything else is drawn. `reason` None means the bank's own text for the code."""

    outcome: Outcome
    reason_code: int
    created_at: datetime
    visible_at: datetime
    invoice_id: str
    reference: str
    description: str
    reason: str
    currency: str
    account_id: str
    name: str
    email: str
    phone: str
    language: str
    sender_card_mask: str
    sender_card_type: str
    sender_issuer: str
    receiver_card_mask: str
    receiver_card_type: str
    receiver_issuer: str
    ip: str


class World:
    """Rows of all merchants. Time only moves by `advance_to`; the same seed and calls give the same rows.

    Without `start` the generator begins at the first `advance_to`. Instants are aware; amounts are tenge.
    """

    def __init__(
        self,
        seed: int = 0,
        *,
        merchants: Sequence[BankMerchant] | None = None,
        habits: Habits = _NORMAL,
        start: datetime | None = None,
    ) -> None:
        self.merchants = tuple(default_merchants() if merchants is None else merchants)
        self.now = start or _EPOCH
        self._traffic = Traffic(seed, habits)
        self._manual = Random(f"{seed} by hand")
        self._ledgers = {merchant.id: Ledger() for merchant in self.merchants}
        self._influences: list[Influence] = []
        self._covered: tuple[int, int] | None = None if start is None else (_minute(start), _minute(start))

    def advance_to(self, now: datetime) -> None:
        """Generates every operation up to `now` (whole minutes: later ones of the last minute wait unseen)."""
        self.now = max(self.now, now)
        first, last = self._covered or (_minute(now), _minute(now))
        if self._covered is None or last <= _minute(now):
            self._cover(first, _minute(now) + 1)

    def fill_history(self, start: datetime, end: datetime) -> None:
        """Generates [start, end) in whole minutes, and whatever lies between that and the time already generated."""
        self.now = max(self.now, end)
        self._cover(_minute(start), _minute(end))

    def truth(self, merchant_id: str, now: datetime) -> list[TruthRow]:
        """What the bank shows of this merchant at `now`, oldest first, each row in its state of then."""
        return [row.at(now) for row in self._ledgers[merchant_id].all() if row.is_visible(now)]

    def rows(self, merchant_id: str) -> list[TruthRow]:
        """Every row ever made, also hidden, late and future ones, oldest first, in its first state."""
        return list(self._ledgers[merchant_id].all())

    def ledger(self, merchant_id: str) -> Ledger:
        return self._ledgers[merchant_id]

    def get(self, row_id: str) -> TruthRow:
        """Raises KeyError for an unknown id."""
        for ledger in self._ledgers.values():
            if row := ledger.find(row_id):
                return row
        raise KeyError(row_id)

    def get_terminal(self, tid: str) -> tuple[BankMerchant, BankTerminal]:
        """Raises KeyError for an unknown terminal number."""
        for merchant in self.merchants:
            for terminal in merchant.terminals:
                if terminal.tid == tid:
                    return merchant, terminal
        raise KeyError(tid)

    def add(
        self, merchant_id: str, terminal: str, amount: Decimal | int | str, **details: Unpack[RowDetails]
    ) -> TruthRow:
        """One operation by hand: paid, created now and visible at once unless told otherwise."""
        owner, place = self.get_terminal(terminal)
        if owner.id != merchant_id:
            raise ValueError(f"terminal {terminal} belongs to {owner.id}, not to {merchant_id}")
        row = self._drawn(place, merchant_id, Decimal(amount), details)
        self._ledgers[merchant_id].insert([row])
        return row

    def change(
        self,
        row_id: str,
        outcome: Outcome,
        at: datetime,
        *,
        reason_code: int | None = None,
        amount: Decimal | None = None,
    ) -> TruthRow:
        """From `at` on the row has this outcome; changes planned for later are given up."""
        row = self.get(row_id)
        code = _default_code(outcome) if reason_code is None else reason_code
        before = row.at(at).amount
        changed = row.changed(Change(at, outcome, code, before if amount is None else amount))
        self._ledgers[row.merchant_id].replace(changed)
        return changed

    def hide(self, row_id: str, at: datetime | None = None) -> TruthRow:
        """The row disappears from every answer from `at` on (None: at once, as if it had never been)."""
        row = self.get(row_id)
        hidden = replace(row, hidden_at=at or row.created_at)
        self._ledgers[row.merchant_id].replace(hidden)
        return hidden

    def silence(self, terminal: str, until: datetime) -> None:
        """No operation on this terminal from now until then."""
        self._influence(Influence(terminal, self.now, until, factor=0.0))
        ledger = self._ledgers[self.get_terminal(terminal)[0].id]
        soon = list(ledger.between(self.now, self.now + timedelta(hours=1)))
        for row in soon:
            if row.terminal == terminal and self.now < row.created_at < until:
                ledger.remove(row)

    def spike(self, terminal: str, factor: float, until: datetime) -> None:
        """`factor` times the usual arrivals."""
        self._influence(Influence(terminal, self.now, until, factor=factor))

    def fail_terminal(self, terminal: str, share: float, reason_code: int, until: datetime) -> None:
        """This share (0..1) of the terminal's operations fails with this reason."""
        self._influence(Influence(terminal, self.now, until, fail=share, reason_code=reason_code))

    def calm(self, terminal: str) -> None:
        """Ends every silence, spike and failure of the terminal."""
        self._influences = [one for one in self._influences if one.terminal != terminal]

    def _influence(self, influence: Influence) -> None:
        self.get_terminal(influence.terminal)
        self._influences = [one for one in self._influences if one.until > self.now] + [influence]

    def _cover(self, first: int, last: int) -> None:
        """Extends the one stretch of generated minutes so that it holds [first, last)."""
        low, high = self._covered or (first, first)
        self._covered = (min(low, first), max(high, last))
        spans = (range(first, low), range(high, last))
        for merchant in self.merchants:
            rows = [
                row
                for span in spans
                for minute in span
                for terminal in merchant.terminals
                if terminal.per_day
                for row in self._traffic.minute(merchant, terminal, minute, self._influences)
            ]
            self._ledgers[merchant.id].insert(rows)

    def _drawn(self, place: BankTerminal, merchant_id: str, amount: Decimal, details: RowDetails) -> TruthRow:
        rng = self._manual
        given = dict(details)
        created_at = details.get("created_at", self.now)
        outcome = details.get("outcome", "paid")
        code = details.get("reason_code", _default_code(outcome))
        person = {key: str(given.pop(key)) for key in list(given) if key in _PAYER_FIELDS}
        row = TruthRow(
            id=str(UUID(int=rng.getrandbits(128), version=4)),
            merchant_id=merchant_id,
            terminal=place.tid,
            terminal_uuid=place.uuid,
            invoice_id=f"{rng.randrange(10**12):012d}",
            amount=amount,
            outcome=outcome,
            reason_code=code,
            created_at=created_at,
            visible_at=created_at,
            changes=(Change(created_at, outcome, code, amount),),
            payer=replace(self._traffic.payer(rng), **person),
            reference=f"{rng.randrange(10**12):012d}",
        )
        return replace(row, **given)  # type: ignore[arg-type]


def loaded_world(merchants: int, per_second: float, start: datetime) -> World:
    """Many merchants whose operations come evenly, all together so many a second; the same ones for the same start."""
    per_day = per_second * 86_400 / sum(len(one.terminals) for one in many_merchants(merchants, 0))
    return World(seed=7, merchants=many_merchants(merchants, per_day), habits=_EVEN, start=start)


def _minute(at: datetime) -> int:
    return int(at.timestamp()) // 60


def _default_code(outcome: Outcome) -> int:
    return 484 if outcome == "failed" else 0
