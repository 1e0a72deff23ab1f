"""The unusual-volume detector of one terminal: minutes in, signals out. Pure; time comes with the minutes."""

from collections.abc import Collection
from dataclasses import replace
from math import exp
from typing import Literal

from bot.rules.volume import amounts, band, closing, counts, decay, failures, state
from bot.rules.volume.case import Case
from bot.rules.volume.explain import usual_range
from bot.rules.volume.incidents import Opened
from bot.rules.volume.learner import Learner
from bot.rules.volume.scan import Finding
from bot.rules.volume.season import EPOCH
from bot.rules.volume.values import GROUP_OF, Group, Kind, Minute, Signal, Slot, VolumeSettings

LATE_SECONDS = 120  # a minute handed over later than this is only remembered
BLIND_DAYS = 3  # nothing but failures is judged before
VERDICTS = {"false_alarm": 1.0, "planned": -1.0}


class Detector:
    """Feed it every minute of a terminal in order, with operations or without."""

    def __init__(self, settings: VolumeSettings) -> None:
        self.case = Case(settings, Learner(_days(settings)))

    def feed(self, minute: Minute, now: int) -> list[Signal]:
        """One minute of operations. `now` (epoch seconds) is the instant up to which the bank has been read.

        A minute that is older than the last one adds to what is known of it. One handed over late is remembered and
        learned from, but only a minute that has just passed is judged. Minutes left out count as unreadable.
        """
        i, learner, opened = minute.start_at // 60, self.case.learner, self.case.incidents.open
        if learner.history.last < 0:
            learner.begin(minute)
        for alarm in opened.values():
            alarm.heard += minute.n
        if i <= learner.history.last:
            learner.amend(minute)
            return []
        while learner.history.last < i - 1:
            self._advance(None)
        fresh = self._advance(minute)
        if now - minute.start_at >= LATE_SECONDS:
            return []
        return self._judge(i, fresh)

    def gap(self, now: int) -> list[Signal]:
        """The bank could not be read until `now`: nothing is known, so nothing is said, and no silence grows."""
        del now
        return []

    def feedback(self, kind: Kind, verdict: Literal["false_alarm", "planned"], now: int) -> None:
        """The owner's word on the last alarm of this kind: the next must bring more evidence, or no more."""
        self.case.backoff.note(GROUP_OF[kind], now, VERDICTS[verdict])

    def amend(self, minute: Minute) -> None:
        """Operations, or failures of operations known before (`n` is 0), of a minute that was fed already."""
        if self.case.learner.history.first <= minute.start_at // 60 <= self.case.learner.history.last:
            self.feed(minute, minute.start_at + 60)

    @property
    def following(self) -> int | None:
        """The minute it waits for, counted from 1970; None before the first."""
        last = self.case.learner.history.last
        return last + 1 if last >= 0 else None

    @property
    def day_ops(self) -> float:
        """Operations of a usual day."""
        return self.case.learner.day_ops

    @property
    def alarms(self) -> dict[Group, int]:
        """What is open, and the minute it was opened in."""
        return {group: opened.opened for group, opened in self.case.incidents.open.items()}

    def band(self, group: Group, start: int, end: int, minutes: int) -> list[Slot]:
        """What came and what is usual in each stretch of `minutes` between two minutes, as far as remembered."""
        return band.slots(self.case.learner, group, start, end, minutes)

    def troubles(self, groups: Collection[Group]) -> list[tuple[int, int]]:
        """The remembered alarms of these groups, from the minute each began to the one after it ended, or to now."""
        past = [(since, end + 1) for group in groups for since, end in self.case.incidents.past.get(group, [])]
        now = self.case.learner.history.last + 1
        return sorted(past + [(one.since, now) for g, one in self.case.incidents.open.items() if g in groups])

    def dump(self) -> bytes:
        """All that was learned and is open, to be kept over a restart."""
        case = self.case
        return state.dump(
            {
                "learner": case.learner,
                "incidents": case.incidents,
                "backoff": case.backoff,
                "rows": case.rows,
                "rows_day": case.rows_day,
            }
        )

    def load(self, blob: bytes) -> None:
        """Go on where a dump was taken. Raises ValueError for a blob that is none; the settings stay as they are."""
        parts = state.load(blob)
        self.case = Case(self.case.settings, **parts)
        self.case.learner.season.holidays = _days(self.case.settings)

    def _advance(self, minute: Minute | None) -> int:
        incidents = self.case.incidents
        return self.case.learner.advance(
            minute,
            spoiled=incidents.spoils_counts(),
            fail_open="fail" in incidents.open,
            amount_open="amount" in incidents.open,
        )

    def _judge(self, i: int, fresh: int) -> list[Signal]:
        case = self.case
        case.refresh()
        every5 = i % 5 == 4
        out = self._close(i) if case.incidents.open else []
        if case.learner.age >= BLIND_DAYS:
            out += [self._open_counts(kind, i, found) for kind, found in counts.judge(case, i, every5=every5)]
            if every5:
                out += self._amount(i)
            if i % 60 == 59 and (sinking := decay.judge(case, i)):
                out.append(self._open_counts("decay", i, sinking))
        if fresh:
            out += self._fail(i)
        return out

    def _close(self, i: int) -> list[Signal]:
        out = []
        for group, opened in list(self.case.incidents.open.items()):
            if closing.is_over(self.case, i, opened):
                self.case.incidents.close(group, i)
                if opened.kind in ("drop", "spike", "decay") and closing.is_accepted(i, opened):
                    self.case.learner.adopt(opened.opened)
                    self.case.incidents.forget_counts(i)
                heard, end = opened.heard, (i + 1) * 60
                out.append(
                    Signal(opened.kind, "close", end, opened.since * 60, heard, opened.usual, int(heard), opened.ratio)
                )
        return out

    def _open(self, signal: Signal, i: int, level: float = 1.0) -> Signal:
        group = GROUP_OF[signal.kind]
        since = signal.since_at // 60
        self.case.incidents.open[group] = Opened(signal.kind, since, i, signal.expected, signal.ratio, level)
        self.case.backoff.note(group, signal.at)
        return signal

    def _open_counts(self, kind: Kind, i: int, found: Finding) -> Signal:
        learner = self.case.learner
        level = learner.season.older if kind == "decay" else found.level
        learner.spoil(found.start)
        expected, ratio = usual_range(found.mean, found.spread), found.n / found.mean
        signal = Signal(kind, "open", (i + 1) * 60, found.start * 60, found.n, expected, int(found.n), ratio)
        return self._open(replace(signal, limit=found.limit), i, level)

    def _fail(self, i: int) -> list[Signal]:
        case, learner = self.case, self.case.learner
        if not case.incidents.may_open("fail", i):
            return []
        usual = learner.failures.share
        found = failures.scan(
            learner.history, usual, case.settings.budget, floor=case.floor("fail"), asked=case.asked("fail", i)
        )
        if found is None:
            return []
        start, fails, tries = found
        expected, ratio = usual_range(usual * tries, failures.SPREAD), fails / tries / usual
        reason = learner.failures.grown(start)
        learner.failures.spoil((i - start) // 1440)
        signal = Signal("fail", "open", (i + 1) * 60, start * 60, fails, expected, int(tries), ratio, reason)
        return [self._open(signal, i)]

    def _amount(self, i: int) -> list[Signal]:
        case, usual = self.case, self.case.learner.amounts
        if not case.incidents.may_open("amount", i):
            return []
        found = amounts.scan(
            usual,
            case.learner.history,
            case.settings.budget,
            floor=case.floor("amount"),
            asked=case.asked("amount", i),
        )
        if found is None:
            return []
        start, n, mean = found
        ratio = exp(mean - usual.mean)
        signal = Signal("amount", "open", (i + 1) * 60, start * 60, exp(mean), usual.usual(n), int(n), ratio)
        return [self._open(signal, i)]


def _days(settings: VolumeSettings) -> frozenset[int]:
    return frozenset(d.toordinal() - EPOCH for d in settings.holidays)
