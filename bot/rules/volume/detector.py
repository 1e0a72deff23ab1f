"""The unusual-volume detector of one terminal: minutes in, signals out. Pure; time comes with the minutes."""

from math import exp

from bot.rules.volume import amounts, decay, failures, silence
from bot.rules.volume.backoff import BackOff
from bot.rules.volume.explain import usual_range
from bot.rules.volume.habit import is_habit
from bot.rules.volume.incidents import ACCEPT, ACCEPT_OTHER, CALM, Incidents, Opened
from bot.rules.volume.learner import Learner
from bot.rules.volume.scan import LONG, SHORT, Finding, Row, long_sums, rows, short_sums, too_few, too_many, widen
from bot.rules.volume.season import EPOCH
from bot.rules.volume.values import GROUP_OF, Kind, Minute, Signal, VolumeSettings

LATE_SECONDS = 120  # a minute handed over later than this is only remembered
BLIND_DAYS = 3  # nothing but failures is judged before


class Detector:
    """Feed it every minute of a terminal in order, with operations or without."""

    def __init__(self, settings: VolumeSettings) -> None:
        self.settings = settings
        self.learner = Learner(frozenset(d.toordinal() - EPOCH for d in settings.holidays))
        self.incidents = Incidents()
        self.backoff = BackOff()
        self.rows: list[Row] = []
        self.rows_day = -1

    def feed(self, minute: Minute, now: int) -> list[Signal]:
        """One minute of operations. `now` (epoch seconds) is the instant up to which the bank has been read.

        A minute that is older than the last one adds to what is known of it. One handed over late is remembered and
        learned from, but only a minute that has just passed is judged. Minutes left out count as unreadable.
        """
        i, learner = minute.start_at // 60, self.learner
        if learner.history.last < 0:
            learner.begin(minute)
        if i <= learner.history.last:
            learner.amend(minute)
            return []
        while learner.history.last < i - 1:
            self._advance(None)
        fresh = self._advance(minute)
        if now - minute.start_at >= LATE_SECONDS:
            return []
        return self._judge(i, minute.n, fresh)

    def gap(self, now: int) -> list[Signal]:
        """The bank could not be read: nothing is known, so nothing is said, and no silence grows."""
        del now
        return []

    def feedback(self, kind: Kind, verdict: str, now: int) -> None:
        """The owner called the last alarm of this kind `false_alarm` or `planned`."""
        self.backoff.note(GROUP_OF[kind], now, {"false_alarm": 1.0, "planned": -1.0}[verdict])

    def _advance(self, minute: Minute | None) -> int:
        opened = self.incidents.open
        return self.learner.advance(
            minute,
            spoiled=self.incidents.spoils_volume(),
            fail_open="fail" in opened,
            amount_open="amount" in opened,
        )

    def _judge(self, i: int, n: int, fresh: int) -> list[Signal]:
        learner, out = self.learner, []
        if learner.plan.day != self.rows_day:
            self.rows_day = learner.plan.day
            self.rows = rows(self.settings.budget, learner.spread, learner.near, learner.day_ops)
        every5 = i % 5 == 4
        if self.incidents.open:
            out += self._close(i, n, every5=every5)
        if learner.age >= BLIND_DAYS:
            out += self._volume(i, every5=every5)
            if every5:
                out += self._amount(i)
            if i % 60 == 59:
                out += self._decay(i)
        if fresh:
            out += self._fail(i)
        return out

    def _volume(self, i: int, *, every5: bool) -> list[Signal]:
        low, high = self.incidents.may_open("low", i) and self._working(i), self.incidents.may_open("high", i)
        if not low and not high:
            return []
        out = self._silence(i) if low else []
        if out:
            return out
        fewest, most = self._scan(i, low=low, high=high, every5=every5)
        if fewest and not self._habit(fewest, "low"):
            out += self._open("drop", i, fewest)
        if most and not self._habit(most, "high"):
            out += self._open("spike", i, most)
        return out

    def _scan(self, i: int, *, low: bool, high: bool, every5: bool) -> tuple[Finding | None, Finding | None]:
        learner, floor, now = self.learner, self.incidents.floor, i * 60
        history = learner.history
        fewest = most = None
        since_midnight, day_spread = learner.local(i + 1) % 1440, learner.spread.values[-1]
        low_floor, high_floor = floor.get("low", 0), floor.get("high", 0)
        low_asked, high_asked = self.backoff.asked("low", now), self.backoff.asked("high", now)
        for row in self.rows[: len(SHORT) + len(LONG) * every5]:
            sums = (short_sums if row.minutes <= 60 else long_sums)(history, row.minutes)
            if not history.reaches(sums.start):
                break
            level, doubt = history.level_before(sums.start)
            doubt += day_spread * min(1.0, (since_midnight / row.minutes) ** 2) if since_midnight < row.minutes else 0.0
            if row.minutes < 15:
                row = learner.bursts.widen(row, learner.today.slot)
            if row.minutes <= 60:
                sums = sums._replace(most=sums.most + self._batch_edges(i, sums.start))
            mid = history.within("mid", sums.start, i + 1)
            down, up = widen(sums, mid)
            if low and sums.start >= low_floor:
                found = too_few(
                    row,
                    sums,
                    level,
                    doubt,
                    down,
                    holiday=sums.start < learner.holiday_end,
                    first=sums.start < learner.first_end and row.minutes <= 2880,
                )
                if found and found.margin > low_asked and (fewest is None or found.margin > fewest.margin):
                    fewest = found
            if high and sums.start >= high_floor:
                found = too_many(row, sums, level, doubt, up)
                if found and found.margin > high_asked and (most is None or found.margin > most.margin):
                    most = found
        return fewest, most

    def _batch_edges(self, i: int, start: int) -> float:
        """What else a window may hold because batches come early or late in the quarter-hours at its edges."""
        learner = self.learner
        slot, mid = learner.today.slot, learner.plan.mid
        more = (14 - i % 15) * mid[slot] / 15 if learner.bursts.batches(slot) else 0.0
        behind = slot - (i // 15 - start // 15)
        if learner.bursts.batches(behind):
            more += start % 15 * mid[behind] / 15
        return more

    def _silence(self, i: int) -> list[Signal]:
        learner, quiet = self.learner, self.learner.silence
        if quiet.least <= 2.0:
            return []
        minutes = i + 1 - quiet.since
        alpha = silence.alpha(self.settings.budget, 30 * learner.day_ops) - self.backoff.asked("low", i * 60)
        spread = learner.spread.of(minutes)
        if quiet.margin(i, alpha, spread, learner.near.of(minutes), holiday=quiet.since < learner.holiday_end) <= 0:
            return []
        found = Finding(quiet.since, 0.0, quiet.least, spread, 0.0)
        return [] if self._habit(found, "low") else self._open("silence", i, found)

    def _habit(self, found: Finding, group: str) -> bool:
        learner, end = self.learner, self.learner.history.last + 1
        at, moved = learner.moved
        shift = moved if found.start - 7 * 1440 < at <= end else 0
        past = self.incidents.past.get(group, [])  # type: ignore[call-overload]
        return is_habit(learner.history, found.start, end, found.n / found.mean, shift=shift, alarmed=past)

    def _working(self, i: int) -> bool:
        hours = self.settings.hours
        if hours is None:
            return True
        opens, closes = hours
        minute = self.learner.local(i) % 1440
        return opens <= minute < closes if opens < closes else minute >= opens or minute < closes

    def _open(self, kind: Kind, i: int, found: Finding) -> list[Signal]:
        group, now = GROUP_OF[kind], (i + 1) * 60
        level = self.learner.season.older if kind == "decay" else self.learner.history.level_before(found.start)[0]
        self.incidents.open[group] = Opened(kind, found.start, i, level)
        self.backoff.note(group, now)
        if group in ("low", "high", "decay"):
            self.learner.spoil(found.start)
        expected = usual_range(found.mean, found.spread)
        ratio = found.n / found.mean
        return [Signal(kind, "open", now, found.start * 60, found.n, expected, int(found.n), ratio)]

    def _fail(self, i: int) -> list[Signal]:
        if not self.incidents.may_open("fail", i):
            return []
        learner, now = self.learner, (i + 1) * 60
        usual = learner.failures.share
        found = failures.scan(
            learner.history,
            usual,
            self.settings.budget,
            floor=self.incidents.floor.get("fail", 0),
            asked=self.backoff.asked("fail", now),
        )
        if found is None:
            return []
        start, fails, tries = found
        self.incidents.open["fail"] = Opened("fail", start, i)
        self.backoff.note("fail", now)
        expected, ratio = usual_range(usual * tries, failures.SPREAD), fails / tries / usual
        reason = learner.failures.grown(start)
        learner.failures.spoil((i - start) // 1440)
        return [Signal("fail", "open", now, start * 60, fails, expected, int(tries), ratio, reason)]

    def _amount(self, i: int) -> list[Signal]:
        if not self.incidents.may_open("amount", i):
            return []
        learner, now = self.learner, (i + 1) * 60
        found = learner.amounts.scan(
            learner.history,
            self.settings.budget,
            floor=self.incidents.floor.get("amount", 0),
            asked=self.backoff.asked("amount", now),
        )
        if found is None:
            return []
        start, n, mean = found
        self.incidents.open["amount"] = Opened("amount", start, i)
        self.backoff.note("amount", now)
        usual = learner.amounts
        return [Signal("amount", "open", now, start * 60, exp(mean), usual.usual(n), int(n), exp(mean - usual.mean))]

    def _decay(self, i: int) -> list[Signal]:
        learner, season = self.learner, self.learner.season
        if not self.incidents.may_open("decay", i) or "low" in self.incidents.open or learner.age < 21:
            return []
        floor = self.incidents.floor.get("decay", 0)
        first = max(learner.plan.day - 9, learner.local(floor) // 1440 + 1)
        records = [r for r in season.records if r.day >= first and not r.holiday]
        days = [(r.n, r.mean * season.older) for r in records]
        clean = learner.today.clean
        if not learner.plan.holiday:
            table = learner.plan.table
            days.append((sum(learner.today.counts), season.older * sum(t * c for t, c in zip(table, clean, strict=True))))
        nats, length, n, mean = decay.evidence(days, learner.spread.values[-1])
        wanted = decay.asked(self.settings.budget) + self.backoff.asked("decay", i * 60)
        if nats < wanted or length < 3 or n > decay.MATTERS * mean:
            return []
        start = i + 1 - learner.local(i + 1) % 1440 - (length - 1) * 1440
        return self._open("decay", i, Finding(start, n, mean, learner.spread.values[-1] / length, 0.0))

    def _close(self, i: int, n: int, *, every5: bool) -> list[Signal]:
        out = []
        for group, opened in list(self.incidents.open.items()):
            opened.heard += n
            if group in ("fail", "amount") and not every5:
                continue
            calm = self._is_calm(i, opened)
            opened.calm = opened.calm + 1 if calm else 0
            if i - opened.opened > ACCEPT.get(opened.kind, ACCEPT_OTHER) or (calm and (opened.calm >= CALM or group in ("fail", "amount", "decay"))):
                self.incidents.close(group, i)
                low = opened.since * 60
                out.append(Signal(opened.kind, "close", (i + 1) * 60, low, opened.heard, (0.0, 0.0), int(opened.heard), 1.0))
        return out

    def _is_calm(self, i: int, opened: Opened) -> bool:
        learner = self.learner
        match opened.kind:
            case "silence":
                if opened.heard >= 3:
                    opened.calm = CALM
                return opened.heard >= 3
            case "fail":
                return failures.calm(learner.history, learner.failures.share, opened.opened)
            case "amount":
                return learner.amounts.calm(learner.history, opened.opened)
            case "decay":
                return i % 60 == 59 and self._decay_calm(opened)
            case _:
                return self._volume_calm(i, opened)

    def _decay_calm(self, opened: Opened) -> bool:
        """A whole day since the alarm, most of it expected, is back."""
        end = self.learner.history.last + 1
        start = max(opened.opened + 1, end - 1440) // 15 * 15
        mean = self.learner.history.within("flat", start, end) * opened.level
        wanted = max(12.0, 0.5 * self.learner.day_ops)
        return mean >= wanted and self.learner.history.within("n", start, end) >= decay.BACK * mean

    def _volume_calm(self, i: int, opened: Opened) -> bool:
        for minutes in SHORT + LONG:
            if minutes > 60 and i % 5 != 4:
                return opened.calm > 0
            sums = (short_sums if minutes <= 60 else long_sums)(self.learner.history, minutes)
            if sums.least < 12:
                continue
            least, most = sums.least * min(1.0, opened.level), sums.most * max(1.0, opened.level)
            return sums.n >= 0.8 * least if opened.kind == "drop" else sums.n <= 1.4 * most
        return False
