"""An operation that failed, told once: on the transition to failed, never for history."""

from collections.abc import Sequence

from bot.config import Section
from bot.model import Finding, Operation, Outcome, ReasonClass, Severity, Transition

NAME = "failed_operation"
_SEVERITIES = {ReasonClass.SYSTEM: Severity.CRITICAL, ReasonClass.MERCHANT: Severity.CRITICAL}


class FailedOperation(Section):
    """Settings of the rule: switch it off, or leave out reason classes and single codes."""

    enabled: bool = True
    ignore_classes: tuple[ReasonClass, ...] = ()
    ignore_codes: tuple[int, ...] = ()


def judge(transitions: Sequence[Transition], settings: FailedOperation) -> list[Finding]:
    """One finding for each operation that became failed while the bot was watching."""
    if not settings.enabled:
        return []
    return [
        _finding(transition.after)
        for transition in transitions
        if _became_failed(transition) and not _ignored(transition.after, settings)
    ]


def _became_failed(transition: Transition) -> bool:
    if transition.history or transition.after.outcome is not Outcome.FAILED:
        return False
    return transition.before is None or transition.before.outcome is not Outcome.FAILED


def _ignored(operation: Operation, settings: FailedOperation) -> bool:
    return operation.reason_class in settings.ignore_classes or operation.reason_code in settings.ignore_codes


def _finding(operation: Operation) -> Finding:
    reason_class = operation.reason_class or ReasonClass.UNKNOWN
    return Finding(
        rule=NAME,
        merchant_id=operation.merchant_id,
        key=f"{operation.terminal_id}/{reason_class}",
        severity=_SEVERITIES.get(reason_class, Severity.WARNING),
        at=operation.created_at,
        operation=operation,
    )
