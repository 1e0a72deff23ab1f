"""VOLUME_VIEWS: unusual volume, its end, what people and presets say of it, for the reviewed messages."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

from views_incidents import AIGERIM, MINUTE, SAMAL, SAMAL_3, living, of
from views_samples import NOW, SHOP

from bot.model import Alarm, Incident, IncidentState, Loudness, Message, Severity, TerminalId
from bot.texts import Voice
from bot.views import ask_rules, judged, rules_of, rules_replayed, said

SINCE = NOW - 52 * MINUTE
FIGURES = {"since": int(SINCE.timestamp()), "seen": 12, "of": 40, "low": 39, "high": 86, "percent": 30, "reason": 484}
PLACES = (SAMAL, SAMAL_3, *(TerminalId(str(number)) for number in range(35)))
PAST = {
    "calm": [],
    "normal": [Alarm("silence", NOW - timedelta(days=3), 0, 39, 86)],
    "everything": [Alarm("amount", NOW - timedelta(days=9), 90_000, 1, 2), Alarm("spike", NOW, 1_200, 300, 420)],
}


def volume(kind: str, **changes: Any) -> Incident:
    values = {**FIGURES, "kind": kind, **changes.pop("values", {})}
    given: dict[str, Any] = {
        "number": 31,
        "rule": "volume",
        "merchant_id": SHOP.id,
        "key": f"{SAMAL}/{kind}",
        "severity": Severity.WARNING,
        "loudness": Loudness.ON,
        "opened_at": NOW - 3 * MINUTE,
        "began_at": SINCE,
        "last_at": NOW,
        "sounded_at": NOW,
        "count": 1,
        "terminals": (SAMAL,),
        "values": values,
    }
    return Incident(**given | changes)


def over(**values: Any) -> Incident:
    return volume("silence", state=IncidentState.RESOLVED, resolved_at=AIGERIM.at, values=values)


def everywhere(group: str) -> Incident:
    return volume("bank", severity=Severity.CRITICAL, terminals=PLACES, values={"group": group, "count": 37})


VOLUME_VIEWS: dict[str, Callable[[Voice], Message]] = {
    **{f"volume-{kind}": living(of(volume(kind))) for kind in ("silence", "drop", "spike", "fail", "decay")},
    "volume-amount": living(of(volume("amount", values={"seen": 1_250_000, "low": 400_000, "high": 650_000}))),
    **{f"volume-bank-{group}": living(of(everywhere(group))) for group in ("low", "high", "fail", "amount")},
    "volume-lowest": living(of(volume("drop", values={"limit": 30}))),
    "volume-highest": living(of(volume("spike", values={"limit": 10}))),
    "volume-over": living(of(over(kind="over", was="silence", group="low"))),
    "volume-planned": living(of(over(verdict="planned", by="Aigerim"))),
    "volume-false-alarm": living(of(over(verdict="false_alarm", by="Aigerim"))),
    "volume-part": living(of(over(part_of=32))),
    "volume-judged": lambda voice: said(judged(over(verdict="planned", by="Aigerim"), AIGERIM, voice, NOW)),
    "volume-judged-late": lambda voice: said(judged(over(), replace(AIGERIM, at=NOW), voice, NOW)),
    "rules": lambda voice: rules_of(SHOP.terminals[0], PAST, "normal", voice, NOW),
    "rules-ask": lambda voice: ask_rules(SHOP.terminals, voice),
    "rules-wait": lambda voice: rules_replayed(SHOP.terminals[0], voice),
}
