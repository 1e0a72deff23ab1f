"""Failed payments as an alert: one in full, several as a headline, their reasons and a row each."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from markupsafe import Markup, escape

from bot.model import AlertReason, Button, FailureAlert, Severity
from bot.texts import Voice
from bot.views.blocks import capped
from bot.views.buttons import copy_button, data_button
from bot.views.operations import SEPARATOR, bank_words, card_words, payer_words, reason_words, sums
from bot.views.sight import Sight

_ICONS = {Severity.INFO: "🔵", Severity.WARNING: "🟠", Severity.CRITICAL: "🔴"}
_LOUDER = tuple(Severity)
_TOP_REASONS = 3


def failure_card(alert: FailureAlert, voice: Voice, now: datetime, sight: Sight) -> Markup:
    """Everything known of one failed operation, a fact a line."""
    operation = alert.operation
    lines = [
        _headline(alert, voice),
        _what(alert, voice),
        reason_words(operation, voice),
        *bank_words(operation, voice),
        *card_words(operation),
        *payer_words(operation, voice, sight),
        _when(alert, voice, now),
    ]
    if alert.count > 1:
        lines.append(voice("Failures in this incident: {count}", count=voice.number(alert.count)))
    return Markup("\n").join(lines)


def failure_buttons(alert: FailureAlert, voice: Voice) -> list[list[Button]]:
    """What one wants to know next; the payer, whom an alert never names, for those who may."""
    operation = alert.operation
    invoice, terminal = operation.invoice_id, operation.terminal_id
    rows = [
        [
            *copy_button(voice.plain("📋 Copy invoice"), invoice),
            *(data_button(voice.plain("🔎 All attempts"), "find", invoice) if invoice else ()),
        ],
        [
            *(data_button(voice.plain("📊 Terminal today"), "today", terminal) if terminal else ()),
            *data_button(voice.plain("👁 Show payer"), "payer", operation.id),
        ],
    ]
    return [row for row in rows if row]


def _headline(alert: FailureAlert, voice: Voice) -> Markup:
    what = voice("Payment failed") if alert.reason is AlertReason.FIRST else voice("One more payment failed")
    number = Markup("{icon} <b>#{number} · {what}</b>").format(
        icon=_ICONS[alert.severity], number=alert.incident, what=what
    )
    return SEPARATOR.join([number, _where(alert)])


def _where(alert: FailureAlert) -> Markup:
    names = [capped(alert.terminal_name), capped(alert.merchant_name)]
    return SEPARATOR.join(name for name in names if name)


def _what(alert: FailureAlert, voice: Voice) -> Markup:
    operation = alert.operation
    amount = Markup("<b>{}</b>").format(voice.money(operation.amount, operation.currency))
    invoice = capped(operation.invoice_id)
    return voice("{amount} · invoice <code>{invoice}</code>", amount=amount, invoice=invoice) if invoice else amount


def _when(alert: FailureAlert, voice: Voice, now: datetime) -> Markup:
    time = voice.moment(alert.operation.created_at, now, seconds=not alert.late)
    if alert.late:
        return voice("⏳ late, happened {time} ({zone})", time=time, zone=voice.zone_name())
    return voice("{time} ({zone})", time=time, zone=voice.zone_name())


def failures_head(alerts: Sequence[FailureAlert], voice: Voice) -> list[Markup]:
    """How many, how much, where and why; which of them come late."""
    loudest = max((alert.severity for alert in alerts), key=_LOUDER.index)
    count = voice.plural("{n} payment failed", "{n} payments failed", len(alerts))
    amount = sums((alert.operation for alert in alerts), voice)
    lines = [Markup("{icon} <b>{count}</b> · {amount}").format(icon=_ICONS[loudest], count=count, amount=amount)]
    if len(places := {_where(alert) for alert in alerts}) == 1:
        lines += [place for place in places if place]
    lines.append(_top_reasons(alerts, voice))
    if late := sum(alert.late for alert in alerts):
        lines.append(voice("⏳ late: {count}", count=voice.number(late)))
    return lines


def _top_reasons(alerts: Sequence[FailureAlert], voice: Voice) -> Markup:
    counts = Counter(alert.operation.reason_code for alert in alerts).most_common()
    shown = [f"{voice.reason(code)} {voice.number(count)}" for code, count in counts[:_TOP_REASONS]]
    if rest := sum(count for _, count in counts[_TOP_REASONS:]):
        shown.append(voice.plain("other {count}", count=voice.number(rest)))
    return voice("Why: {reasons}", reasons=", ".join(shown))


def failure_rows(alerts: Sequence[FailureAlert], voice: Voice, now: datetime) -> list[Markup]:
    """A row each; what all have in common stands in the headline and is not said again."""
    one_place = len({_where(alert) for alert in alerts}) == 1
    one_reason = len({alert.operation.reason_code for alert in alerts}) == 1
    return [_row(alert, voice, now, place=not one_place, reason=not one_reason) for alert in alerts]


def _row(alert: FailureAlert, voice: Voice, now: datetime, *, place: bool, reason: bool) -> Markup:
    operation = alert.operation
    invoice = capped(operation.invoice_id)
    late = "⏳ " if alert.late else ""
    parts = [
        escape(late + voice.moment(operation.created_at, now)),
        escape(voice.money(operation.amount, operation.currency)),
        Markup("<code>{}</code>").format(invoice) if invoice else Markup(),
        escape(voice.reason(operation.reason_code)) if reason else Markup(),
        capped(alert.terminal_name) if place else Markup(),
        escape(f"#{alert.incident}"),
    ]
    return SEPARATOR.join(part for part in parts if part)
