"""Everything learned about one terminal, moved forward minute by minute. Raises no alarms."""

from dataclasses import dataclass, field

from bot.rules.volume.amounts import Amounts
from bot.rules.volume.bursts import Bursts
from bot.rules.volume.extremes import Extremes
from bot.rules.volume.failures import Failures
from bot.rules.volume.history import MINUTES, History, Rates
from bot.rules.volume.level import LOOSE, DayLevel
from bot.rules.volume.rate import QUARTERS
from bot.rules.volume.season import DayPlan, DayRecord, Season
from bot.rules.volume.silence import Silence
from bot.rules.volume.spread import QUARTER, SCALES, Spread
from bot.rules.volume.values import Minute

LEARN_SPREAD_FROM = 8  # days: before, the table itself is what strays
SHUT = 0.05  # of an average quarter-hour's operations: nobody expects any
MOSTLY = 0.75  # of a block's quarter-hours must be clean


@dataclass(slots=True)
class Block:
    """Clean operations and expectation since a block began, and the level known then."""

    n: float = 0.0
    mean: float = 0.0
    quarters: int = 0
    level: float = 1.0
    doubt: float = 0.0
    priced: float = 0.0
    logs: float = 0.0


@dataclass(slots=True)
class Today:
    """The local day under way by quarter-hour: operations, clean share, and the quarter not finished yet."""

    counts: list[float] = field(default_factory=lambda: [0.0] * QUARTERS)
    clean: list[float] = field(default_factory=lambda: [0.0] * QUARTERS)
    slot: int = 0
    n: int = 0
    known: int = 0
    fails: int = 0
    tries: int = 0


class Learner:
    """State of one terminal. Minutes are counted from 1970 in UTC, days and slots are local."""

    def __init__(self, holidays: frozenset[int]) -> None:
        self.history = History()
        self.season = Season(holidays)
        self.spread, self.near = Spread(0.02, 9.0), Spread(0.012, 4.0)
        self.extremes = Extremes()
        self.bursts = Bursts()
        self.level = DayLevel()
        self.silence = Silence()
        self.failures = Failures()
        self.amounts = Amounts()
        self.today = Today()
        self.blocks = [Block() for _ in SCALES]
        self.plan = DayPlan(-1, [], [], [], [])
        self.ahead = 0.0
        self.rates: Rates = (0.0,) * 6
        self.shut = self.batch = False
        self.offset = 0
        self.moved = (-(10**9), 0)
        self.day_ops = 0.0
        self.holiday_end = self.first_end = -1  # the minute the last holiday, and the last unknown one, is over

    def begin(self, minute: Minute) -> None:
        """The first minute ever."""
        i = minute.start_at // 60
        self.history.start(i)
        self.offset = minute.offset
        self.season.first_day = self.local(i) // 1440
        self._begin_day(self.season.first_day)
        self._begin_quarter(i)

    def local(self, i: int) -> int:
        """Local minutes since 1970."""
        return i + self.offset // 60

    @property
    def age(self) -> int:
        """Local days since the first one."""
        return self.plan.day - self.season.first_day

    def advance(self, minute: Minute | None, *, spoiled: bool, fail_open: bool, amount_open: bool) -> int:
        """The next minute; None is one nobody could read. Returns how many new failures it brought."""
        i = self.history.last + 1
        if i % 15 == 0:
            if minute is not None and minute.offset != self.offset:
                self.moved = (i, (minute.offset - self.offset) // 60)
                self.offset = minute.offset
            self._begin_quarter(i)
        fresh = 0
        if minute is None:
            self.history.add(0, (0.0,) * 6, (0.0,) * 4)
        else:
            fresh = self._take(i, minute, amount_open=amount_open)
        if i % 15 == 14:
            self._end_quarter(i, spoiled=spoiled, fail_open=fail_open, amount_open=amount_open)
        return fresh

    def _take(self, i: int, minute: Minute, *, amount_open: bool) -> int:
        n, today, fresh = minute.n, self.today, 0
        today.known += 1
        if not n:
            self.history.add(0, self.rates, (0.0, 0.0, 0.0, 0.0))
            self.silence.wait(self.rates, shut=self.shut, batch=self.batch)
            return 0
        tries = n
        if minute.failures:
            fresh = self.failures.fold(i, minute.failures)
            tries += fresh - len(minute.failures)
        logs = self.amounts.clipped(n, minute.log_sum)
        if not amount_open:
            self.amounts.learn(n, minute.log_sum, minute.log_squares)
        self.history.add(n, self.rates, (tries, fresh, n, logs))
        self.silence.heard(i, self.level.value, self.level.doubt)
        today.n += n
        today.tries += tries
        today.fails += fresh
        return fresh

    def amend(self, minute: Minute) -> None:
        """Operations of a minute that was already taken."""
        i = minute.start_at // 60
        fresh = self.failures.fold(i, minute.failures)
        tries = minute.n + fresh - len(minute.failures)
        logs = self.amounts.clipped(minute.n, minute.log_sum)
        self.history.amend(i, {"n": minute.n, "tries": tries, "fails": fresh, "priced": minute.n, "logs": logs})
        behind = self.local(self.history.last) // 15 - self.local(i) // 15
        if behind == 0:
            self.today.n += minute.n
        elif behind <= self.today.slot and self.today.clean[self.today.slot - behind]:
            self.today.counts[self.today.slot - behind] += minute.n
        if minute.n and i >= self.silence.since:
            self.silence.heard(i, self.level.value, self.level.doubt)

    def _begin_quarter(self, i: int) -> None:
        day, minute = divmod(self.local(i), 1440)
        if day > self.plan.day:
            self._end_day(i)
            self._begin_day(day)
            if self.plan.holiday or self.plan.first or self.plan.bridge:
                self.holiday_end = i + 1440 - minute
                self.first_end = self.holiday_end if self.plan.first else self.first_end
        self.today.slot = minute // 15
        self.silence.turn()
        self._set_rates()

    def _set_rates(self) -> None:
        slot, mid = self.today.slot, self.plan.mid
        before = mid[slot - 1] if slot else self.ahead
        after = mid[slot + 1] if slot + 1 < QUARTERS else mid[0]
        self.batch = mid[slot] > max(before, after) and self.bursts.batches(slot)  # an edge of the day is no batch
        self.shut = max(before, mid[slot], after) < SHUT * self.day_ops / QUARTERS
        low, high = self.plan.low[slot], self.plan.high[slot]
        self.rates = (mid[slot] / 15, before / 15, after / 15, low / 15, high / 15, self.plan.table[slot] / 15)

    def _end_quarter(self, i: int, *, spoiled: bool, fail_open: bool, amount_open: bool) -> None:
        today, slot, mean = self.today, self.today.slot, self.rates[0] * 15
        level, doubt, history = self.level.value, self.level.doubt, self.history
        day_spread = LOOSE if self.plan.holiday else self.spread.values[-1]
        clean = today.known >= 15 and not spoiled
        if clean:
            self.bursts.learn(slot, [history.n[m % MINUTES] for m in range(i - 15, i + 1, 5)])
            today.counts[slot] += today.n
            today.clean[slot] += 1.0
        self.level.step(today.n * clean, mean * clean, spread=self.near.values[QUARTER], day_spread=day_spread)
        if self.local(i + 1) % 1440 == 0:
            self.level.new_day(day_spread)
        history.mark(i, self.level.value, self.level.doubt, self.season.level)
        if not fail_open:
            self.failures.learn(today.fails, today.tries)
        self._end_blocks(i, today.n, mean, (level, doubt), clean=clean, amount_open=amount_open)
        today.n = today.known = today.fails = today.tries = 0

    def _end_blocks(
        self, i: int, n: float, mean: float, known: tuple[float, float], *, clean: bool, amount_open: bool
    ) -> None:
        learning = self.age >= LEARN_SPREAD_FROM and not self.plan.holiday
        local = self.local(i) + 1
        if learning and clean:
            self._learn_thirds(i, mean / 3, known)
        for scale, minutes in enumerate(SCALES):
            if minutes < 15:
                continue
            block = self.blocks[scale]
            if block.mean == 0.0:
                block.level, block.doubt = known
            if clean:
                block.n, block.mean, block.quarters = block.n + n, block.mean + mean, block.quarters + 1
            if local % minutes:
                continue
            if learning and block.quarters * 15 >= MOSTLY * minutes:
                self.spread.learn(scale, block.n, block.mean)
                meant = block.mean * block.level
                self.extremes.learn(scale, block.n, meant, self.near.values[scale] + block.doubt)
                self.near.learn(scale, block.n, meant, block.doubt)
            self.blocks[scale] = Block()
            if minutes == 240 and not amount_open:
                start = i + 1 - minutes
                priced, logs = (self.history.within(c, start, i + 1) for c in ("priced", "logs"))
                self.amounts.end_block(priced, logs)

    def _learn_thirds(self, i: int, mean: float, known: tuple[float, float]) -> None:
        totals = self.history.n
        for end in range(i - 10, i + 1, 5):
            n = totals[end % MINUTES] - totals[(end - 5) % MINUTES]
            self.spread.learn(0, n, mean)
            self.extremes.learn(0, n, mean * known[0], self.near.values[0] + known[1])
            self.near.learn(0, n, mean * known[0], known[1])

    def _end_day(self, i: int) -> None:
        if self.plan.day < 0:
            return
        self.ahead = self.plan.mid[-1]
        self.season.finish(self.plan, self.today.counts, self.today.clean)
        self.failures.end_day(i, clean=True)
        self.amounts.end_day()
        self.spread.fade()
        self.near.fade()
        self.extremes.fade()
        self.bursts.fade()

    def _begin_day(self, day: int) -> None:
        self.amounts.settle()
        self.plan = self.season.plan(day, self.spread.values[-1])
        self.today = Today()
        records = [r.mean for r in self.season.records[-28:]]
        self.day_ops = self.season.level * sum(records) / max(1, len(records))

    def adopt(self, since: int) -> None:
        """What came since this minute was no incident after all but is the normal state now."""
        end = self.history.last + 1
        today = (end - self.local(end) % 1440) // 15 * 15
        days = []
        for start in range(today - 1440 * ((today - since) // 1440), today, 1440):
            if self.history.reaches(start):
                n, mean = (self.history.within(c, start, start + 1440) for c in ("n", "flat"))
                days.append(DayRecord(self.local(start) // 1440, n, mean, holiday=False))
        self.season.adopt(days)
        self.plan = self.season.plan(self.plan.day, self.spread.values[-1])
        self._set_rates()

    def spoil(self, since: int) -> None:
        """What was taken for clean since this minute belongs to an alarm."""
        day, minute = divmod(self.local(since), 1440)
        first = minute // 15 if day == self.plan.day else 0 if day < self.plan.day else QUARTERS
        for slot in range(first, QUARTERS):
            self.today.counts[slot] = self.today.clean[slot] = 0.0
        self.season.records = [r for r in self.season.records if r.day <= day]
