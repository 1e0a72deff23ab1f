"""The usual band and the counts of terminals, from what their detectors have learned; judges nothing, keeps nothing."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from math import hypot
from zoneinfo import ZoneInfo

from bot.minutes import due, minute_of, minutes_of
from bot.model import EPOCH, Band, Incident, Measure, MerchantId, Stretch, TerminalId, Window
from bot.rules.unusual_volume import UnusualVolume, group_of
from bot.rules.volume import Detector, Slot
from bot.rules.volume.values import Group
from bot.store import volume
from bot.store.driver import Connection

STEPS = (15, 60, 240, 1440)  # minutes a bar may stand for
FEWEST_BARS, MOST_BARS = 12, 96
SEEN = 8.0  # usual operations a bar, of which nobody would call nothing usual
LATELY = timedelta(days=14)
LEAST, TIMES, AFTER = timedelta(hours=12), 3, timedelta(hours=1)
_MEASURES: dict[Group, Measure] = {"fail": "failures", "amount": "amounts"}
_COUNTS: tuple[Group, ...] = ("low", "high", "decay")


class Bands:
    """Detectors as they were kept, brought up to date with the minutes judged since."""

    def __init__(self, settings: UnusualVolume, zone: ZoneInfo) -> None:
        self._settings, self._zone = settings, zone

    def of_incident(self, db: Connection, incident: Incident, now: datetime) -> Band | None:
        """Around an incident of unusual volume, all its terminals together; None when nothing is known of that time."""
        group, over = group_of(incident), incident.resolved_at or now
        window = Window(over - max(TIMES * (over - incident.since), LEAST), min(over + AFTER, now))
        detectors = self._detectors(db, incident.merchant_id, incident.terminals)
        return _band(detectors, group, window, [Window(incident.since, over)])

    def of_terminal(self, db: Connection, merchant_id: MerchantId, terminal_id: TerminalId) -> Band | None:
        """The last two weeks of a terminal with all that was odd about its counts; None when it is not known."""
        detectors = self._detectors(db, merchant_id, [terminal_id])
        end = max((EPOCH + timedelta(minutes=one.following or 0) for one in detectors), default=EPOCH)
        odd = [Window(_at(a), _at(b)) for one in detectors for a, b in one.troubles(_COUNTS)]
        return _band(detectors, "low", Window(end - LATELY, end), odd)

    def _detectors(self, db: Connection, merchant_id: MerchantId, places: Iterable[TerminalId]) -> list[Detector]:
        watched = volume.find_watched(db, merchant_id)
        kept = volume.list_states(db, merchant_id, places) if watched else {}
        detectors = {}
        for terminal_id, body in kept.items():
            detector = Detector(self._settings.of_terminal(terminal_id))
            try:
                detector.load(body)
            except (ValueError, KeyError, TypeError, AttributeError):
                continue
            detectors[terminal_id] = detector
        if watched and detectors:
            since = min(one.following or watched.fed for one in detectors.values())
            made = minutes_of(volume.list_made(db, merchant_id, since, watched.fed), self._zone)
            for terminal_id, detector in detectors.items():
                for minute in due(detector, made.get(terminal_id, {}), range(since, watched.fed), self._zone):
                    detector.feed(minute, minute.start_at + 60)
        return list(detectors.values())


def _band(detectors: Sequence[Detector], group: Group, window: Window, alarms: Sequence[Window]) -> Band | None:
    minutes, slots = _drawn(detectors, group, window, alarms)
    if not slots or (group == "amount" and len(detectors) > 1):
        return None
    newest = max(one.following or 0 for one in detectors)
    return Band(
        measure=_MEASURES.get(group, "operations"),
        step=timedelta(minutes=minutes),
        stretches=tuple(
            Stretch(_at(one.start_at // 60), round(one.seen), round(one.low), round(one.high)) for one in slots
        ),
        until=_at(min(slots[-1].start_at // 60 + minutes, newest)),
        alarms=tuple(one for one in alarms if one.end > _at(slots[0].start_at // 60)),
    )


def _drawn(
    detectors: Sequence[Detector], group: Group, window: Window, alarms: Sequence[Window]
) -> tuple[int, list[Slot]]:
    """Bars as short as there is room for, and as long as it takes that an absence can be seen."""
    length = window.span / timedelta(minutes=1)
    steps = [one for one in STEPS if FEWEST_BARS <= length / one <= MOST_BARS] or [STEPS[-1]]
    for minutes in steps:
        span = minute_of(window.start), minute_of(window.end)
        slots = _summed([one.band(group, *span, minutes) for one in detectors])
        odd = [slot.mean for slot in slots if any(one.start <= _at(slot.start_at // 60) < one.end for one in alarms)]
        if group not in _COUNTS or max(odd, default=SEEN) >= SEEN:
            break
    return minutes, slots


def _summed(parts: Sequence[Sequence[Slot]]) -> list[Slot]:
    """Several terminals as one: counts and what is usual add up, and so do the squares of how far they stray."""
    if len(parts) == 1:
        return list(parts[0])
    by_start: defaultdict[int, list[Slot]] = defaultdict(list)
    for slots in parts:
        for slot in slots:
            by_start[slot.start_at].append(slot)
    return [_sum(start, own) for start, own in sorted(by_start.items())]


def _sum(start: int, slots: Sequence[Slot]) -> Slot:
    seen, mean = sum(one.seen for one in slots), sum(one.mean for one in slots)
    under, over = hypot(*(one.mean - one.low for one in slots)), hypot(*(one.high - one.mean for one in slots))
    return Slot(start, seen, mean, max(0.0, mean - under), mean + over)


def _at(minute: int) -> datetime:
    return EPOCH + timedelta(minutes=minute)
