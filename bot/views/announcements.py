"""One change of an incident, as the reply that announces it."""

from markupsafe import Markup

from bot.model import AlertReason, Because, Button, IncidentAlert, Message
from bot.texts import Voice
from bot.views.blocks import capped, fit
from bot.views.buttons import data_button
from bot.views.incidents import count_words, fate_words, instead_words, rate_words, repeat_mark, symptom_words, where
from bot.views.operations import SEPARATOR


def change_message(alert: IncidentAlert, voice: Voice, *, repeated: bool = False) -> Message:
    """Why it is spoken of again, in a few lines: the living message above holds the rest. The end makes no sound."""
    lines = _REPLIES[alert.reason](alert, voice)
    text = fit(repeat_mark(voice, repeated), lines, instead_words(alert, voice), voice)
    return Message(text, _reply_buttons(alert, voice), silent=alert.silent or alert.reason is AlertReason.RESOLVED)


def _widened(alert: IncidentAlert, voice: Voice) -> list[Markup]:
    head = Markup("🔺 <b>#{} · {}</b>").format(alert.incident.number, voice("it has grown"))
    return [SEPARATOR.join([head, where(alert, voice)]), *_summary(alert, voice)]


def _reminder(alert: IncidentAlert, voice: Voice) -> list[Markup]:
    why = {
        Because.SNOOZE_OVER: voice("the time it was put off is over"),
        Because.ACK_RAN_OUT: voice("nobody has said anything about it for a while"),
        Because.SILENCE_OVER: voice("its silence is over"),
        Because.STILL_FAILING: voice("it goes on"),
        None: voice("it goes on"),
    }[alert.because]
    head = Markup("🔔 <b>#{} · {}</b>").format(alert.incident.number, why)
    missed = [voice("failed meanwhile: {count}", count=voice.number(alert.missed))] if alert.missed else []
    return [SEPARATOR.join([head, where(alert, voice)]), *missed, *_summary(alert, voice)]


def _escalated(alert: IncidentAlert, voice: Voice) -> list[Markup]:
    span = voice.span(alert.at - (alert.incident.free_since or alert.incident.opened_at))
    head = voice("⏫ <b>#{number} · nobody has taken it for {span}</b>", number=alert.incident.number, span=span)
    called = [voice("{name}, please look", name=_mention(alert, alert.called_id))] if alert.called_id else []
    return [SEPARATOR.join([head, where(alert, voice)]), *_summary(alert, voice), *called]


def _mention(alert: IncidentAlert, called_id: int) -> Markup:
    """A person by a link that rings, a chat by its name."""
    name = capped(alert.called)
    return Markup('<a href="tg://user?id={}">{}</a>').format(called_id, name) if called_id > 0 else name


def _resolved(alert: IncidentAlert, voice: Voice) -> list[Markup]:
    incident = alert.incident
    span = voice.span((incident.resolved_at or alert.at) - incident.since)
    head = voice("🟢 <b>#{number} · over after {span}</b>", number=incident.number, span=span)
    lines = [SEPARATOR.join([head, where(alert, voice)])]
    lines += _summary(alert, voice)
    if alert.aftermath:
        lines.append(fate_words(alert.aftermath, voice))
    return lines


def _summary(alert: IncidentAlert, voice: Voice) -> list[Markup]:
    incident = alert.incident
    if incident.key:
        return [symptom_words(incident, voice)]
    return [SEPARATOR.join(count_words(incident, voice)), *rate_words(alert, voice)]


def _reply_buttons(alert: IncidentAlert, voice: Voice) -> list[list[Button]]:
    number = str(alert.incident.number)
    if alert.reason is AlertReason.RESOLVED:
        unpaid = alert.aftermath is not None and alert.aftermath.unpaid > 0
        return [list(data_button(voice.plain("📋 Unpaid"), "incident", number, "unpaid"))] if unpaid else []
    if alert.incident.handled or not alert.incident.is_open:
        return []
    return [
        [
            *data_button(voice.plain("✋ I have it"), "ack", number),
            *data_button(voice.plain("😴 1 h"), "snooze", number, "1h"),
        ]
    ]


_REPLIES = {
    AlertReason.WIDENED: _widened,
    AlertReason.REMINDER: _reminder,
    AlertReason.ESCALATED: _escalated,
    AlertReason.RESOLVED: _resolved,
}
