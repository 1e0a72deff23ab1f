"""RULES: one file a rule, one row a rule. Facts and the rule's own settings go in, findings come out; pure."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pydantic import BaseModel, ValidationError

from bot.errors import Problem
from bot.model import Finding, MerchantId, Timers, Transition
from bot.rules import failed_operation, incidents, unusual_volume
from bot.rules.unusual_volume import UnusualVolume


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule's name in the configuration, its settings with their defaults, and its judgement."""

    name: str
    settings: type[BaseModel]
    judge: Callable[[Sequence[Transition], Any], list[Finding]]


RULES = (Rule(failed_operation.NAME, failed_operation.FailedOperation, failed_operation.judge),)
SECTIONS: dict[str, type[BaseModel]] = {rule.name: rule.settings for rule in RULES} | {
    incidents.NAME: incidents.IncidentSettings,
    unusual_volume.NAME: UnusualVolume,
}


def check_settings(alerts: Mapping[str, Any], merchants: Collection[str] | None = None) -> list[Problem]:
    """Every problem of the `alerts` section, with its path; `merchants` are the ids that may stand in it."""
    problems = [
        Problem(f"alerts.{name}", f"no such section; there are {', '.join(SECTIONS)}")
        for name in alerts.keys() - SECTIONS
    ]
    for name in SECTIONS.keys() & alerts.keys():
        try:
            SECTIONS[name].model_validate(alerts[name] or {})
        except ValidationError as error:
            problems += [
                Problem(
                    ".".join(["alerts", name, *map(str, detail["loc"])]), detail["msg"].removeprefix("Value error, ")
                )
                for detail in error.errors(include_url=False, include_input=False)
            ]
    called = (alerts.get(incidents.NAME) or {}).get("escalate_to")
    if merchants is not None and isinstance(called, dict):
        problems += [
            Problem(f"alerts.incidents.escalate_to.{name}", "no merchant has this id")
            for name in called.keys() - {*merchants, incidents.EVERY_MERCHANT}
        ]
    return problems


@dataclass(frozen=True, slots=True)
class Rulebook:
    """Every rule with its settings, ready to judge."""

    entries: tuple[tuple[Rule, BaseModel], ...]
    timers: Timers
    escalate_to: Mapping[str, tuple[int, ...]]
    volume: UnusualVolume

    @classmethod
    def from_settings(cls, alerts: Mapping[str, Any]) -> "Rulebook":
        entries = tuple((rule, rule.settings.model_validate(alerts.get(rule.name) or {})) for rule in RULES)
        given = incidents.IncidentSettings.model_validate(alerts.get(incidents.NAME) or {})
        volume = UnusualVolume.model_validate(alerts.get(unusual_volume.NAME) or {})
        return cls(entries, given.timers(), given.escalate_to, volume)

    def list_called(self, merchant_id: MerchantId) -> tuple[int, ...]:
        """Who is called, one after the other, when nobody takes an incident of this merchant."""
        return self.escalate_to.get(merchant_id) or self.escalate_to.get(incidents.EVERY_MERCHANT, ())

    def timers_of(self, merchant_id: MerchantId) -> Timers:
        """Everybody on a merchant's list is called in turn; without a list the chats are called once."""
        return replace(self.timers, calls=max(1, len(self.list_called(merchant_id))))

    def judge(self, transitions: Sequence[Transition]) -> list[Finding]:
        """What every rule finds in these transitions, in the order of RULES."""
        return [finding for rule, settings in self.entries for finding in rule.judge(transitions, settings)]
