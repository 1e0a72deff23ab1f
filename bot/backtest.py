"""History through the same rules and incidents, nothing sent: what would have been told, when and why."""

import json
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from zoneinfo import ZoneInfo

from bot.config import Settings
from bot.epay.records import Unreadable, operation_of
from bot.errors import ConfigurationError, Problem
from bot.incidents import Incidents
from bot.minutes import minute_of
from bot.model import (
    EPOCH,
    Incident,
    Loudness,
    Merchant,
    MerchantId,
    Operation,
    OperationId,
    Outcome,
    Window,
)
from bot.rules import Rulebook
from bot.store import incidents, operations, sources, volume
from bot.store.driver import Connection, Store
from bot.store.sqlite import SqliteStore
from bot.watching import SETTLED, Watching

MINUTE = timedelta(minutes=1)
CHUNK = 360  # minutes a transaction
HISTORY_CHUNK = 1440
Progress = Callable[[str, Window], None]


@dataclass(frozen=True, slots=True)
class Change:
    """One change of an incident, as people would have heard of it (`aloud`) or seen it."""

    at: datetime
    what: str
    aloud: bool
    incident: Incident

    def to_json(self) -> str:
        """One line; instants in UTC."""
        one = self.incident
        return json.dumps(
            {
                "at": self.at.isoformat(),
                "change": self.what,
                "aloud": self.aloud,
                "merchant": one.merchant_id,
                "incident": one.number,
                "rule": one.rule,
                "key": one.key,
                "kind": one.values.get("kind", ""),
                "severity": one.severity,
                "since": one.since.isoformat(),
                "terminals": list(one.places),
                "why": why(one),
            },
            ensure_ascii=False,
        )

    def to_line(self, merchant: Merchant, zone: ZoneInfo) -> str:
        """One line for a person, on the clock of `zone`."""
        places = ", ".join(map(merchant.terminal_name, self.incident.places)) or merchant.name
        mark = "🔊" if self.aloud else "  "
        at = self.at.astimezone(zone)
        return f"{at:%Y-%m-%d %H:%M} {mark} #{self.incident.number} {self.what:<9} {places}: {why(self.incident)}"


def why(incident: Incident) -> str:
    """The cause of an incident in one English line."""
    if incident.text:
        return incident.text.format(**incident.values)
    codes = sorted({one.reason_code for one in incident.attempts if one.outcome is Outcome.FAILED})
    return f"{incident.count} payments failed, reason codes {', '.join(map(str, codes))}"


class Past:
    """Where the operations come from, by minutes counted from 1970."""

    def __init__(self, store: Store | None, made: Sequence[Operation] = ()) -> None:
        self._store = store
        self._made: defaultdict[int, list[Operation]] = defaultdict(list)
        for one in made:
            self._made[minute_of(one.created_at)].append(one)

    async def span(self, merchant_id: MerchantId) -> range:
        """The minutes there are operations of."""
        if self._store is None:
            return range(min(self._made), max(self._made) + 1) if self._made else range(0)
        first = await self._store.read(volume.first_minute, merchant_id)
        source = await self._store.read(sources.find, merchant_id)
        if first is None or source is None or source.through_at is None:
            return range(0)
        return range(first, minute_of(source.through_at))

    async def minutes(self, merchant_id: MerchantId, start: int, end: int) -> Mapping[int, list[Operation]]:
        if self._store is None:
            return {i: self._made[i] for i in range(start, end) if i in self._made}
        found: defaultdict[int, list[Operation]] = defaultdict(list)
        for one in await self._store.read(volume.list_whole, merchant_id, start, end):
            found[minute_of(one.created_at)].append(one)
        return found


class Backtest:
    """One merchant's past, replayed into a store that is thrown away."""

    def __init__(self, merchant: Merchant, rulebook: Rulebook, zone: ZoneInfo) -> None:
        self._merchant = merchant
        self._now = EPOCH
        self._incidents = Incidents([merchant], rulebook, now=lambda: self._now)
        self._watching = Watching(rulebook.volume, self._incidents, zone=zone)
        self._heard = 0

    async def run(self, past: Past, days: int, progress: Progress) -> AsyncIterator[Change]:
        """Changes of the last `days` in order; what was before is only learned from."""
        span = await past.span(self._merchant.id)
        begin = max(span.start, span.stop - days * 1440)
        with TemporaryDirectory(prefix="epay-bot-backtest-") as folder:
            store = SqliteStore(Path(folder) / "past.db")
            try:
                for start in range(span.start, begin, HISTORY_CHUNK):
                    self._tell(progress, span, start)
                    made = await past.minutes(self._merchant.id, start, min(start + HISTORY_CHUNK, begin))
                    await store.write(self._learn, made)
                await store.write(self._begin, begin)
                await self._watching.catch_up(store, self._merchant.id)
                for start in range(begin, span.stop, CHUNK):
                    self._tell(progress, span, start)
                    end = min(start + CHUNK, span.stop)
                    made = await past.minutes(self._merchant.id, start, end)
                    for change in await store.write(self._live, made, range(start, end)):
                        yield change
                self._tell(progress, span, span.stop)
            finally:
                await store.close()

    def _tell(self, progress: Progress, span: range, at: int) -> None:
        progress(self._merchant.id, Window(_instant(at), _instant(span.stop)))

    def _learn(self, db: Connection, made: Mapping[int, list[Operation]]) -> None:
        for i, known in made.items():
            now = _instant(i + 1)
            operations.apply(db, self._merchant.id, known, history_before=now, now=now)

    def _begin(self, db: Connection, begin: int) -> None:
        self._now = _instant(begin) + SETTLED
        sources.begin(db, self._merchant.id, self._now)
        sources.advance(db, self._merchant.id, self._now)

    def _live(self, db: Connection, made: Mapping[int, list[Operation]], span: range) -> list[Change]:
        changes: list[Change] = []
        for i in span:
            self._now = _instant(i + 1) + SETTLED
            if i in made:
                applied = operations.apply(db, self._merchant.id, made[i], history_before=EPOCH, now=self._now)
                self._incidents.report(db, self._merchant.id, applied.transitions, bank_now=self._now)
            sources.advance(db, self._merchant.id, self._now)
            self._watching.look(db, self._merchant.id, self._now)
            self._incidents.tick(db)
            changes += self._changes(db)
        return changes

    def _changes(self, db: Connection) -> Iterable[Change]:
        for number, event, incident in incidents.list_changes(db, self._heard):
            self._heard = number
            yield Change(event.at, event.what, incident.loudness is Loudness.ON, incident)


def read_operations(path: Path, merchant_id: MerchantId) -> list[Operation]:
    """A file with one operation a line: the bank's records, or `{"t": epoch, "terminal", "amount", "ok", "reason"}`.

    Raises ConfigurationError that names the first line which is neither.
    """
    made = []
    try:
        with path.open(encoding="utf-8") as lines:
            for number, line in enumerate(lines, 1):
                if line.strip():
                    made += _read(line, number, merchant_id)
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(Problem("--operations", f"{path} cannot be read")) from error
    return made


def _read(line: str, number: int, merchant_id: MerchantId) -> list[Operation]:
    try:
        record = json.loads(line, parse_float=Decimal)
        if not isinstance(record, dict):
            raise Unreadable("not an object")
        if record.get("type", "op") != "op":
            return []
        if "t" not in record:
            return [operation_of({"id": f"line {number}", "currency": "KZT", **record}, merchant_id)]
        return [_plain(record, number, merchant_id)]
    except (ValueError, KeyError, TypeError, ArithmeticError) as error:
        what = error if isinstance(error, Unreadable) else "not an operation"
        raise ConfigurationError(Problem("--operations", f"line {number}: {what}")) from error


def _plain(record: Mapping[str, Any], number: int, merchant_id: MerchantId) -> Operation:
    """An operation of which no more is known than what volume is judged by."""
    reason = str(record.get("reason") or "")
    ok = bool(record.get("ok", True))
    return replace(
        operation_of(
            {
                "id": f"line {number}",
                "currency": "KZT",
                "createdDate": _instant(0).isoformat(),
                "terminal": str(record["terminal"]),
                "amount": round(Decimal(str(record["amount"])), 2),
                "statusName": "OK" if ok else "ERROR",
                "reason": reason,
            },
            merchant_id,
        ),
        id=OperationId(str(record.get("id", f"line {number}"))),
        created_at=EPOCH + timedelta(seconds=float(record["t"])),
        outcome=Outcome.PAID if ok else Outcome.FAILED,
        reason_code=int(reason) if reason.isdecimal() and not ok else 0,
    )


async def backtest(
    settings: Settings,
    merchants: Sequence[Merchant],
    store: Store | None,
    *,
    days: int,
    file: Path | None,
    progress: Progress,
) -> AsyncIterator[Change]:
    """Every merchant's stored past, or a file's as the first merchant's."""
    rulebook, zone = Rulebook.from_settings(settings.alerts), ZoneInfo(settings.timezone)
    for merchant in merchants if file is None else merchants[:1]:
        past = Past(store) if file is None else Past(None, read_operations(file, merchant.id))
        async for change in Backtest(merchant, rulebook, zone).run(past, days, progress):
            yield change


def _instant(minute: int) -> datetime:
    return EPOCH + minute * MINUTE
