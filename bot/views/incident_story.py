"""One incident whole: its operations by pages, what became of their invoices, and who did what when."""

from datetime import datetime

from markupsafe import Markup, escape

from bot.model import AlertReason, Button, Event, IncidentReport, Message, Operation, Outcome
from bot.texts import Voice
from bot.views.blocks import capped, fit
from bot.views.buttons import edit_button
from bot.views.incidents import headline, silence_words, span_words, symptom_words, totals
from bot.views.operations import ICONS, SEPARATOR
from bot.views.rows import page_buttons

_TOLD = 12
_UNPAID = "unpaid"
_BLANK = Markup()


def incident_story(report: IncidentReport, voice: Voice) -> Message:
    """The answer to /incident."""
    alert, incident = report.alert, report.alert.incident
    head = [headline(alert, voice, report.at)]
    if incident.key:
        head += [symptom_words(incident, voice), *span_words(incident, voice, report.at)]
    else:
        head += totals(alert, voice, report.at)
    if alert.silence and incident.is_open:
        head.append(silence_words(alert.silence, voice, report.at))
    rows = [_row(operation, fate, voice, report.at) for operation, fate in report.rows]
    if not rows and report.unpaid:
        rows = [voice("Every invoice of it is paid.")]
    story = [_BLANK, *_events(report, voice)] if report.page == 1 else []
    return Message(fit([*head, *([_BLANK] if rows else [])], rows, story, voice), _buttons(report, voice))


def _row(operation: Operation, fate: Outcome, voice: Voice, now: datetime) -> Markup:
    """`❌ 14:32 · 25 000 ₸ · INV-88213 · timeout → ✅`: the last sign is what became of the invoice since."""
    invoice = capped(operation.invoice_id)
    reason = [escape(voice.reason(operation.reason_code))] if operation.outcome is Outcome.FAILED else []
    parts = [
        escape(voice.moment(operation.created_at, now)),
        escape(voice.money(operation.amount, operation.currency)),
        *([Markup("<code>{}</code>").format(invoice)] if invoice else []),
        *reason,
    ]
    since = Markup(" → {}").format(ICONS[fate]) if fate is not operation.outcome else Markup()
    return Markup("{} {}{}").format(ICONS[operation.outcome], SEPARATOR.join(parts), since)


def _events(report: IncidentReport, voice: Voice) -> list[Markup]:
    """The newest lines of its history."""
    told = report.events[-_TOLD:]
    left = len(report.events) - len(told)
    rest = [voice.plural("… and {n} line before", "… and {n} lines before", left)] if left else []
    return [*rest, *(_event(event, voice, report.at) for event in told)]


def _event(event: Event, voice: Voice, now: datetime) -> Markup:
    words = _words(event.what, voice)
    name = capped(event.who)
    parts = [escape(voice.moment(event.at, now)), words, *([name] if name else [])]
    return SEPARATOR.join(parts)


def _words(what: str, voice: Voice) -> Markup:
    known = {
        AlertReason.FIRST.value: voice("🔴 it began"),
        AlertReason.WIDENED.value: voice("🔺 told that it has grown"),
        AlertReason.REMINDER.value: voice("🔔 reminded"),
        AlertReason.ESCALATED.value: voice("⏫ nobody had taken it"),
        AlertReason.RESOLVED.value: voice("🟢 over"),
        "acknowledged": voice("✋ taken"),
        "snoozed": voice("😴 put off"),
        "silenced": voice("🔕 silenced"),
        "unsilenced": voice("🔔 silence ended"),
        "corrected": voice("✅ paid after all"),
        "planned": voice("✅ it was planned"),
        "false_alarm": voice("👎 it was a false alarm"),
        "joined": voice("🏦 part of a wider one now"),
    }
    return known.get(what) or capped(what)


def _buttons(report: IncidentReport, voice: Voice) -> list[list[Button]]:
    number = str(report.alert.incident.number)
    only = f" {_UNPAID}" if report.unpaid else ""
    pages = range(max(report.page - 1, 1), min(report.page + 1, report.last_page) + 1)
    words = {page: f"{number}{only}" + (f" p{page}" if page > 1 else "") for page in pages}
    other = (
        edit_button(voice.plain("All payments"), "incident", number)
        if report.unpaid
        else edit_button(voice.plain("Unpaid only"), "incident", number, _UNPAID)
    )
    turning = page_buttons("incident", words, report.page, report.last_page)
    refresh = edit_button(voice.plain("🔄 Refresh"), "incident", words[report.page])
    has_payments = not report.alert.incident.key
    return [row for row in (turning, [*(other if has_payments else []), *refresh]) if row]
