"""What each preset would have said of one terminal lately, from stored operations; nothing is kept or told."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from zoneinfo import ZoneInfo

from bot.minutes import due, minute_of, minutes_of
from bot.model import EPOCH, Alarm, MerchantId, TerminalId
from bot.rules.unusual_volume import UnusualVolume
from bot.rules.volume import Detector, Signal
from bot.rules.volume.values import BUDGETS
from bot.store import sources, volume
from bot.store.driver import Connection, Store

DAY = 1440
HISTORY = 70 * DAY


class Presets:
    """One detector a preset, fed with the same minutes."""

    def __init__(
        self, settings: UnusualVolume, zone: ZoneInfo, merchant_id: MerchantId, terminal_id: TerminalId
    ) -> None:
        self._zone, self._merchant_id, self._terminal_id = zone, merchant_id, terminal_id
        self._detectors = {
            name: Detector(settings.model_copy(update={"preset": name}).of_terminal(terminal_id)) for name in BUDGETS
        }
        self._opened: dict[str, list[Signal]] = {name: [] for name in BUDGETS}

    async def replay(
        self, store: Store, days: int, wanted: Callable[[], Awaitable[bool]] | None = None
    ) -> Mapping[str, list[Alarm]]:
        """Alarms of the last `days` by preset, oldest first; a day of minutes at a time, some 0.2 s each.

        None at all once it is no longer `wanted`.
        """
        span = await store.read(self._span)
        for start in range(span.start, span.stop, DAY):
            if wanted and not await wanted():
                return {}
            await store.read(self._feed, range(start, min(start + DAY, span.stop)))
        since = (span.stop - days * DAY) * 60
        return {name: [_alarm(one) for one in opened if one.at >= since] for name, opened in self._opened.items()}

    def _span(self, db: Connection) -> range:
        source, first = sources.find(db, self._merchant_id), volume.first_minute(db, self._merchant_id)
        if source is None or source.through_at is None or first is None:
            return range(0)
        through = minute_of(source.through_at)
        return range(max(first, through - HISTORY), through)

    def _feed(self, db: Connection, span: range) -> None:
        rows = volume.list_made(db, self._merchant_id, span.start, span.stop)
        own = [row for row in rows if row["terminal_id"] == self._terminal_id]
        made = minutes_of(own, self._zone).get(self._terminal_id, {})
        for name, detector in self._detectors.items():
            for minute in due(detector, made, span, self._zone):
                signals = detector.feed(minute, minute.start_at + 60)
                self._opened[name] += [one for one in signals if one.state == "open"]


def _alarm(signal: Signal) -> Alarm:
    low, high = signal.expected
    at = EPOCH + timedelta(seconds=signal.at)
    return Alarm(signal.kind, at, round(signal.observed), round(low), round(high))
