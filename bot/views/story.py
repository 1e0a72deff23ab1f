"""What became of an invoice: its attempts in one line, and what happened to each since it was first seen."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from markupsafe import Markup, escape

from bot.model import Change, FoundReport, Operation, Outcome, Past
from bot.texts import Voice
from bot.views.operations import ICONS, SEPARATOR, outcome_name, outcome_words

_ARROW = Markup(" → ")
_STEPS = 6
_AT_ONCE = timedelta(seconds=1)


def story(attempts: Sequence[Operation], voice: Voice) -> Markup:
    """What became of an invoice after all its attempts, oldest first: `❌ failed → ✅ paid on attempt 2`."""
    outcomes = [attempt.outcome for attempt in attempts]
    settled = [number for number, outcome in enumerate(outcomes, 1) if outcome.rank >= Outcome.PAID.rank]
    if set(outcomes) == {Outcome.FAILED}:
        many = voice.plural("❌ not paid, {n} attempt", "❌ not paid, {n} attempts", len(outcomes))
        return many if len(outcomes) > 1 else voice("❌ failed")
    steps = [voice("❌ failed")] if Outcome.FAILED in outcomes[: settled[0] if settled else None] else []
    steps += _ending(outcomes, settled, voice)
    return _ARROW.join(steps)


def _ending(outcomes: Sequence[Outcome], settled: Sequence[int], voice: Voice) -> list[Markup]:
    if not settled:
        return [voice("⏳ the bank has not decided")]
    first = settled[0]
    steps = [voice("✅ paid on attempt {number}", number=first) if first > 1 else voice("✅ paid")]
    if (paid := outcomes.count(Outcome.PAID)) > 1:
        steps.append(voice.plural("⚠️ paid {n} time", "⚠️ paid {n} times", paid))
    if Outcome.REFUNDED in outcomes:
        steps.append(voice("↩️ refunded"))
    return steps


def duration(report: FoundReport, voice: Voice) -> list[Markup]:
    """From the first attempt to the payment, where that took any time."""
    attempts = report.operations[::-1]
    paid_at = next((at for attempt in attempts if (at := _paid_at(attempt, report.past))), None)
    if paid_at is None or (span := paid_at - attempts[0].created_at) < _AT_ONCE:
        return []
    return [voice("⏱ From the first attempt to the payment: {span}", span=voice.span(span))]


def _paid_at(attempt: Operation, past: Past) -> datetime | None:
    """When the bank was first seen to say so; None for what is not paid, or was refunded before it was seen."""
    if attempt.outcome.rank < Outcome.PAID.rank:
        return None
    changes = past.changes.get(attempt.id, ())
    first = changes[0].before if changes else attempt.outcome
    if first.rank >= Outcome.PAID.rank:
        return attempt.created_at
    return next((change.at for change in changes if change.after is Outcome.PAID), None)


def bank_word(report: FoundReport, voice: Voice) -> list[Markup]:
    """What the single check says of the newest attempt."""
    if report.checked is None:
        return []
    operation, refunded = report.checked.operation, report.checked.refunded
    parts = [voice("🏦 The bank's newest word: {outcome}", outcome=outcome_words(operation, voice))]
    if refunded:
        parts.append(voice("{sum} returned", sum=voice.money(refunded, operation.currency)))
    return [SEPARATOR.join(parts)]


def past_words(operation: Operation, report: FoundReport, voice: Voice) -> list[Markup]:
    """`⏳ undecided 14:32 → ✅ paid 14:35`, and whether the bank still lists the attempt."""
    changes = report.past.changes.get(operation.id, ())
    lines = [_steps(operation, changes, voice)] if changes else []
    if operation.id in report.past.missing:
        lines.append(voice("⚠️ The bank no longer lists this attempt"))
    return lines


def _steps(operation: Operation, changes: Sequence[Change], voice: Voice) -> Markup:
    """A date stands only where it is another than that of the step before."""
    before = operation.created_at
    steps = [_step(changes[0].before, before, before, voice)]
    for change in changes[-_STEPS:]:
        step = _step(change.after, change.at, before, voice)
        if change.amount_after != change.amount_before:
            step = SEPARATOR.join([step, escape(voice.money(change.amount_after, operation.currency))])
        steps.append(step)
        before = change.at
    return _ARROW.join(steps)


def _step(outcome: Outcome, at: datetime, before: datetime, voice: Voice) -> Markup:
    return Markup("{} {} {}").format(ICONS[outcome], outcome_name(outcome, voice), voice.moment(at, before))
