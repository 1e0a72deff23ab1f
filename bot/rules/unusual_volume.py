"""From what the detectors say to lasting troubles: one a terminal and kind, or one for many terminals at once. Pure."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator, Field

from bot.config import Quoted, Section, parse_clock_time
from bot.model import EPOCH, Incident, Loudness, MerchantId, Severity, Symptom, TerminalId
from bot.rules.volume import Signal, VolumeSettings, describe
from bot.rules.volume.values import GROUP_OF, Group

NAME = "volume"
MANY, TOGETHER = 3, 10  # so many terminals, alarmed within so many minutes, are one trouble
BUSY = 500  # operations a day from which silence is critical
_BANK = "bank"
_SERIOUS = {"silence", "drop", "fail"}
_SHARED: tuple[Group, ...] = ("low", "high", "fail", "amount")


def _parse_hours(value: object) -> object:
    if not isinstance(value, str):
        return value
    found = re.fullmatch(r"\s*(\S+?)\s*[-–]\s*(\S+)\s*", value)
    if found is None:
        raise ValueError('working hours are written like "09:00-21:00"')
    opens, closes = (parse_clock_time(part) for part in found.groups())
    return opens.hour * 60 + opens.minute, closes.hour * 60 + closes.minute


Hours = Annotated[tuple[int, int], BeforeValidator(_parse_hours)]


class TerminalVolume(Section):
    """One terminal's own limits: outside its `hours` nothing is missing; `lowest` and `highest` in any hour."""

    hours: Hours | None = None
    lowest: int | None = Field(default=None, ge=1)
    highest: int | None = Field(default=None, ge=1)


class UnusualVolume(Section):
    """Settings of the rule: a budget of false alarms by `preset`, the merchant's holidays, limits by terminal."""

    enabled: bool = True
    preset: Literal["calm", "normal", "everything"] = "normal"
    holidays: tuple[date, ...] = ()
    terminals: dict[Quoted, TerminalVolume] = Field(default_factory=dict)

    def of_terminal(self, terminal_id: TerminalId) -> VolumeSettings:
        """What the detector of a terminal is told."""
        own = self.terminals.get(terminal_id, TerminalVolume())
        return VolumeSettings.preset(
            self.preset, hours=own.hours, lowest=own.lowest, highest=own.highest, holidays=frozenset(self.holidays)
        )


@dataclass(frozen=True, slots=True)
class Heard:
    """What the detector of a terminal with so many operations a day has just said."""

    terminal_id: TerminalId
    signal: Signal
    day_ops: float


Alarms = Mapping[Group, Mapping[TerminalId, int]]


@dataclass(frozen=True, slots=True)
class Conclusion:
    """`symptoms` to settle, then the incidents (by number) that become part of the one with this key."""

    symptoms: tuple[Symptom, ...]
    joins: Mapping[int, str]


@dataclass(frozen=True, slots=True)
class Setting:
    """Whose terminals these are, on whose clock, and how loudly they speak."""

    merchant_id: MerchantId
    zone: ZoneInfo
    preset: str


def conclude(
    heard: Sequence[Heard], known: Sequence[Incident], alarms: Alarms, *, minute: int, setting: Setting
) -> Conclusion:
    """What opens, widens and ends after `minute`.

    `known` are the merchant's open incidents of this rule, `alarms` the open alarms of its detectors: group ->
    terminal -> the minute it was opened in.
    """
    symptoms: list[Symptom] = []
    joins: dict[int, str] = {}
    for group in dict.fromkeys(GROUP_OF.values()):
        alarmed = alarms.get(group, {})
        opened = [one for one in heard if one.terminal_id in alarmed and _opens(one, group)]
        crowd = [terminal for terminal, at in alarmed.items() if minute - at <= TOGETHER]
        wide = next((one for one in known if one.key == f"{_BANK}/{group}"), None)
        if opened and group in _SHARED and (wide or len(crowd) >= MANY):
            symptoms.append(_wide(opened, wide, alarmed if wide else crowd, group, setting))
            joins |= {one.number: f"{_BANK}/{group}" for one in _singles(known, group) if one.terminals[0] in crowd}
        else:
            symptoms += [_single(one, setting) for one in opened]
    ended = (one for one in known if one.number not in joins)
    symptoms += [_over(one, heard, setting) for one in ended if not _goes_on(one, alarms)]
    return Conclusion(tuple(symptoms), joins)


def group_of(incident: Incident) -> Group:
    """The direction of an incident of this rule."""
    place, kind = incident.key.split("/")
    return kind if place == _BANK else GROUP_OF[kind]  # type: ignore[return-value, index]


def kind_of(incident: Incident) -> str:
    """A kind of the incident's direction, for what a person says about it."""
    return next(kind for kind, group in GROUP_OF.items() if group == group_of(incident))


def _opens(heard: Heard, group: Group) -> bool:
    return heard.signal.state == "open" and GROUP_OF[heard.signal.kind] == group


def _goes_on(incident: Incident, alarms: Alarms) -> bool:
    return any(terminal in alarms.get(group_of(incident), {}) for terminal in incident.terminals)


def _singles(known: Sequence[Incident], group: Group) -> Iterator[Incident]:
    return (one for one in known if not one.key.startswith(f"{_BANK}/") and group_of(one) == group)


def _single(heard: Heard, setting: Setting) -> Symptom:
    signal = heard.signal
    silent_busy = signal.kind == "silence" and heard.day_ops >= BUSY
    severity = Severity.CRITICAL if silent_busy else Severity.WARNING
    return Symptom(
        rule=NAME,
        merchant_id=setting.merchant_id,
        key=f"{heard.terminal_id}/{signal.kind}",
        holds=True,
        severity=severity,
        loudness=Loudness.ON if signal.limit else _loudness(signal.kind, severity, setting.preset),
        terminals=(heard.terminal_id,),
        since=_instant(signal.since_at),
        text=describe(signal, _offset(signal.since_at, setting.zone)),
        values=_values(signal),
    )


def _loudness(kind: str, severity: Severity, preset: str) -> Loudness:
    aloud = {"calm": severity is Severity.CRITICAL, "normal": kind in _SERIOUS, "everything": True}[preset]
    return Loudness.ON if aloud else Loudness.SILENT


def _wide(
    opened: Sequence[Heard], wide: Incident | None, places: Sequence[TerminalId] | Any, group: Group, setting: Setting
) -> Symptom:
    terminals = tuple(dict.fromkeys([*(wide.terminals if wide else ()), *places]))
    since = min(one.signal.since_at for one in opened)
    began = min(wide.since, _instant(since)) if wide else _instant(since)
    return Symptom(
        rule=NAME,
        merchant_id=setting.merchant_id,
        key=f"{_BANK}/{group}",
        holds=True,
        severity=Severity.CRITICAL,
        terminals=terminals,
        since=began,
        text=f"the bank's side: {group} at {len(terminals)} terminals",
        values={"kind": _BANK, "group": group, "count": len(terminals), "since": int(began.timestamp())},
    )


def _over(incident: Incident, heard: Sequence[Heard], setting: Setting) -> Symptom:
    group = group_of(incident)
    last = next(
        (
            one.signal
            for one in reversed(heard)
            if one.signal.state == "close"
            and one.terminal_id in incident.terminals
            and GROUP_OF[one.signal.kind] == group
        ),
        None,
    )
    heard_since: dict[str, str | int] = {"n": last.sample} if last else {}
    return Symptom(
        rule=NAME,
        merchant_id=setting.merchant_id,
        key=incident.key,
        holds=False,
        severity=incident.severity,
        terminals=incident.terminals,
        text=describe(last, _offset(last.since_at, setting.zone)) if last else "as usual again",
        values={**incident.values, "kind": "over", "was": incident.values["kind"], "group": group, **heard_since},
    )


def _values(signal: Signal) -> dict[str, str | int]:
    low, high = signal.expected
    own: dict[str, str | int] = {"limit": signal.limit} if signal.limit else {}
    return own | {
        "kind": signal.kind,
        "since": signal.since_at,
        "seen": round(signal.observed),
        "of": signal.sample,
        "low": round(low),
        "high": max(round(high), 1),
        "percent": round(100 * signal.ratio),
        "reason": int(signal.reason or 0),
    }


def _instant(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, EPOCH.tzinfo)


def _offset(seconds: int, zone: ZoneInfo) -> int:
    offset = datetime.fromtimestamp(seconds, zone).utcoffset()
    return int(offset.total_seconds()) if offset else 0
