"""An operation that failed, found once: on the transition to failed, never for history."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated

from pydantic import BeforeValidator, Field

from bot.config import Duration, Section
from bot.model import Finding, Loudness, Operation, Outcome, Policy, ReasonClass, Severity, Transition

NAME = "failed_operation"
_SEVERITIES = {ReasonClass.SYSTEM: Severity.CRITICAL, ReasonClass.MERCHANT: Severity.CRITICAL}


def _spelled(given: object) -> object:
    """YAML reads a bare `on` and `off` as true and false."""
    return {True: Loudness.ON, False: Loudness.OFF}[given] if isinstance(given, bool) else given


class ClassPolicy(Section):
    """How failures of one reason class are told: `on` with sound, `silent`, or `off` (only counted).

    Loud once there are `min_count` of them `within` a span and, when `min_share` is set, that share of at least
    `min_sample` operations failed; or as soon as the share `at_once` of the terminal's last payments failed.
    """

    loudness: Annotated[Loudness, BeforeValidator(_spelled)] = Loudness.ON
    min_count: int = Field(default=1, ge=1, le=100)
    within: Duration = timedelta(minutes=10)
    min_share: float = Field(default=0.0, ge=0, le=1)
    min_sample: int = Field(default=5, ge=1)
    at_once: Annotated[float, Field(gt=0, le=1)] | None = None


class FailedOperation(Section):
    """Settings of the rule: one policy a reason class.

    By default a failure of systems or settings rings if half of the terminal's last payments failed, else the second
    within minutes does; limits and the payers' banks ring when they refuse several; refusals on the payer's side are
    shown without a sound.
    """

    enabled: bool = True
    system: ClassPolicy = ClassPolicy(min_count=2, at_once=0.5)
    merchant: ClassPolicy = ClassPolicy(min_count=2, at_once=0.5)
    unknown: ClassPolicy = ClassPolicy(min_count=2, at_once=0.5)
    limit: ClassPolicy = ClassPolicy(min_count=3)
    issuer: ClassPolicy = ClassPolicy(min_count=5)
    payer: ClassPolicy = ClassPolicy(loudness=Loudness.SILENT)
    ignore_codes: tuple[int, ...] = ()


def judge(transitions: Sequence[Transition], settings: FailedOperation) -> list[Finding]:
    """One finding for each operation that became failed while the bot was watching."""
    if not settings.enabled:
        return []
    return [
        _finding(transition.after, settings)
        for transition in transitions
        if _became_failed(transition) and transition.after.reason_code not in settings.ignore_codes
    ]


def _became_failed(transition: Transition) -> bool:
    if transition.history or transition.after.outcome is not Outcome.FAILED:
        return False
    return transition.before is None or transition.before.outcome is not Outcome.FAILED


def _finding(operation: Operation, settings: FailedOperation) -> Finding:
    reason_class = operation.reason_class or ReasonClass.UNKNOWN
    given: ClassPolicy = getattr(settings, reason_class)
    return Finding(
        rule=NAME,
        merchant_id=operation.merchant_id,
        severity=_SEVERITIES.get(reason_class, Severity.WARNING),
        policy=Policy(
            loudness=given.loudness,
            min_count=given.min_count,
            within=given.within,
            min_share=given.min_share,
            min_sample=given.min_sample,
            at_once=given.at_once,
        ),
        operation=operation,
    )
