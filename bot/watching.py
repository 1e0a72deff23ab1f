"""Feeds the detectors of unusual volume minute by minute, keeps what they learn, and turns their word into incidents.

What is in memory can be lost at any time: the store knows how far each merchant was judged, and the rest is replayed.
"""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bot.incidents import Incidents
from bot.minutes import Minutes, due, minute_of, minutes_of
from bot.model import MerchantId, Silence, TerminalId
from bot.rules.unusual_volume import NAME, Conclusion, Heard, Setting, UnusualVolume, conclude
from bot.rules.volume import Detector
from bot.rules.volume.detector import LATE_SECONDS
from bot.rules.volume.values import Group
from bot.store import incidents, operations, silences, sources, volume
from bot.store.driver import Connection, Store
from bot.store.volume import Watched

logger = logging.getLogger(__name__)

SETTLED = timedelta(seconds=10)  # the bank lists an operation a few seconds after it is made
HISTORY = 70 * 1440
WAIT_FOR_HISTORY = timedelta(days=1)
SAVE_EVERY = 30
SLICE = 3000  # terminal-minutes replayed at once, some 0.1 s
AT_ONCE = 30_000  # judged in one transaction after a time away, the rest in the next
BLIND = 5  # minutes of absence in which the bank itself may have had nothing


@dataclass(slots=True)
class Room:
    """One merchant's detectors, and how far they have come."""

    watched: Watched
    settings: UnusualVolume
    detectors: dict[TerminalId, Detector] = field(default_factory=dict)
    broken: set[TerminalId] = field(default_factory=set)


@dataclass(slots=True)
class Replay:
    """Detectors on their way through stored minutes: `at` is the next one, those before `watched.fed` are theirs."""

    room: Room
    at: int
    rebuilt: bool


class Watching:
    """`look` judges new minutes in the caller's transaction; `catch_up` gets the detectors ready for it.

    Minutes handed over later than `patience` after they were read are learned from but not judged.
    """

    def __init__(
        self, settings: UnusualVolume, incidents: Incidents, *, zone: ZoneInfo, interval: timedelta = timedelta()
    ) -> None:
        self._settings = settings
        self._incidents = incidents
        self._zone = zone
        self._patience = max(2, round(2 * interval / timedelta(minutes=1)) + 1)
        self._rooms: dict[MerchantId, Room] = {}
        self._replays: dict[MerchantId, Replay] = {}
        self._turn = asyncio.Lock()
        self._catching: defaultdict[MerchantId, asyncio.Lock] = defaultdict(asyncio.Lock)

    def is_ready(self, merchant_id: MerchantId) -> bool:
        """Whether `look` judges this merchant."""
        return merchant_id in self._rooms

    def look(
        self, db: Connection, merchant_id: MerchantId, through_at: datetime, *, lost_at: datetime | None = None
    ) -> None:
        """Judges the minutes that are complete now that the bank has been read up to `through_at`.

        It could not be read since `lost_at`: if it lists nothing at all of that time, nothing is known of it.
        """
        room, until = self._rooms.get(merchant_id), minute_of(through_at - SETTLED)
        if room is None or until <= room.watched.fed:
            return
        if volume.find_watched(db, merchant_id) != room.watched or self._settings_of(db, merchant_id) != room.settings:
            del self._rooms[merchant_id]
            return
        try:
            self._judge(db, merchant_id, room, until, lost_at)
        except BaseException:
            self._rooms.pop(merchant_id, None)
            raise

    async def refresh(self, store: Store, merchant_id: MerchantId, watched: Watched | None, bank_now: datetime) -> None:
        """Takes over what was judged up to `watched`, by another or before a restart, once there is more to judge.

        Where that takes a replay of all history it is left to `catch_up`.
        """
        if not self._settings.enabled or watched is None or minute_of(bank_now - SETTLED) <= watched.fed:
            return
        room, catching = self._rooms.get(merchant_id), self._catching[merchant_id]
        if catching.locked() or (room and room.watched == watched):
            return
        async with catching:
            self._rooms.pop(merchant_id, None)
            replay = await store.read(self._begin, merchant_id)
            if replay and not replay.rebuilt:
                self._replays[merchant_id] = replay
                await self._catch_up(store, merchant_id)

    async def catch_up(self, store: Store, merchant_id: MerchantId) -> None:
        """Replays what a merchant's detectors do not know yet, without an alert.

        Merchants take turns slice by slice, so that the store has readers left for who asks.
        """
        if self._settings.enabled:
            async with self._catching[merchant_id]:
                await self._catch_up(store, merchant_id)

    async def _catch_up(self, store: Store, merchant_id: MerchantId) -> None:
        if merchant_id not in self._replays:
            replay = await store.read(self._begin, merchant_id)
            if replay is None:
                return
            self._replays[merchant_id] = replay
        whole = False
        while not whole:
            async with self._turn:
                whole = await store.read(self._replay, merchant_id)
        await store.write(self._go_live, merchant_id)

    def _judge(self, db: Connection, merchant_id: MerchantId, room: Room, until: int, lost_at: datetime | None) -> None:
        watched, newest = room.watched, until
        if lost_at is None:
            until = min(until, watched.fed + max(15, AT_ONCE // max(len(room.detectors), 1)))
        spoken = self._hear_verdicts(db, merchant_id, room)
        self._amend(db, merchant_id, room)
        made = minutes_of(volume.list_made(db, merchant_id, watched.fed, until), self._zone)
        heard: list[Heard] = []
        for span in _known(made, watched.fed, until, lost_at):
            heard += self._feed(room, made, span, newest=newest)
        _excuse(room, heard, silences.list_active(db, merchant_id))
        room.watched = replace(watched, fed=until, seen_at=volume.newest_sight(db, merchant_id))
        self._settle(db, merchant_id, room, heard)
        volume.save_watched(db, merchant_id, room.watched)
        spoken |= {one.terminal_id for one in heard}
        waiting = {one for n, one in enumerate(room.detectors) if n % SAVE_EVERY == until % SAVE_EVERY} | spoken
        self._save(db, merchant_id, room, waiting)

    def _save(self, db: Connection, merchant_id: MerchantId, room: Room, due: Iterable[TerminalId]) -> None:
        states = {one: room.detectors[one].dump() for one in due if one in room.detectors}
        volume.save_states(db, merchant_id, room.watched.fed, states)

    def _feed(self, room: Room, made: Minutes, span: range, *, newest: int | None = None) -> list[Heard]:
        """Every terminal's minutes of the span, those it has had already left out; history is judged as of its time."""
        heard: list[Heard] = []
        for new in sorted(made.keys() - room.detectors.keys() - room.broken):
            room.detectors[new] = Detector(room.settings.of_terminal(new))
        for terminal_id, detector in list(room.detectors.items()):
            own = made.get(terminal_id, {})
            try:
                for minute in due(detector, own, span, self._zone):
                    late = newest is not None and newest - minute.start_at // 60 > self._patience
                    now = minute.start_at + (LATE_SECONDS if late else 60)
                    heard += [Heard(terminal_id, one, detector.day_ops) for one in detector.feed(minute, now)]
            except Exception:
                logger.exception("the volume of terminal %s cannot be judged any more", terminal_id)
                del room.detectors[terminal_id]
                room.broken.add(terminal_id)
        return sorted(heard, key=lambda one: one.signal.at)

    def _amend(self, db: Connection, merchant_id: MerchantId, room: Room) -> None:
        """Operations that came late, and failures that were not known as such, in minutes that were judged."""
        late = minutes_of(volume.list_late(db, merchant_id, room.watched), self._zone)
        failed = minutes_of(volume.list_failed_later(db, merchant_id, room.watched), self._zone)
        for terminal_id, detector in room.detectors.items():
            for minute in late.get(terminal_id, {}).values():
                detector.amend(minute)
            for minute in failed.get(terminal_id, {}).values():
                detector.amend(minute._replace(n=0, log_sum=0.0, log_squares=0.0))

    def _hear_verdicts(self, db: Connection, merchant_id: MerchantId, room: Room) -> set[TerminalId]:
        spoken = set()
        for terminal_id, kind, verdict, at in volume.take_verdicts(db, merchant_id):
            if detector := room.detectors.get(terminal_id):
                detector.feedback(kind, verdict, at)  # type: ignore[arg-type]
                spoken.add(terminal_id)
        return spoken

    def _settle(self, db: Connection, merchant_id: MerchantId, room: Room, heard: Sequence[Heard]) -> None:
        known = [one for one in incidents.list_open(db, merchant_id) if one.rule == NAME]
        if not heard and not known:
            return
        setting = Setting(merchant_id, self._zone, room.settings.preset)
        said: Conclusion = conclude(heard, known, _alarms(room), minute=room.watched.fed - 1, setting=setting)
        self._incidents.settle(db, merchant_id, said.symptoms)
        if said.joins:
            numbers = {one.key: one.number for one in incidents.list_open(db, merchant_id) if one.rule == NAME}
            for number, key in said.joins.items():
                self._incidents.join(db, number, numbers[key])

    def _begin(self, db: Connection, merchant_id: MerchantId) -> Replay | None:
        """What is to be replayed: since the detectors were kept, or all of history when there is more of it now."""
        source = sources.find(db, merchant_id)
        watched = volume.find_watched(db, merchant_id)
        if source is None or source.through_at is None:
            return None
        through = minute_of(source.through_at - SETTLED)
        backfilling = sources.get_freshness(db, merchant_id).filling
        waited = source.through_at - source.watching_since_at > WAIT_FOR_HISTORY
        if watched is None and backfilling and not waited:
            return None
        end = watched.fed if watched else through
        first = volume.first_minute(db, merchant_id)
        since = min(max(end if first is None else first, end - HISTORY), end)
        outgrown = watched is None or (not backfilling and since < watched.since - 1440)
        if watched and not outgrown:
            return None if merchant_id in self._rooms else self._resume(db, merchant_id, watched)
        seen_at = watched.seen_at if watched else volume.newest_sight(db, merchant_id)
        room = Room(Watched(since, end, seen_at), self._settings_of(db, merchant_id))
        return Replay(room, since, rebuilt=True)

    def _settings_of(self, db: Connection, merchant_id: MerchantId) -> UnusualVolume:
        """As configured, but for a preset that was chosen in a chat."""
        preset = volume.get_preset(db, merchant_id, self._settings.preset)
        return self._settings.model_copy(update={"preset": preset})

    def _resume(self, db: Connection, merchant_id: MerchantId, watched: Watched) -> Replay:
        """Detectors as they were kept; one that is lost or cannot be read begins again with history."""
        room, since = Room(watched, self._settings_of(db, merchant_id)), watched.since
        for terminal_id, body in volume.list_states(db, merchant_id).items():
            detector = Detector(room.settings.of_terminal(terminal_id))
            try:
                detector.load(body)
            except (ValueError, KeyError, TypeError, AttributeError):
                logger.warning("what was learned of terminal %s is lost; it is learned again", terminal_id)
            else:
                room.detectors[terminal_id] = detector
        ever = operations.list_terminals(db, merchant_id, _instant(since))
        behind = [one.following or since for one in room.detectors.values()]
        return Replay(room, since if set(ever) - room.detectors.keys() else min(behind, default=since), rebuilt=False)

    def _replay(self, db: Connection, merchant_id: MerchantId) -> bool:
        """One slice, in a reader's thread. True when all is replayed."""
        replay = self._replays[merchant_id]
        room = replay.room
        end = min(replay.at + max(15, SLICE // max(len(room.detectors), 1)), room.watched.fed)
        self._feed(
            room, minutes_of(volume.list_made(db, merchant_id, replay.at, end), self._zone), range(replay.at, end)
        )
        replay.at = end
        return end >= room.watched.fed

    def _go_live(self, db: Connection, merchant_id: MerchantId) -> None:
        replay = self._replays.pop(merchant_id)
        room, live = replay.room, volume.find_watched(db, merchant_id)
        if live and live.fed > replay.at:
            made = minutes_of(volume.list_made(db, merchant_id, replay.at, live.fed), self._zone)
            self._feed(room, made, range(replay.at, live.fed))
        if live:
            room.watched = replace(live, since=room.watched.since)
        volume.save_watched(db, merchant_id, room.watched)
        if replay.rebuilt:
            self._save(db, merchant_id, room, room.detectors)
        self._settle(db, merchant_id, room, [])
        self._rooms[merchant_id] = room


def _excuse(room: Room, heard: Sequence[Heard], active: Sequence[Silence]) -> None:
    """What a person had announced costs the terminal no patience: an alarm under its silence counts as planned."""
    for terminal_id, signal in ((one.terminal_id, one.signal) for one in heard if one.signal.state == "open"):
        detector = room.detectors.get(terminal_id)
        if detector and any(one.shuts(NAME, terminal_id) for one in active):
            detector.feedback(signal.kind, "planned", signal.at)


def _known(made: Minutes, start: int, until: int, lost_at: datetime | None) -> list[range]:
    """The minutes [start, until), without an absence of the bank of which it lists nothing."""
    if lost_at is None:
        return [range(start, until)]
    gone, back = max(minute_of(lost_at), start), until - BLIND
    if back <= gone or any(gone < i < back for own in made.values() for i in own):
        return [range(start, until)]
    return [range(start, gone), range(back, until)]


def _instant(minute: int) -> datetime:
    return datetime.fromtimestamp(minute * 60, ZoneInfo("UTC"))


def _alarms(room: Room) -> dict[Group, dict[TerminalId, int]]:
    alarms: defaultdict[Group, dict[TerminalId, int]] = defaultdict(dict)
    for terminal_id, detector in room.detectors.items():
        for group, at in detector.alarms.items():
            alarms[group][terminal_id] = at
    return alarms
